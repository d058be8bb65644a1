//! State of a run beside the interpreter proper: settings, modules, imports.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;

use crate::error::{PyResult, Raised};
use crate::owned_cell::OwnedCell;
use crate::protocol::{attr, call};
use crate::types::dict::PyDict;
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
}

/// A module of the embedded library.
pub struct LibraryModule {
    /// Shown in tracebacks and `__file__`.
    pub filename: String,
    pub source: Vec<u8>,
    pub is_package: bool,
}

/// A native module by name: called when it is first imported.
pub type NativeModule = fn(&Vm) -> PyResult;

/// Settings of a run.
#[derive(Default)]
pub struct Config {
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
    /// Folder that the library shows as its own (`sys.prefix`).
    pub prefix: Option<PathBuf>,
}

/// State of a run.
pub struct Runtime {
    pub config: Config,
    /// `sys.modules`.
    pub modules: OwnedCell,
    pub builtins: OwnedCell,
    pub sys: OwnedCell,
    pub recursion_limit: Cell<u32>,
    /// Names of modules being imported, for messages on circular imports.
    pub importing: RefCell<Vec<String>>,
}

impl Runtime {
    pub(crate) fn new(config: Config) -> Runtime {
        Runtime {
            config,
            modules: OwnedCell::null(),
            builtins: OwnedCell::null(),
            sys: OwnedCell::null(),
            recursion_limit: Cell::new(1000),
            importing: RefCell::default(),
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
    let text = crate::types::exceptions::traceback_text(vm, e.0.value());
    let what = crate::protocol::object::repr_text(vm, object).unwrap_or_default();
    write_stderr(vm, &format!("Exception ignored in: {what}\n{text}"));
}

/// Writes to `sys.stderr`, or to the process's own if that fails.
pub fn write_stderr(vm: &Vm, text: &str) {
    let s = vm.new_str(text);
    let done = vm
        .runtime
        .sys
        .get()
        .non_null()
        .and_then(|sys| attr::get_opt(vm, sys, vm.names().stderr).ok().flatten())
        .filter(|f| !f.is(vm.none()))
        .is_some_and(|f| call::call_method(vm, f.value(), "write", &[s.value()]).is_ok());
    if !done {
        eprint!("{text}");
    }
}

/// A module made natively.
pub fn new_module(vm: &Vm, name: &str) -> Ref {
    crate::types::module::new(vm, name)
}

/// Issues a warning through the library's `warnings`; the error is one that a filter made of it.
pub fn warn(vm: &Vm, category: crate::shape::ShapeId, text: &str, stack_level: i64) -> PyResult<()> {
    let warnings = import(vm, "warnings")?;
    let message = vm.new_str(text);
    let args = [message.value(), vm.builtin(category).value(), Value::small_int(stack_level)];
    call::call_method(vm, warnings.value(), "warn", &args).map(drop)
}

/// Lets another green thread run. There is one thread as yet.
pub fn switch_threads(_: &Vm) -> PyResult<()> {
    Ok(())
}

/// Runs the Python handlers of signals that came. There is one signal as yet: SIGINT, which the
/// command line turns into an exception.
pub fn handle_signals(_: &Vm) -> PyResult<()> {
    Ok(())
}
