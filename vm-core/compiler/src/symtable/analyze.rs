//! The second pass: where each name lives.
//!
//! Blocks are analyzed from the outside in. A block hands the names that functions
//! around bind (`bound`) and those declared global to the blocks inside, and gets back
//! the names that are free in them: what it binds itself of those becomes a cell, the
//! rest is free in it too. Comprehensions other than generator expressions then merge
//! their names into the block around (PEP 709).

use rustc_hash::FxHashSet;

use super::{
    DEF_BOUND, DEF_COMP_CELL, DEF_FREE_CLASS, DEF_GLOBAL, DEF_NONLOCAL, DEF_PARAM, DEF_TYPE_PARAM,
    Scope, ScopeId, ScopeKind, SymScope, Symbol, SymbolTable,
};
use crate::error::CompileError;
use crate::names::{NameId, Names};
use crate::source::SourceFile;

type NameSet = FxHashSet<NameId>;

/// Cells of a class body that its methods and annotations reach it through.
const CLASS_CELLS: [NameId; 3] =
    [NameId::CLASS, NameId::CLASSDICT, NameId::CONDITIONAL_ANNOTATIONS];

pub(super) fn analyze(table: &mut SymbolTable, source: &SourceFile) -> Result<(), CompileError> {
    let mut analyzer = Analyzer {
        around: Around::new(&table.names),
        scopes: &mut table.scopes,
        names: &table.names,
        source,
    };
    analyzer.block(SymbolTable::TOP, None)?;
    Ok(())
}

/// What the blocks around the current one do to each name. Blocks change it for those inside and
/// change it back when they are left.
struct Around {
    /// `BOUND` and `TYPE_PARAM` bits of each name.
    bits: Vec<u8>,
    /// Names whose bits were changed, and what these were before.
    changes: Vec<(NameId, u8)>,
}

impl Around {
    /// Bound in a function around.
    const BOUND: u8 = 1;
    /// A type parameter of a block around.
    const TYPE_PARAM: u8 = 2;

    fn new(names: &Names) -> Around {
        Around { bits: vec![0; names.len()], changes: Vec::new() }
    }

    fn is(&self, name: NameId, bit: u8) -> bool {
        self.bits[name.index()] & bit != 0
    }

    fn set(&mut self, name: NameId, bit: u8, on: bool) {
        let bits = &mut self.bits[name.index()];
        let changed = if on { *bits | bit } else { *bits & !bit };
        if changed != *bits {
            self.changes.push((name, *bits));
            *bits = changed;
        }
    }

    /// Undoes the changes from number `first` on, for the bits of `mask`.
    fn restore(&mut self, first: usize, mask: u8) {
        for &(name, before) in self.changes[first..].iter().rev() {
            let bits = &mut self.bits[name.index()];
            *bits = *bits & !mask | before & mask;
        }
    }

    fn undo(&mut self, first: usize) {
        self.restore(first, u8::MAX);
        self.changes.truncate(first);
    }
}

struct Analyzer<'a> {
    scopes: &'a mut [Scope],
    names: &'a Names,
    source: &'a SourceFile<'a>,
    around: Around,
}

impl Analyzer<'_> {
    fn scope(&self, id: ScopeId) -> &Scope {
        &self.scopes[id.0 as usize]
    }

    fn scope_mut(&mut self, id: ScopeId) -> &mut Scope {
        &mut self.scopes[id.0 as usize]
    }

    /// Analyzes a block and those inside. Returns the names that are free in it.
    ///
    /// `class_entry` is the class whose names the block sees.
    fn block(&mut self, id: ScopeId, class_entry: Option<ScopeId>) -> Result<NameSet, CompileError> {
        let is_class = self.scope(id).kind == ScopeKind::Class;
        let first_change = self.around.changes.len();
        let own_free = self.own_names(id, class_entry)?;
        if is_class {
            // Names bound or declared in a class body are invisible to its methods.
            self.around.restore(first_change, Around::BOUND);
            CLASS_CELLS.iter().for_each(|&cell| self.around.set(cell, Around::BOUND, true));
        } else if self.scope(id).is_function_like() {
            self.bind_locals(id);
        }
        let mut inlined_cells = NameSet::default();
        let mut free = self.children(id, class_entry, &mut inlined_cells)?;
        self.splice_children(id);
        self.around.undo(first_change);

        if is_class {
            self.drop_class_free(id, &mut free);
        } else if self.scope(id).is_function_like() {
            self.make_cells(id, &mut free, &inlined_cells);
        }
        self.record(id, &free, &inlined_cells);
        free.extend(own_free);
        Ok(free)
    }

    /// Decides on the names of a block, as far as the blocks around it determine them. Returns those that
    /// the block itself uses and a function around binds.
    fn own_names(&mut self, id: ScopeId, class_entry: Option<ScopeId>) -> Result<NameSet, CompileError> {
        let mut free = NameSet::default();
        let mut symbols = std::mem::take(&mut self.scope_mut(id).symbols);
        for (name, symbol) in symbols.iter_mut() {
            symbol.scope = self.name(id, name, symbol.flags, class_entry, &mut free)?;
        }
        self.scope_mut(id).symbols = symbols;
        Ok(free)
    }

    /// Makes the names that a function binds bound for the blocks inside.
    fn bind_locals(&mut self, id: ScopeId) {
        let scope = &self.scopes[id.0 as usize];
        if scope.children.is_empty() {
            return;
        }
        for (name, symbol) in scope.symbols.iter() {
            if symbol.scope == SymScope::Local {
                self.around.set(name, Around::BOUND, true);
            }
        }
    }

    /// Analyzes the blocks directly inside. Returns the names that are free in them.
    fn children(
        &mut self,
        id: ScopeId,
        class_entry: Option<ScopeId>,
        inlined_cells: &mut NameSet,
    ) -> Result<NameSet, CompileError> {
        let mut free = NameSet::default();
        let class_entry = match self.scope(id).kind {
            ScopeKind::Class => Some(id),
            _ => class_entry,
        };
        let count = self.scope(id).children.len();
        for index in 0..count {
            self.heed_bare_method(id, index);
            let child = self.scope(id).children[index];
            let sees_class = self.scope(child).can_see_class_scope;
            let mut child_free = self.block(child, class_entry.filter(|_| sees_class))?;
            let comp = self.scope(child);
            if comp.comprehension.is_some()
                && !comp.is_generator
                && !self.scope(id).can_see_class_scope
            {
                self.inline_comprehension(id, child, &mut child_free, inlined_cells);
                self.scope_mut(child).comp_inlined = true;
            }
            if free.is_empty() {
                free = child_free;
            } else {
                free.extend(child_free);
            }
        }
        self.heed_bare_method(id, count);
        Ok(free)
    }

    /// If the block of a method's annotations that was left out was before the child at `index`: notes what
    /// it would have found. Names of comprehensions that are inlined later do not hide that from it.
    fn heed_bare_method(&mut self, id: ScopeId, index: usize) {
        let scope = self.scope_mut(id);
        if scope.bare_method == Some(index as u32) {
            let flags = scope.flags_of(NameId::CLASSDICT);
            let is_hidden = flags & DEF_GLOBAL != 0 || flags & DEF_BOUND != 0 && flags & DEF_NONLOCAL == 0;
            scope.needs_classdict |= !is_hidden;
        }
    }

    /// Where one name of a block lives, of which the block's own code says `flags`. It is added to `free` if
    /// a function around binds it.
    fn name(
        &mut self,
        id: ScopeId,
        name: NameId,
        flags: u32,
        class_entry: Option<ScopeId>,
        free: &mut NameSet,
    ) -> Result<SymScope, CompileError> {
        if flags & DEF_GLOBAL != 0 {
            if flags & DEF_NONLOCAL != 0 {
                let problem = format!("name '{}' is nonlocal and global", self.names.text(name));
                return Err(self.directive_error(id, name, problem));
            }
            self.around.set(name, Around::BOUND, false);
            Ok(SymScope::GlobalExplicit)
        } else if flags & DEF_NONLOCAL != 0 {
            self.check_nonlocal(id, name)?;
            free.insert(name);
            Ok(SymScope::Free)
        } else if flags & DEF_BOUND != 0 {
            self.around.set(name, Around::TYPE_PARAM, flags & DEF_TYPE_PARAM != 0);
            Ok(SymScope::Local)
        } else {
            Ok(self.unbound_name(name, class_entry, free))
        }
    }

    /// A name that the block only uses.
    fn unbound_name(&self, name: NameId, class_entry: Option<ScopeId>, free: &mut NameSet) -> SymScope {
        // In a block that sees a class body, that body's names hide those of the functions
        // around: at run time they are looked up in the class, then as globals.
        if let Some(class) = class_entry {
            let flags = self.scope(class).flags_of(name);
            if flags & DEF_GLOBAL != 0 {
                return SymScope::GlobalExplicit;
            }
            if flags & DEF_BOUND != 0 && flags & DEF_NONLOCAL == 0 {
                return SymScope::GlobalImplicit;
            }
        }
        if self.around.is(name, Around::BOUND) {
            free.insert(name);
            return SymScope::Free;
        }
        SymScope::GlobalImplicit
    }

    fn check_nonlocal(&self, id: ScopeId, name: NameId) -> Result<(), CompileError> {
        let text = self.names.text(name);
        let problem = if id == SymbolTable::TOP {
            "nonlocal declaration not allowed at module level".to_owned()
        } else if !self.around.is(name, Around::BOUND) {
            format!("no binding for nonlocal '{text}' found")
        } else if self.around.is(name, Around::TYPE_PARAM) {
            format!("nonlocal binding not allowed for type parameter '{text}'")
        } else {
            return Ok(());
        };
        Err(self.directive_error(id, name, problem))
    }

    /// An error at the declaration of `name`.
    fn directive_error(&self, id: ScopeId, name: NameId, msg: String) -> CompileError {
        let scope = self.scope(id);
        let declared = scope.directives.iter().find(|(n, _)| *n == name);
        self.source.error_at(declared.map_or(scope.loc, |(_, loc)| *loc), msg)
    }

    fn is_free_in_any_child(&self, id: ScopeId, name: NameId) -> bool {
        let children = &self.scope(id).children;
        children
            .iter()
            .any(|&child| self.scope(child).scope_of(name) == SymScope::Free)
    }

    /// Merges the names of a comprehension into the block that it is inlined into.
    fn inline_comprehension(
        &mut self,
        id: ScopeId,
        comp: ScopeId,
        comp_free: &mut NameSet,
        inlined_cells: &mut NameSet,
    ) {
        let is_class = self.scope(id).kind == ScopeKind::Class;
        let symbols: Vec<(NameId, Symbol)> = self
            .scope(comp)
            .symbols
            .iter()
            .map(|(name, symbol)| (name, *symbol))
            .collect();
        let mut removed: Vec<NameId> = Vec::new();
        for (name, Symbol { flags, mut scope }) in symbols {
            // The parameter of the comprehension's function.
            if flags & DEF_PARAM != 0 {
                continue;
            }
            if scope == SymScope::Cell || flags & DEF_COMP_CELL != 0 {
                inlined_cells.insert(name);
            }
            // A class body reaches these as globals, unless a block inside needs the cell.
            if scope == SymScope::Free && is_class && CLASS_CELLS.contains(&name) {
                scope = SymScope::GlobalImplicit;
                if !self.is_free_in_any_child(comp, name) {
                    comp_free.remove(&name);
                }
                removed.push(name);
            }
            match self.scope(id).symbol(name) {
                None => {
                    self.scope_mut(id)
                        .symbols
                        .insert(name, Symbol { flags, scope });
                }
                // What was free in the comprehension is now a plain local, unless a block
                // inside of it needs it.
                Some(outer) if outer.flags & DEF_BOUND != 0 && !is_class => {
                    if !self.is_free_in_any_child(comp, name) {
                        comp_free.remove(&name);
                    }
                }
                Some(_) => {}
            }
        }
        for name in removed {
            self.scope_mut(comp).symbols.remove(name);
        }
    }

    /// Replaces inlined comprehensions among a block's children by their own children.
    fn splice_children(&mut self, id: ScopeId) {
        if self
            .scope(id)
            .children
            .iter()
            .all(|&c| !self.scope(c).comp_inlined)
        {
            return;
        }
        let spliced = self
            .scope(id)
            .children
            .iter()
            .flat_map(|&child| match self.scope(child) {
                comp if comp.comp_inlined => comp.children.clone(),
                _ => vec![child],
            })
            .collect();
        self.scope_mut(id).children = spliced;
    }

    /// Locals that blocks inside refer to become cells, and are free no more.
    fn make_cells(&mut self, id: ScopeId, free: &mut NameSet, inlined_cells: &NameSet) {
        if free.is_empty() && inlined_cells.is_empty() {
            return;
        }
        for (name, symbol) in self.scope_mut(id).symbols.iter_mut() {
            if symbol.scope == SymScope::Local
                && (free.contains(&name) || inlined_cells.contains(&name))
            {
                symbol.scope = SymScope::Cell;
                free.remove(&name);
            }
        }
    }

    fn drop_class_free(&mut self, id: ScopeId, free: &mut NameSet) {
        let [class, classdict, annotations] = CLASS_CELLS.map(|name| free.remove(&name));
        let scope = self.scope_mut(id);
        scope.needs_class_closure |= class;
        scope.needs_classdict |= classdict;
        scope.has_conditional_annotations |= annotations;
    }

    /// Enters what the blocks inside brought: cells of inlined comprehensions, and names
    /// that are free here because they are free there.
    fn record(&mut self, id: ScopeId, free: &NameSet, inlined: &NameSet) {
        let around = &self.around;
        let scope = &mut self.scopes[id.0 as usize];
        let is_class = scope.kind == ScopeKind::Class || scope.can_see_class_scope;
        for &name in inlined {
            if let Some(symbol) = scope.symbols.get_mut(name) {
                symbol.flags |= DEF_COMP_CELL;
            }
        }
        for &name in free {
            if let Some(symbol) = scope.symbols.get_mut(name) {
                if is_class {
                    symbol.flags |= DEF_FREE_CLASS;
                }
            } else if id == SymbolTable::TOP || around.is(name, Around::BOUND) {
                let symbol = Symbol {
                    flags: 0,
                    scope: SymScope::Free,
                };
                scope.symbols.insert(name, symbol);
            }
        }
    }
}
