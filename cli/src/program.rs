//! A program on the command line: the VM that runs it, and how the run ends.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tailscope_bytecode::code::Code;
use tailscope_compiler::Mode;
use tailscope_stdlib::EmbeddedLibrary;
use tailscope_vm::code::PyCode;
use tailscope_vm::error::{PyResult, Raised};
use tailscope_vm::{finalize, import};
use tailscope_vm::interp::{self, enter};
use tailscope_vm::native::signal;
use tailscope_vm::native::sys::hooks;
use tailscope_vm::protocol::{attr, call};
use tailscope_vm::runtime::{self, Config};
use tailscope_vm::shape;
use tailscope_vm::types::{int, module};
use tailscope_vm::value::{Ref, Value};
use tailscope_vm::vm::Vm;

use crate::arguments::{InterpArg, RunArgs};

/// What is to run.
pub enum Source {
    File(PathBuf),
    Text(String),
    Stdin,
    Module(String),
}

/// A program ready to run in the VM of this thread.
pub struct Program {
    pub vm: &'static Vm,
    source: Source,
}

/// Why a program did not start, in a sentence.
pub struct CannotRun(pub String);

impl Program {
    /// Makes the VM for a command line.
    pub fn new(args: &RunArgs) -> Result<Program, CannotRun> {
        let (source, argv, first) = match (&args.code, &args.module) {
            (Some(code), _) => (Source::Text(code.clone()), argv("-c", &args.program), String::new()),
            (None, Some(m)) => match module_file(m) {
                Some(file) => {
                    let shown = file.display().to_string();
                    (Source::File(file), argv(&shown, &args.program), working_folder())
                }
                None => (Source::Module(m.clone()), argv("-m", &args.program), working_folder()),
            },
            (None, None) => match args.program.split_first() {
                None => return Err(CannotRun("no program was named: give a file, -c CODE or -m MODULE".into())),
                Some((p, rest)) if p == "-" => (Source::Stdin, argv("-", rest), String::new()),
                Some((p, rest)) => (Source::File(p.into()), argv(p, rest), folder_of(Path::new(p))),
            },
        };
        let library = match &args.vm.stdlib {
            Some(dir) if !dir.is_dir() => {
                return Err(CannotRun(format!("--stdlib {}: there is no such folder", dir.display())));
            }
            Some(dir) => EmbeddedLibrary::in_folder(dir),
            None => EmbeddedLibrary::new(),
        };
        let config = Config {
            argv,
            path: search_path(first),
            executable: std::env::current_exe().map(|p| p.display().to_string()).unwrap_or_default(),
            optimize: args.vm.optimize.min(2),
            library: Some(Box::new(library)),
            ..Config::default()
        };
        let vm = Vm::new(config);
        interp::set_interp(
            vm,
            match args.vm.interp {
                InterpArg::Tail => interp::Interp::Tail,
                InterpArg::Loop => interp::Interp::Loop,
            },
        );
        signal::install(vm);
        Ok(Program { vm, source })
    }

    /// The main module's code.
    pub fn load(&self) -> Result<PyResult, CannotRun> {
        let vm = self.vm;
        let optimize = vm.runtime.config.optimize;
        Ok(match &self.source {
            Source::Text(text) => import::compile(vm, text.as_bytes(), "<string>", Mode::Exec, optimize),
            Source::Stdin => {
                let mut text = Vec::new();
                std::io::Read::read_to_end(&mut std::io::stdin(), &mut text)
                    .map_err(|e| CannotRun(format!("the standard input cannot be read: {e}")))?;
                import::compile(vm, &text, "<stdin>", Mode::Exec, optimize)
            }
            Source::Module(name) => {
                let Some(found) = vm.runtime.config.library.as_ref().and_then(|l| l.find(name)) else {
                    return Err(CannotRun(format!("No module named {name}")));
                };
                import::compile(vm, &found.source, &found.filename, Mode::Exec, optimize)
            }
            Source::File(path) => {
                let bytes = std::fs::read(path).map_err(|e| {
                    let errno = e.raw_os_error().unwrap_or(0);
                    let shown = absolute(path);
                    CannotRun(format!(
                        "can't open file '{}': [Errno {errno}] {}",
                        shown.display(),
                        import::error_text(&e)
                    ))
                })?;
                if path.extension().is_some_and(|e| e == "pyc") {
                    let code = read_pyc(&bytes, path)?;
                    PyCode::new(vm, &Arc::new(code))
                } else {
                    import::compile(vm, &bytes, &absolute(path).display().to_string(), Mode::Exec, optimize)
                }
            }
        })
    }

    /// Runs the program to its end; the exit status is that of `python3.14`.
    pub fn run(&self) -> Result<i32, CannotRun> {
        Ok(self.run_loaded(self.load()?))
    }

    /// Runs the code that [`Program::load`] gave to its end, or reports why there is none.
    pub fn run_loaded(&self, loaded: PyResult) -> i32 {
        self.finish(loaded.and_then(|code| self.execute(code.value())))
    }

    /// Runs the main module's code.
    pub fn execute(&self, code: Value) -> PyResult {
        run_main(self.vm, code, self.file())
    }

    /// Ends the program: reports the exception that ended it; gives the exit status.
    pub fn finish(&self, ended: PyResult) -> i32 {
        let vm = self.vm;
        let status = match ended {
            Ok(_) => 0,
            Err(e) => report(vm, e),
        };
        run_exit_functions(vm);
        let written = finalize::flush_standard_streams(vm);
        finalize::take_apart(vm);
        // What finalizers have printed. An output that is gone was reported before.
        let rest = runtime::flush_stream(vm, "stdout") & runtime::flush_stream(vm, "stderr");
        if written && rest { status } else { 120 }
    }

    fn file(&self) -> Option<String> {
        match &self.source {
            Source::File(p) => Some(absolute(p).display().to_string()),
            _ => None,
        }
    }
}

/// `sys.path`: the program's folder, `PYTHONPATH`, the library.
fn search_path(first: String) -> Vec<String> {
    let mut path = vec![first];
    if let Some(more) = std::env::var_os("PYTHONPATH") {
        let folders = std::env::split_paths(&more).map(|p| p.display().to_string());
        path.extend(folders.filter(|p| !p.is_empty()));
    }
    path.push(import::LIBRARY.to_owned());
    path
}

fn argv(first: &str, rest: &[String]) -> Vec<String> {
    std::iter::once(first.to_owned()).chain(rest.iter().cloned()).collect()
}

/// The file in the working folder that `-m` runs: a module's, or a package's `__main__.py`.
fn module_file(name: &str) -> Option<PathBuf> {
    let base = Path::new(&working_folder()).join(name.replace('.', "/"));
    let candidates = [base.join("__main__.py"), base.with_extension("py")];
    candidates.into_iter().find(|file| file.is_file())
}

fn working_folder() -> String {
    std::env::current_dir().map(|d| d.display().to_string()).unwrap_or_default()
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn folder_of(path: &Path) -> String {
    let full = std::fs::canonicalize(path).unwrap_or_else(|_| absolute(path));
    full.parent().map(|d| d.display().to_string()).unwrap_or_default()
}

/// The code object of a `.pyc` file, verified.
pub fn read_pyc(bytes: &[u8], path: &Path) -> Result<Code, CannotRun> {
    import::read_pyc(bytes).map_err(|e| CannotRun(format!("{}: {e}", path.display())))
}

/// Runs code as `__main__`.
fn run_main(vm: &Vm, code: Value, file: Option<String>) -> PyResult {
    let m = module::new(vm, "__main__");
    let d = module::dict(vm, m.value());
    d.set_str(vm, vm.intern("__builtins__"), vm.runtime.builtins.get());
    if let Some(f) = file {
        d.set_str(vm, vm.intern("__file__"), vm.new_str(&f).value());
    }
    runtime::modules(vm).set(vm, vm.intern("__main__"), m.value())?;
    let ns = attr::instance_dict_value(vm, m.value()).unwrap_or(vm.none()).to_ref();
    enter::run_code(vm, code, ns.value(), ns.value(), Value::NULL)
}

/// Hands an exception that ended the program to `sys.excepthook`; gives the exit status.
fn report(vm: &Vm, e: Raised) -> i32 {
    if e.is(vm, shape::SYSTEM_EXIT) {
        return exit_status(vm, e.0);
    }
    runtime::flush_stream(vm, "stdout");
    if let Err(exit) = hooks::report_uncaught(vm, &e) {
        return exit_status(vm, exit.0);
    }
    if e.is(vm, shape::KEYBOARD_INTERRUPT) {
        INTERRUPTED.store(true, Ordering::Relaxed);
        return 130;
    }
    1
}

/// The program was ended by a KeyboardInterrupt that nobody caught.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// A program that was interrupted dies as if it had never caught SIGINT, once all is written:
/// shells end their scripts only then.
pub fn die_if_interrupted() {
    if INTERRUPTED.load(Ordering::Relaxed) {
        signal::die_of_interrupt();
    }
}

fn exit_status(vm: &Vm, e: Ref) -> i32 {
    let code = attr::get_named(vm, e.value(), "code").unwrap_or_else(|_| vm.none_ref());
    if code.is(vm.none()) {
        return 0;
    }
    if let Some(i) = int::value_of(code.value()) {
        return i.to_i64().map_or(-1, |i| i as i32) & 0xff;
    }
    let text = tailscope_vm::protocol::object::str_text(vm, code.value()).unwrap_or_default();
    runtime::flush_stream(vm, "stdout");
    runtime::write_stderr(vm, &format!("{text}\n"));
    1
}

/// Calls what the program has registered with `atexit`, if it has.
fn run_exit_functions(vm: &Vm) {
    let Some(atexit) = runtime::modules(vm).get_text(vm, "atexit") else { return };
    if let Err(e) = call::call_method(vm, atexit, "_run_exitfuncs", &[]) {
        runtime::unraisable(vm, e, Value::NULL);
    }
}
