//! The module `_signal`: signals of the system, whose Python handlers run at the next safe point
//! of the interpreter.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU32, Ordering};

use crate::error::PyResult;
use crate::host;
use crate::import::os_error;
use crate::interp::state::breaker;
use crate::native::sys::c_int;
use crate::native::structseq::{self, FROM_SEQUENCE, struct_sequence};
use crate::native::time::{Round, nanoseconds, seconds};
use crate::native::{ModuleDef, add};
use crate::protocol::{call, iter, number};
use crate::shape;
use crate::types::set::PySet;
use crate::types::tuple::PyTuple;
use crate::types::type_::MethodDef;
use crate::types::frame_object;
use crate::value::{Ref, Value};
use crate::vm::Vm;
use crate::{runtime, threads};

/// One more than the highest signal number.
const NSIG: usize = 65;

/// Signals that came and whose handlers have not run yet.
static PENDING: [AtomicBool; NSIG] = [const { AtomicBool::new(false) }; NSIG];
/// How many signals were handled, in Python or by doing nothing.
static HANDLED: AtomicU32 = AtomicU32::new(0);
/// The eval breaker of the VM that handles signals.
static BREAKER: AtomicPtr<AtomicU32> = AtomicPtr::new(std::ptr::null_mut());
static WAKEUP: AtomicI32 = AtomicI32::new(-1);

thread_local! {
    /// Handlers by signal: a callable, SIG_DFL, SIG_IGN or None (not Python's).
    static HANDLERS: RefCell<Vec<Option<Ref>>> = const { RefCell::new(Vec::new()) };
}

const SIG_DFL: i64 = 0;
const SIG_IGN: i64 = 1;

struct_sequence! {
    /// What `sigwaitinfo` tells.
    SIGINFO, "signal.struct_siginfo", "struct_siginfo: Result from sigwaitinfo or sigtimedwait.\n\nThis object may be accessed either as a tuple of\n(si_signo, si_code, si_errno, si_pid, si_uid, si_status, si_band),\nor via the attributes si_signo, si_code, and so on.", 7 of 7, FROM_SEQUENCE, [
        0 si_signo "signal number";
        1 si_code "signal code";
        2 si_errno "errno associated with this signal";
        3 si_pid "sending process ID";
        4 si_uid "real user ID of sending process";
        5 si_status "exit value or signal";
        6 si_band "band event for SIGPOLL";
    ]
}

extern "C" fn on_signal(signal: libc::c_int) {
    // SAFETY: errno is the thread's own; what follows is safe in a signal handler.
    let errno = unsafe { *libc::__errno_location() };
    note(signal);
    let fd = WAKEUP.load(Ordering::Relaxed);
    if fd >= 0 {
        let byte = signal as u8;
        // SAFETY: one byte of a local variable.
        unsafe { libc::write(fd, (&raw const byte).cast(), 1) };
    }
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = errno };
}

/// Marks a signal as pending and asks the interpreter for attention.
fn note(signal: i32) {
    PENDING[signal as usize].store(true, Ordering::Release);
    let b = BREAKER.load(Ordering::Acquire);
    if !b.is_null() {
        // SAFETY: the breaker of a VM, which lives until the process ends.
        unsafe { (*b).fetch_or(breaker::SIGNAL, Ordering::Relaxed) };
    }
}

/// What a signal that came does: `_thread.interrupt_main`.
pub(crate) fn simulate(vm: &Vm, signal: i32) {
    let handled = HANDLERS.with_borrow(|h| {
        h.get(signal as usize).and_then(|h| h.as_ref()).is_some_and(|h| {
            h.as_small_int().is_none() && !h.is(vm.none())
        })
    });
    if handled {
        note(signal);
    }
}

/// Makes this VM the one that handles signals: SIGINT raises KeyboardInterrupt, writing to a
/// closed pipe is an error instead of the end.
pub fn install(vm: &Vm) {
    BREAKER.store((&raw const vm.interp.breaker).cast_mut(), Ordering::Release);
    for signal in [libc::SIGPIPE, libc::SIGXFSZ] {
        // SAFETY: ignoring a signal.
        unsafe { libc::signal(signal, libc::SIG_IGN) };
    }
    fill_handlers(vm);
    let default = HANDLERS.with_borrow(|h| {
        h.get(libc::SIGINT as usize).and_then(|h| h.as_ref()).and_then(|h| h.as_small_int()) == Some(SIG_DFL)
    });
    if default && set_action(libc::SIGINT, on_signal as *const () as usize).is_ok() {
        let handler = crate::types::native::BuiltinFunction::new(
            vm,
            &DEFAULT_INT_HANDLER,
            Value::NULL,
            Some(vm.intern("_signal")),
        );
        HANDLERS.with_borrow_mut(|h| h[libc::SIGINT as usize] = Some(handler));
    }
}

/// Ends the process by SIGINT, whatever the program made of that signal.
pub fn die_of_interrupt() {
    // SAFETY: the signal's default action, which ends the process.
    unsafe {
        libc::signal(libc::SIGINT, libc::SIG_DFL);
        libc::raise(libc::SIGINT);
    }
}

/// Learns what the process does on each signal.
fn fill_handlers(vm: &Vm) {
    if HANDLERS.with_borrow(|h| !h.is_empty()) {
        return;
    }
    let mut all = vec![None; NSIG];
    for (i, slot) in all.iter_mut().enumerate().skip(1) {
        let mut old = std::mem::MaybeUninit::<libc::sigaction>::uninit();
        // SAFETY: only asks; the struct is filled on success.
        let action = unsafe {
            if libc::sigaction(i as i32, std::ptr::null(), old.as_mut_ptr()) != 0 {
                continue;
            }
            old.assume_init().sa_sigaction
        };
        *slot = Some(match action {
            libc::SIG_DFL => Ref::small_int(SIG_DFL),
            libc::SIG_IGN => Ref::small_int(SIG_IGN),
            _ => vm.none_ref(),
        });
    }
    HANDLERS.set(all);
}

fn set_action(signal: i32, action: usize) -> std::io::Result<()> {
    // SAFETY: a zeroed sigaction with an action and an empty mask is valid. Handlers run on the
    // alternate stack, since the VM's own may be short.
    unsafe {
        let mut new: libc::sigaction = std::mem::zeroed();
        new.sa_sigaction = action;
        new.sa_flags = libc::SA_ONSTACK;
        libc::sigemptyset(&mut new.sa_mask);
        host::check(libc::sigaction(signal, &new, std::ptr::null_mut())).map(drop)
    }
}

/// Whether a signal has come whose handler has not run yet.
pub(crate) fn is_any_pending() -> bool {
    PENDING.iter().any(|p| p.load(Ordering::Acquire))
}

/// Runs the Python handlers of the signals that came.
pub(crate) fn run_handlers(vm: &Vm) -> PyResult<()> {
    for (signal, pending) in PENDING.iter().enumerate().skip(1) {
        if !pending.swap(false, Ordering::AcqRel) {
            continue;
        }
        HANDLED.fetch_add(1, Ordering::Relaxed);
        let handler = HANDLERS.with_borrow(|h| h.get(signal).cloned().flatten());
        let Some(handler) = handler.filter(|h| h.as_small_int().is_none() && !h.is(vm.none())) else { continue };
        let frame = match vm.interp.current_frame() {
            // SAFETY: the current frame is live.
            Some(f) => unsafe { frame_object::of_frame(vm, f) },
            None => vm.none_ref(),
        };
        let args = [Value::small_int(signal as i64), frame.value()];
        if let Err(e) = call::call_args(vm, handler.value(), &args) {
            // Other signals may be waiting: they come next.
            vm.interp.request(breaker::SIGNAL);
            return Err(e);
        }
    }
    Ok(())
}

fn signal_number(vm: &Vm, v: Value) -> PyResult<i32> {
    let n = c_int(vm, v)?;
    if (1..NSIG as i32).contains(&n) { Ok(n) } else { Err(vm.value_error("signal number out of range")) }
}

fn handler_of(vm: &Vm, signal: i32) -> Ref {
    HANDLERS.with_borrow(|h| h.get(signal as usize).cloned().flatten()).unwrap_or_else(|| vm.none_ref())
}

fn signal(vm: &Vm, a: &[Value]) -> PyResult {
    let n = c_int(vm, a[0])?;
    if threads::current(vm) != threads::main(vm) {
        return Err(vm.value_error("signal only works in main thread of the main interpreter"));
    }
    if !(1..NSIG as i32).contains(&n) {
        return Err(vm.value_error("signal number out of range"));
    }
    let action = match a[1].as_small_int() {
        Some(SIG_DFL) => libc::SIG_DFL,
        Some(SIG_IGN) => libc::SIG_IGN,
        _ if call::is_callable(vm, a[1]) => on_signal as *const () as usize,
        _ => match number_of_enum(vm, a[1]) {
            Some(SIG_DFL) => libc::SIG_DFL,
            Some(SIG_IGN) => libc::SIG_IGN,
            _ => {
                return Err(vm.type_error(
                    "signal handler must be signal.SIG_IGN, signal.SIG_DFL, or a callable object",
                ));
            }
        },
    };
    runtime::handle_signals(vm)?;
    if let Err(e) = set_action(n, action) {
        return Err(os_error(vm, &e, None));
    }
    let stored = match action {
        libc::SIG_DFL => Ref::small_int(SIG_DFL),
        libc::SIG_IGN => Ref::small_int(SIG_IGN),
        _ => a[1].to_ref(),
    };
    let old = handler_of(vm, n);
    HANDLERS.with_borrow_mut(|h| {
        if let Some(slot) = h.get_mut(n as usize) {
            *slot = Some(stored);
        }
    });
    Ok(old)
}

/// The int of a member of an IntEnum.
fn number_of_enum(vm: &Vm, v: Value) -> Option<i64> {
    number::index_clipped(vm, v).ok()
}

fn getsignal(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(handler_of(vm, signal_number(vm, a[0])?))
}

fn default_int_handler(vm: &Vm, _: &[Value]) -> PyResult {
    Err(vm.error_args(shape::KEYBOARD_INTERRUPT, &[]))
}

static DEFAULT_INT_HANDLER: MethodDef = MethodDef::new(
    "default_int_handler",
    "(signalnum, frame, /)",
    default_int_handler,
    "The default handler for SIGINT installed by Python.\n\nIt raises KeyboardInterrupt.",
);

fn done(vm: &Vm, r: std::io::Result<i32>) -> PyResult {
    match r {
        Ok(_) => {
            runtime::handle_signals(vm)?;
            Ok(vm.none_ref())
        }
        Err(e) => Err(os_error(vm, &e, None)),
    }
}

fn raise_signal(vm: &Vm, a: &[Value]) -> PyResult {
    let n = c_int(vm, a[0])?;
    // SAFETY: plain system call.
    done(vm, host::check(unsafe { libc::raise(n) }))
}

fn pthread_kill(vm: &Vm, a: &[Value]) -> PyResult {
    let n = c_int(vm, a[1])?;
    if !threads::is_alive(vm, number::index_clipped(vm, a[0])? as u64) {
        return Err(os_error(vm, &std::io::Error::from_raw_os_error(libc::ESRCH), None));
    }
    // SAFETY: plain system call.
    done(vm, host::check(unsafe { libc::raise(n) }))
}

fn alarm(vm: &Vm, a: &[Value]) -> PyResult {
    let n = c_int(vm, a[0])?;
    // SAFETY: plain system call.
    Ok(vm.new_int(unsafe { libc::alarm(n as u32) } as i64))
}

fn pause(vm: &Vm, _: &[Value]) -> PyResult {
    let before = HANDLED.load(Ordering::Relaxed);
    threads::wait(vm, None, "a signal", || HANDLED.load(Ordering::Relaxed) != before)?;
    Ok(vm.none_ref())
}

fn timeval(ns: i64) -> libc::timeval {
    libc::timeval { tv_sec: ns.div_euclid(1_000_000_000), tv_usec: ns.rem_euclid(1_000_000_000) / 1000 }
}

fn timer_tuple(vm: &Vm, t: &libc::itimerval) -> Ref {
    let s = |t: &libc::timeval| vm.new_float(seconds(t.tv_sec * 1_000_000_000 + t.tv_usec * 1000));
    PyTuple::pair(s(&t.it_value), s(&t.it_interval))
}

/// An error of the timer functions: `signal.ItimerError`.
fn timer_error(vm: &Vm, e: &std::io::Error) -> crate::error::Raised {
    os_error(vm, e, None)
}

fn setitimer(vm: &Vm, a: &[Value]) -> PyResult {
    let which = c_int(vm, a[0])?;
    let time = |v: Value| match v.non_null() {
        Some(v) => nanoseconds(vm, v, Round::Ceiling).map(timeval),
        None => Ok(timeval(0)),
    };
    let new = libc::itimerval { it_value: time(a[1])?, it_interval: time(a[2])? };
    let mut old = libc::itimerval { it_value: timeval(0), it_interval: timeval(0) };
    // SAFETY: both structs are valid.
    match host::check(unsafe { libc::setitimer(which as _, &new, &mut old) }) {
        Ok(_) => Ok(timer_tuple(vm, &old)),
        Err(e) => Err(timer_error(vm, &e)),
    }
}

fn getitimer(vm: &Vm, a: &[Value]) -> PyResult {
    let which = c_int(vm, a[0])?;
    let mut now = libc::itimerval { it_value: timeval(0), it_interval: timeval(0) };
    // SAFETY: the struct is valid.
    match host::check(unsafe { libc::getitimer(which as _, &mut now) }) {
        Ok(_) => Ok(timer_tuple(vm, &now)),
        Err(e) => Err(timer_error(vm, &e)),
    }
}

fn siginterrupt(vm: &Vm, a: &[Value]) -> PyResult {
    let (n, flag) = (signal_number(vm, a[0])?, c_int(vm, a[1])?);
    // SAFETY: changes one flag of the signal's action.
    let r = unsafe {
        let mut act = std::mem::MaybeUninit::<libc::sigaction>::uninit();
        if libc::sigaction(n, std::ptr::null(), act.as_mut_ptr()) != 0 {
            Err(std::io::Error::last_os_error())
        } else {
            let mut act = act.assume_init();
            if flag != 0 {
                act.sa_flags &= !libc::SA_RESTART;
            } else {
                act.sa_flags |= libc::SA_RESTART;
            }
            host::check(libc::sigaction(n, &act, std::ptr::null_mut()))
        }
    };
    done(vm, r)
}

fn set_wakeup_fd(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = c_int(vm, a[0])?;
    if fd != -1 {
        let stat = host::fstat(fd).map_err(|e| match e.raw_os_error() {
            Some(libc::EBADF) => vm.value_error("invalid fd"),
            _ => os_error(vm, &e, None),
        })?;
        // SAFETY: plain system call.
        let flags = unsafe { libc::fcntl(fd, libc::F_GETFL) };
        if flags & libc::O_NONBLOCK == 0 {
            return Err(vm.value_error(format!("the fd {fd} must be in non-blocking mode")));
        }
        let _ = stat;
    }
    Ok(vm.new_int(WAKEUP.swap(fd, Ordering::Relaxed) as i64))
}

fn strsignal(vm: &Vm, a: &[Value]) -> PyResult {
    let n = signal_number(vm, a[0])?;
    // SAFETY: the result is a C string that lives until the next call.
    unsafe {
        let p = libc::strsignal(n);
        if p.is_null() {
            return Ok(vm.none_ref());
        }
        let text = std::ffi::CStr::from_ptr(p).to_string_lossy();
        if text.starts_with("Unknown signal") { Ok(vm.none_ref()) } else { Ok(vm.new_str(&text)) }
    }
}

fn empty_set() -> libc::sigset_t {
    let mut s = std::mem::MaybeUninit::uninit();
    // SAFETY: sigemptyset fills it.
    unsafe {
        libc::sigemptyset(s.as_mut_ptr());
        s.assume_init()
    }
}

/// A set of signal numbers.
pub(crate) fn to_sigset(vm: &Vm, v: Value) -> PyResult<libc::sigset_t> {
    let mut set = empty_set();
    for item in iter::to_vec(vm, v)? {
        let n = number::index_clipped(vm, item.value())?;
        if !(1..NSIG as i64).contains(&n) {
            return Err(vm.value_error(format!("signal number {n} out of range [1; {}]", NSIG - 1)));
        }
        // SAFETY: a valid set and number.
        unsafe { libc::sigaddset(&mut set, n as i32) };
    }
    Ok(set)
}

fn from_sigset(vm: &Vm, set: &libc::sigset_t) -> PyResult {
    let out = PySet::new_set(vm);
    if let Some(s) = PySet::from_value(out.value()) {
        for n in 1..NSIG as i32 {
            // SAFETY: a valid set and number.
            if unsafe { libc::sigismember(set, n) } == 1 {
                s.add(vm, Value::small_int(n as i64))?;
            }
        }
    }
    Ok(out)
}

fn pthread_sigmask(vm: &Vm, a: &[Value]) -> PyResult {
    let how = c_int(vm, a[0])?;
    let set = to_sigset(vm, a[1])?;
    let mut old = empty_set();
    // SAFETY: valid sets.
    let r = unsafe { libc::pthread_sigmask(how, &set, &mut old) };
    if r != 0 {
        return Err(os_error(vm, &std::io::Error::from_raw_os_error(r), None));
    }
    runtime::handle_signals(vm)?;
    from_sigset(vm, &old)
}

fn sigpending(vm: &Vm, _: &[Value]) -> PyResult {
    let mut set = empty_set();
    // SAFETY: a valid set.
    match host::check(unsafe { libc::sigpending(&mut set) }) {
        Ok(_) => from_sigset(vm, &set),
        Err(e) => Err(os_error(vm, &e, None)),
    }
}

fn sigwait(vm: &Vm, a: &[Value]) -> PyResult {
    let set = to_sigset(vm, a[0])?;
    let mut n = 0;
    // SAFETY: valid arguments.
    match unsafe { libc::sigwait(&set, &mut n) } {
        0 => Ok(vm.new_int(n as i64)),
        e => Err(os_error(vm, &std::io::Error::from_raw_os_error(e), None)),
    }
}

fn siginfo(vm: &Vm, i: &libc::siginfo_t) -> Ref {
    // SAFETY: fields of the union that the kernel fills for sent signals.
    let (pid, uid, status) = unsafe { (i.si_pid(), i.si_uid(), i.si_status()) };
    let items = [i.si_signo, i.si_code, i.si_errno, pid, uid as i32, status, 0];
    structseq::make(shape::SIGINFO, 7, items.iter().map(|n| vm.new_int(*n as i64)).collect())
}

fn wait_info(vm: &Vm, set: &libc::sigset_t, timeout: Option<i64>) -> PyResult {
    let deadline = match timeout {
        Some(ns) => Some(threads::now(vm)?.saturating_add(ns)),
        None => None,
    };
    loop {
        let mut info = std::mem::MaybeUninit::<libc::siginfo_t>::uninit();
        let left = match deadline {
            Some(d) => (d - threads::now(vm)?).max(0),
            None => 0,
        };
        let t = libc::timespec { tv_sec: left / 1_000_000_000, tv_nsec: left % 1_000_000_000 };
        // SAFETY: valid arguments; the info is filled on success.
        let r = unsafe {
            match deadline {
                Some(_) => libc::sigtimedwait(set, info.as_mut_ptr(), &t),
                None => libc::sigwaitinfo(set, info.as_mut_ptr()),
            }
        };
        match host::check(r) {
            // SAFETY: filled.
            Ok(_) => return Ok(siginfo(vm, unsafe { info.assume_init_ref() })),
            Err(e) => match e.raw_os_error() {
                Some(libc::EINTR) => runtime::handle_signals(vm)?,
                Some(libc::EAGAIN) => return Ok(vm.none_ref()),
                _ => return Err(os_error(vm, &e, None)),
            },
        }
    }
}

fn sigwaitinfo(vm: &Vm, a: &[Value]) -> PyResult {
    let set = to_sigset(vm, a[0])?;
    wait_info(vm, &set, None)
}

fn sigtimedwait(vm: &Vm, a: &[Value]) -> PyResult {
    let set = to_sigset(vm, a[0])?;
    let ns = nanoseconds(vm, a[1], Round::Ceiling)?;
    if ns < 0 {
        return Err(vm.value_error("timeout must be non-negative"));
    }
    wait_info(vm, &set, Some(ns))
}

fn valid_signals(vm: &Vm, _: &[Value]) -> PyResult {
    let mut set = empty_set();
    // SAFETY: a valid set.
    unsafe { libc::sigfillset(&mut set) };
    from_sigset(vm, &set)
}

fn pidfd_send_signal(vm: &Vm, a: &[Value]) -> PyResult {
    let (fd, n) = (c_int(vm, a[0])?, c_int(vm, a[1])?);
    if a[2].non_null().is_some_and(|i| !i.is(vm.none())) {
        return Err(vm.type_error("siginfo must be None"));
    }
    let flags = a[3].non_null().map_or(Ok(0), |f| c_int(vm, f))?;
    // SAFETY: plain system call.
    let r = unsafe { libc::syscall(libc::SYS_pidfd_send_signal, fd, n, std::ptr::null::<u8>(), flags) };
    done(vm, host::check(r as i32))
}

macro_rules! constants {
    ($($name:ident)*) => { &[$((stringify!($name), libc::$name as i64)),*] };
}

static CONSTANTS: &[(&str, i64)] = constants! {
    SIGABRT SIGALRM SIGBUS SIGCHLD SIGCONT SIGFPE SIGHUP SIGILL SIGINT SIGIO SIGIOT SIGKILL SIGPIPE
    SIGPOLL SIGPROF SIGPWR SIGQUIT SIGSEGV SIGSTKFLT SIGSTOP SIGSYS SIGTERM SIGTRAP SIGTSTP SIGTTIN
    SIGTTOU SIGURG SIGUSR1 SIGUSR2 SIGVTALRM SIGWINCH SIGXCPU SIGXFSZ SIG_BLOCK SIG_UNBLOCK
    SIG_SETMASK ITIMER_REAL ITIMER_VIRTUAL ITIMER_PROF
};

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    fill_handlers(vm);
    for (name, n) in CONSTANTS {
        add(vm, m, name, Value::small_int(*n))?;
    }
    for (name, n) in [
        ("SIGCLD", libc::SIGCHLD as i64),
        ("SIGRTMIN", libc::SIGRTMIN() as i64),
        ("SIGRTMAX", libc::SIGRTMAX() as i64),
        ("SIG_DFL", SIG_DFL),
        ("SIG_IGN", SIG_IGN),
        ("NSIG", NSIG as i64),
    ] {
        add(vm, m, name, Value::small_int(n))?;
    }
    // The function that answers SIGINT already is the module's.
    let installed = HANDLERS.with_borrow(|h| h[libc::SIGINT as usize].clone());
    if let Some(f) = installed.filter(|f| f.has_shape(shape::BUILTIN_FUNCTION)) {
        add(vm, m, "default_int_handler", f.value())?;
    }
    add(vm, m, "ItimerError", vm.builtin(shape::OS_ERROR).value())?;
    add(vm, m, "struct_siginfo", vm.builtin(shape::SIGINFO).value())
}

pub(super) static MODULE: ModuleDef = ModuleDef {
    name: "_signal",
    doc: "This module provides mechanisms to use signal handlers in Python.",
    functions: &[
        MethodDef::new("default_int_handler", "(signalnum, frame, /)", default_int_handler, "The default handler for SIGINT installed by Python.\n\nIt raises KeyboardInterrupt."),
        MethodDef::new("alarm", "(seconds, /)", alarm, "Arrange for SIGALRM to arrive after the given number of seconds."),
        MethodDef::new("getitimer", "(which, /)", getitimer, "Returns current value of given itimer."),
        MethodDef::new("setitimer", "(which, seconds, interval=0.0, /)", setitimer, "Sets given itimer (one of ITIMER_REAL, ITIMER_VIRTUAL or ITIMER_PROF)."),
        MethodDef::new("getsignal", "(signalnum, /)", getsignal, "Return the current action for the given signal."),
        MethodDef::new("pause", "()", pause, "Wait until a signal arrives."),
        MethodDef::new("pidfd_send_signal", "(pidfd, signalnum, siginfo=None, flags=0, /)", pidfd_send_signal, "Send a signal to a process referred to by a pid file descriptor."),
        MethodDef::new("pthread_kill", "(thread_id, signalnum, /)", pthread_kill, "Send a signal to a thread."),
        MethodDef::new("pthread_sigmask", "(how, mask, /)", pthread_sigmask, "Fetch and/or change the signal mask of the calling thread."),
        MethodDef::new("raise_signal", "(signalnum, /)", raise_signal, "Send a signal to the executing process."),
        MethodDef::new("set_wakeup_fd", "(fd, /, *, warn_on_full_buffer=True)", set_wakeup_fd, "Sets the fd to be written to (with the signal number) when a signal comes in."),
        MethodDef::new("siginterrupt", "(signalnum, flag, /)", siginterrupt, "Change system call restart behaviour."),
        MethodDef::new("signal", "(signalnum, handler, /)", signal, "Set the action for the given signal."),
        MethodDef::new("sigpending", "()", sigpending, "Examine pending signals."),
        MethodDef::new("sigwait", "(sigset, /)", sigwait, "Wait for a signal."),
        MethodDef::new("sigwaitinfo", "(sigset, /)", sigwaitinfo, "Wait synchronously until one of the signals in *sigset* is delivered."),
        MethodDef::new("sigtimedwait", "(sigset, timeout, /)", sigtimedwait, "Like sigwaitinfo(), but with a timeout."),
        MethodDef::new("strsignal", "(signalnum, /)", strsignal, "Return the system description of the given signal."),
        MethodDef::new("valid_signals", "()", valid_signals, "Return a set of valid signal numbers on this platform."),
    ],
    init,
};
