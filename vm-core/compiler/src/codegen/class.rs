//! Class definitions.

use ruff_python_ast::{Arguments, Expr, ExprContext, Keyword, StmtClassDef};
use tailscope_bytecode::code::Const;
use tailscope_bytecode::oparg::Intrinsic1;
use tailscope_bytecode::opcode::Opcode;

use super::function::FunctionFlags;
use super::unit::{ArgCounts, UnitKind};
use super::{Codegen, Result};
use crate::instr::Loc;
use crate::names::NameId;
use crate::symtable::NodeKey;

/// Where a generic class keeps its type parameters and its implicit base.
const TYPE_PARAMS: &str = ".type_params";
const GENERIC_BASE: &str = ".generic_base";

impl<'a> Codegen<'a> {
    /// `name = __build_class__(<function of the body>, name, *bases, **keywords)`.
    pub(super) fn class_def(&mut self, loc: Loc, s: &'a StmtClassDef) -> Result<()> {
        self.decorators(&s.decorator_list)?;
        let firstlineno = self.first_line(loc, &s.decorator_list);
        let (bases, keywords) = arguments(s.arguments.as_deref());

        if let Some(type_params) = s.type_params.as_deref() {
            let private = Some(s.name.as_str().into());
            let args = ArgCounts::default();
            self.enter_type_params(type_params, &s.name, firstlineno, private, args);
            self.type_params(type_params)?;
            self.nameop(loc, TYPE_PARAMS, ExprContext::Store);
            self.class_body(loc, s, firstlineno)?;
            self.nameop(loc, TYPE_PARAMS, ExprContext::Load);
            self.emit_intrinsic1(loc, Intrinsic1::SubscriptGeneric);
            self.nameop(loc, GENERIC_BASE, ExprContext::Store);
            self.call_helper(loc, 2, bases, Some(GENERIC_BASE), keywords)?;
            let code = self.finish_unit(false)?;
            self.make_closure(loc, code, FunctionFlags::NONE)?;
            self.emit(loc, Opcode::PUSH_NULL);
            self.emit_i(loc, Opcode::CALL, 0);
        } else {
            self.class_body(loc, s, firstlineno)?;
            self.call_helper(loc, 2, bases, None, keywords)?;
        }
        self.apply_decorators(&s.decorator_list);
        self.nameop(loc, &s.name, ExprContext::Store);
        Ok(())
    }

    /// Puts `__build_class__`, the function of the body and the class's name on the stack.
    fn class_body(&mut self, loc: Loc, s: &'a StmtClassDef, firstlineno: i32) -> Result<()> {
        let scope = self.table.scope_for(NodeKey::of(s));
        let name = self.table.scope(scope).name.clone();
        let private = Some(name.clone());
        let args = ArgCounts::default();
        self.enter_unit(name, UnitKind::Class, scope, firstlineno, private, args);

        let start = Loc {
            line: firstlineno,
            end_line: firstlineno,
            col: 0,
            end_col: 0,
        };
        self.class_prologue(start, s.type_params.is_some());
        self.body(start, &s.body)?;
        self.class_epilogue();
        let code = self.finish_unit(true)?;

        // On the line of the class, not of a decorator.
        self.emit(loc, Opcode::LOAD_BUILD_CLASS);
        self.emit(loc, Opcode::PUSH_NULL);
        self.make_closure(loc, code, FunctionFlags::NONE)?;
        self.emit_str(loc, &s.name);
        Ok(())
    }

    /// Names that every class body sets first.
    fn class_prologue(&mut self, loc: Loc, is_generic: bool) {
        self.nameop(loc, "__name__", ExprContext::Load);
        self.nameop(loc, "__module__", ExprContext::Store);
        let qualname = self.unit.qualname.clone();
        self.emit_str(loc, &qualname);
        self.nameop(loc, "__qualname__", ExprContext::Store);
        let firstlineno = self.unit.firstlineno;
        self.emit_const(loc, Const::Int(firstlineno.into()));
        self.nameop(loc, "__firstlineno__", ExprContext::Store);
        if is_generic {
            self.nameop(loc, TYPE_PARAMS, ExprContext::Load);
            self.nameop(loc, "__type_params__", ExprContext::Store);
        }
        // These are cells, in a block whose names are otherwise looked up by name.
        if self.unit.scope.needs_classdict {
            self.emit(loc, Opcode::LOAD_LOCALS);
            let index = self.unit.cellvars.add(NameId::CLASSDICT);
            self.emit_i(loc, Opcode::STORE_DEREF, index);
        }
        if self.unit.scope.has_conditional_annotations {
            self.emit_i(loc, Opcode::BUILD_SET, 0);
            let index = self.unit.cellvars.add(NameId::CONDITIONAL_ANNOTATIONS);
            self.emit_i(loc, Opcode::STORE_DEREF, index);
        }
    }

    /// Names that every class body sets last, and its return of the `__class__` cell.
    fn class_epilogue(&mut self) {
        let attributes = self.unit.static_attributes.iter();
        let attributes = attributes
            .map(|name| Const::Str((&**name).into()))
            .collect();
        self.emit_const(Loc::NONE, Const::Tuple(attributes));
        self.nameop(Loc::NONE, "__static_attributes__", ExprContext::Store);
        if self.unit.scope.needs_classdict {
            let index = self.unit.cellvars.add(NameId::CLASSDICT);
            self.emit_i(Loc::NONE, Opcode::LOAD_CLOSURE, index);
            self.nameop(Loc::NONE, "__classdictcell__", ExprContext::Store);
        }
        if self.unit.scope.needs_class_closure {
            let index = self.unit.cellvars.add(NameId::CLASS);
            self.emit_i(Loc::NONE, Opcode::LOAD_CLOSURE, index);
            self.emit_i(Loc::NONE, Opcode::COPY, 1);
            self.nameop(Loc::NONE, "__classcell__", ExprContext::Store);
        } else {
            self.emit_const(Loc::NONE, Const::None);
        }
        self.emit(Loc::NONE, Opcode::RETURN_VALUE);
    }
}

fn arguments(arguments: Option<&Arguments>) -> (&[Expr], &[Keyword]) {
    arguments.map_or((&[], &[]), |a| (&a.args, &a.keywords))
}
