//! Annotations: of functions, of names in modules and classes (PEP 649), and as strings
//! under `from __future__ import annotations`.

use std::sync::Arc;

use ruff_python_ast::{
    CmpOp, Expr, ExprContext, Parameter, ParameterWithDefault, Parameters, StmtAnnAssign,
};
use tailscope_bytecode::code::Const;
use tailscope_bytecode::oparg::CommonConstant;
use tailscope_bytecode::opcode::Opcode;

use super::function::FunctionFlags;
use super::unit::{ArgCounts, UnitKind};
use super::{Codegen, Result, unparse};
use crate::instr::{InstrSequence, Loc};
use crate::names::NameId;
use crate::symtable::{NodeKey, ScopeId};

/// `annotationlib.Format.VALUE_WITH_FAKE_GLOBALS`, the last format that generated code
/// can produce.
const VALUE_WITH_FAKE_GLOBALS: i32 = 2;

impl<'a> Codegen<'a> {
    /// Enters a unit that is called with a format, and that refuses the formats it cannot
    /// produce.
    pub(super) fn enter_annotations(&mut self, loc: Loc, scope: ScopeId, name: Arc<str>) {
        let args = ArgCounts {
            posonly: 1,
            ..ArgCounts::default()
        };
        self.enter_unit(name, UnitKind::Annotations, scope, loc.line, None, args);
        self.emit_i(loc, Opcode::LOAD_FAST, 0);
        self.emit_const(loc, Const::Int(VALUE_WITH_FAKE_GLOBALS.into()));
        self.emit_compare(loc, CmpOp::Gt);
        let body = self.new_label();
        self.emit_jump(loc, Opcode::POP_JUMP_IF_FALSE, body);
        let class = CommonConstant::NotImplementedError.oparg();
        self.emit_i(loc, Opcode::LOAD_COMMON_CONSTANT, class);
        self.emit_i(loc, Opcode::RAISE_VARARGS, 1);
        self.place(body);
    }

    /// Ends `__annotate__`: it returns the dict on the stack.
    fn leave_annotations(&mut self, loc: Loc) -> Result<()> {
        self.emit(loc, Opcode::RETURN_VALUE);
        let mut code = self.finish_unit(true)?;
        // The parameter has a name that no annotation can mean, but shows a friendly one.
        if let Some(name) = code.localsplusnames.first_mut() {
            *name = "format".into();
        }
        self.make_closure(loc, code, FunctionFlags::NONE)
    }

    /// Makes `__annotate__` of a function, if it has annotations.
    pub(super) fn function_annotations(
        &mut self,
        loc: Loc,
        parameters: &'a Parameters,
        returns: Option<&'a Expr>,
    ) -> Result<bool> {
        let Some(scope) = self.table.lookup(NodeKey::annotations(parameters)) else {
            return Ok(false);
        };
        if !self.table.scope(scope).annotations_used {
            return Ok(false);
        }
        let name = self.table.scope(scope).name.clone();
        self.enter_annotations(loc, scope, name);
        let count = self.parameter_annotations(loc, parameters, returns)?;
        self.emit_i(loc, Opcode::BUILD_MAP, count);
        self.leave_annotations(loc)?;
        Ok(true)
    }

    /// Puts names and annotations of all parameters on the stack; returns how many.
    fn parameter_annotations(
        &mut self,
        loc: Loc,
        parameters: &'a Parameters,
        returns: Option<&'a Expr>,
    ) -> Result<u32> {
        let single = |p: &'a Option<Box<Parameter>>| p.as_deref().into_iter();
        let plain = |ps: &'a [ParameterWithDefault]| ps.iter().map(|p| &p.parameter);
        let ordered = plain(&parameters.args)
            .chain(plain(&parameters.posonlyargs))
            .chain(single(&parameters.vararg))
            .chain(plain(&parameters.kwonlyargs))
            .chain(single(&parameters.kwarg));
        let mut count = 0;
        for parameter in ordered {
            if let Some(annotation) = parameter.annotation() {
                self.parameter_annotation(loc, &parameter.name, annotation)?;
                count += 1;
            }
        }
        if let Some(returns) = returns {
            self.parameter_annotation(loc, "return", returns)?;
            count += 1;
        }
        Ok(count)
    }

    fn parameter_annotation(&mut self, loc: Loc, name: &str, annotation: &'a Expr) -> Result<()> {
        self.emit_mangled(loc, name);
        if self.future_annotations() {
            self.annotation_string(annotation);
            return Ok(());
        }
        match annotation {
            // `*args: *Ts` annotates with the one item that Ts unpacks to.
            Expr::Starred(starred) => {
                self.visit_expr(&starred.value)?;
                self.emit_i(loc, Opcode::UNPACK_SEQUENCE, 1);
                Ok(())
            }
            _ => self.visit_expr(annotation),
        }
    }

    /// Loads the source text of an annotation.
    fn annotation_string(&mut self, annotation: &Expr) {
        let loc = self.loc(annotation);
        let text = unparse::unparse(self.source, annotation);
        self.emit_const(loc, Const::Str(text));
    }
}

/// Annotated names of modules and classes.
impl<'a> Codegen<'a> {
    pub(super) fn ann_assign(&mut self, loc: Loc, s: &'a StmtAnnAssign) -> Result<()> {
        if let Some(value) = &s.value {
            self.visit_expr(value)?;
            self.visit_expr(&s.target)?;
        }
        match &*s.target {
            Expr::Name(target) => {
                if s.simple && self.collects_annotations() {
                    self.annotated_name(loc, s, &target.id);
                }
            }
            Expr::Attribute(target) => {
                if s.value.is_none() {
                    self.evaluate(&target.value)?;
                }
            }
            Expr::Subscript(target) => {
                if s.value.is_none() {
                    self.evaluate(&target.value)?;
                    self.evaluate_subscript(&target.slice)?;
                }
            }
            target => return super::constant::no_target(target, "annotated"),
        }
        Ok(())
    }

    /// Whether annotations of names are kept in this unit.
    fn collects_annotations(&self) -> bool {
        matches!(self.unit.kind, UnitKind::Module | UnitKind::Class)
    }

    fn annotated_name(&mut self, loc: Loc, s: &'a StmtAnnAssign, name: &str) {
        if self.future_annotations() {
            self.annotation_string(&s.annotation);
            let annotations = self.names.intern("__annotations__");
            self.emit_load_name(loc, annotations);
            self.emit_mangled(loc, name);
            self.emit(loc, Opcode::STORE_SUBSCR);
            return;
        }
        let is_module = self.unit.kind == UnitKind::Module;
        let index = (is_module || self.unit.in_conditional_block > 0).then(|| {
            let index = self.unit.next_conditional_annotation;
            self.unit.next_conditional_annotation += 1;
            index
        });
        self.unit.deferred_annotations.push((s, index));
        let Some(index) = index else { return };
        // Records that execution came by here.
        if is_module {
            self.emit_load_name(loc, NameId::CONDITIONAL_ANNOTATIONS);
        } else {
            let cell = self.unit.cellvars.add(NameId::CONDITIONAL_ANNOTATIONS);
            self.emit_i(loc, Opcode::LOAD_DEREF, cell);
        }
        self.emit_const(loc, Const::Int(index.into()));
        self.emit_i(loc, Opcode::SET_ADD, 1);
        self.emit(loc, Opcode::POP_TOP);
    }

    fn emit_load_name(&mut self, loc: Loc, name: NameId) {
        let index = self.name_index(name);
        self.emit_i(loc, Opcode::LOAD_NAME, index);
    }

    /// Evaluates a part of an annotated target that is not assigned to.
    fn evaluate(&mut self, e: &'a Expr) -> Result<()> {
        self.visit_expr(e)?;
        let loc = self.loc(e);
        self.emit(loc, Opcode::POP_TOP);
        Ok(())
    }

    fn evaluate_subscript(&mut self, e: &'a Expr) -> Result<()> {
        match e {
            Expr::Slice(slice) => [&slice.lower, &slice.upper, &slice.step]
                .into_iter()
                .flatten()
                .try_for_each(|part| self.evaluate(part)),
            Expr::Tuple(tuple) => tuple
                .elts
                .iter()
                .try_for_each(|item| self.evaluate_subscript(item)),
            _ => self.evaluate(e),
        }
    }

    /// Makes `__annotate__` of a module or class from the annotations met in its body.
    pub(super) fn deferred_annotations(&mut self, loc: Loc) -> Result<()> {
        let deferred = std::mem::take(&mut self.unit.deferred_annotations);
        let Some(scope) = self.unit.scope.annotation_block else {
            return Ok(());
        };
        if deferred.is_empty() {
            return Ok(());
        }
        let kind = self.unit.kind;
        // A module's `__annotate__` exists before its first statement runs, so that it is
        // there even if the module is imported in a circle.
        if kind == UnitKind::Module {
            self.unit.stashed_seq = Some(std::mem::take(&mut self.unit.seq));
        }
        let name = self.table.scope(scope).name.clone();
        self.enter_annotations(loc, scope, name);
        self.deferred_annotations_body(loc, &deferred, kind)?;
        self.leave_annotations(loc)?;
        let target = if kind == UnitKind::Class {
            "__annotate_func__"
        } else {
            "__annotate__"
        };
        self.nameop(loc, target, ExprContext::Store);
        if let Some(own) = self.unit.stashed_seq.take() {
            let annotations: InstrSequence = std::mem::replace(&mut self.unit.seq, own);
            self.unit.seq.annotations_code = Some(Box::new(annotations));
        }
        Ok(())
    }

    fn deferred_annotations_body(
        &mut self,
        loc: Loc,
        deferred: &[(&'a StmtAnnAssign, Option<u32>)],
        kind: UnitKind,
    ) -> Result<()> {
        self.emit_i(loc, Opcode::BUILD_MAP, 0);
        for (s, index) in deferred {
            let Expr::Name(target) = &*s.target else {
                continue;
            };
            let private = self.unit.private.clone();
            let mangled = crate::symtable::mangle(private.as_deref(), &target.id);
            let at = self.loc(*s);
            let not_set = self.new_label();
            if let Some(index) = index {
                self.emit_const(at, Const::Int((*index).into()));
                if kind == UnitKind::Class {
                    let free = self.unit.freevars.add(NameId::CONDITIONAL_ANNOTATIONS);
                    self.emit_i(at, Opcode::LOAD_DEREF, free);
                } else {
                    // The first name of the unit: index 0, and no NULL is pushed.
                    let name = self.name_index(NameId::CONDITIONAL_ANNOTATIONS);
                    self.emit_i(at, Opcode::LOAD_GLOBAL, name);
                }
                self.emit_i(at, Opcode::CONTAINS_OP, 0);
                self.emit_jump(at, Opcode::POP_JUMP_IF_FALSE, not_set);
            }
            self.visit_expr(&s.annotation)?;
            self.emit_i(at, Opcode::COPY, 2);
            self.emit_str(at, &mangled);
            self.emit(loc, Opcode::STORE_SUBSCR);
            self.place(not_set);
        }
        Ok(())
    }
}
