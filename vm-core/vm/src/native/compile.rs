//! `compile`, and what `exec` and `eval` make of a source.

use tailscope_compiler::error::CompileError;
use tailscope_compiler::tree::{self, Tree};
use tailscope_compiler::{CompileOptions, Mode, SourceFile, Warning};

use crate::error::{PyResult, Raised};
use crate::import;
use crate::native::ast;
use crate::native::posix::path;
use crate::protocol::{number, object as obj, truth};
use crate::types::int;
use crate::types::str_::PyStr;
use crate::value::Value;
use crate::vm::Vm;

/// Flags that `from __future__ import` sets, in code objects and for `compile`.
const FUTURE_FLAGS: u32 = 0x1fe_0000;
const DONT_IMPLY_DEDENT: u32 = 0x200;
const ONLY_AST: u32 = 0x400;
const TOP_LEVEL_AWAIT: u32 = 0x2000;
const ALLOW_INCOMPLETE_INPUT: u32 = 0x4000;
/// What PyCF_OPTIMIZED_AST has beside PyCF_ONLY_AST.
const OPTIMIZED: u32 = 0x8000;
const TYPE_COMMENTS: u32 = 0x1000;
/// All flags that `compile` knows: those, and CO_NESTED.
const KNOWN_FLAGS: u32 = FUTURE_FLAGS
    | DONT_IMPLY_DEDENT
    | ONLY_AST
    | TYPE_COMMENTS
    | TOP_LEVEL_AWAIT
    | ALLOW_INCOMPLETE_INPUT
    | OPTIMIZED
    | 0x10;

/// A source to compile: text, or bytes in the encoding that they declare.
enum Source {
    Text(String),
    Bytes(Vec<u8>),
}

impl Source {
    /// The source in an argument of `function`, which `kinds` of objects may be.
    fn of(vm: &Vm, v: Value, function: &str, kinds: &str) -> PyResult<Source> {
        if let Some(s) = v.cast::<PyStr>() {
            let text = s.to_str().ok_or_else(|| crate::codecs::not_utf8(vm, s))?;
            return Ok(Source::Text(text.to_owned()));
        }
        match crate::convert::own_or_buffer(vm, v) {
            Ok(b) => Ok(Source::Bytes(b.to_vec())),
            Err(_) => Err(vm.type_error(format!("{function}() arg 1 must be a {kinds} object"))),
        }
    }

    fn without_leading_blanks(self) -> Source {
        let blank = |c: char| matches!(c, ' ' | '\t');
        match self {
            Source::Text(text) => Source::Text(text.trim_start_matches(blank).to_owned()),
            Source::Bytes(b) => {
                let start = b.iter().position(|b| !blank(char::from(*b))).unwrap_or(b.len());
                Source::Bytes(b[start..].to_vec())
            }
        }
    }

    fn file(&self, vm: &Vm, filename: &str) -> PyResult<SourceFile<'_>> {
        match self {
            Source::Text(text) => SourceFile::from_text(text, filename).map_err(|e| import::syntax_error(vm, &e)),
            Source::Bytes(bytes) => import::source_file(vm, bytes, filename),
        }
    }
}

/// The future flags of the code that calls `compile`, `exec` or `eval`: they hold for what it
/// compiles, too.
fn caller_flags(vm: &Vm) -> u32 {
    // SAFETY: the current frame is live.
    crate::introspect::frame(vm).map_or(0, |f| unsafe { f.code() }.flags & FUTURE_FLAGS)
}

/// The code that `exec` or `eval` makes of a source.
///
/// # Errors
/// TypeError for what is no source, SyntaxError and other errors of the compiler.
pub fn for_run(vm: &Vm, v: Value, function: &str) -> PyResult {
    let source = Source::of(vm, v, function, "string, bytes or code")?;
    let mut options = CompileOptions::new("<string>");
    options.optimize = vm.runtime.config.optimize;
    options.inherited_flags = caller_flags(vm);
    options.max_digits = Some(vm.runtime.int_max_str_digits.get());
    let source = match function {
        "eval" => {
            options.mode = Mode::Eval;
            source.without_leading_blanks()
        }
        _ => source,
    };
    let file = source.file(vm, &options.filename)?;
    import::compile_source(vm, &file, &options)
}

fn int_argument(vm: &Vm, v: Value, default: i32) -> PyResult<i32> {
    let Some(v) = v.non_null() else { return Ok(default) };
    let n = number::index(vm, v)?;
    let n = int::to_i64(n.value()).and_then(|n| i32::try_from(n).ok());
    n.ok_or_else(|| vm.overflow_error("Python int too large to convert to C int"))
}

/// The `mode` argument, and the class of the root of a tree for it. A function's type is parsed,
/// but not compiled.
fn mode(vm: &Vm, v: Value, only_ast: bool) -> PyResult<(Mode, &'static str)> {
    let Some(text) = v.cast::<PyStr>() else {
        return Err(vm.type_error(format!("compile() argument 'mode' must be str, not {}", vm.type_of(v).full_name())));
    };
    match text.to_string_lossy().as_str() {
        "exec" => Ok((Mode::Exec, "Module")),
        "eval" => Ok((Mode::Eval, "Expression")),
        "single" => Ok((Mode::Single, "Interactive")),
        "func_type" if only_ast => Ok((Mode::Eval, "FunctionType")),
        "func_type" => Err(vm.value_error("compile() mode 'func_type' requires flag PyCF_ONLY_AST")),
        _ if only_ast => Err(vm.value_error("compile() mode must be 'exec', 'eval', 'single' or 'func_type'")),
        _ => Err(vm.value_error("compile() mode must be 'exec', 'eval' or 'single'")),
    }
}

/// `compile(source, filename, mode, flags, dont_inherit, optimize, _feature_version)`.
pub fn compile(vm: &Vm, a: &[Value]) -> PyResult {
    let filename = path::fspath(vm, a[1])?;
    let filename = path::from_bytes(vm, &path::to_bytes(vm, filename.value())?);
    let flags = int_argument(vm, a[3], 0)? as u32;
    let optimize = int_argument(vm, a[5], -1)?;
    if flags & !KNOWN_FLAGS != 0 {
        return Err(vm.value_error("compile(): unrecognised flags"));
    }
    let mut options = CompileOptions::new(obj::text(filename.value()));
    options.optimize = match optimize {
        -1 => vm.runtime.config.optimize,
        0..=2 => optimize as u8,
        _ => return Err(vm.value_error("compile(): invalid optimize value")),
    };
    options.inherited_flags = flags & FUTURE_FLAGS;
    if a[4].non_null().is_none_or(|v| v.is(vm.false_())) || !truth::truth(vm, a[4])? {
        options.inherited_flags |= caller_flags(vm);
    }
    options.top_level_await = flags & TOP_LEVEL_AWAIT != 0;
    options.allow_incomplete_input = flags & ALLOW_INCOMPLETE_INPUT != 0;
    options.dont_imply_dedent = flags & DONT_IMPLY_DEDENT != 0;
    options.max_digits = Some(vm.runtime.int_max_str_digits.get());
    let only_ast = flags & ONLY_AST != 0;
    options.type_comments = only_ast && flags & TYPE_COMMENTS != 0;
    let version = int_argument(vm, a[6], -1)?;
    options.feature_version = u8::try_from(version).ok().filter(|_| only_ast);
    let (mode, root) = mode(vm, a[2], only_ast)?;
    options.mode = mode;
    let optimized = flags & OPTIMIZED != 0;
    if ast::is_node(vm, a[0]) {
        let tree = ast::take(vm, a[0], root)?;
        return of_tree(vm, &tree, &options, only_ast.then_some(optimized));
    }
    let source = Source::of(vm, a[0], "compile", "string, bytes or AST")?;
    let file = source.file(vm, &options.filename)?;
    if !only_ast {
        return import::compile_source(vm, &file, &options);
    }
    if root == "FunctionType" {
        let tree = tree::parse_function_type(&file).map_err(|e| import::syntax_error(vm, &e))?;
        return ast::build(vm, &tree);
    }
    let (tree, warnings) =
        tree::parse(&file, &options, optimized).map_err(|e| import::error_in(vm, &file, &options, e))?;
    import::warn(vm, &warnings, &file)?;
    ast::build(vm, &tree)
}

/// Compiles a tree, or copies it: rewritten, if that is `only_ast`.
fn of_tree(vm: &Vm, tree: &Tree, options: &CompileOptions, only_ast: Option<bool>) -> PyResult {
    let raise = |e: CompileError| match warn_of_tree(vm, &e.warnings, options) {
        Ok(()) => error_of_tree(vm, e),
        Err(raised) => raised,
    };
    match only_ast {
        Some(optimized) => {
            let (tree, warnings) = tree::copy(tree, options, optimized).map_err(raise)?;
            warn_of_tree(vm, &warnings, options)?;
            ast::build(vm, &tree)
        }
        None => {
            let (code, warnings) = tree::compile(tree, options).map_err(raise)?;
            warn_of_tree(vm, &warnings, options)?;
            crate::code::PyCode::new(vm, &std::sync::Arc::new(code))
        }
    }
}

fn warn_of_tree(vm: &Vm, warnings: &[Warning], options: &CompileOptions) -> PyResult<()> {
    if warnings.is_empty() {
        return Ok(());
    }
    // A tree has no text; that of the file of its name is shown, if there is one.
    let text = std::fs::read(&options.filename).unwrap_or_default();
    match SourceFile::from_text(&String::from_utf8_lossy(&text), &options.filename) {
        Ok(file) => import::warn(vm, warnings, &file),
        Err(_) => Ok(()),
    }
}

/// An error with the line of the file that it is in, if that can be read.
fn error_of_tree(vm: &Vm, e: CompileError) -> Raised {
    let line = || {
        let index = usize::try_from(e.line?).ok()?.checked_sub(1)?;
        let bytes = std::fs::read(&*e.filename).ok()?;
        let line = bytes.split_inclusive(|b| *b == b'\n').nth(index)?;
        Some(String::from_utf8_lossy(line).into_owned())
    };
    let text = if e.after_parsing { line() } else { None };
    import::syntax_error(vm, &CompileError { text, ..e })
}
