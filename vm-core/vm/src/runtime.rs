//! State of a run beside the interpreter proper: settings, modules, imports.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;

use crate::code::PyCode;
use crate::error::{PyResult, Raised};
use crate::owned_cell::OwnedCell;
use crate::protocol::{attr, call};
use crate::types::dict::PyDict;
use crate::types::list::PyList;
use crate::threads;
use crate::types::tuple::PyTuple;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Which interpreter runs bytecode.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Interp {
    /// Tail calls where the build has them, else the match loop.
    #[default]
    Tail,
    /// One `match` in a loop.
    Loop,
}

/// A source of library modules: module name to (file name shown, source, is a package).
pub trait Library {
    /// The source of a module of the embedded library.
    fn find(&self, name: &str) -> Option<LibraryModule>;

    /// The code of a module of the embedded library, if it was compiled beforehand (without
    /// optimization).
    fn compiled(&self, _name: &str) -> Option<CompiledModule> {
        None
    }
}

/// A module of the embedded library.
pub struct LibraryModule {
    /// Shown in tracebacks and `__file__`.
    pub filename: String,
    pub source: Vec<u8>,
    pub is_package: bool,
}

/// A module of the embedded library that was compiled when the library was packed.
pub struct CompiledModule {
    /// As [`LibraryModule::filename`].
    pub filename: String,
    /// Marshalled code, from a compiler that is trusted.
    pub code: Vec<u8>,
    pub is_package: bool,
}

/// The text of a source file, as tracebacks name it: one of the embedded library or of the machine.
pub fn source_file(vm: &Vm, file: &str) -> Option<Vec<u8>> {
    let path = file.strip_suffix(".py").unwrap_or(file);
    if let Some(library) = &vm.runtime.config.library
        && let Some((_, path)) = path.split_once(">/").filter(|_| file.starts_with('<'))
    {
        let name = path.strip_suffix("/__init__").unwrap_or(path).replace('/', ".");
        return library.find(&name).filter(|m| m.filename == file).map(|m| m.source);
    }
    std::fs::read(file).ok()
}

/// Tells `linecache`, if it was imported, the text of code that is in no file.
pub fn register_source(vm: &Vm, code: Value, text: &str) {
    let Some(module) = modules(vm).get_text(vm, "linecache").map(|m| m.to_ref()) else { return };
    let Ok(cache) = attr::get_named(vm, module.value(), "_interactive_cache") else { return };
    let Some(cache) = cache.cast::<PyDict>() else { return };
    let lines: Vec<Ref> = text.lines().map(|l| vm.new_str(&format!("{l}\n"))).collect();
    let size = vm.new_int(text.chars().count() as i64);
    let mut waiting = vec![code.to_ref()];
    while let Some(code) = waiting.pop() {
        let Some(c) = code.cast::<PyCode>() else { continue };
        waiting.extend(c.consts().iter().filter(|k| k.has_shape(crate::shape::CODE)).map(|k| k.to_ref()));
        // The key is that of the library's own `_make_key`.
        let line = vm.new_int(c.code.firstlineno.into());
        let key = PyTuple::from_vec(vm, vec![vm.new_str(&c.code.filename), c.qualname.clone(), line]);
        let entry = vec![size.clone(), vm.none_ref(), PyList::new(vm, Vec::clone(&lines)), vm.new_str(&c.code.filename)];
        if cache.set(vm, key.value(), PyTuple::from_vec(vm, entry).value()).is_err() {
            return;
        }
    }
}

/// A native module by name: called when it is first imported.
pub type NativeModule = fn(&Vm) -> PyResult;

/// What CPython's command line options and environment variables set.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `-i`
    pub inspect: bool,
    /// `-B`
    pub dont_write_bytecode: bool,
    /// `-s`
    pub no_user_site: bool,
    /// `-S`
    pub no_site: bool,
    /// `-E`
    pub ignore_environment: bool,
    /// `-v`
    pub verbose: u32,
    /// `-b`
    pub bytes_warning: u32,
    /// `-q`
    pub quiet: bool,
    /// `-I`
    pub isolated: bool,
    /// `-X dev`
    pub dev_mode: bool,
    /// `-X warn_default_encoding`
    pub warn_default_encoding: bool,
    /// `-X no_debug_ranges`: code objects know lines only
    pub no_debug_ranges: bool,
    /// `-P`
    pub safe_path: bool,
    /// `-u`
    pub unbuffered: bool,
}

/// Settings of a run.
#[derive(Default)]
pub struct Config {
    pub flags: Flags,
    /// `-W` options and PYTHONWARNINGS (`sys.warnoptions`).
    pub warn_options: Vec<String>,
    /// `-X` options.
    pub x_options: Vec<(String, Option<String>)>,
    /// The whole command line (`sys.orig_argv`).
    pub orig_argv: Vec<String>,
    /// Where compiled library modules are kept between runs; `None` keeps none.
    pub cache: Option<PathBuf>,
    pub interp: Interp,
    /// `sys.argv`.
    pub argv: Vec<String>,
    /// `sys.path`.
    pub path: Vec<String>,
    /// `sys.executable`.
    pub executable: String,
    /// 0, 1 (-O) or 2 (-OO).
    pub optimize: u8,
    pub library: Option<Box<dyn Library>>,
    pub native_modules: Vec<(&'static str, NativeModule)>,
    /// `-X int_max_str_digits`: digits that an int of text may have, 0 for any number.
    pub int_max_str_digits: Option<usize>,
    /// Folder that the library shows as its own (`sys.prefix`).
    pub prefix: Option<PathBuf>,
    /// Chooses another of the possible interleavings of threads; `None`: they take turns.
    pub sched_seed: Option<u64>,
}

/// State of a run.
pub struct Runtime {
    pub config: Config,
    /// `sys.modules`.
    pub modules: OwnedCell,
    pub builtins: OwnedCell,
    pub sys: OwnedCell,
    /// The modules `importlib._bootstrap` and `importlib._bootstrap_external` at work; NULL until `importlib` is imported.
    pub bootstrap: OwnedCell,
    pub bootstrap_external: OwnedCell,
    /// The program's folder, which `sys.path` begins with; empty for the working folder, `None` where
    /// it does not (`-P`).
    pub first_folder: RefCell<Option<String>>,
    pub(crate) loads: crate::import::loading::Loads,
    /// `sys.set_int_max_str_digits`; 0 for no limit.
    pub int_max_str_digits: Cell<usize>,
    /// `sys.setswitchinterval`, in seconds.
    pub switch_interval: Cell<f64>,
    /// `sys.addaudithook`.
    pub audit_hooks: RefCell<Vec<Ref>>,
    /// `os.register_at_fork`: before, after in the child, after in the parent.
    pub fork_hooks: RefCell<[Vec<Ref>; 3]>,
    /// The program has ended and its modules are being taken apart.
    pub finalizing: Cell<bool>,
    /// The current `contextvars` context of the thread that runs; NULL until one is needed.
    pub context: OwnedCell,
    /// `io.UnsupportedOperation`; NULL until it is needed.
    pub unsupported_operation: OwnedCell,
    /// Streams that may hold what is to be written.
    pub(crate) streams: crate::native::io::Registry,
    pub(crate) csv: crate::native::csv::State,
    /// Handles of threads that the program waits for before it ends.
    pub(crate) joined_at_end: RefCell<Vec<Ref>>,
    /// `threading.stack_size`; 0 for the usual one.
    pub(crate) thread_stack_size: Cell<usize>,
    /// `typing.NoDefault`; NULL until it is needed.
    pub(crate) no_default: OwnedCell,
    pub(crate) warnings: crate::native::warnings::State,
    /// The last long text that regular expressions ran over.
    pub(crate) decoded: crate::native::sre::Cache,
}

impl Runtime {
    pub(crate) fn new(config: Config) -> Runtime {
        let digits = config.int_max_str_digits.unwrap_or(crate::types::int::MAX_STR_DIGITS);
        Runtime {
            config,
            modules: OwnedCell::null(),
            builtins: OwnedCell::null(),
            sys: OwnedCell::null(),
            bootstrap: OwnedCell::null(),
            bootstrap_external: OwnedCell::null(),
            first_folder: RefCell::default(),
            loads: Default::default(),
            int_max_str_digits: Cell::new(digits),
            switch_interval: Cell::new(0.005),
            audit_hooks: RefCell::default(),
            fork_hooks: RefCell::default(),
            finalizing: Cell::new(false),
            context: OwnedCell::null(),
            unsupported_operation: OwnedCell::null(),
            streams: Default::default(),
            csv: Default::default(),
            joined_at_end: RefCell::default(),
            thread_stack_size: Cell::new(0),
            no_default: OwnedCell::null(),
            warnings: Default::default(),
            decoded: Default::default(),
        }
    }
}

/// `sys.modules`.
pub fn modules(vm: &Vm) -> &PyDict {
    match vm.runtime.modules.get().cast::<PyDict>() {
        Some(d) => d,
        None => unreachable!("sys.modules is made at start"),
    }
}

/// Imports a module by its absolute dotted name and returns that module (not its top package).
pub fn import(vm: &Vm, name: &str) -> PyResult {
    if let Some(m) = modules(vm).get(vm, vm.new_str(name).value())? {
        return Ok(m);
    }
    crate::import::import_module(vm, name)
}

/// `import name.attr` done natively: an attribute of a module.
pub fn import_attr(vm: &Vm, module: &str, name: &str) -> PyResult {
    let m = import(vm, module)?;
    attr::get_named(vm, m.value(), name)
}

/// Reports an exception that nobody can handle (in `__del__`, a callback): `sys.unraisablehook`.
pub fn unraisable(vm: &Vm, e: Raised, object: Value) {
    crate::native::sys::hooks::unraisable(vm, &e, None, object);
}

/// The same, saying what was going on: `Exception ignored while {what}`.
pub fn unraisable_while(vm: &Vm, e: Raised, what: &str, object: Value) {
    unraisable_about(vm, e, &format!("while {what}"), object);
}

/// The same: `Exception ignored {about} {object}`.
pub fn unraisable_about(vm: &Vm, e: Raised, about: &str, object: Value) {
    let message = match crate::protocol::object::repr_text(vm, object) {
        _ if object.is_null() => format!("Exception ignored {about}"),
        Ok(o) => format!("Exception ignored {about} {o}"),
        Err(_) => format!("Exception ignored {about}"),
    };
    crate::native::sys::hooks::unraisable(vm, &e, Some(&message), Value::NULL);
}

/// Writes to `sys.stderr`, or to the process's own if that fails. A `sys.stderr` of None swallows it.
pub fn write_stderr(vm: &Vm, text: &str) {
    let s = vm.new_str(text);
    let stream = crate::native::sys::hooks::get(vm, "stderr");
    if stream.as_ref().is_some_and(|f| f.is(vm.none())) {
        return;
    }
    let done = stream.is_some_and(|f| call::call_method(vm, f.value(), "write", &[s.value()]).is_ok());
    if !done {
        eprint!("{text}");
    }
}

/// Flushes `sys.stdout` or `sys.stderr`; whether that worked. None and closed streams are left
/// alone.
pub fn flush_stream(vm: &Vm, name: &str) -> bool {
    try_flush_stream(vm, name).is_ok()
}

/// Like [`flush_stream`]; the error is that of the stream's `flush`.
pub fn try_flush_stream(vm: &Vm, name: &str) -> PyResult<()> {
    let Some(f) = crate::native::sys::hooks::get(vm, name).filter(|f| !f.is(vm.none())) else { return Ok(()) };
    let closed = attr::get_opt(vm, f.value(), vm.intern("closed"))
        .ok()
        .flatten()
        .is_some_and(|c| crate::protocol::truth::truth(vm, c.value()).unwrap_or(false));
    if closed { Ok(()) } else { call::call_method(vm, f.value(), "flush", &[]).map(drop) }
}

/// A module made natively.
pub fn new_module(vm: &Vm, name: &str) -> Ref {
    crate::types::module::new(vm, name)
}

/// Issues a warning about the code `stack_level - 1` calls up from the innermost frame; the error
/// is one that a filter made of it.
pub fn warn(vm: &Vm, category: crate::shape::ShapeId, text: &str, stack_level: i64) -> PyResult<()> {
    let message = vm.new_str(text);
    let category = vm.builtin(category).value();
    crate::native::warnings::warn(vm, message.value(), category, stack_level, Value::NULL, &[])
}

/// Runs the Python handlers of signals that came. That is for the main thread to do: called in
/// another one, it sees to it that the main thread is next.
pub fn handle_signals(vm: &Vm) -> PyResult<()> {
    if threads::current(vm) != threads::main(vm) {
        if crate::native::signal::is_any_pending() {
            threads::wake_main(vm);
        }
        return Ok(());
    }
    crate::native::signal::run_handlers(vm)
}
