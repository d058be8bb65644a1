//! The state of one unit (module, class, function, ...) while its code is generated:
//! its tables of constants and names, its block stack, its instructions.

use std::collections::BTreeSet;
use std::sync::Arc;

use ruff_python_ast::StmtAnnAssign;

use super::fblock::FBlock;
use crate::consts::ConstTable;
use crate::instr::{InstrSequence, Loc};
use crate::names::{NameId, NameMap, Names};
use crate::symtable::{DEF_COMP_CELL, DEF_FREE_CLASS, Scope, ScopeId, SymScope, Symbol};

/// What a unit is made from (CPython's `_PyCompile_ScopeType` values).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnitKind {
    Module,
    Class,
    Function,
    AsyncFunction,
    Lambda,
    Comprehension,
    /// `__annotate__`, and everything that is evaluated lazily in its manner: bounds and
    /// defaults of type parameters, values of type aliases, type parameter blocks.
    Annotations,
}

/// Argument counts of a unit that takes arguments.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ArgCounts {
    pub positional: u32,
    pub posonly: u32,
    pub kwonly: u32,
}

/// Names to indices, in the order of their first use.
#[derive(Debug, Default)]
pub(super) struct NameTable {
    names: NameMap<()>,
    /// Index of the first name: free variables are numbered after the cells.
    offset: u32,
}

impl NameTable {
    /// Makes it a table of these names; its memory stays.
    fn set(&mut self, names: impl IntoIterator<Item = NameId>, offset: u32) {
        self.names.clear();
        self.offset = offset;
        for name in names {
            self.add(name);
        }
    }

    /// The index of `name`, which is appended if it is new.
    pub fn add(&mut self, name: NameId) -> u32 {
        self.offset + self.names.insert(name, ()) as u32
    }

    /// The index of `name`, which is new: it is appended.
    pub fn add_new(&mut self, name: NameId) -> u32 {
        debug_assert_eq!(self.names.position(name), None, "a new name");
        self.offset + self.names.push(name, ()) as u32
    }

    pub fn get(&self, name: NameId) -> Option<u32> {
        self.names.position(name).map(|index| self.offset + index as u32)
    }

    pub fn first(&self) -> Option<NameId> {
        self.names.names().next()
    }

    fn len(&self) -> u32 {
        self.names.len() as u32
    }

    fn texts(&self, names: &Names) -> Vec<Arc<str>> {
        self.names.names().map(|name| names.text(name).clone()).collect()
    }
}

/// What a unit begins with.
pub(super) struct UnitHead<'a> {
    /// Another one for each unit of a compilation, from 1 on.
    pub number: u32,
    pub scope_id: ScopeId,
    pub scope: &'a Scope,
    pub kind: UnitKind,
    pub name: Arc<str>,
    pub firstlineno: i32,
    pub args: ArgCounts,
}

/// State of the unit that code is being generated for (CPython's `compiler_unit`).
pub(super) struct UnitState<'a> {
    pub number: u32,
    pub scope_id: ScopeId,
    pub scope: &'a Scope,
    pub kind: UnitKind,
    /// Name of the innermost class, for mangling of private names.
    pub private: Option<Arc<str>>,
    pub name: Arc<str>,
    pub qualname: Arc<str>,
    pub firstlineno: i32,
    pub args: ArgCounts,
    pub consts: ConstTable,
    pub names: NameTable,
    pub varnames: NameTable,
    pub cellvars: NameTable,
    pub freevars: NameTable,
    /// Variables of inlined comprehensions in a unit without fast locals, and whether the
    /// code being generated is inside such a comprehension right now.
    pub fasthidden: Vec<(NameId, bool)>,
    /// Symbols of `scope` as an inlined comprehension sees them while it is compiled.
    pub overrides: NameMap<Symbol>,
    /// Class: attributes stored to through `self` in its methods.
    pub static_attributes: BTreeSet<Arc<str>>,
    /// Annotated names of a class or module, with the index under which execution of the
    /// annotation is recorded if it may not be executed.
    pub deferred_annotations: Vec<(&'a StmtAnnAssign, Option<u32>)>,
    pub next_conditional_annotation: u32,
    pub seq: InstrSequence,
    /// The unit's own instructions while those of its annotations are generated.
    pub stashed_seq: Option<InstrSequence>,
    pub fblocks: Vec<FBlock<'a>>,
    pub in_inlined_comp: u32,
    pub in_conditional_block: u32,
}

impl<'a> UnitState<'a> {
    pub fn new(head: UnitHead<'a>, names: &Names) -> UnitState<'a> {
        let UnitHead { number, scope_id, scope, kind, name, firstlineno, args } = head;
        let mut unit = UnitState {
            number,
            scope_id,
            scope,
            kind,
            private: None,
            qualname: name.clone(),
            name,
            firstlineno,
            args,
            consts: ConstTable::with_room(),
            names: NameTable::default(),
            varnames: NameTable::default(),
            cellvars: NameTable::default(),
            freevars: NameTable::default(),
            fasthidden: Vec::new(),
            overrides: NameMap::default(),
            static_attributes: BTreeSet::new(),
            deferred_annotations: Vec::new(),
            next_conditional_annotation: 0,
            seq: InstrSequence::with_room(),
            stashed_seq: None,
            fblocks: Vec::new(),
            in_inlined_comp: 0,
            in_conditional_block: 0,
        };
        unit.set_names(names);
        unit
    }

    /// Makes the unit, which is finished, another one in the same memory.
    pub fn reuse(&mut self, head: UnitHead<'a>, names: &Names) {
        let UnitHead { number, scope_id, scope, kind, name, firstlineno, args } = head;
        (self.number, self.scope_id, self.scope, self.kind) = (number, scope_id, scope, kind);
        (self.qualname, self.name) = (name.clone(), name);
        (self.firstlineno, self.args) = (firstlineno, args);
        self.private = None;
        self.fasthidden.clear();
        self.overrides.clear();
        self.static_attributes.clear();
        self.deferred_annotations.clear();
        self.next_conditional_annotation = 0;
        self.seq.clear();
        self.stashed_seq = None;
        self.fblocks.clear();
        (self.in_inlined_comp, self.in_conditional_block) = (0, 0);
        self.set_names(names);
    }

    /// Fills the tables of names as they are before any code is generated.
    fn set_names(&mut self, names: &Names) {
        let scope = self.scope;
        self.names.set([], 0);
        self.varnames.set(scope.varnames.iter().copied(), 0);
        self.cellvars.set(sorted_symbols(scope, names, SymScope::Cell, DEF_COMP_CELL), 0);
        let implicit_cells = [
            (scope.needs_class_closure, NameId::CLASS),
            (scope.needs_classdict, NameId::CLASSDICT),
            (scope.has_conditional_annotations, NameId::CONDITIONAL_ANNOTATIONS),
        ];
        for &(_, cell) in implicit_cells.iter().filter(|(needed, _)| *needed) {
            self.cellvars.add(cell);
        }
        let free = sorted_symbols(scope, names, SymScope::Free, DEF_FREE_CLASS);
        self.freevars.set(free, self.cellvars.len());
    }

    /// What is known of `name` (already mangled) where code is being generated.
    pub fn symbol(&self, name: NameId) -> Symbol {
        if !self.overrides.is_empty()
            && let Some(symbol) = self.overrides.get(name)
        {
            return *symbol;
        }
        self.scope.symbol(name).unwrap_or_default()
    }

    pub fn scope_of(&self, name: NameId) -> SymScope {
        self.symbol(name).scope
    }

    /// Whether `name` is a variable of an inlined comprehension that is being compiled in
    /// a unit without fast locals.
    pub fn is_fast_hidden(&self, name: NameId) -> bool {
        self.fasthidden.contains(&(name, true))
    }

    /// Takes what assembly needs, the instructions apart.
    pub fn finish(&mut self, filename: Arc<str>, flags: u32, names: &Names) -> crate::instr::Unit {
        crate::instr::Unit {
            is_function: self.scope.is_function_like(),
            name: self.name.clone(),
            qualname: self.qualname.clone(),
            filename,
            consts: self.consts.take(),
            names: self.names.texts(names),
            varnames: self.varnames.texts(names),
            cellvars: self.cellvars.texts(names),
            freevars: self.freevars.texts(names),
            fasthidden: self.fasthidden.iter().map(|&(name, _)| names.text(name).clone()).collect(),
            argcount: self.args.positional,
            posonlyargcount: self.args.posonly,
            kwonlyargcount: self.args.kwonly,
            firstlineno: self.firstlineno,
            flags,
        }
    }
}

/// Names of a scope that live in `wanted` or carry `flag`, sorted as Python sorts strings.
fn sorted_symbols(scope: &Scope, names: &Names, wanted: SymScope, flag: u32) -> Vec<NameId> {
    let mut found: Vec<NameId> = scope
        .symbols
        .iter()
        .filter(|(_, symbol)| symbol.scope == wanted || symbol.flags & flag != 0)
        .map(|(name, _)| name)
        .collect();
    // UTF-8 sorts as its code points do.
    found.sort_unstable_by_key(|&name| names.text(name));
    found
}

/// Location of a unit's first instruction.
pub(super) fn start_loc(kind: UnitKind, firstlineno: i32) -> Loc {
    let line = if kind == UnitKind::Module {
        0
    } else {
        firstlineno
    };
    Loc {
        line,
        end_line: firstlineno,
        col: 0,
        end_col: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_variables_are_numbered_after_cells() {
        let mut names = Names::default();
        let [x, y, z] = ["x", "y", "z"].map(|name| names.intern(name));
        let mut free = NameTable::default();
        free.set([x, y], 3);
        assert_eq!(free.get(x), Some(3));
        assert_eq!(free.add(y), 4);
        assert_eq!(free.add(z), 5);
        assert_eq!(free.texts(&names), ["x", "y", "z"].map(Arc::from));
    }
}
