//! Python code that runs for the debugger, while the program stands still.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tailscope_bytecode::dis::raw_instructions;
use tailscope_bytecode::opcode::Opcode;
use tailscope_compiler::Mode;

use crate::code::PyCode;
use crate::debug::seam::EvalMode;
use crate::error::PyResult;
use crate::interp::observe::{self, Next, Observer, Position};
use crate::interp::{breaker, enter, frames};
use crate::shape;
use crate::value::Value;
use crate::vm::Vm;

/// How long code may run for the debugger.
const LIMIT: Duration = Duration::from_secs(10);

/// The name that code of the debugger's is compiled with.
pub(super) const FILE: &str = "<console>";

/// Compiles source. Statements, where they are allowed, give None.
pub(super) fn compile(vm: &Vm, source: &str, mode: EvalMode) -> PyResult {
    let optimize = vm.runtime.config.optimize;
    let compile = |mode| crate::import::compile(vm, source.trim().as_bytes(), FILE, mode, optimize);
    let code = match compile(Mode::Eval) {
        Err(e) if mode == EvalMode::Interactive && e.is(vm, shape::SYNTAX_ERROR) => compile(Mode::Exec)?,
        other => other?,
    };
    if mode == EvalMode::Pure
        && let Some(word) = code.cast_exact::<PyCode>().and_then(effect)
    {
        let text = format!("this expression {word}; evaluate it in the console if that is meant");
        return Err(vm.error(shape::RUNTIME_ERROR, text));
    }
    Ok(code)
}

/// Runs compiled code with these names.
pub(super) fn run(vm: &Vm, code: Value, globals: Value, locals: Value) -> PyResult {
    enter::run_code(vm, code, globals, locals, Value::NULL)
}

/// What code does that may change something, if it does. Attributes and items can still run code
/// of the program's; that is not known before.
fn effect(code: &PyCode) -> Option<&'static str> {
    let own = raw_instructions(&code.code.code).find_map(|raw| match raw.base {
        Opcode::CALL | Opcode::CALL_KW | Opcode::CALL_FUNCTION_EX => Some("calls something"),
        Opcode::STORE_NAME | Opcode::STORE_GLOBAL | Opcode::STORE_DEREF => Some("binds a name"),
        Opcode::YIELD_VALUE | Opcode::GET_AWAITABLE => Some("waits for something"),
        _ => None,
    });
    own.or_else(|| code.consts().iter().filter_map(|c| c.cast_exact::<PyCode>()).find_map(effect))
}

/// Ends what runs for the debugger, soon. From any thread.
pub(super) fn cancel(flags: &AtomicU32) {
    CANCELLED.store(true, Ordering::Release);
    flags.fetch_or(breaker::INTERRUPT, Ordering::Release);
}

/// Somebody wants what runs for the debugger to end.
static CANCELLED: AtomicBool = AtomicBool::new(false);

/// The number of what runs for the debugger: odd while something does.
static RUNNING: AtomicU64 = AtomicU64::new(0);

/// The number of what has run for too long.
static EXPIRED: AtomicU64 = AtomicU64::new(0);

/// While it is there, code that runs too long is ended by an exception, and what runs leaves the
/// program's handlers on the native stack as they are.
pub(super) struct Guard {
    vm: &'static Vm,
    /// The window of handlers that the program has.
    window: u32,
}

impl Guard {
    pub fn new(vm: &'static Vm) -> Guard {
        CANCELLED.store(false, Ordering::Release);
        // Of no size: nothing is allocated.
        observe::set_observer(vm, Some(Box::new(Deadline)));
        RUNNING.store(RUNNING.load(Ordering::Relaxed) | 1, Ordering::SeqCst);
        if ALARM.asleep.load(Ordering::SeqCst) {
            ALARM.wake(&vm.interp.breaker);
        }
        let window = frames::window(vm);
        if window > 0 {
            frames::set_window(vm, 0);
        }
        Guard { vm, window }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        RUNNING.store((RUNNING.load(Ordering::Relaxed) | 1) + 1, Ordering::Release);
        drop(observe::set_observer(self.vm, None));
        if self.window > 0 {
            frames::set_window(self.vm, self.window);
        }
    }
}

struct Deadline;

impl Observer for Deadline {
    fn before_instruction(&mut self, _: &Vm, _: Position) -> Next {
        Next::Continue
    }

    fn at_breakpoint(&mut self, _: &Vm, _: Position) -> Next {
        Next::Continue
    }

    fn interrupted(&mut self, vm: &Vm, _: Position) -> Next {
        if CANCELLED.swap(false, Ordering::AcqRel) {
            let text = "the evaluation was cancelled".to_owned();
            return Next::Raise(vm.error(shape::TIMEOUT_ERROR, text));
        }
        if EXPIRED.load(Ordering::Acquire) != RUNNING.load(Ordering::Acquire) {
            return Next::Continue;
        }
        let text = format!("the evaluation was ended: it ran for more than {} seconds", LIMIT.as_secs());
        Next::Raise(vm.error(shape::TIMEOUT_ERROR, text))
    }

    fn raised(&mut self, _: &Vm, _: Position, _: Value) {}
}

/// How often what runs is looked at.
const TICK: Duration = Duration::from_millis(100);

/// Requests an interrupt when something has run for too long, from a thread of its own that is
/// there from the first time on. It looks at the number of what runs: conditions of breakpoints
/// begin and end far too often to tell it of each.
struct Alarm {
    /// Whom to interrupt.
    flags: Mutex<Option<&'static AtomicU32>>,
    woken: Condvar,
    asleep: AtomicBool,
}

static ALARM: LazyLock<&'static Alarm> = LazyLock::new(|| {
    let alarm = Alarm { flags: Mutex::default(), woken: Condvar::new(), asleep: AtomicBool::new(true) };
    let alarm: &'static Alarm = Box::leak(Box::new(alarm));
    // Without a thread evaluations have no limit, which is no reason not to have them.
    let _ = thread::Builder::new().name("evaluation-limit".to_owned()).spawn(|| alarm.watch());
    alarm
});

impl Alarm {
    fn wake(&self, flags: &'static AtomicU32) {
        let mut of = self.flags.lock().unwrap_or_else(PoisonError::into_inner);
        *of = Some(flags);
        self.asleep.store(false, Ordering::SeqCst);
        drop(of);
        self.woken.notify_one();
    }

    fn watch(&self) {
        let mut flags = self.flags.lock().unwrap_or_else(PoisonError::into_inner);
        let mut seen = (0, Instant::now());
        loop {
            let running = RUNNING.load(Ordering::SeqCst);
            if running != seen.0 {
                seen = (running, Instant::now());
            } else if running.is_multiple_of(2) {
                flags = self.sleep(flags, running);
                continue;
            } else if seen.1.elapsed() >= LIMIT {
                // Each time, in case the code caught the exception.
                EXPIRED.store(running, Ordering::Release);
                if let Some(flags) = *flags {
                    flags.fetch_or(breaker::INTERRUPT, Ordering::Release);
                }
            }
            flags = self.woken.wait_timeout(flags, TICK).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Sleeps until something else runs than what has ended.
    fn sleep<'a>(&self, mut flags: Flags<'a>, ended: u64) -> Flags<'a> {
        self.asleep.store(true, Ordering::SeqCst);
        // Who begins just now sees that, or is seen here.
        while self.asleep.load(Ordering::SeqCst) && RUNNING.load(Ordering::SeqCst) == ended {
            flags = self.woken.wait(flags).unwrap_or_else(PoisonError::into_inner);
        }
        self.asleep.store(false, Ordering::SeqCst);
        flags
    }
}

type Flags<'a> = MutexGuard<'a, Option<&'static AtomicU32>>;
