//! f-strings and t-strings.

use ruff_python_ast::{ExprFString, ExprTString};
use tailscope_bytecode::code::{Const, Wtf8};
use tailscope_bytecode::oparg::Conversion;
use tailscope_bytecode::opcode::Opcode;

use super::names::NameOp;
use super::{Codegen, Result, STACK_USE_GUIDELINE};
use crate::instr::Loc;
use crate::preprocess::joined::{self, FormatSpec, Formatted, JoinedPart};

fn conversion(byte: u8) -> Conversion {
    match byte {
        b's' => Conversion::Str,
        b'r' => Conversion::Repr,
        _ => Conversion::Ascii,
    }
}

impl<'a> Codegen<'a> {
    pub(super) fn joined_str(&mut self, loc: Loc, e: &'a ExprFString) -> Result<()> {
        let parts = joined::fstring_parts(&e.value, self.source);
        self.join(loc, parts)
    }

    fn join(&mut self, loc: Loc, parts: Vec<JoinedPart<'a>>) -> Result<()> {
        let count = parts.len();
        if count > STACK_USE_GUIDELINE {
            self.emit_str(loc, "");
            self.emit_name(loc, NameOp::LoadMethod, "join");
            self.emit_i(loc, Opcode::BUILD_LIST, 0);
            for part in parts {
                self.joined_part(part)?;
                self.emit_i(loc, Opcode::LIST_APPEND, 1);
            }
            self.emit_i(loc, Opcode::CALL, 1);
            return Ok(());
        }
        parts
            .into_iter()
            .try_for_each(|part| self.joined_part(part))?;
        match count {
            0 => self.emit_str(loc, ""),
            1 => {}
            _ => self.emit_i(loc, Opcode::BUILD_STRING, count as u32),
        }
        Ok(())
    }

    fn joined_part(&mut self, part: JoinedPart<'a>) -> Result<()> {
        match part {
            JoinedPart::Constant { value, loc } => {
                self.emit_const(loc, Const::Str(value));
                Ok(())
            }
            JoinedPart::Formatted(field) => self.formatted_value(field),
            JoinedPart::Other(e) => self.visit_expr(e),
        }
    }

    fn formatted_value(&mut self, field: Formatted<'a>) -> Result<()> {
        self.visit_expr(field.value)?;
        if let Some(byte) = field.conversion {
            self.emit_i(field.loc, Opcode::CONVERT_VALUE, conversion(byte).oparg());
        }
        match field.format_spec {
            Some(spec) => {
                self.format_spec(spec)?;
                self.emit(field.loc, Opcode::FORMAT_WITH_SPEC);
            }
            None => self.emit(field.loc, Opcode::FORMAT_SIMPLE),
        }
        Ok(())
    }

    fn format_spec(&mut self, spec: FormatSpec<'a>) -> Result<()> {
        let parts = joined::format_spec_parts(spec, self.source);
        self.join(spec.loc, parts)
    }

    /// A tuple of the strings between the interpolations (one more than these), and a
    /// tuple of the interpolations.
    pub(super) fn template_str(&mut self, loc: Loc, e: &'a ExprTString) -> Result<()> {
        if let Some(field) = joined::lone_interpolation(&e.value, self.source) {
            return self.interpolation(field);
        }
        let mut strings = 0;
        let mut interpolations = Vec::new();
        let mut after_string = false;
        for part in joined::tstring_parts(&e.value, self.source) {
            match part {
                part @ (JoinedPart::Constant { .. } | JoinedPart::Other(_)) => {
                    self.joined_part(part)?;
                    strings += 1;
                    after_string = true;
                }
                JoinedPart::Formatted(field) => {
                    if !after_string {
                        self.emit_str(loc, "");
                        strings += 1;
                    }
                    after_string = false;
                    interpolations.push(field);
                }
            }
        }
        if !after_string {
            self.emit_str(loc, "");
            strings += 1;
        }
        self.emit_i(loc, Opcode::BUILD_TUPLE, strings);
        let count = interpolations.len() as u32;
        for field in interpolations {
            self.interpolation(field)?;
        }
        self.emit_i(loc, Opcode::BUILD_TUPLE, count);
        self.emit(loc, Opcode::BUILD_TEMPLATE);
        Ok(())
    }

    fn interpolation(&mut self, field: Formatted<'a>) -> Result<()> {
        let loc = field.loc;
        self.visit_expr(field.value)?;
        self.emit_const(loc, field.source_text.unwrap_or(Const::Str(Wtf8::from(""))));
        let mut oparg = 2;
        if let Some(spec) = field.format_spec {
            oparg = 3;
            self.format_spec(spec)?;
        }
        if let Some(byte) = field.conversion {
            oparg |= conversion(byte).oparg() << 2;
        }
        self.emit_i(loc, Opcode::BUILD_INTERPOLATION, oparg);
        Ok(())
    }
}
