//! Loading, storing and deleting names, and instructions that name attributes.

use ruff_python_ast::{ExprContext, ExprName};
use tailscope_bytecode::opcode::Opcode;

use super::Codegen;
use crate::instr::Loc;
use crate::names::NameId;
use crate::symtable::{ScopeKind, SymScope, maybe_mangle};

/// Where code accesses a name (CPython's `_PyCompile_optype`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Fast,
    Global,
    Deref,
    Name,
}

/// What names were found to be: most are used again in the same unit.
#[derive(Debug, Default)]
pub(super) struct KnownNames(Vec<KnownName>);

#[derive(Clone, Copy, Debug)]
struct KnownName {
    /// The number of the unit that knows it, 0 for none.
    unit: u32,
    access: Access,
    /// Its index in one of the unit's tables.
    index: u32,
}

impl KnownNames {
    #[inline]
    fn get(&self, unit: u32, name: NameId) -> Option<(Access, u32)> {
        let known = self.0.get(name.index())?;
        (known.unit == unit).then_some((known.access, known.index))
    }

    /// Whether the unit, or one inside of it, may have used the name. Units that do are numbered in
    /// the order in which they begin.
    #[inline]
    fn is_used_since(&self, unit: u32, name: NameId) -> bool {
        self.0.get(name.index()).is_some_and(|known| known.unit >= unit)
    }

    fn set(&mut self, unit: u32, name: NameId, access: Access, index: u32) {
        const UNKNOWN: KnownName = KnownName { unit: 0, access: Access::Name, index: 0 };
        let place = name.index();
        if place >= self.0.len() {
            self.0.resize((place + 1).next_power_of_two().max(256), UNKNOWN);
        }
        self.0[place] = KnownName { unit, access, index };
    }
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
            Some(class) if name.is_private() => {
                let scopes = &self.table.scopes;
                maybe_mangle(class, scopes, self.unit.scope_id, &mut self.names, name)
            }
            _ => name,
        }
    }

    /// Emits an instruction that names an attribute or module.
    pub(super) fn emit_name(&mut self, loc: Loc, op: NameOp, name: &str) {
        let name = self.names.intern(name);
        let mangled = self.mangled(name);
        let index = self.name_index(mangled);
        let (opcode, shift, bits) = op.encoding();
        self.emit_i(loc, opcode, index << shift | bits);
    }

    /// The index of a name, already mangled, among those that instructions of the unit name.
    pub(super) fn name_index(&mut self, name: NameId) -> u32 {
        let unit = self.unit.number;
        if let Some((_, index)) = self.indexed.get(unit, name) {
            return index;
        }
        // To be sure that a name is new takes longest, and most are.
        let index = match self.indexed.is_used_since(unit, name) {
            true => self.unit.names.add(name),
            false => self.unit.names.add_new(name),
        };
        self.indexed.set(unit, name, Access::Name, index);
        index
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
        // An inlined comprehension has names of its own.
        if self.unit.in_inlined_comp > 0 {
            let name = self.mangled(name);
            return self.unknown_name(loc, name, ctx);
        }
        let (access, index) = match self.variables.get(self.unit.number, name) {
            Some(known) => known,
            None => {
                let mangled = self.mangled(name);
                let scope = self.unit.scope_of(mangled);
                let access = self.access(mangled, scope);
                let index = match access {
                    Access::Fast => self.unit.varnames.add(mangled),
                    Access::Name => self.name_index(mangled),
                    Access::Global if !self.unit.scope.can_see_class_scope => self.name_index(mangled),
                    Access::Deref | Access::Global => return self.unknown_name(loc, mangled, ctx),
                };
                self.variables.set(self.unit.number, name, access, index);
                (access, index)
            }
        };
        self.access_op(loc, access, index, ctx);
    }

    /// Loads, stores or deletes what lies at an index of a table, in no cell.
    fn access_op(&mut self, loc: Loc, access: Access, index: u32, ctx: ExprContext) {
        let ops = match access {
            Access::Fast => [Opcode::LOAD_FAST, Opcode::STORE_FAST, Opcode::DELETE_FAST],
            Access::Global => [Opcode::LOAD_GLOBAL, Opcode::STORE_GLOBAL, Opcode::DELETE_GLOBAL],
            Access::Deref | Access::Name => [Opcode::LOAD_NAME, Opcode::STORE_NAME, Opcode::DELETE_NAME],
        };
        let op = by_context(ctx, ops);
        let shift = u32::from(op == Opcode::LOAD_GLOBAL);
        self.emit_i(loc, op, index << shift);
    }

    /// [`Codegen::name_access`] of a name, already mangled, that may be another one elsewhere in the
    /// unit, or takes more than an instruction.
    fn unknown_name(&mut self, loc: Loc, name: NameId, ctx: ExprContext) {
        let scope = self.unit.scope_of(name);
        match self.access(name, scope) {
            Access::Fast => {
                let index = self.unit.varnames.add(name);
                self.access_op(loc, Access::Fast, index, ctx);
            }
            Access::Deref => self.deref_op(loc, name, scope, ctx),
            Access::Global => self.global_op(loc, name, scope, ctx),
            Access::Name => {
                let index = self.name_index(name);
                let in_class_comprehension =
                    self.unit.scope.kind == ScopeKind::Class && self.unit.in_inlined_comp > 0;
                let is_global = ctx == ExprContext::Load && in_class_comprehension;
                let access = if is_global { Access::Global } else { Access::Name };
                self.access_op(loc, access, index, ctx);
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
        let index = self.name_index(name);
        if ctx == ExprContext::Load && self.unit.scope.can_see_class_scope && scope == SymScope::GlobalImplicit {
            self.load_classdict(loc);
            self.emit_i(loc, Opcode::LOAD_FROM_DICT_OR_GLOBALS, index);
            return;
        }
        self.access_op(loc, Access::Global, index, ctx);
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
