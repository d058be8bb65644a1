//! `import`: modules from native code, from the embedded library and from `sys.path`.

mod finders;
pub(crate) mod loading;
pub mod spec;

use std::path::Path;

use tailscope_bytecode::code::Code;
use tailscope_bytecode::{pyc, verify};
use tailscope_compiler::error::{CodecProblem, CompileError, ErrorKind, Undecodable};
use tailscope_compiler::source::declared_encoding;
use tailscope_compiler::{CompileOptions, Mode, SourceFile};

use self::finders::{BYTECODE, Found};
pub use self::finders::absolute;
pub(crate) use self::finders::is_in_file;
use self::loading::Loading;
use crate::code::PyCode;
use crate::error::{PyResult, Raised};
use crate::pycache;
use crate::protocol::{attr, iter, object as obj, truth};
use crate::runtime::modules;
use crate::shape;
use crate::types::dict::PyDict;
use crate::types::exceptions::syntax_error;
use crate::types::int;
use crate::types::list::PyList;
use crate::types::module;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// The module of the library that reads zip files.
pub(crate) const ZIPIMPORT: &str = "zipimport";

/// `__import__(name, globals, locals, fromlist, level)`: what IMPORT_NAME does.
pub fn import_name(vm: &Vm, name: Value, globals: Value, fromlist: Value, level: i64) -> PyResult {
    let Some(text) = name.cast::<PyStr>().map(|s| s.to_string_lossy()) else {
        return Err(vm.type_error("module name must be a string"));
    };
    let absolute = if level > 0 { resolve(vm, &text, globals, level)? } else { text.clone() };
    if absolute.is_empty() {
        return Err(vm.value_error("Empty module name"));
    }
    let m = import_module(vm, &absolute)?;
    if !fromlist.is_null() && truth::truth(vm, fromlist)? {
        import_submodules(vm, &m, &absolute, fromlist)?;
        return Ok(m);
    }
    if level == 0 {
        let top = absolute.split('.').next().unwrap_or(&absolute);
        return import_module(vm, top);
    }
    if text.is_empty() {
        return Ok(m);
    }
    // `import_(".a.b")` without a fromlist yields the first part after the package.
    let keep = absolute.len() - (text.len() - text.split('.').next().map_or(0, str::len));
    import_module(vm, &absolute[..keep])
}

/// The absolute name of a relative import.
fn resolve(vm: &Vm, name: &str, globals: Value, level: i64) -> PyResult<String> {
    let no_package = || vm.import_error("attempted relative import with no known parent package");
    let g = globals.cast::<PyDict>().ok_or_else(no_package)?;
    let package = package_of(vm, g)?;
    if package.is_empty() {
        return Err(no_package());
    }
    let mut base = package.as_str();
    for _ in 1..level {
        match base.rsplit_once('.') {
            Some((b, _)) => base = b,
            None => return Err(vm.import_error("attempted relative import beyond top-level package")),
        }
    }
    Ok(if name.is_empty() { base.to_owned() } else { format!("{base}.{name}") })
}

/// The package that a module with these globals is in, or is itself.
fn package_of(vm: &Vm, g: &PyDict) -> PyResult<String> {
    let n = vm.names();
    let given = |k: Value| g.get_str(k).filter(|v| !v.is(vm.none())).map(|v| v.to_ref());
    let text = |v: &Ref, what: &str| match v.cast::<PyStr>() {
        Some(s) => Ok(s.to_string_lossy()),
        None => Err(vm.type_error(format!("{what} must be a string"))),
    };
    let parent = given(n.__spec__).map(|spec| attr::get(vm, spec.value(), vm.intern("parent")));
    if let Some(package) = given(n.__package__) {
        let own = text(&package, "package")?;
        if let Some(parent) = parent
            && !crate::protocol::compare::eq(vm, package.value(), parent?.value())?
        {
            crate::runtime::warn(vm, crate::shape::DEPRECATION_WARNING, "__package__ != __spec__.parent", 1)?;
        }
        return Ok(own);
    }
    if let Some(parent) = parent {
        return text(&parent?, "__spec__.parent");
    }
    let message = "can't resolve package from __spec__ or __package__, falling back on __name__ and __path__";
    crate::runtime::warn(vm, crate::shape::IMPORT_WARNING, message, 1)?;
    let Some(name) = given(n.__name__) else { return Err(vm.error(crate::shape::KEY_ERROR, "'__name__' not in globals")) };
    let name = text(&name, "__name__")?;
    let is_package = g.get_str(n.__path__).is_some();
    Ok(if is_package { name } else { name.rsplit_once('.').map(|(p, _)| p.to_owned()).unwrap_or_default() })
}

/// `from package import a, b`: submodules that are not attributes yet are imported.
fn import_submodules(vm: &Vm, m: &Ref, name: &str, fromlist: Value) -> PyResult<()> {
    if attr::get_opt(vm, m.value(), vm.names().__path__)?.is_none() {
        return Ok(());
    }
    for item in iter::to_vec(vm, fromlist)? {
        let Some(s) = item.cast::<PyStr>() else {
            return Err(vm.type_error(format!(
                "Item in ``from list'' must be str, not {}",
                vm.type_of(item.value()).full_name()
            )));
        };
        let text = s.to_string_lossy();
        if text == "*" {
            if let Some(all) = attr::get_opt(vm, m.value(), vm.names().__all__)? {
                import_submodules(vm, m, name, all.value())?;
            }
        } else if attr::get_opt(vm, m.value(), vm.intern(&text))?.is_none() {
            let full = format!("{name}.{text}");
            match import_module(vm, &full) {
                Ok(_) => {}
                Err(e) if is_missing(vm, &e, &full) => {}
                Err(e) => return Err(e),
            }
        }
    }
    Ok(())
}

fn is_missing(vm: &Vm, e: &Raised, name: &str) -> bool {
    e.is(vm, shape::MODULE_NOT_FOUND_ERROR)
        && attr::get_named(vm, e.0.value(), "name").is_ok_and(|n| obj::text(n.value()) == name)
}

/// Imports a module and its parents; returns that module.
pub fn import_module(vm: &Vm, name: &str) -> PyResult {
    if let Some(m) = imported(vm, name)? {
        return Ok(m);
    }
    crate::interp::enter::check_native_stack(vm, "")?;
    let parent = match name.rsplit_once('.') {
        Some((parent, _)) => Some(import_module(vm, parent)?),
        None => None,
    };
    // Importing the parent may have imported the child.
    if let Some(m) = imported(vm, name)? {
        return Ok(m);
    }
    let loading = Loading::begin(vm, name);
    let m = load(vm, name, parent.as_ref())?;
    if name == "importlib" {
        crate::native::imp::install(vm)?;
    }
    crate::native::imp::describe(vm, name, m.value())?;
    drop(loading);
    if let (Some(p), Some((_, child))) = (&parent, name.rsplit_once('.')) {
        attr::set_named(vm, p.value(), child, m.value())?;
    }
    Ok(m)
}

/// A module that is in `sys.modules`, once no other thread loads it any more.
fn imported(vm: &Vm, name: &str) -> PyResult<Option<Ref>> {
    loading::wait_for(vm, name)?;
    let key = vm.new_str(name);
    let Some(m) = modules(vm).get(vm, key.value())? else { return Ok(None) };
    if m.is(vm.none()) {
        return Err(not_found(vm, name, &format!("import of {name} halted; None in sys.modules")));
    }
    // If that failed it is not there any more.
    if spec::wait_for_importlib(vm, name, m.value())? { modules(vm).get(vm, key.value()) } else { Ok(Some(m)) }
}

#[cold]
fn not_found(vm: &Vm, name: &str, message: &str) -> Raised {
    let e = vm.error(shape::MODULE_NOT_FOUND_ERROR, message);
    crate::types::exceptions::set_name_and_object(vm, &e, vm.new_str(name).value(), Value::NULL);
    e
}

fn load(vm: &Vm, name: &str, parent: Option<&Ref>) -> PyResult {
    let native = vm.runtime.config.native_modules.iter().find(|(n, _)| *n == name);
    let key = vm.new_str(name);
    if let Some((_, make)) = native {
        let m = make(vm)?;
        modules(vm).set(vm, key.value(), m.value())?;
        return Ok(m);
    }
    if let Some(def) = crate::native::find(name) {
        let m = crate::native::make_module(vm, def)?;
        modules(vm).set(vm, key.value(), m.value())?;
        return Ok(m);
    }
    if matches!(name, "_frozen_importlib" | "_frozen_importlib_external") {
        // Names of parts of `importlib`, which are there once that is.
        import_module(vm, "importlib")?;
        if let Some(part) = modules(vm).get(vm, key.value())? {
            return Ok(part);
        }
    }
    if let Some(found) = finders::by_meta_path(vm, name, parent)? {
        return Ok(found);
    }
    from_path(vm, name, parent)
}

/// Loads a module from where `sys.path`, or the package's `__path__`, says.
fn from_path(vm: &Vm, name: &str, parent: Option<&Ref>) -> PyResult {
    let leaf = name.rsplit('.').next().unwrap_or(name);
    let path = finders::path_of(vm, name, parent)?;
    let mut is_namespace = false;
    for place in iter::to_vec(vm, path.value())? {
        let Some(entry) = place.cast::<PyStr>().map(|s| s.to_string_lossy()) else { continue };
        // `importlib` gives packages of the library folders below it.
        if entry.starts_with(LIBRARY) {
            if let Some((code, file, is_package)) = compiled_module(vm, name)? {
                return run_module(vm, name, &file, code.value(), is_package.then(|| vec![entry]));
            }
            if let Some(found) = vm.runtime.config.library.as_ref().and_then(|l| l.find(name)) {
                return run_source(vm, name, &found.filename, &found.source, found.is_package.then(|| vec![entry]));
            }
            continue;
        }
        let folder = finders::absolute(&entry);
        match finders::find_in(&folder, leaf) {
            Found::Module(p) => return run_file(vm, name, &p, None),
            Found::Package(p) => {
                let folder = p.parent().map(|d| d.display().to_string()).unwrap_or_default();
                return run_file(vm, name, &p, Some(vec![folder]));
            }
            Found::Namespace => is_namespace = true,
            Found::Nothing => {
                if let Some(m) = finders::by_path_hooks(vm, name, &folder, place.value())? {
                    return Ok(m);
                }
            }
        }
    }
    if is_namespace && let Some(m) = finders::by_path_finder(vm, name, path.value())? {
        return Ok(m);
    }
    Err(not_found(vm, name, &format!("No module named '{name}'")))
}

/// The entry of `sys.path` (and of `__path__`s) that stands for the embedded library. It looks
/// absolute: `site` makes all entries so.
pub const LIBRARY: &str = "/<embedded library>";

fn run_file(vm: &Vm, name: &str, file: &Path, path: Option<Vec<String>>) -> PyResult {
    let shown = file.display().to_string();
    match std::fs::read(file) {
        Ok(bytes) if file.extension().is_some_and(|e| e == BYTECODE) => {
            let code = read_pyc(&bytes).map_err(|why| cannot_read(vm, name, &shown, &bytes, &why))?;
            let code = PyCode::new(vm, &std::sync::Arc::new(code))?;
            run_module(vm, name, &shown, code.value(), path)
        }
        Ok(text) => {
            let source = pycache::Source::new(file, text).map_err(|e| os_error(vm, &e, Some(&shown)))?;
            let code = compiled_before(vm, file, &shown, &source)?;
            run_module(vm, name, &shown, code.value(), path)
        }
        Err(e) => Err(os_error(vm, &e, Some(&shown))),
    }
}

/// The code object of a source file, from `__pycache__` if that is up to date.
fn compiled_before(vm: &Vm, file: &Path, shown: &str, source: &pycache::Source) -> PyResult {
    if let Some(code) = pycache::load(vm, file, source) {
        return PyCode::new(vm, &std::sync::Arc::new(code));
    }
    let code = compile(vm, &source.text, shown, Mode::Exec, vm.runtime.config.optimize)?;
    if let Some(c) = code.cast::<PyCode>() {
        pycache::store(vm, file, source, &c.code);
    }
    Ok(code)
}

/// The code object of a `.pyc` file, verified.
///
/// # Errors
/// A sentence about what is wrong with the file.
pub fn read_pyc(bytes: &[u8]) -> Result<Code, String> {
    let file = pyc::Pyc::read(bytes).map_err(|e| e.to_string())?;
    verify::verify(&file.code).map_err(|e| e.to_string())?;
    Ok(file.code)
}

/// The ImportError of a `.pyc` file that cannot be run: CPython's for one of another version.
#[cold]
fn cannot_read(vm: &Vm, name: &str, file: &str, bytes: &[u8], why: &str) -> Raised {
    let (text, path) = (vm.new_str(name), vm.new_str(file));
    let shown = obj::repr(vm, text.value()).map_or_else(|_| name.to_owned(), |r| obj::text(r.value()));
    let foreign = bytes.get(..4).filter(|magic| **magic != pyc::MAGIC);
    let message = match foreign {
        Some(magic) => {
            let magic = crate::types::bytes::new(vm, magic);
            let magic = obj::repr(vm, magic.value()).map_or_else(|_| String::new(), |r| obj::text(r.value()));
            format!("bad magic number in {shown}: {magic}")
        }
        None => format!("cannot run the code of {shown}: {why}"),
    };
    let e = vm.import_error(&message);
    if let Some(x) = crate::types::exceptions::exception(e.0.value()) {
        x.fields[0].set(text);
        x.fields[1].set(path);
    }
    e
}

/// An `OSError` (or the subclass that its errno stands for) from an error of the system.
pub fn os_error(vm: &Vm, e: &std::io::Error, file: Option<&str>) -> Raised {
    let errno = e.raw_os_error().unwrap_or(0) as i64;
    let id = crate::types::exceptions::os_error_type(errno);
    let text = error_text(e);
    let mut args = vec![Ref::small_int(errno), vm.new_str(&text)];
    if let Some(f) = file {
        args.push(vm.new_str(f));
    }
    let values: Vec<Value> = args.iter().map(|a| a.value()).collect();
    vm.error_args(id, &values)
}

/// The system's own words for an error.
pub fn error_text(e: &std::io::Error) -> String {
    let text = e.to_string();
    match text.find(" (os error") {
        Some(i) => text[..i].to_owned(),
        None => text,
    }
}

/// Compiles source; the exception is a SyntaxError with its place.
pub fn compile(vm: &Vm, source: &[u8], filename: &str, mode: Mode, optimize: u8) -> PyResult {
    let mut options = CompileOptions::new(filename);
    options.mode = mode;
    options.optimize = optimize;
    compile_with(vm, source, &options)
}

/// Compiles with all options; the exception is a SyntaxError with its place.
pub fn compile_with(vm: &Vm, source: &[u8], options: &CompileOptions) -> PyResult {
    compile_source(vm, &source_file(vm, source, &options.filename)?, options)
}

/// How the message begins about a source that is not UTF-8 and says of no other encoding.
const NOT_UTF8: &str = "Non-UTF-8 code starting with ";

/// Compiles a program's file, of which CPython reads a line after the other.
pub fn compile_script(vm: &Vm, source: &[u8], filename: &str, optimize: u8) -> PyResult {
    let Some(at) = memchr::memchr(0, source) else {
        let decoded = SourceFile::from_bytes(source, filename).map_err(|e| {
            let Some(rest) = e.msg.strip_prefix(NOT_UTF8) else { return e };
            let msg = format!("{NOT_UTF8}{}", rest.replacen(" on line", &format!(" in file {filename} on line"), 1));
            CompileError { msg, ..e }
        });
        let options = CompileOptions { optimize, ..CompileOptions::new(filename) };
        return compile_known(vm, &by_registry(vm, source, filename, decoded)?, &options, None);
    };
    let line = source[..at].iter().filter(|b| **b == b'\n').count() as i32 + 1;
    let text = source[..at].rsplit(|b| *b == b'\n').next().unwrap_or_default();
    let error = CompileError {
        line: Some(line),
        text: Some(String::from_utf8_lossy(text).into_owned()),
        ..CompileError::without_location("source code cannot contain null bytes").in_file(filename)
    };
    Err(syntax_error(vm, &error))
}

/// The text of a source. What encodings the compiler does not know is left to the registry of
/// codecs.
pub fn source_file<'t>(vm: &Vm, source: &'t [u8], filename: &str) -> PyResult<SourceFile<'t>> {
    by_registry(vm, source, filename, SourceFile::from_bytes(source, filename))
}

/// [`source_file`] of what the compiler has `decoded`, or has not.
fn by_registry<'t>(
    vm: &Vm,
    source: &'t [u8],
    filename: &str,
    decoded: Result<SourceFile<'t>, CompileError>,
) -> PyResult<SourceFile<'t>> {
    let e = match decoded {
        Ok(file) => return Ok(file),
        Err(e) => e,
    };
    let encoding = declared_encoding(source).filter(|name| e.msg == format!("unknown encoding: {name}"));
    let Some(encoding) = encoding else { return Err(syntax_error(vm, &e)) };
    let text = match crate::codecs::decode(vm, source, &encoding, "strict") {
        Ok(text) => text,
        Err(raised) if raised.is(vm, shape::EXCEPTION) => {
            let msg = obj::str(vm, raised.0.value())?;
            return Err(syntax_error(vm, &CompileError { msg: obj::text(msg.value()), ..e }));
        }
        Err(raised) => return Err(raised),
    };
    let Some(s) = text.cast::<PyStr>() else { return Err(syntax_error(vm, &e)) };
    let text = s.to_str().ok_or_else(|| crate::codecs::not_utf8(vm, s))?;
    SourceFile::from_text(text, filename).map(SourceFile::into_owned).map_err(|e| syntax_error(vm, &e))
}

/// Compiles what is decoded already.
pub fn compile_source(vm: &Vm, source: &SourceFile, options: &CompileOptions) -> PyResult {
    compile_known(vm, source, options, Some(source))
}

/// Compiles a source, which an error keeps if it is `known`: not if it is to be read from its file.
fn compile_known(vm: &Vm, source: &SourceFile, options: &CompileOptions, known: Option<&SourceFile>) -> PyResult {
    match tailscope_compiler::compile_source(source, options) {
        Ok((code, warnings)) => {
            warn(vm, &warnings, source)?;
            let code = PyCode::new(vm, &std::sync::Arc::new(code))?;
            if options.filename.starts_with('<') {
                vm.interp.note_text(&code, source.text());
            }
            Ok(code)
        }
        Err(e) => Err(error_known(vm, source, options, e, known)),
    }
}

/// The exception of an error in a source. Of one that is in no file nobody can look up lines later.
pub fn error_in(vm: &Vm, source: &SourceFile, options: &CompileOptions, e: CompileError) -> Raised {
    error_known(vm, source, options, e, Some(source))
}

fn error_known(
    vm: &Vm,
    source: &SourceFile,
    options: &CompileOptions,
    e: CompileError,
    known: Option<&SourceFile>,
) -> Raised {
    if let Err(raised) = warn(vm, &e.warnings, source) {
        return raised;
    }
    if options.without_file || Path::new(&*options.filename).is_file() {
        return noted(vm, &e, options, known);
    }
    let options = CompileOptions { without_file: true, ..options.clone() };
    let e = tailscope_compiler::compile_source(source, &options).err().unwrap_or(e);
    noted(vm, &e, &options, known)
}

/// Notes where the last compound statement before an error is, and in which text, if that is not to
/// be read from the file: by these the library finds out that a keyword is misspelt.
fn noted(vm: &Vm, e: &CompileError, options: &CompileOptions, known: Option<&SourceFile>) -> Raised {
    let raised = syntax_error(vm, e);
    if let Some((line, col)) = e.last_statement
        && raised.is(vm, shape::SYNTAX_ERROR)
    {
        let text = known.map_or_else(
            || vm.none_ref(),
            |s| match options.mode {
                // As the tokenizer has it.
                Mode::Exec if !s.text().ends_with('\n') => vm.new_str(&format!("{}\n", s.text())),
                _ => vm.new_str(s.text()),
            },
        );
        let parts = vec![Ref::small_int(line as i64), Ref::small_int(col as i64), text];
        syntax_error::set_metadata(&raised, PyTuple::from_vec(vm, parts));
    }
    raised
}

/// Issues the compiler's warnings.
pub fn warn(vm: &Vm, warnings: &[tailscope_compiler::Warning], source: &SourceFile) -> PyResult<()> {
    warnings.iter().try_for_each(|w| warn_of_source(vm, w, source))
}

/// Issues a warning of the compiler. Where a filter makes an exception of it, that is the
/// SyntaxError of the same text and place.
fn warn_of_source(vm: &Vm, w: &tailscope_compiler::Warning, source: &SourceFile) -> PyResult<()> {
    let category = if w.category == "DeprecationWarning" { shape::DEPRECATION_WARNING } else { shape::SYNTAX_WARNING };
    let (message, file) = (vm.new_str(&w.msg), vm.new_str(source.filename()));
    let occurrence = crate::native::warnings::Occurrence {
        category: vm.builtin(category).value(),
        message: message.value(),
        filename: file.value(),
        line: w.loc.line as i64,
        module: Value::NULL,
        registry: None,
        source: Value::NULL,
    };
    match crate::native::warnings::issue(vm, &occurrence) {
        Err(e) if category == shape::SYNTAX_WARNING && e.is(vm, shape::SYNTAX_WARNING) => {
            let text = source.line_text(w.loc.line).map(|line| line.trim_end_matches('\n').to_owned());
            let error = source.error_at(w.loc, w.msg.clone());
            Err(syntax_error(vm, &CompileError { text, ..error }))
        }
        other => other,
    }
}

/// The exception object of a compile error.
pub fn syntax_error(vm: &Vm, e: &CompileError) -> Raised {
    let id = match e.kind {
        ErrorKind::Syntax => shape::SYNTAX_ERROR,
        ErrorKind::Incomplete => shape::INCOMPLETE_INPUT_ERROR,
        ErrorKind::Indentation => shape::INDENTATION_ERROR,
        ErrorKind::Tab => shape::TAB_ERROR,
        ErrorKind::Value => return vm.value_error(&e.msg),
        ErrorKind::Type => return vm.type_error(&e.msg),
        ErrorKind::System => return vm.system_error(&e.msg),
        ErrorKind::Overflow => return vm.overflow_error(&e.msg),
        ErrorKind::Recursion => return vm.recursion_error(&e.msg),
        ErrorKind::Memory => return vm.memory_error(&e.msg),
        ErrorKind::UnicodeEncode | ErrorKind::UnicodeDecode => return unicode_error(vm, e),
    };
    let number = |n: Option<i32>| n.map_or(vm.none_ref(), |n| Ref::small_int(n as i64));
    let place = PyTuple::from_vec(
        vm,
        vec![
            vm.new_str(&e.filename),
            number(e.line),
            number(e.col),
            e.text.as_ref().map_or(vm.none_ref(), |t| vm.new_str(t)),
            number(e.end_line),
            number(e.end_col),
        ],
    );
    let msg = vm.new_str(&e.msg);
    vm.error_args(id, &[msg.value(), place.value()])
}

/// What a codec says of text of a source.
fn unicode_error(vm: &Vm, e: &CompileError) -> Raised {
    match e.codec_problem.as_deref() {
        Some(CodecProblem::Surrogates(text)) => {
            let text = PyStr::from_wtf8(vm, &text.0);
            text.cast::<PyStr>().map_or_else(|| vm.value_error(&e.msg), |s| crate::codecs::not_utf8(vm, s))
        }
        Some(CodecProblem::Escape(found)) => {
            let (codec, bytes) = (vm.new_str(Undecodable::CODEC), crate::types::bytes::new(vm, &found.bytes));
            let (start, end) = (Value::small_int(found.start as i64), Value::small_int(found.end as i64));
            let reason = vm.new_str(found.reason);
            let args = [codec.value(), bytes.value(), start, end, reason.value()];
            vm.error_args(shape::UNICODE_DECODE_ERROR, &args)
        }
        None => vm.value_error(&e.msg),
    }
}

/// Code, file name and kind of a library module that was compiled beforehand. Optimized code is
/// made of the source.
pub fn compiled_module(vm: &Vm, name: &str) -> PyResult<Option<(Ref, String, bool)>> {
    if vm.runtime.config.optimize != 0 {
        return Ok(None);
    }
    let Some(m) = vm.runtime.config.library.as_ref().and_then(|l| l.compiled(name)) else { return Ok(None) };
    let Ok(code) = tailscope_bytecode::marshal::read_code(&m.code) else { return Ok(None) };
    let code = PyCode::new(vm, &std::sync::Arc::new(code))?;
    Ok(Some((code, m.filename, m.is_package)))
}

fn run_source(vm: &Vm, name: &str, file: &str, source: &[u8], path: Option<Vec<String>>) -> PyResult {
    let code = compile(vm, source, file, Mode::Exec, vm.runtime.config.optimize)?;
    run_module(vm, name, file, code.value(), path)
}

fn run_module(vm: &Vm, name: &str, file: &str, code: Value, path: Option<Vec<String>>) -> PyResult {
    let m = module::new(vm, name);
    let d = module::dict(vm, m.value());
    let n = vm.names();
    d.set_str(vm, n.__file__, vm.new_str(file).value());
    let package = if path.is_some() { name } else { name.rsplit_once('.').map_or("", |(p, _)| p) };
    d.set_str(vm, n.__package__, vm.new_str(package).value());
    d.set_str(vm, n.__builtins__, module_dict_of_builtins(vm));
    if let Some(cached) = pycache::cached_name(vm, file) {
        d.set_text(vm, "__cached__", cached.value());
    }
    if let Some(p) = path {
        let list = PyList::new(vm, p.iter().map(|p| vm.new_str(p)).collect());
        d.set_str(vm, n.__path__, list.value());
    }
    let key = vm.new_str(name);
    modules(vm).set(vm, key.value(), m.value())?;
    loading::made(vm, name, m.value());
    if spec::is_file(file) {
        spec::make_if_asked_for(vm, m.value(), code)?;
    }
    crate::native::imp::describe(vm, name, m.value())?;
    let dict = attr::instance_dict_value(vm, m.value()).unwrap_or(vm.none()).to_ref();
    match crate::interp::enter::run_code(vm, code, dict.value(), dict.value(), Value::NULL) {
        // A module may replace itself in sys.modules.
        Ok(_) => Ok(modules(vm).get(vm, key.value())?.unwrap_or(m)),
        Err(e) => {
            modules(vm).delete(vm, key.value())?;
            Err(e)
        }
    }
}

fn module_dict_of_builtins(vm: &Vm) -> Value {
    attr::instance_dict_value(vm, vm.runtime.builtins.get()).unwrap_or(vm.none())
}

/// The level argument of IMPORT_NAME.
pub fn level(v: Value) -> i64 {
    int::to_i64(v).unwrap_or(0)
}
