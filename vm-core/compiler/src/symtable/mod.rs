//! Scopes: which names a block binds and where each of its names lives at run time.
//!
//! The first pass ([`build`]'s visitor) walks the syntax tree and collects facts: bound
//! here, used here, declared global. The second (`analyze`) decides for each name
//! whether it is local, global, free or a cell, and which comprehensions are inlined
//! (PEP 709). Behaviour and error messages are those of CPython 3.14's
//! `Python/symtable.c`.

mod analyze;
mod build;
mod expr;
mod mangle;
mod stmt;

use std::sync::Arc;

use ruff_python_ast::{
    Mod, Parameters, TypeParam, TypeParamParamSpec, TypeParamTypeVar, TypeParamTypeVarTuple,
    TypeParams,
};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::error::CompileError;
use crate::instr::Loc;
use crate::names::{NameId, NameMap, Names};
use crate::preprocess::FutureFlags;
use crate::source::SourceFile;

pub use mangle::mangle;
pub(crate) use mangle::maybe_mangle;

/// Declared with `global`.
pub const DEF_GLOBAL: u32 = 1;
/// Assigned in this block.
pub const DEF_LOCAL: u32 = 2;
/// A formal parameter.
pub const DEF_PARAM: u32 = 2 << 1;
/// Declared with `nonlocal`.
pub const DEF_NONLOCAL: u32 = 2 << 2;
/// Read in this block.
pub const USE: u32 = 2 << 3;
/// In a class: also free in one of its methods.
pub const DEF_FREE_CLASS: u32 = 2 << 5;
/// Bound by an import.
pub const DEF_IMPORT: u32 = 2 << 6;
/// Annotated.
pub const DEF_ANNOT: u32 = 2 << 7;
/// An iteration variable of a comprehension.
pub const DEF_COMP_ITER: u32 = 2 << 8;
/// A type parameter (PEP 695).
pub const DEF_TYPE_PARAM: u32 = 2 << 9;
/// A cell of a comprehension that was inlined here.
pub const DEF_COMP_CELL: u32 = 2 << 10;
/// Bound in this block in any way.
pub const DEF_BOUND: u32 = DEF_LOCAL | DEF_PARAM | DEF_IMPORT;

/// Where a name lives at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SymScope {
    /// Not decided (yet): only during the first pass.
    #[default]
    Unknown,
    Local,
    /// Declared `global`.
    GlobalExplicit,
    /// Bound in no enclosing function: a global or a builtin.
    GlobalImplicit,
    Free,
    Cell,
}

/// What is known of a name in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Symbol {
    /// `DEF_*` and [`USE`] bits.
    pub flags: u32,
    pub scope: SymScope,
}

/// The kinds of blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeKind {
    Module,
    Class,
    /// Functions, lambdas, comprehensions and generator expressions.
    Function,
    /// `__annotate__` of a function, class or module (PEP 649).
    Annotation,
    /// The value of a `type` statement.
    TypeAlias,
    /// The block around a generic function, class or alias that binds its type parameters.
    TypeParams,
    /// Bound, constraints or default of one type parameter.
    TypeVariable,
}

/// The comprehension that a function block stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompKind {
    List,
    Dict,
    Set,
    Generator,
}

/// Index of a [`Scope`] in [`SymbolTable::scopes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ScopeId(pub u32);

/// Names of a block in the order in which CPython's dict would hold them.
pub type Symbols = NameMap<Symbol>;

/// One block (CPython's `PySTEntryObject`; fields carry its names without `ste_`).
#[derive(Clone, Debug)]
pub struct Scope {
    pub kind: ScopeKind,
    pub name: Arc<str>,
    /// Names as mangled, to what is known of them.
    pub symbols: Symbols,
    /// Parameters as mangled: positional-only, positional, keyword-only, `*args`, `**kwargs`.
    pub varnames: Vec<NameId>,
    /// Blocks directly inside, with those of inlined comprehensions spliced in.
    pub children: Vec<ScopeId>,
    /// Inside a function-like block, at any distance.
    pub nested: bool,
    pub is_generator: bool,
    pub is_coroutine: bool,
    /// Any annotation in this block.
    pub annotations_used: bool,
    pub comprehension: Option<CompKind>,
    pub has_varargs: bool,
    pub has_varkeywords: bool,
    /// A `return` with a value.
    pub returns_value: bool,
    /// Class: a method needs `__class__`.
    pub needs_class_closure: bool,
    /// Class: a block inside needs `__classdict__`.
    pub needs_classdict: bool,
    /// A comprehension that is compiled into the block around it.
    pub comp_inlined: bool,
    /// Names of the enclosing class body are visible here.
    pub can_see_class_scope: bool,
    pub has_docstring: bool,
    /// A function directly in a class body.
    pub is_method: bool,
    /// Class or module with annotations that may not be executed.
    pub has_conditional_annotations: bool,
    /// The block of this class's or module's own annotations.
    pub annotation_block: Option<ScopeId>,
    /// In the blocks around a generic class's body, the block that binds its type
    /// parameters: only their names are mangled here.
    pub mangled_in: Option<ScopeId>,
    /// Names of the type parameters, in the block that `mangled_in` means.
    mangled_names: FxHashSet<NameId>,
    /// Class: how many blocks are before that of the annotations of the first function directly in it
    /// that has none. The block was left out; it would look at the class's namespace.
    bare_method: Option<u32>,
    /// Where the block begins in the source.
    pub loc: Loc,

    // State of the first pass.
    /// Error messages: which part of a type parameter this block is.
    scope_info: Option<&'static str>,
    /// `global` and `nonlocal` declarations, for error locations.
    directives: Vec<(NameId, Loc)>,
    comp_iter_target: bool,
    comp_iter_expr: u32,
    in_conditional_block: bool,
    in_unevaluated_annotation: bool,
}

impl Scope {
    /// What is known of `name` (already mangled).
    pub fn symbol(&self, name: NameId) -> Option<Symbol> {
        self.symbols.get(name).copied()
    }

    /// `DEF_*` and [`USE`] bits of `name` (already mangled); 0 where it does not occur.
    pub fn flags_of(&self, name: NameId) -> u32 {
        self.symbol(name).map_or(0, |s| s.flags)
    }

    /// Where `name` (already mangled) lives; [`SymScope::Unknown`] where it does not occur.
    pub fn scope_of(&self, name: NameId) -> SymScope {
        self.symbol(name).map_or(SymScope::Unknown, |s| s.scope)
    }

    /// Whether locals of this block are visible to blocks inside it.
    pub fn is_function_like(&self) -> bool {
        !matches!(self.kind, ScopeKind::Module | ScopeKind::Class)
    }
}

/// Tells apart the blocks that one syntax node owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum ScopeRole {
    Body,
    TypeParams,
    Annotations,
    Bound,
    Default,
}

/// Identifies the syntax node that a block belongs to, by its address: valid as long as
/// the tree neither moves nor changes.
///
/// | block | key |
/// |---|---|
/// | function, class, lambda, comprehension, generator expression, type alias | [`NodeKey::of`] the node struct (`&StmtFunctionDef`, `&ExprListComp`, ...) |
/// | type parameters of a function, class or alias | [`NodeKey::type_params`] |
/// | annotations of a function's parameters and result | [`NodeKey::annotations`] |
/// | bound (or constraints) of a type parameter | [`NodeKey::bound`] |
/// | default of a type parameter | [`NodeKey::default_of`] |
/// | annotations of a class or module | none: [`Scope::annotation_block`] |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NodeKey(usize, ScopeRole);

impl NodeKey {
    fn new<T>(node: &T, role: ScopeRole) -> NodeKey {
        NodeKey(std::ptr::from_ref(node).addr(), role)
    }

    /// The node's own block. Pass the struct of the node, not the enum around it.
    pub fn of<T>(node: &T) -> NodeKey {
        NodeKey::new(node, ScopeRole::Body)
    }

    pub fn type_params(node: &TypeParams) -> NodeKey {
        NodeKey::new(node, ScopeRole::TypeParams)
    }

    pub fn annotations(node: &Parameters) -> NodeKey {
        NodeKey::new(node, ScopeRole::Annotations)
    }

    pub fn bound(node: &TypeParamTypeVar) -> NodeKey {
        NodeKey::new(node, ScopeRole::Bound)
    }

    pub fn default_of(node: &TypeParam) -> NodeKey {
        match node {
            TypeParam::TypeVar(n) => NodeKey::new::<TypeParamTypeVar>(n, ScopeRole::Default),
            TypeParam::TypeVarTuple(n) => {
                NodeKey::new::<TypeParamTypeVarTuple>(n, ScopeRole::Default)
            }
            TypeParam::ParamSpec(n) => NodeKey::new::<TypeParamParamSpec>(n, ScopeRole::Default),
        }
    }
}

/// All blocks of a module.
#[derive(Clone, Debug)]
pub struct SymbolTable {
    /// The module's own block is the first.
    pub scopes: Vec<Scope>,
    by_node: FxHashMap<NodeKey, ScopeId>,
    /// The names of all blocks. The tree's names have their numbers noted in them.
    pub names: Names,
}

impl SymbolTable {
    /// The module's block.
    pub const TOP: ScopeId = ScopeId(0);

    /// The block that belongs to a node.
    ///
    /// # Panics
    ///
    /// If the node was not in the tree that the table was built from, or owns no such block.
    pub fn scope_for(&self, key: NodeKey) -> ScopeId {
        self.lookup(key)
            .expect("every block of the tree is in its symbol table")
    }

    /// The block that belongs to a node, if it owns one.
    pub fn lookup(&self, key: NodeKey) -> Option<ScopeId> {
        self.by_node.get(&key).copied()
    }

    pub fn scope(&self, id: ScopeId) -> &Scope {
        &self.scopes[id.0 as usize]
    }
}

impl std::ops::Index<ScopeId> for SymbolTable {
    type Output = Scope;

    fn index(&self, id: ScopeId) -> &Scope {
        self.scope(id)
    }
}

/// Builds the blocks of a module that [`crate::preprocess`] has prepared.
///
/// # Errors
///
/// The SyntaxErrors that CPython finds at this stage, with its words and positions.
pub fn build(
    module: &Mod,
    source: &SourceFile,
    future: FutureFlags,
) -> Result<SymbolTable, CompileError> {
    build_with(module, source, future, build::Blocks::Needed)
}

/// [`build`] that makes all blocks that CPython makes: code generation needs no block of annotations
/// for a function that has none.
///
/// # Errors
///
/// As [`build`].
pub fn build_all(
    module: &Mod,
    source: &SourceFile,
    future: FutureFlags,
) -> Result<SymbolTable, CompileError> {
    build_with(module, source, future, build::Blocks::All)
}

fn build_with(
    module: &Mod,
    source: &SourceFile,
    future: FutureFlags,
    blocks: build::Blocks,
) -> Result<SymbolTable, CompileError> {
    let mut table = build::collect(module, source, future, blocks).map_err(|error| *error)?;
    analyze::analyze(&mut table, source)?;
    Ok(table)
}
