//! The module `faulthandler`: where the program is, for when it went wrong.
//!
//! Faults of the process are announced by name; a signal handler cannot tell the Python code that
//! ran. What a signal was registered for is done at the interpreter's next safe point.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use crate::convert::{self, bool_or, module_function as function};
use crate::error::{PyResult, Raised};
use crate::host;
use crate::native::ModuleDef;
use crate::native::sys::hooks;
use crate::native::sys::frame_at;
use crate::protocol::call;
use crate::runtime;
use crate::shape;
use crate::types::frame_object::PyFrame;
use crate::types::int;
use crate::types::native::BuiltinFunction;
use crate::types::str_::PyStr;
use crate::types::type_::MethodDef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Most frames that are shown.
const MOST_FRAMES: usize = 100;

static ENABLED: AtomicBool = AtomicBool::new(false);
/// Where faults are announced.
static FAULT_FD: AtomicI32 = AtomicI32::new(-1);

/// Signals of faults, the strangest first as CPython restores them, and their names.
const FAULTS: &[(i32, &str)] = &[
    (libc::SIGBUS, "Bus error"),
    (libc::SIGILL, "Illegal instruction"),
    (libc::SIGFPE, "Floating-point exception"),
    (libc::SIGABRT, "Aborted"),
    (libc::SIGSEGV, "Segmentation fault"),
];

/// A signal that was registered, with the handler that it had before.
struct Registered {
    signal: i32,
    file: Ref,
    chain: bool,
    before: Ref,
}

thread_local! {
    static REGISTERED: RefCell<Vec<Registered>> = const { RefCell::new(Vec::new()) };
    /// Actions of the faults' signals before `enable`, and the file that must not be closed.
    static BEFORE: RefCell<Vec<(i32, libc::sigaction)>> = const { RefCell::new(Vec::new()) };
    static FILE: RefCell<Option<Ref>> = const { RefCell::new(None) };
}

extern "C" fn on_fault(signal: libc::c_int) {
    let name = FAULTS.iter().find(|(s, _)| *s == signal).map_or("", |(_, name)| name);
    for part in ["Fatal Python error: ", name, "\n\n"] {
        // SAFETY: writes constant text.
        unsafe { libc::write(FAULT_FD.load(Ordering::Relaxed), part.as_ptr().cast(), part.len()) };
    }
    // The process dies of the signal, as it would have.
    // SAFETY: both calls are safe in a signal handler.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        libc::raise(signal);
    }
}

/// The descriptor of a file argument, and the file itself.
fn target(vm: &Vm, v: Value) -> PyResult<(i32, Ref)> {
    let file = match v.non_null().filter(|f| !f.is(vm.none())) {
        Some(f) => f.to_ref(),
        None => match hooks::get(vm, "stderr") {
            None => return Err(vm.runtime_error("unable to get sys.stderr")),
            Some(f) if f.is(vm.none()) => return Err(vm.runtime_error("sys.stderr is None")),
            Some(f) => f,
        },
    };
    if int::value_of(file.value()).is_some() {
        let fd = convert::c_int(vm, file.value())?;
        if fd < 0 {
            return Err(vm.value_error("file is not a valid file descriptor"));
        }
        return Ok((fd, file));
    }
    let fd = call::call_method(vm, file.value(), "fileno", &[])?;
    let fd = match int::value_of(fd.value()) {
        Some(_) => convert::c_int(vm, fd.value())?,
        None => -1,
    };
    if fd < 0 {
        return Err(vm.runtime_error("file.fileno() is not a valid file descriptor"));
    }
    // What the file holds back comes first.
    drop(call::call_method(vm, file.value(), "flush", &[]));
    Ok((fd, file))
}

/// The Python stack, the innermost frame first.
fn traceback_text(vm: &Vm, header: &str) -> String {
    let mut text = format!("{header}\n");
    let mut next = frame_at(vm, 0);
    if next.is_none() {
        text.push_str("  <no Python frame>\n");
    }
    for i in 0.. {
        let Some(f) = next else { break };
        if i == MOST_FRAMES {
            text.push_str("  ...\n");
            break;
        }
        let Some(frame) = f.cast::<PyFrame>() else { break };
        let code = frame.code();
        let name = |v: Value| v.cast::<PyStr>().map_or("???".to_owned(), crate::types::str_::escape_non_ascii);
        let line = frame.line(vm).map_or("???".to_owned(), |l| l.to_string());
        text.push_str(&format!("  File \"{}\", line {line} in {}\n", name(code.filename.borrow()), name(code.name.borrow())));
        next = frame.back(vm);
    }
    text
}

fn write_all(fd: i32, text: &str) {
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        match host::write(fd, rest) {
            Ok(n) => rest = &rest[n..],
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            // Nobody could be told about an error.
            Err(_) => return,
        }
    }
}

fn dump(vm: &Vm, fd: i32, all_threads: bool) {
    let header = if all_threads {
        format!("Current thread {:#018x} (most recent call first):", crate::threads::current(vm))
    } else {
        "Stack (most recent call first):".to_owned()
    };
    write_all(fd, &traceback_text(vm, &header));
}

fn dump_traceback(vm: &Vm, a: &[Value]) -> PyResult {
    let (fd, _file) = target(vm, a[0])?;
    dump(vm, fd, bool_or(vm, a[1], true)?);
    runtime::handle_signals(vm)?;
    Ok(vm.none_ref())
}

fn dump_c_stack(vm: &Vm, a: &[Value]) -> PyResult {
    let (fd, _file) = target(vm, a[0])?;
    write_all(fd, "Current thread's C stack trace (most recent call first):\n  <cannot get C stack on this system>\n");
    Ok(vm.none_ref())
}

fn enable(vm: &Vm, a: &[Value]) -> PyResult {
    let (fd, file) = target(vm, a[0])?;
    bool_or(vm, a[1], true)?;
    FAULT_FD.store(fd, Ordering::Relaxed);
    FILE.replace(Some(file));
    if ENABLED.swap(true, Ordering::Relaxed) {
        return Ok(vm.none_ref());
    }
    for (signal, _) in FAULTS {
        // SAFETY: a zeroed action with a handler that does only what handlers may do; the old
        // action is filled in on success.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = on_fault as *const () as usize;
            action.sa_flags = libc::SA_NODEFER | libc::SA_ONSTACK;
            libc::sigemptyset(&mut action.sa_mask);
            let mut old: libc::sigaction = std::mem::zeroed();
            if libc::sigaction(*signal, &action, &mut old) == 0 {
                BEFORE.with_borrow_mut(|b| b.push((*signal, old)));
            }
        }
    }
    Ok(vm.none_ref())
}

fn disable(vm: &Vm, _: &[Value]) -> PyResult {
    let was = ENABLED.swap(false, Ordering::Relaxed);
    for (signal, old) in BEFORE.take() {
        // SAFETY: the action that the system gave.
        unsafe { libc::sigaction(signal, &old, std::ptr::null_mut()) };
    }
    drop(FILE.take());
    Ok(vm.bool_ref(was))
}

/// Whether a signal's handler is the program's to choose.
fn check_signal(vm: &Vm, signal: i32) -> PyResult<()> {
    if FAULTS.iter().any(|(s, _)| *s == signal) {
        return Err(vm.runtime_error(format!("signal {signal} cannot be registered, use enable() instead")));
    }
    if !(1..65).contains(&signal) {
        return Err(vm.value_error("signal number out of range"));
    }
    Ok(())
}

/// What a registered signal calls.
static ON_SIGNAL: MethodDef =
    MethodDef::new("faulthandler", "($module, signum, frame, /)", |vm, a| on_signal(vm, a[1], a[2]), "");

fn on_signal(vm: &Vm, signal: Value, frame: Value) -> PyResult {
    let number = convert::c_int(vm, signal)?;
    let found = REGISTERED.with_borrow(|all| {
        all.iter().find(|r| r.signal == number).map(|r| (r.file.clone(), r.chain, r.before.clone()))
    });
    let Some((file, chain, before)) = found else { return Ok(vm.none_ref()) };
    let (fd, _file) = target(vm, file.value())?;
    dump(vm, fd, true);
    if chain && call::is_callable(vm, before.value()) {
        call::call_args(vm, before.value(), &[signal, frame])?;
    }
    Ok(vm.none_ref())
}

fn signal_module(vm: &Vm) -> PyResult {
    runtime::import(vm, "_signal")
}

fn register(vm: &Vm, a: &[Value]) -> PyResult {
    let signal = convert::c_int(vm, a[0])?;
    check_signal(vm, signal)?;
    let (_, file) = target(vm, a[1])?;
    bool_or(vm, a[2], true)?;
    let chain = bool_or(vm, a[3], false)?;
    let signals = signal_module(vm)?;
    let handler = BuiltinFunction::new(vm, &ON_SIGNAL, Value::NULL, None);
    let old = call::call_method(vm, signals.value(), "signal", &[a[0], handler.value()])?;
    REGISTERED.with_borrow_mut(|all| {
        let before = match all.iter().position(|r| r.signal == signal) {
            Some(i) => all.swap_remove(i).before,
            None => old,
        };
        all.push(Registered { signal, file, chain, before });
    });
    Ok(vm.none_ref())
}

fn unregister(vm: &Vm, a: &[Value]) -> PyResult {
    let signal = convert::c_int(vm, a[0])?;
    check_signal(vm, signal)?;
    let found = REGISTERED.with_borrow_mut(|all| {
        all.iter().position(|r| r.signal == signal).map(|i| all.swap_remove(i))
    });
    let Some(r) = found else { return Ok(vm.bool_ref(false)) };
    if !r.before.is(vm.none()) {
        let signals = signal_module(vm)?;
        call::call_method(vm, signals.value(), "signal", &[a[0], r.before.value()])?;
    }
    Ok(vm.bool_ref(true))
}

#[cold]
fn no_watchdog(vm: &Vm) -> Raised {
    vm.error(shape::NOT_IMPLEMENTED_ERROR, "dump_traceback_later() needs a thread that watches the others")
}

fn raise(vm: &Vm, signal: i32) -> PyResult {
    // SAFETY: the program asks for it.
    unsafe { libc::raise(signal) };
    Ok(vm.none_ref())
}

const NOTHING: &str = "($module, /)";

pub static MODULE: ModuleDef = ModuleDef::new(
    "faulthandler",
    "faulthandler module.",
    &[
        function!("enable", "($module, /, file=sys.stderr, all_threads=True)", enable, "Enable the fault handler."),
        function!("disable", NOTHING, disable, "Disable the fault handler."),
        function!("is_enabled", NOTHING, |vm: &Vm, _: &[Value]| Ok(vm.bool_ref(ENABLED.load(Ordering::Relaxed))), "Check if the handler is enabled."),
        function!("dump_traceback", "($module, /, file=sys.stderr, all_threads=True)", dump_traceback, "Dump the traceback of the current thread, or of all threads if all_threads is True, into file."),
        function!("dump_c_stack", "($module, /, file=sys.stderr)", dump_c_stack, "Dump the C stack of the current thread."),
        function!("dump_traceback_later", "($module, /, timeout, repeat=False, file=sys.stderr, exit=False)", |vm: &Vm, _: &[Value]| Err(no_watchdog(vm)), "Dump the traceback of all threads in timeout seconds,\nor each timeout seconds if repeat is True. If exit is True, call\n_exit(1) which is not safe."),
        function!("cancel_dump_traceback_later", NOTHING, |vm: &Vm, _: &[Value]| Ok(vm.none_ref()), "Cancel the previous call to dump_traceback_later()."),
        function!("register", "($module, /, signum, file=sys.stderr, all_threads=True, chain=False)", register, "Register a handler for the signal 'signum': dump the traceback of the current thread, or of all threads if all_threads is True, into file."),
        function!("unregister", "($module, signum, /)", unregister, "Unregister the handler of the signal 'signum' registered by register()."),
        function!("_sigsegv", "($module, release_gil=False, /)", |vm: &Vm, _: &[Value]| raise(vm, libc::SIGSEGV), "Raise a SIGSEGV signal."),
        function!("_sigabrt", NOTHING, |vm: &Vm, _: &[Value]| raise(vm, libc::SIGABRT), "Raise a SIGABRT signal."),
        function!("_sigfpe", NOTHING, |vm: &Vm, _: &[Value]| raise(vm, libc::SIGFPE), "Raise a SIGFPE signal."),
    ],
);
