//! The first pass: facts about names, block by block. This file holds the blocks and
//! their names; `stmt` and `expr` walk the tree.

use std::borrow::Cow;
use std::sync::Arc;

use ruff_python_ast::{ExprContext, Mod};
use ruff_text_size::Ranged;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    DEF_COMP_ITER, DEF_GLOBAL, DEF_IMPORT, DEF_LOCAL, DEF_NONLOCAL, DEF_PARAM, DEF_TYPE_PARAM,
    NodeKey, Scope, ScopeId, ScopeKind, Symbol, SymbolTable, Symbols, USE, mangle,
};
use crate::error::{CompileError, ErrorKind};
use crate::instr::Loc;
use crate::preprocess::{FutureFlags, docstring};
use crate::source::SourceFile;

/// CPython's parser runs out of its stack where functions, which can only be lambdas then, are
/// nested deeper than this.
const MAX_NESTED_BLOCKS: usize = 2984;

pub(super) type Result<T = ()> = std::result::Result<T, CompileError>;

pub(super) fn collect(
    module: &Mod,
    source: &SourceFile,
    future: FutureFlags,
) -> Result<SymbolTable> {
    let mut builder = Builder {
        source,
        future,
        scopes: Vec::new(),
        by_node: FxHashMap::default(),
        stack: Vec::new(),
        private: None,
        names: FxHashSet::default(),
    };
    let start = Loc {
        line: 0,
        end_line: 0,
        col: 0,
        end_col: 0,
    };
    builder.enter_block("top", ScopeKind::Module, Some(NodeKey::of(module)), start)?;
    match module {
        Mod::Module(m) => {
            builder.cur_mut().has_docstring = docstring(&m.body).is_some();
            builder.stmts(&m.body)?;
        }
        Mod::Expression(m) => builder.expr(&m.body)?,
    }
    Ok(SymbolTable {
        scopes: builder.scopes,
        by_node: builder.by_node,
    })
}

pub(super) struct Builder<'a> {
    pub source: &'a SourceFile,
    pub future: FutureFlags,
    pub scopes: Vec<Scope>,
    by_node: FxHashMap<NodeKey, ScopeId>,
    /// The open blocks, the current one last.
    pub stack: Vec<ScopeId>,
    /// Name of the innermost class, for name mangling.
    pub private: Option<&'a str>,
    /// Every name once, so that blocks share the allocation.
    names: FxHashSet<Arc<str>>,
}

impl<'a> Builder<'a> {
    pub fn cur_id(&self) -> ScopeId {
        *self
            .stack
            .last()
            .expect("the module's block is open during the walk")
    }

    pub fn cur(&self) -> &Scope {
        self.scope(self.cur_id())
    }

    pub fn cur_mut(&mut self) -> &mut Scope {
        let id = self.cur_id();
        self.scope_mut(id)
    }

    pub fn scope(&self, id: ScopeId) -> &Scope {
        &self.scopes[id.0 as usize]
    }

    pub fn scope_mut(&mut self, id: ScopeId) -> &mut Scope {
        &mut self.scopes[id.0 as usize]
    }

    pub fn loc(&self, node: &impl Ranged) -> Loc {
        self.source.loc(node.range())
    }

    pub fn error<T>(&self, loc: Loc, msg: impl Into<String>) -> Result<T> {
        Err(self.source.error_at(loc, msg))
    }

    fn intern(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.names.get(name) {
            return known.clone();
        }
        let new: Arc<str> = Arc::from(name);
        self.names.insert(new.clone());
        new
    }

    /// Makes a block without entering it. A function's block exists before the blocks of
    /// its annotations, but is entered after them.
    pub fn new_block(
        &mut self,
        name: &str,
        kind: ScopeKind,
        key: Option<NodeKey>,
        loc: Loc,
    ) -> ScopeId {
        let id = ScopeId(self.scopes.len() as u32);
        let outer = self.stack.last().map(|&id| self.scope(id));
        let nested = outer.is_some_and(|o| o.nested || o.is_function_like());
        let is_method =
            kind == ScopeKind::Function && outer.is_some_and(|o| o.kind == ScopeKind::Class);
        let name = self.intern(name);
        self.scopes.push(Scope {
            kind,
            name,
            symbols: Symbols::default(),
            varnames: Vec::new(),
            children: Vec::new(),
            nested,
            is_generator: false,
            is_coroutine: false,
            annotations_used: false,
            comprehension: None,
            has_varargs: false,
            has_varkeywords: false,
            returns_value: false,
            needs_class_closure: false,
            needs_classdict: false,
            comp_inlined: false,
            can_see_class_scope: false,
            has_docstring: false,
            is_method,
            has_conditional_annotations: false,
            annotation_block: None,
            mangled_in: None,
            mangled_names: FxHashSet::default(),
            loc,
            scope_info: None,
            directives: Vec::new(),
            comp_iter_target: false,
            comp_iter_expr: 0,
            in_conditional_block: false,
            in_unevaluated_annotation: false,
        });
        if let Some(key) = key {
            self.by_node.insert(key, id);
        }
        id
    }

    /// Enters a block that exists, as a child of the current one if asked to.
    pub fn enter_existing(&mut self, id: ScopeId, add_to_children: bool) {
        if let Some(&outer_id) = self.stack.last() {
            let outer = self.scope(outer_id);
            let (iter_expr, mangled_in) = (outer.comp_iter_expr, outer.mangled_in);
            let inner = self.scope_mut(id);
            inner.comp_iter_expr = iter_expr;
            // A class mangles all of its names.
            if inner.kind != ScopeKind::Class && mangled_in.is_some() {
                inner.mangled_in = mangled_in;
            }
            // Annotations that become strings have no names to resolve.
            let ignored = inner.kind == ScopeKind::Annotation && self.future.annotations();
            if add_to_children && !ignored {
                self.scope_mut(outer_id).children.push(id);
            }
        }
        self.stack.push(id);
    }

    /// Makes a block and enters it.
    pub fn enter_block(
        &mut self,
        name: &str,
        kind: ScopeKind,
        key: Option<NodeKey>,
        loc: Loc,
    ) -> Result {
        if self.stack.len() > MAX_NESTED_BLOCKS {
            let mut error = CompileError::without_location(
                "Parser stack overflowed - Python source too complex to parse",
            );
            error.kind = ErrorKind::Memory;
            return Err(error);
        }
        let id = self.new_block(name, kind, key, loc);
        self.enter_existing(id, true);
        if matches!(
            kind,
            ScopeKind::Annotation | ScopeKind::TypeVariable | ScopeKind::TypeAlias
        ) {
            // The argument of these functions, which they read themselves.
            self.add_def(".format", DEF_PARAM, loc)?;
            self.add_def(".format", USE, loc)?;
        }
        Ok(())
    }

    pub fn exit_block(&mut self) {
        self.stack.pop();
    }

    /// `name` as the current block mangles it.
    pub fn mangled<'n>(&self, name: &'n str) -> Cow<'n, str> {
        self.mangled_in(self.cur_id(), name)
    }

    pub fn mangled_in<'n>(&self, scope: ScopeId, name: &'n str) -> Cow<'n, str> {
        mangle::maybe_mangle(self.private, &self.scopes, scope, name)
    }

    /// What is known so far of `name` in a block.
    pub fn lookup_in(&self, scope: ScopeId, name: &str) -> u32 {
        self.scope(scope).flags_of(&self.mangled_in(scope, name))
    }

    /// Adds `flag` to what is known of `name` in the current block.
    pub fn add_def(&mut self, name: &str, flag: u32, loc: Loc) -> Result {
        let ctx = if flag == USE {
            ExprContext::Load
        } else {
            ExprContext::Store
        };
        self.add_def_ctx(name, flag, loc, ctx)
    }

    pub fn add_def_ctx(&mut self, name: &str, flag: u32, loc: Loc, ctx: ExprContext) -> Result {
        if flag & (DEF_PARAM | DEF_LOCAL | DEF_IMPORT) != 0 {
            self.check_name(name, loc, ctx)?;
        }
        if flag & DEF_TYPE_PARAM != 0
            && let Some(owner) = self.cur().mangled_in
        {
            let name = self.intern(name);
            self.scope_mut(owner).mangled_names.insert(name);
        }
        self.add_def_to(self.cur_id(), name, flag, loc)
    }

    /// Adds `flag` to what is known of `name`, mangled as the current block does, in any
    /// open block.
    pub fn add_def_to(&mut self, scope: ScopeId, name: &str, flag: u32, loc: Loc) -> Result {
        let mangled = self.mangled(name);
        let known = self.scope(scope).symbol(&mangled);
        let mut flags = flag;
        if let Some(known) = known {
            if flag & known.flags & DEF_PARAM != 0 {
                return self.error(
                    loc,
                    format!("duplicate argument '{name}' in function definition"),
                );
            }
            if flag & known.flags & DEF_TYPE_PARAM != 0 {
                return self.error(loc, format!("duplicate type parameter '{name}'"));
            }
            flags |= known.flags;
        }
        if self.scope(scope).comp_iter_target {
            if flags & (DEF_GLOBAL | DEF_NONLOCAL) != 0 {
                return self.error(
                    loc,
                    format!(
                        "comprehension inner loop cannot rebind assignment expression target \
                         '{name}'"
                    ),
                );
            }
            flags |= DEF_COMP_ITER;
        }
        self.set_flags(scope, &mangled, flags);
        if flag & DEF_PARAM != 0 {
            let name = self.intern(&mangled);
            self.scope_mut(scope).varnames.push(name);
        } else if flag & DEF_GLOBAL != 0 {
            let flags = self.scope(SymbolTable::TOP).flags_of(&mangled) | flag;
            self.set_flags(SymbolTable::TOP, &mangled, flags);
        }
        Ok(())
    }

    fn set_flags(&mut self, scope: ScopeId, name: &str, flags: u32) {
        if let Some(symbol) = self.scope_mut(scope).symbols.get_mut(name) {
            symbol.flags = flags;
        } else {
            let name = self.intern(name);
            let symbol = Symbol {
                flags,
                ..Symbol::default()
            };
            self.scope_mut(scope).symbols.insert(name, symbol);
        }
    }

    /// Remembers where `name` was declared `global` or `nonlocal`.
    pub fn record_directive(&mut self, name: &str, loc: Loc) {
        let mangled = self.mangled(name).into_owned();
        let name = self.intern(&mangled);
        self.cur_mut().directives.push((name, loc));
    }

    pub fn check_name(&self, name: &str, loc: Loc, ctx: ExprContext) -> Result {
        match ctx {
            ExprContext::Store if name == "__debug__" => {
                self.error(loc, "cannot assign to __debug__")
            }
            ExprContext::Del if name == "__debug__" => self.error(loc, "cannot delete __debug__"),
            _ => Ok(()),
        }
    }

    /// Whether `await` is allowed in the current block although it is a module.
    pub fn allows_top_level_await(&self) -> bool {
        self.future.top_level_await && self.cur().kind == ScopeKind::Module
    }

    /// Whether the current block is the body of an `async def`.
    pub fn in_async_function(&self) -> bool {
        self.cur().kind == ScopeKind::Function && self.cur().is_coroutine
    }
}
