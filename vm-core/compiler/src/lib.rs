//! Python source to CPython 3.14 code objects: parse, scopes, code generation, flow
//! graph, assembly. Nothing here executes anything.
//!
//! [`compile`] does it all. For any source that CPython 3.14 accepts, the code object
//! equals CPython's in every field, nested code objects included; the differential tests
//! (`tests/differential.rs`, `examples/diff.rs`) hold it to that.
//!
//! | stage | module | CPython |
//! |---|---|---|
//! | bytes to text, positions | [`source`] | `Parser/tokenizer` |
//! | text to tree | [`parse`] (ruff's parser) | `Parser` |
//! | rewriting of the tree | [`preprocess`] | `Python/ast_preprocess.c`, `future.c` |
//! | scopes | [`symtable`] | `Python/symtable.c` |
//! | tree to instructions | [`codegen`] | `Python/codegen.c`, `compile.c` |
//! | optimization | `flowgraph` | `Python/flowgraph.c` |
//! | instructions to bytes | [`assemble`] | `Python/assemble.c` |

pub mod assemble;
pub mod blocks;
pub mod codegen;
mod consts;
mod encodings;
pub mod error;
mod flowgraph;
pub mod instr;
pub mod names;
pub mod parse;
pub mod preprocess;
pub mod source;
pub mod symtable;
pub mod tree;

use tailscope_bytecode::code::Code;

pub use error::{CompileError, ErrorKind, Warning};
pub use parse::Mode;
pub use parse::tokens;
use parse::ParseOptions;
pub use source::SourceFile;

use codegen::CodegenOptions;
use preprocess::FutureFlags;

/// How to compile: the arguments of Python's `compile` beside the source.
#[derive(Clone, Debug, Default)]
pub struct CompileOptions {
    /// `co_filename` of the code objects.
    pub filename: String,
    pub mode: Mode,
    /// 0, 1 (no `assert`) or 2 (no docstrings either), as `python -O` and `-OO`.
    pub optimize: u8,
    /// `CO_FUTURE_*` bits that the caller of `compile` is itself compiled with.
    pub inherited_flags: u32,
    /// Allow `await` at module level (`ast.PyCF_ALLOW_TOP_LEVEL_AWAIT`).
    pub top_level_await: bool,
    /// Report input that more input could make right as [`ErrorKind::Incomplete`]
    /// (`PyCF_ALLOW_INCOMPLETE_INPUT`, for interactive loops).
    pub allow_incomplete_input: bool,
    /// The end of interactive input does not end its blocks (`PyCF_DONT_IMPLY_DEDENT`).
    pub dont_imply_dedent: bool,
    /// No file of this name can be read. CPython takes the lines that its errors show from the
    /// file where there is one; else from the tokenizer, or shows none.
    pub without_file: bool,
}

impl CompileOptions {
    /// A module of this file name.
    pub fn new(filename: impl Into<String>) -> CompileOptions {
        CompileOptions {
            filename: filename.into(),
            ..CompileOptions::default()
        }
    }
}

/// Compiles source as it stands in a file: its encoding is as PEP 263 says.
///
/// # Errors
///
/// The exceptions that CPython's `compile` raises, mostly SyntaxErrors.
pub fn compile(
    source: &[u8],
    options: &CompileOptions,
) -> Result<(Code, Vec<Warning>), CompileError> {
    compile_source(&SourceFile::from_bytes(source, &options.filename)?, options)
}

/// Compiles source that is text already.
///
/// # Errors
///
/// As [`compile`].
pub fn compile_str(
    source: &str,
    options: &CompileOptions,
) -> Result<(Code, Vec<Warning>), CompileError> {
    compile_source(&SourceFile::from_text(source, &options.filename)?, options)
}

/// Compiles a source file that is decoded already; its name counts, not that of `options`.
///
/// # Errors
///
/// As [`compile`].
pub fn compile_source(
    source: &SourceFile,
    options: &CompileOptions,
) -> Result<(Code, Vec<Warning>), CompileError> {
    let parse_options = ParseOptions {
        mode: options.mode,
        allow_incomplete_input: options.allow_incomplete_input,
        dont_imply_dedent: options.dont_imply_dedent,
        without_file: options.without_file,
    };
    compile_parts(source, options, parse_options).map_err(|error| {
        let without_line = options.without_file && error.after_parsing;
        CompileError { text: error.text.filter(|_| !without_line), ..error }
    })
}

fn compile_parts(
    source: &SourceFile,
    options: &CompileOptions,
    parse_options: ParseOptions,
) -> Result<(Code, Vec<Warning>), CompileError> {
    let mut parsed = parse_with_stack(source, parse_options)?;
    let depth = parsed.depth;
    let needed = tree_stack(depth);
    let result = stacker::maybe_grow(needed, needed, || {
        compile_tree(&mut parsed, source, options)
    });
    parse::dispose(parsed.module, depth);
    // Ruff's parser lets a few things pass that CPython's refuses, whatever comes later.
    result.map_err(|error| parse::check(source, parse_options).err().unwrap_or(error))
}

/// Native stack for the stages after the parser, which recurse over the tree.
fn tree_stack(depth: usize) -> usize {
    // What a level takes at most, several native frames, was measured in a build without
    // optimization.
    const LEVEL: usize = if cfg!(debug_assertions) {
        48 * 1024
    } else {
        12 * 1024
    };
    depth * LEVEL + (1 << 18)
}

/// Parses with as much native stack as the source may need.
fn parse_with_stack(source: &SourceFile, options: ParseOptions) -> Result<parse::Parsed, CompileError> {
    let needed = parser_stack(source.text());
    stacker::maybe_grow(needed, needed, || parse::parse(source, options))
}

/// Native stack for the parsers. They see to their own depth, but not to how much there is to
/// begin with, nor to the depth of assignment targets: brackets and stars nest these.
fn parser_stack(text: &str) -> usize {
    const BASE: usize = if cfg!(debug_assertions) { 4 << 20 } else { 1 << 20 };
    const LEVEL: usize = 512;
    // In pieces whose counts fit in bytes: several bytes are looked at at once then.
    let pieces = text.as_bytes().chunks(usize::from(u8::MAX));
    let counts = pieces.map(|piece| piece.iter().map(|b| u8::from(matches!(b, b'(' | b'[' | b'*'))).sum::<u8>());
    let levels: usize = counts.map(usize::from).sum();
    BASE + levels * LEVEL
}

fn compile_tree(
    parsed: &mut parse::Parsed,
    source: &SourceFile,
    options: &CompileOptions,
) -> Result<(Code, Vec<Warning>), CompileError> {
    let module = &mut parsed.module;
    let mut future = FutureFlags::of(module, source)?;
    future.features |= options.inherited_flags;
    future.top_level_await = options.top_level_await;
    let mut warnings = std::mem::take(&mut parsed.warnings);
    if parsed.rewritable || options.optimize >= 2 {
        let mode = options.mode;
        warnings.extend(preprocess::preprocess(module, source, future, options.optimize, mode));
    }
    let table = symtable::build(module, source, future)?;
    let codegen_options = CodegenOptions {
        optimize: options.optimize,
        future_flags: future.features,
        interactive: options.mode == Mode::Single,
    };
    let code = codegen::generate(module, &table, source, codegen_options, &mut warnings).map_err(|error| *error)?;
    Ok((code, warnings))
}
