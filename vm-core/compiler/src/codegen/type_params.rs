//! Type parameters and type aliases (PEPs 695 and 696).

use std::sync::Arc;

use ruff_python_ast::{Expr, ExprContext, StmtTypeAlias, TypeParam, TypeParams};
use tailscope_bytecode::code::Const;
use tailscope_bytecode::oparg::{FunctionAttribute, Intrinsic1, Intrinsic2};
use tailscope_bytecode::opcode::Opcode;

use super::function::FunctionFlags;
use super::unit::{ArgCounts, UnitKind};
use super::{Codegen, Result};
use crate::instr::Loc;
use crate::symtable::NodeKey;

impl<'a> Codegen<'a> {
    /// Enters the unit that binds the type parameters of the definition `name`.
    pub(super) fn enter_type_params(
        &mut self,
        type_params: &'a TypeParams,
        name: &str,
        firstlineno: i32,
        private: Option<Arc<str>>,
        args: ArgCounts,
    ) {
        let scope = self.table.scope_for(NodeKey::type_params(type_params));
        let name = format!("<generic parameters of {name}>").into();
        self.enter_unit(
            name,
            UnitKind::Annotations,
            scope,
            firstlineno,
            private,
            args,
        );
    }

    /// Makes and binds the type parameters; a tuple of them stays on the stack.
    pub(super) fn type_params(&mut self, type_params: &'a TypeParams) -> Result<()> {
        let mut seen_default = false;
        for param in &type_params.type_params {
            let loc = self.loc(param);
            let name = param.name().as_str();
            self.emit_str(loc, name);
            match param {
                TypeParam::TypeVar(type_var) => match type_var.bound.as_deref() {
                    Some(bound) => {
                        self.lazy_value(bound, name, NodeKey::bound(type_var), false)?;
                        let intrinsic = if bound.is_tuple_expr() {
                            Intrinsic2::TypeVarWithConstraints
                        } else {
                            Intrinsic2::TypeVarWithBound
                        };
                        self.emit_intrinsic2(loc, intrinsic);
                    }
                    None => self.emit_intrinsic1(loc, Intrinsic1::TypeVar),
                },
                TypeParam::TypeVarTuple(_) => self.emit_intrinsic1(loc, Intrinsic1::TypeVarTuple),
                TypeParam::ParamSpec(_) => self.emit_intrinsic1(loc, Intrinsic1::ParamSpec),
            }
            if let Some(default) = param.default() {
                seen_default = true;
                let key = NodeKey::default_of(param);
                self.lazy_value(default, name, key, param.is_type_var_tuple())?;
                self.emit_intrinsic2(loc, Intrinsic2::SetTypeParamDefault);
            } else if seen_default {
                return self.error(
                    loc,
                    format!("non-default type parameter '{name}' follows default type parameter"),
                );
            }
            self.emit_i(loc, Opcode::COPY, 1);
            self.nameop(loc, name, ExprContext::Store);
        }
        if let Some(first) = type_params.type_params.first() {
            let loc = self.loc(first);
            self.emit_i(
                loc,
                Opcode::BUILD_TUPLE,
                type_params.type_params.len() as u32,
            );
        }
        Ok(())
    }

    /// Makes the function that evaluates a bound or default when it is asked for.
    fn lazy_value(
        &mut self,
        e: &'a Expr,
        name: &str,
        key: NodeKey,
        allow_starred: bool,
    ) -> Result<()> {
        let loc = self.loc(e);
        self.emit_default_format(loc);
        let scope = self.table.scope_for(key);
        self.enter_annotations(loc, scope, name.into());
        match e {
            Expr::Starred(starred) if allow_starred => {
                self.visit_expr(&starred.value)?;
                self.emit_i(loc, Opcode::UNPACK_SEQUENCE, 1);
            }
            _ => self.visit_expr(e)?,
        }
        self.emit(loc, Opcode::RETURN_VALUE);
        let code = self.finish_unit(true)?;
        let flags = FunctionFlags::NONE.with(FunctionAttribute::Defaults);
        self.make_closure(loc, code, flags)
    }

    /// The default of a lazily evaluated value's `.format` parameter: 1, for VALUE.
    fn emit_default_format(&mut self, loc: Loc) {
        self.emit_const(loc, Const::Tuple([Const::Int(1.into())].into()));
    }

    pub(super) fn type_alias(&mut self, loc: Loc, s: &'a StmtTypeAlias) -> Result<()> {
        let Expr::Name(name) = &*s.name else {
            return self.error(loc, "invalid syntax");
        };
        let name = name.id.as_str();
        if let Some(type_params) = s.type_params.as_deref() {
            self.enter_type_params(type_params, name, loc.line, None, ArgCounts::default());
            self.emit_str(loc, name);
            self.type_params(type_params)?;
            self.type_alias_value(loc, s, name)?;
            let code = self.finish_unit(false)?;
            self.make_closure(loc, code, FunctionFlags::NONE)?;
            self.emit(loc, Opcode::PUSH_NULL);
            self.emit_i(loc, Opcode::CALL, 0);
        } else {
            self.emit_str(loc, name);
            self.emit_const(loc, Const::None);
            self.type_alias_value(loc, s, name)?;
        }
        self.nameop(loc, name, ExprContext::Store);
        Ok(())
    }

    fn type_alias_value(&mut self, loc: Loc, s: &'a StmtTypeAlias, name: &str) -> Result<()> {
        self.emit_default_format(loc);
        let scope = self.table.scope_for(NodeKey::of(s));
        self.enter_annotations(loc, scope, name.into());
        self.visit_expr(&s.value)?;
        self.emit(loc, Opcode::RETURN_VALUE);
        let code = self.finish_unit(false)?;
        let flags = FunctionFlags::NONE.with(FunctionAttribute::Defaults);
        self.make_closure(loc, code, flags)?;
        self.emit_i(loc, Opcode::BUILD_TUPLE, 3);
        self.emit_intrinsic1(loc, Intrinsic1::TypeAlias);
        Ok(())
    }
}
