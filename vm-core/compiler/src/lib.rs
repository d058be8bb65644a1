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
//! | text to tree | [`parse`]: `direct`, and ruff's parser for what is wrong or rare | `Parser` |
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
mod index;
pub mod instr;
pub mod names;
pub mod parse;
pub mod preprocess;
pub mod source;
pub mod symtable;
pub mod tree;

use tailscope_bytecode::code::{Code, flags};

pub use error::{CompileError, ErrorKind, Warning};
pub use parse::Mode;
pub use parse::tokens;
use parse::ParseOptions;
pub use source::SourceFile;

use codegen::CodegenOptions;
use preprocess::{FutureFlags, Rewritable};
use tailscope_regions::Apart;

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
    /// `# type: ...` comments count (`PyCF_TYPE_COMMENTS`).
    pub type_comments: bool,
    /// Refuse what Python 3 of this minor version has not.
    pub feature_version: Option<u8>,
    /// Digits that a decimal integer may have (`sys.set_int_max_str_digits`), 0 for any number,
    /// none for the usual.
    pub max_digits: Option<usize>,
    /// No file of this name can be read. CPython takes the lines that its errors show from the
    /// file where there is one; else from the tokenizer, or shows none.
    pub without_file: bool,
}

impl CompileOptions {
    fn parse_options(&self) -> ParseOptions {
        ParseOptions {
            mode: self.mode,
            allow_incomplete_input: self.allow_incomplete_input,
            dont_imply_dedent: self.dont_imply_dedent,
            flufl: self.inherited_flags & flags::FUTURE_BARRY_AS_BDFL != 0,
            type_comments: self.type_comments,
            feature_version: self.feature_version,
            max_digits: self.max_digits,
            without_file: self.without_file,
        }
    }

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
    let parse_options = options.parse_options();
    // The tree is discarded when the code objects are there; they are what may be kept.
    let result = tailscope_regions::lasting(|| {
        let parsed = tailscope_regions::apart(|| parse::parse(source, parse_options)).ok()?;
        // Ruff's parser lets a few things pass that CPython's refuses, whatever comes later.
        let checked = parsed.is_flufl;
        let result = compile_parsed(parsed, source, options);
        let check = |error| parse::check(source, parse_options).err().unwrap_or(error);
        result.map_err(|error| if checked { error } else { check(error) })
    });
    result.map_err(|error: CompileError| {
        let without_line = options.without_file && error.after_parsing;
        CompileError { text: error.text.filter(|_| !without_line), ..error }
    })
}

/// The stages after the parser.
fn compile_parsed(
    mut parsed: Apart<parse::Parsed>,
    source: &SourceFile,
    options: &CompileOptions,
) -> Result<(Code, Vec<Warning>), CompileError> {
    let depth = parsed.depth;
    let needed = tree_stack(depth);
    let result = stacker::maybe_grow(needed, needed, || {
        let (future, warnings) = parsed.go_on(|parsed| rewrite(parsed, source, options, true))?;
        // Warnings and errors may be where the tree is.
        let is_all = parsed.is_direct && warnings.capacity() == 0;
        compile_tree(&parsed, source, options, future, warnings).map(|code| (code, is_all))
    });
    match result {
        Ok((code, true)) => {
            // SAFETY: our own parser keeps nothing that it makes but what it has parsed, and rewriting makes beside
            // its warnings, of which there are none, parts of the tree alone. What the later stages make is
            // made elsewhere: they copy names and values of the tree that they keep. Tests verify it.
            unsafe { parsed.discard() };
            Ok(code)
        }
        other => {
            parse::dispose(parsed.into_inner().module, depth);
            other.map(|(code, _)| code)
        }
    }
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

/// The stages between the parser and the symbol table. The tree stays as it is unless it is to be
/// `optimized`.
fn rewrite(
    parsed: &mut parse::Parsed,
    source: &SourceFile,
    options: &CompileOptions,
    optimized: bool,
) -> Result<(FutureFlags, Vec<Warning>), CompileError> {
    let module = &mut parsed.module;
    let mut warnings = std::mem::take(&mut parsed.warnings);
    let mut future = match FutureFlags::of(module, source) {
        Ok(future) => future,
        Err(error) => return Err(CompileError { warnings: warnings.into(), ..error }),
    };
    future.features |= options.inherited_flags;
    future.top_level_await = options.top_level_await;
    // Docstrings may be anywhere.
    let rewritable = match options.optimize {
        0 | 1 => &parsed.rewritable,
        _ => &Rewritable::Everywhere,
    };
    if !rewritable.is_nowhere() {
        let optimize = optimized.then_some(options.optimize);
        warnings.extend(preprocess::preprocess_where(rewritable, module, source, future, optimize, options.mode));
    }
    Ok((future, warnings))
}

fn compile_tree(
    parsed: &parse::Parsed,
    source: &SourceFile,
    options: &CompileOptions,
    future: FutureFlags,
    mut warnings: Vec<Warning>,
) -> Result<(Code, Vec<Warning>), CompileError> {
    let module = &parsed.module;
    let codegen_options = CodegenOptions {
        optimize: options.optimize,
        future_flags: future.features,
        interactive: options.mode == Mode::Single,
    };
    let code = symtable::build(module, source, future).and_then(|mut table| {
        codegen::generate(module, &mut table, source, codegen_options, &mut warnings).map_err(|error| *error)
    });
    match code {
        Ok(code) => Ok((code, warnings)),
        Err(error) => Err(CompileError { warnings: warnings.into(), ..error }),
    }
}
