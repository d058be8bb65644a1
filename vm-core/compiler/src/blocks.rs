//! The blocks of a source and their names, as plain data: what Python's module `symtable` shows.

use ruff_python_ast::Mod;

use crate::error::CompileError;
use crate::names::NameId;
use crate::preprocess::{self, FutureFlags};
use crate::source::SourceFile;
use crate::symtable::{self, ScopeKind, SymScope};
use crate::{CompileOptions, ParseOptions, parse};

/// A block: a module, a class, a function, or what belongs to annotations and type parameters.
#[derive(Clone, Debug)]
pub struct Block {
    pub kind: ScopeKind,
    pub name: String,
    /// Names as mangled, each with its `DEF_*` bits and, above them, its scope's number.
    pub symbols: Vec<(String, u32)>,
    /// Parameters.
    pub varnames: Vec<String>,
    /// Blocks directly inside, by their place in the list of all.
    pub children: Vec<usize>,
    pub nested: bool,
    pub line: i32,
}

/// Bits that a scope's number is shifted by.
pub const SCOPE_OFFSET: u32 = 12;

/// The number that CPython gives a scope.
pub fn scope_number(scope: SymScope) -> u32 {
    match scope {
        SymScope::Unknown => 0,
        SymScope::Local => 1,
        SymScope::GlobalExplicit => 2,
        SymScope::GlobalImplicit => 3,
        SymScope::Free => 4,
        SymScope::Cell => 5,
    }
}

/// All blocks of a source, the module's own first.
///
/// # Errors
///
/// SyntaxErrors, also those that names can be wrong in.
pub fn blocks(source: &[u8], options: &CompileOptions) -> Result<Vec<Block>, CompileError> {
    let source = SourceFile::from_bytes(source, &options.filename)?;
    let parse_options = ParseOptions { mode: options.mode, ..ParseOptions::default() };
    let mut parsed = parse::parse(&source, parse_options)?;
    let depth = parsed.depth;
    let needed = crate::tree_stack(depth);
    let result = stacker::maybe_grow(needed, needed, || blocks_of(&mut parsed.module, &source, options));
    parse::dispose(parsed.module, depth);
    result
}

fn blocks_of(module: &mut Mod, source: &SourceFile, options: &CompileOptions) -> Result<Vec<Block>, CompileError> {
    let future = FutureFlags::of(module, source)?;
    preprocess::preprocess(module, source, future, Some(0), options.mode);
    let table = symtable::build_all(module, source, future)?;
    let text = |name: NameId| table.names.text(name).to_string();
    let block = |scope: &symtable::Scope| Block {
        kind: scope.kind,
        name: scope.name.to_string(),
        symbols: scope
            .symbols
            .iter()
            .map(|(name, s)| (text(name), s.flags | scope_number(s.scope) << SCOPE_OFFSET))
            .collect(),
        varnames: scope.varnames.iter().map(|name| text(*name)).collect(),
        children: scope.children.iter().map(|c| c.0 as usize).collect(),
        nested: scope.nested,
        line: scope.loc.line,
    };
    Ok(table.scopes.iter().map(block).collect())
}
