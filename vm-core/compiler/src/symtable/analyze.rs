//! The second pass: where each name lives.
//!
//! Blocks are analyzed from the outside in. A block hands the names that functions
//! around bind (`bound`) and those declared global to the blocks inside, and gets back
//! the names that are free in them: what it binds itself of those becomes a cell, the
//! rest is free in it too. Comprehensions other than generator expressions then merge
//! their names into the block around (PEP 709).

use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::{
    DEF_BOUND, DEF_COMP_CELL, DEF_FREE_CLASS, DEF_GLOBAL, DEF_NONLOCAL, DEF_PARAM, DEF_TYPE_PARAM,
    Scope, ScopeId, ScopeKind, SymScope, Symbol, SymbolTable,
};
use crate::error::CompileError;
use crate::source::SourceFile;

type Names = FxHashSet<Arc<str>>;

/// Cells of a class body that its methods and annotations reach it through.
const CLASS_CELLS: [&str; 3] = ["__class__", "__classdict__", "__conditional_annotations__"];

pub(super) fn analyze(table: &mut SymbolTable, source: &SourceFile) -> Result<(), CompileError> {
    let mut analyzer = Analyzer {
        scopes: &mut table.scopes,
        source,
    };
    analyzer.block(SymbolTable::TOP, Around::default())?;
    Ok(())
}

struct Analyzer<'a> {
    scopes: &'a mut [Scope],
    source: &'a SourceFile,
}

/// What a block gets from those around it.
#[derive(Clone, Default)]
struct Around {
    /// Bound in a function around; none at module level.
    bound: Option<Names>,
    /// Declared global in a block around.
    global: Names,
    /// Type parameters of blocks around.
    type_params: Names,
    /// The class whose names the block sees.
    class_entry: Option<ScopeId>,
}

/// What is found of the names of a block, before those inside are looked at.
struct Found {
    around: Around,
    /// Bound in the block itself.
    local: Names,
    /// Names that the block itself uses and a function around binds.
    free: Names,
}

impl Analyzer<'_> {
    fn scope(&self, id: ScopeId) -> &Scope {
        &self.scopes[id.0 as usize]
    }

    fn scope_mut(&mut self, id: ScopeId) -> &mut Scope {
        &mut self.scopes[id.0 as usize]
    }

    /// Analyzes a block and those inside. Returns the names that are free in it.
    fn block(&mut self, id: ScopeId, around: Around) -> Result<Names, CompileError> {
        let is_class = self.scope(id).kind == ScopeKind::Class;
        // Names bound or declared in a class body are invisible to its methods.
        let before = is_class.then(|| around.clone());
        let mut found = Found {
            around,
            local: Names::default(),
            free: Names::default(),
        };
        for index in 0..self.scope(id).symbols.len() {
            self.name(id, index, &mut found)?;
        }
        let mut inside = before.unwrap_or_else(|| found.around.clone());
        inside.type_params = found.around.type_params.clone();
        let bound = inside.bound.get_or_insert_default();
        if is_class {
            bound.extend(CLASS_CELLS.map(Arc::from));
        } else if self.scope(id).is_function_like() {
            bound.extend(found.local.iter().cloned());
        }
        let mut inlined_cells = Names::default();
        let mut free = self.children(id, &inside, &mut inlined_cells)?;
        self.splice_children(id);

        if is_class {
            self.drop_class_free(id, &mut free);
        } else if self.scope(id).is_function_like() {
            self.make_cells(id, &mut free, &inlined_cells);
        }
        self.record(id, found.around.bound.as_ref(), &free, &inlined_cells);
        free.extend(found.free);
        Ok(free)
    }

    /// Analyzes the blocks directly inside. Returns the names that are free in them.
    fn children(
        &mut self,
        id: ScopeId,
        inside: &Around,
        inlined_cells: &mut Names,
    ) -> Result<Names, CompileError> {
        let mut free = Names::default();
        let class_entry = match self.scope(id).kind {
            ScopeKind::Class => Some(id),
            _ => inside.class_entry,
        };
        for child in self.scope(id).children.clone() {
            let sees_class = self.scope(child).can_see_class_scope;
            let around = Around {
                class_entry: class_entry.filter(|_| sees_class),
                ..inside.clone()
            };
            let mut child_free = self.block(child, around)?;
            let comp = self.scope(child);
            if comp.comprehension.is_some()
                && !comp.is_generator
                && !self.scope(id).can_see_class_scope
            {
                self.inline_comprehension(id, child, &mut child_free, inlined_cells);
                self.scope_mut(child).comp_inlined = true;
            }
            free.extend(child_free);
        }
        Ok(free)
    }

    /// Decides on one name of a block, as far as the blocks around it determine it.
    fn name(&mut self, id: ScopeId, index: usize, found: &mut Found) -> Result<(), CompileError> {
        let Some((name, symbol)) = self.scope(id).symbols.get_index(index) else {
            return Ok(());
        };
        let (name, flags) = (name.clone(), symbol.flags);
        let scope = if flags & DEF_GLOBAL != 0 {
            if flags & DEF_NONLOCAL != 0 {
                return self.directive_error(
                    id,
                    &name,
                    format!("name '{name}' is nonlocal and global"),
                );
            }
            found.around.global.insert(name.clone());
            if let Some(bound) = &mut found.around.bound {
                bound.remove(&name);
            }
            SymScope::GlobalExplicit
        } else if flags & DEF_NONLOCAL != 0 {
            self.check_nonlocal(id, &name, found)?;
            found.free.insert(name.clone());
            SymScope::Free
        } else if flags & DEF_BOUND != 0 {
            found.local.insert(name.clone());
            found.around.global.remove(&name);
            if flags & DEF_TYPE_PARAM != 0 {
                found.around.type_params.insert(name.clone());
            } else {
                found.around.type_params.remove(&name);
            }
            SymScope::Local
        } else {
            self.unbound_name(&name, found)
        };
        if let Some((_, symbol)) = self.scope_mut(id).symbols.get_index_mut(index) {
            symbol.scope = scope;
        }
        Ok(())
    }

    /// A name that the block only uses.
    fn unbound_name(&self, name: &Arc<str>, found: &mut Found) -> SymScope {
        // In a block that sees a class body, that body's names hide those of the functions
        // around: at run time they are looked up in the class, then as globals.
        if let Some(class) = found.around.class_entry {
            let flags = self.scope(class).flags_of(name);
            if flags & DEF_GLOBAL != 0 {
                return SymScope::GlobalExplicit;
            }
            if flags & DEF_BOUND != 0 && flags & DEF_NONLOCAL == 0 {
                return SymScope::GlobalImplicit;
            }
        }
        if found
            .around
            .bound
            .as_ref()
            .is_some_and(|bound| bound.contains(name))
        {
            found.free.insert(name.clone());
            return SymScope::Free;
        }
        SymScope::GlobalImplicit
    }

    fn check_nonlocal(&self, id: ScopeId, name: &str, found: &Found) -> Result<(), CompileError> {
        let problem = match &found.around.bound {
            None => "nonlocal declaration not allowed at module level".to_owned(),
            Some(bound) if !bound.contains(name) => {
                format!("no binding for nonlocal '{name}' found")
            }
            Some(_) if found.around.type_params.contains(name) => {
                format!("nonlocal binding not allowed for type parameter '{name}'")
            }
            Some(_) => return Ok(()),
        };
        self.directive_error(id, name, problem)
    }

    /// An error at the declaration of `name`.
    fn directive_error(&self, id: ScopeId, name: &str, msg: String) -> Result<(), CompileError> {
        let scope = self.scope(id);
        let declared = scope.directives.iter().find(|(n, _)| &**n == name);
        Err(self
            .source
            .error_at(declared.map_or(scope.loc, |(_, loc)| *loc), msg))
    }

    fn is_free_in_any_child(&self, id: ScopeId, name: &str) -> bool {
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
        comp_free: &mut Names,
        inlined_cells: &mut Names,
    ) {
        let is_class = self.scope(id).kind == ScopeKind::Class;
        let symbols: Vec<(Arc<str>, Symbol)> = self
            .scope(comp)
            .symbols
            .iter()
            .map(|(n, s)| (n.clone(), *s))
            .collect();
        let mut removed: Vec<Arc<str>> = Vec::new();
        for (name, Symbol { flags, mut scope }) in symbols {
            // The parameter of the comprehension's function.
            if flags & DEF_PARAM != 0 {
                continue;
            }
            if scope == SymScope::Cell || flags & DEF_COMP_CELL != 0 {
                inlined_cells.insert(name.clone());
            }
            // A class body reaches these as globals, unless a block inside needs the cell.
            if scope == SymScope::Free && is_class && CLASS_CELLS.contains(&&*name) {
                scope = SymScope::GlobalImplicit;
                if !self.is_free_in_any_child(comp, &name) {
                    comp_free.remove(&name);
                }
                removed.push(name.clone());
            }
            match self.scope(id).symbol(&name) {
                None => {
                    self.scope_mut(id)
                        .symbols
                        .insert(name, Symbol { flags, scope });
                }
                // What was free in the comprehension is now a plain local, unless a block
                // inside of it needs it.
                Some(outer) if outer.flags & DEF_BOUND != 0 && !is_class => {
                    if !self.is_free_in_any_child(comp, &name) {
                        comp_free.remove(&name);
                    }
                }
                Some(_) => {}
            }
        }
        for name in removed {
            self.scope_mut(comp).symbols.shift_remove(&name);
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
    fn make_cells(&mut self, id: ScopeId, free: &mut Names, inlined_cells: &Names) {
        for (name, symbol) in &mut self.scope_mut(id).symbols {
            if symbol.scope == SymScope::Local
                && (free.contains(name) || inlined_cells.contains(name))
            {
                symbol.scope = SymScope::Cell;
                free.remove(name);
            }
        }
    }

    fn drop_class_free(&mut self, id: ScopeId, free: &mut Names) {
        let [class, classdict, annotations] = CLASS_CELLS.map(|name| free.remove(name));
        let scope = self.scope_mut(id);
        scope.needs_class_closure |= class;
        scope.needs_classdict |= classdict;
        scope.has_conditional_annotations |= annotations;
    }

    /// Enters what the blocks inside brought: cells of inlined comprehensions, and names
    /// that are free here because they are free there.
    fn record(&mut self, id: ScopeId, bound: Option<&Names>, free: &Names, inlined: &Names) {
        let scope = self.scope_mut(id);
        let is_class = scope.kind == ScopeKind::Class || scope.can_see_class_scope;
        for name in inlined {
            if let Some(symbol) = scope.symbols.get_mut(name) {
                symbol.flags |= DEF_COMP_CELL;
            }
        }
        for name in free {
            if let Some(symbol) = scope.symbols.get_mut(name) {
                if is_class {
                    symbol.flags |= DEF_FREE_CLASS;
                }
            } else if bound.is_none_or(|bound| bound.contains(name)) {
                let symbol = Symbol {
                    flags: 0,
                    scope: SymScope::Free,
                };
                scope.symbols.insert(name.clone(), symbol);
            }
        }
    }
}
