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
    fn from_names(names: impl IntoIterator<Item = NameId>, offset: u32) -> NameTable {
        let mut table = NameTable {
            offset,
            ..NameTable::default()
        };
        for name in names {
            table.add(name);
        }
        table
    }

    /// The index of `name`, which is appended if it is new.
    pub fn add(&mut self, name: NameId) -> u32 {
        self.offset + self.names.insert(name, ()) as u32
    }

    pub fn get(&self, name: NameId) -> Option<u32> {
        self.names.position(name).map(|index| self.offset + index as u32)
    }

    pub fn first(&self) -> Option<NameId> {
        self.names.names().first().copied()
    }

    fn len(&self) -> u32 {
        self.names.len() as u32
    }

    fn texts(&self, names: &Names) -> Vec<Arc<str>> {
        self.names.names().iter().map(|&name| names.text(name).clone()).collect()
    }
}

/// State of the unit that code is being generated for (CPython's `compiler_unit`).
pub(super) struct UnitState<'a> {
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
    pub fn new(
        scope_id: ScopeId,
        scope: &'a Scope,
        kind: UnitKind,
        name: Arc<str>,
        firstlineno: i32,
        args: ArgCounts,
        names: &Names,
    ) -> UnitState<'a> {
        let cells = sorted_symbols(scope, names, SymScope::Cell, DEF_COMP_CELL);
        let mut cellvars = NameTable::from_names(cells, 0);
        let implicit_cells = [
            (scope.needs_class_closure, NameId::CLASS),
            (scope.needs_classdict, NameId::CLASSDICT),
            (scope.has_conditional_annotations, NameId::CONDITIONAL_ANNOTATIONS),
        ];
        for &(_, cell) in implicit_cells.iter().filter(|(needed, _)| *needed) {
            cellvars.add(cell);
        }
        let free = sorted_symbols(scope, names, SymScope::Free, DEF_FREE_CLASS);
        let freevars = NameTable::from_names(free, cellvars.len());
        UnitState {
            scope_id,
            scope,
            kind,
            private: None,
            qualname: name.clone(),
            name,
            firstlineno,
            args,
            consts: ConstTable::default(),
            names: NameTable::default(),
            varnames: NameTable::from_names(scope.varnames.iter().copied(), 0),
            cellvars,
            freevars,
            fasthidden: Vec::new(),
            overrides: NameMap::default(),
            static_attributes: BTreeSet::new(),
            deferred_annotations: Vec::new(),
            next_conditional_annotation: 0,
            seq: InstrSequence::default(),
            stashed_seq: None,
            fblocks: Vec::new(),
            in_inlined_comp: 0,
            in_conditional_block: 0,
        }
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

    /// Turns the state into what assembly needs.
    pub fn finish(
        self,
        filename: Arc<str>,
        flags: u32,
        names: &Names,
    ) -> (crate::instr::Unit, InstrSequence) {
        let unit = crate::instr::Unit {
            is_function: self.scope.is_function_like(),
            name: self.name,
            qualname: self.qualname,
            filename,
            consts: self.consts.into_vec(),
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
        };
        (unit, self.seq)
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
        let mut free = NameTable::from_names([x, y], 3);
        assert_eq!(free.get(x), Some(3));
        assert_eq!(free.add(y), 4);
        assert_eq!(free.add(z), 5);
        assert_eq!(free.texts(&names), ["x", "y", "z"].map(Arc::from));
    }
}
