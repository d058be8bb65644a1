//! The first pass: facts about names, block by block. This file holds the blocks and
//! their names; `stmt` and `expr` walk the tree.

use std::cell::Cell;

use ruff_python_ast::{ExprContext, Mod};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use super::{
    DEF_COMP_ITER, DEF_GLOBAL, DEF_IMPORT, DEF_LOCAL, DEF_NONLOCAL, DEF_PARAM, DEF_TYPE_PARAM,
    NodeKey, Scope, ScopeId, ScopeKind, SymbolTable, Symbols, USE, mangle,
};
use crate::error::{CompileError, ErrorKind};
use crate::instr::Loc;
use crate::names::{NameId, Names};
use crate::preprocess::{FutureFlags, docstring};
use crate::source::{Line, SourceFile};

/// CPython's parser runs out of its stack where functions, which can only be lambdas then, are
/// nested deeper than this.
const MAX_NESTED_BLOCKS: usize = 2984;

/// Where the module's block begins.
const START: Loc = Loc {
    line: 0,
    end_line: 0,
    col: 0,
    end_col: 0,
};

/// The error is boxed, so that nearly all results fit in registers.
pub(super) type Result<T = ()> = std::result::Result<T, Box<CompileError>>;

pub(super) fn collect(
    module: &Mod,
    source: &SourceFile,
    future: FutureFlags,
    blocks: Blocks,
) -> Result<SymbolTable> {
    // Bytes of source that a block has, on the average.
    const BLOCK: usize = 512;
    let count = source.text().len() / BLOCK + 8;
    let mut builder = Builder {
        source,
        future,
        blocks,
        scopes: Vec::with_capacity(count),
        by_node: FxHashMap::with_capacity_and_hasher(count, FxBuildHasher),
        stack: Vec::new(),
        current: SymbolTable::TOP,
        private: None,
        names: Names::default(),
        users: Vec::new(),
        line: Cell::default(),
    };
    let key = Some(NodeKey::of(module));
    builder.enter_block("top", ScopeKind::Module, key, TextRange::default())?;
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
        names: builder.names,
    })
}

/// Which blocks are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blocks {
    /// All that CPython makes.
    All,
    /// Those that become code objects, or decide what names are in one.
    Needed,
}

pub(super) struct Builder<'a> {
    pub source: &'a SourceFile<'a>,
    pub future: FutureFlags,
    pub blocks: Blocks,
    pub scopes: Vec<Scope>,
    by_node: FxHashMap<NodeKey, ScopeId>,
    /// The open blocks, the current one last.
    pub stack: Vec<ScopeId>,
    /// The current block: the module's is open during the whole walk.
    current: ScopeId,
    /// Name of the innermost class, for name mangling.
    pub private: Option<&'a str>,
    pub names: Names,
    /// By the names' indices, the block that was last seen to use each.
    users: Vec<Option<ScopeId>>,
    /// Where the last block begins, which is near to where the next does.
    line: Cell<Line>,
}

impl<'a> Builder<'a> {
    pub fn cur_id(&self) -> ScopeId {
        self.current
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

    #[cold]
    pub fn error<T>(&self, loc: Loc, msg: impl Into<String>) -> Result<T> {
        Err(Box::new(self.source.error_at(loc, msg)))
    }

    fn error_in<T>(&self, range: TextRange, msg: impl Into<String>) -> Result<T> {
        self.error(self.source.loc(range), msg)
    }

    /// Makes a block without entering it. A function's block exists before the blocks of
    /// its annotations, but is entered after them.
    pub fn new_block(
        &mut self,
        name: &str,
        kind: ScopeKind,
        key: Option<NodeKey>,
        range: TextRange,
    ) -> ScopeId {
        let id = ScopeId(self.scopes.len() as u32);
        let outer = self.stack.last().map(|&id| self.scope(id));
        let nested = outer.is_some_and(|o| o.nested || o.is_function_like());
        let is_method =
            kind == ScopeKind::Function && outer.is_some_and(|o| o.kind == ScopeKind::Class);
        let name = self.names.intern(name);
        let name = self.names.text(name).clone();
        let loc = match kind {
            ScopeKind::Module => START,
            _ => self.source.loc_near(range, &self.line),
        };
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
            bare_method: None,
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
        self.current = id;
    }

    /// Makes a block and enters it.
    pub fn enter_block(
        &mut self,
        name: &str,
        kind: ScopeKind,
        key: Option<NodeKey>,
        range: TextRange,
    ) -> Result {
        if self.stack.len() > MAX_NESTED_BLOCKS {
            let mut error = CompileError::without_location(
                "Parser stack overflowed - Python source too complex to parse",
            );
            error.kind = ErrorKind::Memory;
            return Err(Box::new(error));
        }
        let id = self.new_block(name, kind, key, range);
        self.enter_existing(id, true);
        if matches!(
            kind,
            ScopeKind::Annotation | ScopeKind::TypeVariable | ScopeKind::TypeAlias
        ) {
            // The argument of these functions, which they read themselves.
            self.add(NameId::FORMAT, DEF_PARAM, range)?;
            self.add(NameId::FORMAT, USE, range)?;
        }
        Ok(())
    }

    pub fn exit_block(&mut self) {
        self.stack.pop();
        self.current = self.stack.last().copied().unwrap_or(SymbolTable::TOP);
    }

    /// `name` as the current block mangles it.
    fn mangled(&mut self, name: NameId) -> NameId {
        self.mangled_in(self.cur_id(), name)
    }

    #[inline]
    fn mangled_in(&mut self, scope: ScopeId, name: NameId) -> NameId {
        match self.private {
            Some(class) if name.is_private() => mangle::maybe_mangle(class, &self.scopes, scope, &mut self.names, name),
            _ => name,
        }
    }

    /// What is known so far of `name` in a block.
    pub fn lookup_in(&mut self, scope: ScopeId, name: NameId) -> u32 {
        let mangled = self.mangled_in(scope, name);
        self.scope(scope).flags_of(mangled)
    }

    /// Adds `flag` to what is known of `name` in the current block.
    pub fn add_def(&mut self, name: &str, flag: u32, range: TextRange) -> Result {
        let name = self.names.intern(name);
        self.add(name, flag, range)
    }

    /// [`Builder::add_def`] of a name that has its number already.
    pub fn add(&mut self, name: NameId, flag: u32, range: TextRange) -> Result {
        if flag & (DEF_PARAM | DEF_LOCAL | DEF_IMPORT) != 0 {
            self.check_name(self.names.text(name), range, ExprContext::Store)?;
        }
        if flag & DEF_TYPE_PARAM != 0
            && let Some(owner) = self.cur().mangled_in
        {
            self.scope_mut(owner).mangled_names.insert(name);
        }
        self.add_def_to(self.cur_id(), name, flag, range)
    }

    /// Adds `flag` to what is known of `name`, mangled as the current block does, in any
    /// open block.
    pub fn add_def_to(&mut self, scope: ScopeId, name: NameId, flag: u32, range: TextRange) -> Result {
        const UNIQUE: u32 = DEF_PARAM | DEF_TYPE_PARAM;
        let mangled = self.mangled(name);
        let block = self.scope_mut(scope);
        let is_iter_target = block.comp_iter_target;
        let symbol = block.symbols.entry(mangled);
        let known = symbol.flags;
        if flag & known & UNIQUE != 0 {
            return self.error_in(range, self.duplicate(name, flag & known));
        }
        if is_iter_target && (flag | known) & (DEF_GLOBAL | DEF_NONLOCAL) != 0 {
            let name = self.names.text(name);
            let msg = format!("comprehension inner loop cannot rebind assignment expression target '{name}'");
            return self.error_in(range, msg);
        }
        symbol.flags |= flag | if is_iter_target { DEF_COMP_ITER } else { 0 };
        if flag & DEF_PARAM != 0 {
            block.varnames.push(mangled);
        } else if flag & DEF_GLOBAL != 0 {
            self.scope_mut(SymbolTable::TOP).symbols.entry(mangled).flags |= flag;
        }
        Ok(())
    }

    /// Whether the block has used the name before, which it does not mangle. From now on it has.
    #[inline]
    pub fn is_used_again(&mut self, name: NameId, scope: ScopeId) -> bool {
        let place = name.index();
        if place >= self.users.len() {
            self.users.resize((place + 1).next_power_of_two().max(256), None);
        }
        self.users[place].replace(scope) == Some(scope)
    }

    /// What is wrong with a definition where there is one in the block already.
    fn duplicate(&self, name: NameId, again: u32) -> String {
        let name = self.names.text(name);
        match again & DEF_PARAM {
            0 => format!("duplicate type parameter '{name}'"),
            _ => format!("duplicate argument '{name}' in function definition"),
        }
    }

    /// Remembers where `name` was declared `global` or `nonlocal`.
    pub fn record_directive(&mut self, name: NameId, loc: Loc) {
        let mangled = self.mangled(name);
        self.cur_mut().directives.push((mangled, loc));
    }

    pub fn check_name(&self, name: &str, range: TextRange, ctx: ExprContext) -> Result {
        match ctx {
            ExprContext::Store if name == "__debug__" => self.error_in(range, "cannot assign to __debug__"),
            ExprContext::Del if name == "__debug__" => self.error_in(range, "cannot delete __debug__"),
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
