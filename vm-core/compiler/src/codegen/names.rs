//! Loading, storing and deleting names, and instructions that name attributes.

use ruff_python_ast::{ExprContext, ExprName};
use tailscope_bytecode::opcode::Opcode;

use super::Codegen;
use crate::instr::Loc;
use crate::names::NameId;
use crate::symtable::{ScopeKind, SymScope, maybe_mangle};

/// Where code accesses a name (CPython's `_PyCompile_optype`).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Fast,
    Global,
    Deref,
    Name,
}

/// Instructions that name an attribute or a module; LOAD_ATTR and LOAD_SUPER_ATTR carry
/// bits below the index of the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameOp {
    LoadAttr,
    LoadMethod,
    StoreAttr,
    DeleteAttr,
    LoadSuperAttr,
    LoadSuperMethod,
    LoadZeroSuperAttr,
    LoadZeroSuperMethod,
    ImportName,
    ImportFrom,
}

impl NameOp {
    /// The opcode, by how much the index is shifted, and the bits below.
    fn encoding(self) -> (Opcode, u32, u32) {
        match self {
            NameOp::LoadAttr => (Opcode::LOAD_ATTR, 1, 0),
            NameOp::LoadMethod => (Opcode::LOAD_ATTR, 1, 1),
            NameOp::StoreAttr => (Opcode::STORE_ATTR, 0, 0),
            NameOp::DeleteAttr => (Opcode::DELETE_ATTR, 0, 0),
            NameOp::LoadSuperAttr => (Opcode::LOAD_SUPER_ATTR, 2, 2),
            NameOp::LoadSuperMethod => (Opcode::LOAD_SUPER_ATTR, 2, 3),
            NameOp::LoadZeroSuperAttr => (Opcode::LOAD_SUPER_ATTR, 2, 0),
            NameOp::LoadZeroSuperMethod => (Opcode::LOAD_SUPER_ATTR, 2, 1),
            NameOp::ImportName => (Opcode::IMPORT_NAME, 0, 0),
            NameOp::ImportFrom => (Opcode::IMPORT_FROM, 0, 0),
        }
    }
}

impl Codegen<'_> {
    /// `name` as the current unit knows it: mangled if it is private to a class.
    pub(super) fn mangled(&mut self, name: NameId) -> NameId {
        match self.unit.private.as_deref() {
            Some(class) => {
                let scopes = &self.table.scopes;
                maybe_mangle(class, scopes, self.unit.scope_id, &mut self.names, name)
            }
            None => name,
        }
    }

    /// Emits an instruction that names an attribute or module.
    pub(super) fn emit_name(&mut self, loc: Loc, op: NameOp, name: &str) {
        let name = self.names.intern(name);
        let mangled = self.mangled(name);
        let index = self.unit.names.add(mangled);
        let (opcode, shift, bits) = op.encoding();
        self.emit_i(loc, opcode, index << shift | bits);
    }

    /// Loads, stores or deletes a name.
    pub(super) fn nameop(&mut self, loc: Loc, name: &str, ctx: ExprContext) {
        let name = self.names.intern(name);
        self.name_access(loc, name, ctx);
    }

    /// The number of the name in a node.
    pub(super) fn name_of(&mut self, e: &ExprName) -> NameId {
        NameId::noted_in(&e.node_index).unwrap_or_else(|| self.names.intern(&e.id))
    }

    /// [`Codegen::nameop`] of a name that has its number already.
    pub(super) fn name_access(&mut self, loc: Loc, name: NameId, ctx: ExprContext) {
        let name = self.mangled(name);
        let scope = self.unit.scope_of(name);
        match self.access(name, scope) {
            Access::Fast => {
                let index = self.unit.varnames.add(name);
                let op = by_context(
                    ctx,
                    [Opcode::LOAD_FAST, Opcode::STORE_FAST, Opcode::DELETE_FAST],
                );
                self.emit_i(loc, op, index);
            }
            Access::Deref => self.deref_op(loc, name, scope, ctx),
            Access::Global => self.global_op(loc, name, scope, ctx),
            Access::Name => {
                let index = self.unit.names.add(name);
                let in_class_comprehension =
                    self.unit.scope.kind == ScopeKind::Class && self.unit.in_inlined_comp > 0;
                if ctx == ExprContext::Load && in_class_comprehension {
                    self.emit_i(loc, Opcode::LOAD_GLOBAL, index << 1);
                    return;
                }
                let op = by_context(
                    ctx,
                    [Opcode::LOAD_NAME, Opcode::STORE_NAME, Opcode::DELETE_NAME],
                );
                self.emit_i(loc, op, index);
            }
        }
    }

    fn access(&self, name: NameId, scope: SymScope) -> Access {
        let function_like = self.unit.scope.is_function_like();
        match scope {
            SymScope::Free | SymScope::Cell => Access::Deref,
            SymScope::Local if function_like || self.unit.is_fast_hidden(name) => Access::Fast,
            SymScope::GlobalImplicit if function_like => Access::Global,
            SymScope::GlobalExplicit => Access::Global,
            SymScope::Local | SymScope::GlobalImplicit | SymScope::Unknown => Access::Name,
        }
    }

    fn deref_op(&mut self, loc: Loc, name: NameId, scope: SymScope, ctx: ExprContext) {
        let index = match scope {
            SymScope::Free => self.unit.freevars.add(name),
            _ => self.unit.cellvars.add(name),
        };
        let op = match ctx {
            ExprContext::Store => Opcode::STORE_DEREF,
            ExprContext::Del => Opcode::DELETE_DEREF,
            ExprContext::Load | ExprContext::Invalid => {
                // The namespace of a class body takes precedence over the cell.
                if self.unit.scope.kind == ScopeKind::Class && self.unit.in_inlined_comp == 0 {
                    self.emit(loc, Opcode::LOAD_LOCALS);
                    Opcode::LOAD_FROM_DICT_OR_DEREF
                } else if self.unit.scope.can_see_class_scope {
                    self.load_classdict(loc);
                    Opcode::LOAD_FROM_DICT_OR_DEREF
                } else {
                    Opcode::LOAD_DEREF
                }
            }
        };
        self.emit_i(loc, op, index);
    }

    fn global_op(&mut self, loc: Loc, name: NameId, scope: SymScope, ctx: ExprContext) {
        let index = self.unit.names.add(name);
        if ctx == ExprContext::Load {
            if self.unit.scope.can_see_class_scope && scope == SymScope::GlobalImplicit {
                self.load_classdict(loc);
                self.emit_i(loc, Opcode::LOAD_FROM_DICT_OR_GLOBALS, index);
            } else {
                self.emit_i(loc, Opcode::LOAD_GLOBAL, index << 1);
            }
            return;
        }
        let op = by_context(
            ctx,
            [
                Opcode::LOAD_GLOBAL,
                Opcode::STORE_GLOBAL,
                Opcode::DELETE_GLOBAL,
            ],
        );
        self.emit_i(loc, op, index);
    }

    fn load_classdict(&mut self, loc: Loc) {
        let index = self.unit.freevars.add(NameId::CLASSDICT);
        self.emit_i(loc, Opcode::LOAD_DEREF, index);
    }
}

fn by_context(ctx: ExprContext, [load, store, delete]: [Opcode; 3]) -> Opcode {
    match ctx {
        ExprContext::Store => store,
        ExprContext::Del => delete,
        ExprContext::Load | ExprContext::Invalid => load,
    }
}
