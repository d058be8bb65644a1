//! A program on the command line: the VM that runs it, and how the run ends.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tailscope_bytecode::code::Code;
use tailscope_compiler::Mode;
use tailscope_vm::code::PyCode;
use tailscope_vm::error::{PyResult, Raised};
use tailscope_vm::{finalize, import};
use tailscope_vm::interp::{self, enter};
use tailscope_vm::native::{io, signal};
use tailscope_vm::native::sys::hooks;
use tailscope_vm::protocol::{attr, call};
use tailscope_vm::runtime;
use tailscope_vm::shape;
use tailscope_vm::types::list::PyList;
use tailscope_vm::types::{exceptions, int, module};
use tailscope_vm::value::{Ref, Value};
use tailscope_vm::vm::Vm;

use crate::arguments::{InterpArg, RunArgs};
use crate::{interactive, settings};

/// What is to run.
pub enum Source {
    File(PathBuf),
    /// A folder or an archive with a `__main__.py`.
    Folder(PathBuf),
    Text(String),
    Stdin,
    Module(String),
    /// Nothing but what somebody types.
    Interactive,
}

/// A program ready to run in the VM of this thread.
pub struct Program {
    pub vm: &'static Vm,
    source: Source,
    /// The module `__main__`.
    main: Ref,
}

/// Why a program did not start, in a sentence.
pub struct CannotRun(pub String);

/// Instructions whose handlers are kept on the native stack with `--interp frames`.
const HANDLERS_LISTED: u32 = 64;

impl Program {
    /// Makes the VM for a command line.
    pub fn new(args: &RunArgs) -> Result<Program, CannotRun> {
        let (source, argv, first) = match (&args.code, &args.module) {
            (Some(code), _) => (Source::Text(code.clone()), argv("-c", &args.program), String::new()),
            (None, Some(m)) => {
                let file = module_file(m).map_or("-m".to_owned(), |f| f.display().to_string());
                (Source::Module(m.clone()), argv(&file, &args.program), working_folder())
            }
            (None, None) => match args.program.split_first() {
                None if interactive::is_attended() || args.python.inspect => (Source::Interactive, argv("", &[]), String::new()),
                None => (Source::Stdin, argv("", &[]), String::new()),
                Some((p, rest)) if p == "-" => (Source::Stdin, argv("-", rest), String::new()),
                Some((p, rest)) if has_main(Path::new(p)) => (Source::Folder(p.into()), argv(p, rest), import::absolute(p).display().to_string()),
                Some((p, rest)) => (Source::File(p.into()), argv(p, rest), folder_of(Path::new(p))),
            },
        };
        let vm = Vm::new(settings::config(args, argv)?);
        tailscope_frames::install(vm);
        match args.vm.interp {
            InterpArg::Tail => interp::set_interp(vm, interp::Interp::Tail),
            InterpArg::Loop => interp::set_interp(vm, interp::Interp::Loop),
            InterpArg::Frames => {
                interp::frames::set_window(vm, HANDLERS_LISTED);
            }
        }
        signal::install(vm);
        let main = prepare(vm, &source, &first)
            .map_err(|e| CannotRun(format!("the program cannot be prepared\n{}", exceptions::traceback_text(vm, e.0.value()))))?;
        Ok(Program { vm, source, main })
    }

    /// The main module's code.
    pub fn load(&self) -> Result<PyResult, CannotRun> {
        let vm = self.vm;
        let optimize = vm.runtime.config.optimize;
        Ok(match &self.source {
            Source::Text(text) => {
                let code = import::compile(vm, text.as_bytes(), "<string>", Mode::Exec, optimize);
                if let Ok(code) = &code {
                    runtime::register_source(vm, code.value(), text);
                }
                code
            }
            Source::Stdin => {
                let mut text = Vec::new();
                std::io::Read::read_to_end(&mut std::io::stdin(), &mut text)
                    .map_err(|e| CannotRun(format!("the standard input cannot be read: {e}")))?;
                import::compile(vm, &text, "<stdin>", Mode::Exec, optimize)
            }
            Source::Interactive => import::compile(vm, b"", "<stdin>", Mode::Exec, optimize),
            Source::Module(name) => match module_file(name) {
                Some(file) => self.load_file(&file)?,
                None => {
                    let Some(found) = vm.runtime.config.library.as_ref().and_then(|l| l.find(name)) else {
                        return Err(CannotRun(format!("No module named {name}")));
                    };
                    import::compile(vm, &found.source, &found.filename, Mode::Exec, optimize)
                }
            },
            Source::Folder(path) => self.load_file(&path.join("__main__.py"))?,
            Source::File(path) => self.load_file(path)?,
        })
    }

    fn load_file(&self, path: &Path) -> Result<PyResult, CannotRun> {
        let vm = self.vm;
        let shown = absolute(path).display().to_string();
        let bytes = std::fs::read(path).map_err(|e| {
            let errno = e.raw_os_error().unwrap_or(0);
            CannotRun(format!("can't open file '{shown}': [Errno {errno}] {}", import::error_text(&e)))
        })?;
        Ok(if path.extension().is_some_and(|e| e == "pyc") {
            let code = read_pyc(&bytes, path)?;
            PyCode::new(vm, &Arc::new(code))
        } else {
            import::compile_script(vm, &bytes, &shown, vm.runtime.config.optimize)
        })
    }

    /// Runs the program to its end under observation: nothing but the program's own code.
    pub fn run_observed(&self) -> Result<i32, CannotRun> {
        Ok(self.run_loaded(self.load()?))
    }

    /// Runs the program to its end; the exit status is that of `python3.14`.
    pub fn run(&self) -> Result<i32, CannotRun> {
        Ok(self.finish(self.interact_after(self.run_code()?)))
    }

    /// Runs the program's own code.
    pub fn run_code(&self) -> Result<PyResult, CannotRun> {
        // Modules, and folders with a main module, are the library's to find and run.
        let by_library = match &self.source {
            Source::Module(name) => Some((name.as_str(), true)),
            Source::Folder(_) => Some(("__main__", false)),
            _ => None,
        };
        let Some((name, alter_argv)) = by_library else {
            return Ok(self.load()?.and_then(|code| self.execute(code.value())));
        };
        let vm = self.vm;
        Ok(import::import_module(vm, "runpy").and_then(|runpy| {
            let args = [vm.new_str(name), vm.bool_ref(alter_argv)];
            call::call_method(vm, runpy.value(), "_run_module_as_main", &[args[0].value(), args[1].value()])
        }))
    }

    /// Runs the code that [`Program::load`] gave to its end, or reports why there is none.
    pub fn run_loaded(&self, loaded: PyResult) -> i32 {
        let ended = loaded.and_then(|code| self.execute(code.value()));
        self.finish(self.interact_after(ended))
    }

    /// Runs the main module's code.
    pub fn execute(&self, code: Value) -> PyResult {
        import::spec::make_if_asked_for(self.vm, self.main.value(), code)?;
        let namespace = module::dict(self.vm, self.main.value()).as_value().to_ref();
        enter::run_code(self.vm, code, namespace.value(), namespace.value(), Value::NULL)
    }

    /// With `-i`, goes on with what somebody types when the program has ended.
    fn interact_after(&self, ended: PyResult) -> PyResult {
        let vm = self.vm;
        let alone = matches!(self.source, Source::Interactive);
        if !alone && !vm.runtime.config.flags.inspect {
            return ended;
        }
        if let Err(e) = ended {
            report(vm, e);
        }
        let namespace = module::dict(vm, self.main.value()).as_value().to_ref();
        interactive::run(vm, namespace.value(), alone)
    }

    /// Ends the program: reports the exception that ended it; gives the exit status.
    pub fn finish(&self, ended: PyResult) -> i32 {
        let vm = self.vm;
        let status = match ended {
            Ok(_) => 0,
            Err(e) => report(vm, e),
        };
        wait_for_threads(vm);
        run_exit_functions(vm);
        vm.threads.freeze();
        let written = finalize::flush_standard_streams(vm);
        finalize::take_apart(vm);
        // What finalizers have printed. An output that is gone was reported before.
        let rest = runtime::flush_stream(vm, "stdout") & runtime::flush_stream(vm, "stderr");
        if written && rest { status } else { 120 }
    }
}

/// Makes the main module, and what there is before it runs: `site`, the filters of warnings, the
/// program's folder (`first`) in `sys.path`.
fn prepare(vm: &'static Vm, source: &Source, first: &str) -> PyResult {
    let flags = &vm.runtime.config.flags;
    let main = main_module(vm, source)?;
    if !vm.runtime.config.warn_options.is_empty() {
        import::import_module(vm, "warnings")?;
    }
    if flags.unbuffered {
        io::write_through(vm)?;
    }
    if !flags.no_site {
        import::import_module(vm, "site")?;
    }
    if let Source::Text(_) = source {
        // Where tracebacks will look for its lines.
        import::import_module(vm, "linecache")?;
    }
    if !flags.safe_path {
        let path = attr::get_named(vm, vm.runtime.sys.get(), "path")?;
        if let Some(path) = path.cast::<PyList>() {
            path.insert(0, vm.new_str(first));
            vm.runtime.first_folder.replace(Some(first.to_owned()));
        }
    }
    Ok(main)
}

fn main_module(vm: &Vm, source: &Source) -> PyResult {
    let main = module::new(vm, "__main__");
    let d = module::dict(vm, main.value());
    d.set_str(vm, vm.intern("__builtins__"), vm.runtime.builtins.get());
    let file = match source {
        Source::File(p) => Some(absolute(p).display().to_string()),
        Source::Stdin | Source::Interactive => Some("<stdin>".to_owned()),
        _ => None,
    };
    if let Some(f) = file {
        d.set_str(vm, vm.intern("__file__"), vm.new_str(&f).value());
    }
    runtime::modules(vm).set(vm, vm.intern("__main__"), main.value())?;
    Ok(main)
}

/// Whether a path is run by its `__main__`: a folder, or a zip file.
fn has_main(path: &Path) -> bool {
    const ZIP: &[u8] = b"PK\x03\x04";
    let starts_as_zip = || {
        let mut start = [0; 4];
        let read = std::fs::File::open(path).and_then(|mut f| std::io::Read::read_exact(&mut f, &mut start));
        read.is_ok() && start == ZIP
    };
    path.is_dir() || (path.is_file() && starts_as_zip())
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

/// The path of a program as CPython shows it: `./` and `..` stay.
fn absolute(path: &Path) -> PathBuf {
    std::env::current_dir().map_or_else(|_| path.to_owned(), |working| working.join(path))
}

fn folder_of(path: &Path) -> String {
    let full = std::fs::canonicalize(path).unwrap_or_else(|_| absolute(path));
    full.parent().map(|d| d.display().to_string()).unwrap_or_default()
}

/// The code object of a `.pyc` file, verified.
pub fn read_pyc(bytes: &[u8], path: &Path) -> Result<Code, CannotRun> {
    import::read_pyc(bytes).map_err(|e| CannotRun(format!("{}: {e}", path.display())))
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
/// Waits for the threads that are no daemons.
fn wait_for_threads(vm: &Vm) {
    let Some(threading) = runtime::modules(vm).get_text(vm, "threading").map(Value::to_ref) else { return };
    if let Err(e) = call::call_method(vm, threading.value(), "_shutdown", &[]) {
        runtime::unraisable_about(vm, e, "on threading shutdown", threading.value());
    }
}

fn run_exit_functions(vm: &Vm) {
    let Some(atexit) = runtime::modules(vm).get_text(vm, "atexit") else { return };
    if let Err(e) = call::call_method(vm, atexit, "_run_exitfuncs", &[]) {
        runtime::unraisable(vm, e, Value::NULL);
    }
}
