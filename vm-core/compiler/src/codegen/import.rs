//! Import statements.

use ruff_python_ast::{ExprContext, StmtImport, StmtImportFrom};
use tailscope_bytecode::code::Const;
use tailscope_bytecode::oparg::Intrinsic1;
use tailscope_bytecode::opcode::Opcode;

use super::Codegen;
use super::names::NameOp;
use crate::instr::Loc;

impl Codegen<'_> {
    pub(super) fn import(&mut self, loc: Loc, s: &StmtImport) {
        for alias in &s.names {
            let name = alias.name.as_str();
            self.emit_const(loc, Const::Int(0.into()));
            self.emit_const(loc, Const::None);
            self.emit_name(loc, NameOp::ImportName, name);
            match &alias.asname {
                Some(asname) => self.import_as(loc, name, asname),
                None => {
                    let first = name.split('.').next().unwrap_or(name);
                    self.nameop(loc, first, ExprContext::Store);
                }
            }
        }
    }

    /// Binds what IMPORT_NAME left on the stack: for `a.b.c`, the innermost module, which
    /// IMPORT_FROM finds even while the package is being imported.
    fn import_as(&mut self, loc: Loc, name: &str, asname: &str) {
        let mut attrs = name.split('.').skip(1).peekable();
        if attrs.peek().is_none() {
            self.nameop(loc, asname, ExprContext::Store);
            return;
        }
        while let Some(attr) = attrs.next() {
            // Parts of a dotted name are not mangled.
            let attr = self.names.intern(attr);
            let index = self.name_index(attr);
            self.emit_i(loc, Opcode::IMPORT_FROM, index);
            if attrs.peek().is_some() {
                self.emit_i(loc, Opcode::SWAP, 2);
                self.emit(loc, Opcode::POP_TOP);
            }
        }
        self.nameop(loc, asname, ExprContext::Store);
        self.emit(loc, Opcode::POP_TOP);
    }

    pub(super) fn import_from(&mut self, loc: Loc, s: &StmtImportFrom) {
        self.emit_const(loc, Const::Int(s.level.into()));
        let names = s
            .names
            .iter()
            .map(|alias| Const::Str(alias.name.as_str().into()))
            .collect();
        self.emit_const(loc, Const::Tuple(names));
        let module = s.module.as_ref().map_or("", |module| module.as_str());
        self.emit_name(loc, NameOp::ImportName, module);

        for (i, alias) in s.names.iter().enumerate() {
            if i == 0 && alias.name.as_str() == "*" {
                self.emit_intrinsic1(loc, Intrinsic1::ImportStar);
                self.emit(Loc::NONE, Opcode::POP_TOP);
                return;
            }
            self.emit_name(loc, NameOp::ImportFrom, &alias.name);
            let bound = alias.asname.as_ref().unwrap_or(&alias.name);
            self.nameop(loc, bound, ExprContext::Store);
        }
        self.emit(loc, Opcode::POP_TOP);
    }
}
