//! Functions and lambdas: decorators, defaults, bodies, closures.

use ruff_python_ast::{
    Decorator, ExprContext, ExprLambda, ParameterWithDefault, Parameters, StmtFunctionDef,
};
use tailscope_bytecode::code::{Code, Const, kinds};
use tailscope_bytecode::oparg::{FunctionAttribute, Intrinsic1, Intrinsic2};
use tailscope_bytecode::opcode::Opcode;

use super::fblock::FBlockKind;
use super::unit::{ArgCounts, UnitKind};
use super::{Codegen, Result, docstring};
use crate::instr::Loc;
use crate::names::NameId;
use crate::symtable::{NodeKey, SymScope};

/// Which attributes of a function lie on the stack when it is made: bits as
/// SET_FUNCTION_ATTRIBUTE takes them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct FunctionFlags(u32);

impl FunctionFlags {
    pub const NONE: FunctionFlags = FunctionFlags(0);

    pub fn with(self, attribute: FunctionAttribute) -> FunctionFlags {
        FunctionFlags(self.0 | attribute.oparg())
    }

    fn has(self, attribute: FunctionAttribute) -> bool {
        self.0 & attribute.oparg() != 0
    }
}

impl From<&Parameters> for ArgCounts {
    fn from(parameters: &Parameters) -> ArgCounts {
        ArgCounts {
            positional: parameters.args.len() as u32,
            posonly: parameters.posonlyargs.len() as u32,
            kwonly: parameters.kwonlyargs.len() as u32,
        }
    }
}

impl<'a> Codegen<'a> {
    pub(super) fn function_def(&mut self, loc: Loc, s: &'a StmtFunctionDef) -> Result<()> {
        self.decorators(&s.decorator_list)?;
        let firstlineno = self.first_line(loc, &s.decorator_list);
        let mut flags = self.default_arguments(loc, &s.parameters)?;

        // A generic function is made by a function that binds its type parameters, and
        // that takes the defaults, which are evaluated outside.
        let type_params = s.type_params.as_deref();
        let mut passed = 0;
        if let Some(type_params) = type_params {
            for attribute in [FunctionAttribute::Defaults, FunctionAttribute::KwDefaults] {
                passed += u32::from(flags.has(attribute));
            }
            if passed == 2 {
                self.emit_i(loc, Opcode::SWAP, 2);
            }
            let args = ArgCounts {
                positional: passed,
                ..ArgCounts::default()
            };
            self.enter_type_params(type_params, &s.name, firstlineno, None, args);
            self.type_params(type_params)?;
            for i in 0..passed {
                self.emit_i(loc, Opcode::LOAD_FAST, i);
            }
        }

        if self.function_annotations(loc, &s.parameters, s.returns.as_deref())? {
            flags = flags.with(FunctionAttribute::Annotate);
        }
        self.function_body(loc, s, flags, firstlineno)?;

        if type_params.is_some() {
            self.emit_i(loc, Opcode::SWAP, 2);
            self.emit_intrinsic2(loc, Intrinsic2::SetFunctionTypeParams);
            let code = self.finish_unit(false)?;
            self.make_closure(loc, code, FunctionFlags::NONE)?;
            if passed > 0 {
                self.emit_i(loc, Opcode::SWAP, passed + 1);
                self.emit_i(loc, Opcode::CALL, passed - 1);
            } else {
                self.emit(loc, Opcode::PUSH_NULL);
                self.emit_i(loc, Opcode::CALL, 0);
            }
        }
        self.apply_decorators(&s.decorator_list);
        self.nameop(loc, &s.name, ExprContext::Store);
        Ok(())
    }

    fn function_body(
        &mut self,
        loc: Loc,
        s: &'a StmtFunctionDef,
        flags: FunctionFlags,
        firstlineno: i32,
    ) -> Result<()> {
        let kind = if s.is_async {
            UnitKind::AsyncFunction
        } else {
            UnitKind::Function
        };
        let scope = self.table.scope_for(NodeKey::of(s));
        let name = self.table.scope(scope).name.clone();
        self.enter_unit(
            name,
            kind,
            scope,
            firstlineno,
            None,
            (&*s.parameters).into(),
        );

        let mut body = &s.body[..];
        if self.unit.scope.has_docstring
            && let Some((doc, rest)) = docstring::split(body)
        {
            let value = self.docstring(doc)?;
            self.unit.consts.add(Const::Str(value));
            body = rest;
        }
        let wrap = self.unit.scope.is_coroutine || self.unit.scope.is_generator;
        if wrap {
            // The handler that is put around the whole body takes a block.
            self.push_fblock(Loc::NONE, FBlockKind::StopIteration, None, None)?;
        }
        self.visit_stmts(body)?;
        if wrap {
            self.wrap_in_stopiteration_handler();
            self.pop_fblock();
        }
        let code = self.finish_unit(true)?;
        self.make_closure(loc, code, flags)
    }

    pub(super) fn lambda(&mut self, loc: Loc, e: &'a ExprLambda) -> Result<()> {
        let mut flags = FunctionFlags::NONE;
        let mut args = ArgCounts::default();
        if let Some(parameters) = e.parameters.as_deref() {
            flags = self.default_arguments(loc, parameters)?;
            args = parameters.into();
        }
        let scope = self.table.scope_for(NodeKey::of(e));
        self.enter_unit(
            "<lambda>".into(),
            UnitKind::Lambda,
            scope,
            loc.line,
            None,
            args,
        );
        self.visit_expr(&e.body)?;
        let is_generator = self.unit.scope.is_generator;
        if !is_generator {
            let body_loc = self.loc(&*e.body);
            self.emit(body_loc, Opcode::RETURN_VALUE);
        }
        let code = self.finish_unit(!is_generator)?;
        self.make_closure(loc, code, flags)
    }

    /// Turns a StopIteration that escapes from a generator's body into a RuntimeError.
    pub(super) fn wrap_in_stopiteration_handler(&mut self) {
        let handler = self.new_label();
        self.unit.seq.push_first(Opcode::SETUP_CLEANUP, handler, Loc::NONE);
        self.emit_const(Loc::NONE, Const::None);
        self.emit(Loc::NONE, Opcode::RETURN_VALUE);
        self.place(handler);
        self.emit_intrinsic1(Loc::NONE, Intrinsic1::StopIterationError);
        self.emit_i(Loc::NONE, Opcode::RERAISE, 1);
    }

    /// Makes a function of a code object, with what its flags say is on the stack.
    pub(super) fn make_closure(
        &mut self,
        loc: Loc,
        code: Code,
        flags: FunctionFlags,
    ) -> Result<()> {
        let mut flags = flags;
        let mut free = 0;
        for (name, kind) in code.localsplusnames.iter().zip(&code.localspluskinds) {
            if kind & kinds::FREE == 0 {
                continue;
            }
            let id = self.names.intern(name);
            let Some(index) = self.closure_index(id) else {
                return self.error(loc, format!("no variable '{name}' for the closure over it"));
            };
            self.emit_i(loc, Opcode::LOAD_CLOSURE, index);
            free += 1;
        }
        if free > 0 {
            flags = flags.with(FunctionAttribute::Closure);
            self.emit_i(loc, Opcode::BUILD_TUPLE, free);
        }
        self.emit_const(loc, Const::Code(code.into()));
        self.emit(loc, Opcode::MAKE_FUNCTION);
        for attribute in [
            FunctionAttribute::Closure,
            FunctionAttribute::Annotations,
            FunctionAttribute::Annotate,
            FunctionAttribute::KwDefaults,
            FunctionAttribute::Defaults,
        ] {
            if flags.has(attribute) {
                self.emit_i(loc, Opcode::SET_FUNCTION_ATTRIBUTE, attribute.oparg());
            }
        }
        Ok(())
    }

    /// Index of the cell or free variable that an inner function's free variable is.
    fn closure_index(&self, name: NameId) -> Option<u32> {
        let implicit_cell = self.unit.kind == UnitKind::Class
            && matches!(
                name,
                NameId::CLASS | NameId::CLASSDICT | NameId::CONDITIONAL_ANNOTATIONS
            );
        if implicit_cell || self.unit.scope_of(name) == SymScope::Cell {
            self.unit.cellvars.get(name)
        } else {
            self.unit.freevars.get(name)
        }
    }
}

/// Decorators and defaults.
impl<'a> Codegen<'a> {
    pub(super) fn decorators(&mut self, decorators: &'a [Decorator]) -> Result<()> {
        decorators
            .iter()
            .try_for_each(|d| self.visit_expr(&d.expression))
    }

    pub(super) fn apply_decorators(&mut self, decorators: &[Decorator]) {
        for decorator in decorators.iter().rev() {
            let loc = self.loc(&decorator.expression);
            self.emit_i(loc, Opcode::CALL, 0);
        }
    }

    /// First line of a definition at `loc`: that of its first decorator, if it has any.
    pub(super) fn first_line(&self, loc: Loc, decorators: &[Decorator]) -> i32 {
        decorators
            .first()
            .map_or(loc.line, |d| self.loc(&d.expression).line)
    }

    fn default_arguments(&mut self, loc: Loc, parameters: &'a Parameters) -> Result<FunctionFlags> {
        let mut flags = FunctionFlags::NONE;
        let positional = parameters.posonlyargs.iter().chain(&parameters.args);
        let mut count = 0;
        for default in positional.filter_map(ParameterWithDefault::default) {
            self.visit_expr(default)?;
            count += 1;
        }
        if count > 0 {
            self.emit_i(loc, Opcode::BUILD_TUPLE, count);
            flags = flags.with(FunctionAttribute::Defaults);
        }
        let mut count = 0;
        for parameter in &parameters.kwonlyargs {
            let Some(default) = parameter.default() else {
                continue;
            };
            self.emit_mangled(loc, parameter.name());
            self.visit_expr(default)?;
            count += 1;
        }
        if count > 0 {
            self.emit_i(loc, Opcode::BUILD_MAP, count);
            flags = flags.with(FunctionAttribute::KwDefaults);
        }
        Ok(flags)
    }
}
