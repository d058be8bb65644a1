//! The state of one unit (module, class, function, ...) while its code is generated:
//! its tables of constants and names, its block stack, its instructions.

use std::collections::BTreeSet;
use std::sync::Arc;

use ruff_python_ast::StmtAnnAssign;
use rustc_hash::FxHashMap;

use super::fblock::FBlock;
use crate::consts::ConstTable;
use crate::instr::{InstrSequence, Loc};
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
    names: Vec<Arc<str>>,
    index: FxHashMap<Arc<str>, u32>,
    /// Index of the first name: free variables are numbered after the cells.
    offset: u32,
}

impl NameTable {
    fn from_names(names: impl IntoIterator<Item = Arc<str>>, offset: u32) -> NameTable {
        let mut table = NameTable {
            offset,
            ..NameTable::default()
        };
        for name in names {
            table.add(&name);
        }
        table
    }

    /// The index of `name`, which is appended if it is new.
    pub fn add(&mut self, name: &str) -> u32 {
        if let Some(&index) = self.index.get(name) {
            return index;
        }
        let index = self.offset + self.len();
        let name: Arc<str> = Arc::from(name);
        self.names.push(name.clone());
        self.index.insert(name, index);
        index
    }

    pub fn get(&self, name: &str) -> Option<u32> {
        self.index.get(name).copied()
    }

    pub fn first(&self) -> Option<&Arc<str>> {
        self.names.first()
    }

    pub fn len(&self) -> u32 {
        self.names.len() as u32
    }

    fn into_names(self) -> Vec<Arc<str>> {
        self.names
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
    pub fasthidden: Vec<(Arc<str>, bool)>,
    /// Symbols of `scope` as an inlined comprehension sees them while it is compiled.
    pub overrides: FxHashMap<Arc<str>, Symbol>,
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
    ) -> UnitState<'a> {
        let mut cellvars =
            NameTable::from_names(sorted_symbols(scope, SymScope::Cell, DEF_COMP_CELL), 0);
        let implicit_cells = [
            (scope.needs_class_closure, "__class__"),
            (scope.needs_classdict, "__classdict__"),
            (
                scope.has_conditional_annotations,
                "__conditional_annotations__",
            ),
        ];
        for (_, cell) in implicit_cells.iter().filter(|(needed, _)| *needed) {
            cellvars.add(cell);
        }
        let freevars = NameTable::from_names(
            sorted_symbols(scope, SymScope::Free, DEF_FREE_CLASS),
            cellvars.len(),
        );
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
            varnames: NameTable::from_names(scope.varnames.iter().cloned(), 0),
            cellvars,
            freevars,
            fasthidden: Vec::new(),
            overrides: FxHashMap::default(),
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
    pub fn symbol(&self, name: &str) -> Symbol {
        if !self.overrides.is_empty()
            && let Some(symbol) = self.overrides.get(name)
        {
            return *symbol;
        }
        self.scope.symbol(name).unwrap_or_default()
    }

    pub fn scope_of(&self, name: &str) -> SymScope {
        self.symbol(name).scope
    }

    /// Whether `name` is a variable of an inlined comprehension that is being compiled in
    /// a unit without fast locals.
    pub fn is_fast_hidden(&self, name: &str) -> bool {
        self.fasthidden
            .iter()
            .any(|(n, active)| *active && **n == *name)
    }

    /// Turns the state into what assembly needs.
    pub fn finish(self, filename: Arc<str>, flags: u32) -> (crate::instr::Unit, InstrSequence) {
        let unit = crate::instr::Unit {
            is_function: self.scope.is_function_like(),
            name: self.name,
            qualname: self.qualname,
            filename,
            consts: self.consts.into_vec(),
            names: self.names.into_names(),
            varnames: self.varnames.into_names(),
            cellvars: self.cellvars.into_names(),
            freevars: self.freevars.into_names(),
            fasthidden: self.fasthidden.into_iter().map(|(name, _)| name).collect(),
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
fn sorted_symbols(scope: &Scope, wanted: SymScope, flag: u32) -> Vec<Arc<str>> {
    let mut names: Vec<Arc<str>> = scope
        .symbols
        .iter()
        .filter(|(_, symbol)| symbol.scope == wanted || symbol.flags & flag != 0)
        .map(|(name, _)| name.clone())
        .collect();
    // UTF-8 sorts as its code points do.
    names.sort_unstable();
    names
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
        let mut free = NameTable::from_names(["x".into(), "y".into()], 3);
        assert_eq!(free.get("x"), Some(3));
        assert_eq!(free.add("y"), 4);
        assert_eq!(free.add("z"), 5);
        assert_eq!(free.into_names(), ["x", "y", "z"].map(Arc::from));
    }
}
