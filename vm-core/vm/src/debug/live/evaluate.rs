//! Python code that runs for the debugger, while the program stands still.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Condvar, LazyLock, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tailscope_bytecode::dis::raw_instructions;
use tailscope_bytecode::opcode::Opcode;
use tailscope_compiler::Mode;

use crate::code::PyCode;
use crate::debug::seam::EvalMode;
use crate::error::PyResult;
use crate::interp::observe::{self, Next, Observer, Position};
use crate::interp::{breaker, enter};
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

/// While it is there, code that runs too long is ended by an exception.
pub(super) struct Guard {
    vm: &'static Vm,
}

impl Guard {
    pub fn new(vm: &'static Vm) -> Guard {
        let until = Instant::now() + LIMIT;
        CANCELLED.store(false, Ordering::Release);
        observe::set_observer(vm, Some(Box::new(Deadline { until })));
        ALARM.set(Some((until, &vm.interp.breaker)));
        Guard { vm }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        ALARM.set(None);
        drop(observe::set_observer(self.vm, None));
    }
}

struct Deadline {
    until: Instant,
}

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
        if Instant::now() < self.until {
            return Next::Continue;
        }
        let text = format!("the evaluation was ended: it ran for more than {} seconds", LIMIT.as_secs());
        Next::Raise(vm.error(shape::TIMEOUT_ERROR, text))
    }

    fn raised(&mut self, _: &Vm, _: Position, _: Value) {}
}

/// Requests an interrupt at an instant, from a thread of its own that is there from the first
/// time on.
struct Alarm {
    state: Mutex<AlarmState>,
    changed: Condvar,
}

#[derive(Default)]
struct AlarmState {
    at: Option<(Instant, &'static AtomicU32)>,
    /// The thread waits to be woken. Otherwise it looks here by itself, at an earlier instant than
    /// any that is set meanwhile: conditions of breakpoints need not wake it each time.
    asleep: bool,
}

static ALARM: LazyLock<&'static Alarm> = LazyLock::new(|| {
    let alarm: &'static Alarm = Box::leak(Box::new(Alarm { state: Mutex::default(), changed: Condvar::new() }));
    // Without a thread evaluations have no limit, which is no reason not to have them.
    let _ = thread::Builder::new().name("evaluation-limit".to_owned()).spawn(|| alarm.watch());
    alarm
});

impl Alarm {
    fn set(&self, at: Option<(Instant, &'static AtomicU32)>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.at = at;
        let wake = state.asleep && at.is_some();
        drop(state);
        if wake {
            self.changed.notify_one();
        }
    }

    fn watch(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let Some((at, flags)) = state.at else {
                state.asleep = true;
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.asleep = false;
                continue;
            };
            let now = Instant::now();
            if now >= at {
                flags.fetch_or(breaker::INTERRUPT, Ordering::Release);
            }
            // Once over the limit: again, in case the code caught the exception.
            let wait = at.saturating_duration_since(now).max(Duration::from_millis(100));
            state = self.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
