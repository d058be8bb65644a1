//! The debug seam over the running VM.
//!
//! [`attach`] makes a [`DebugHook`] the VM's observer. While nothing stops the program, the
//! plain dispatch table runs: breakpoints are opcodes in the code, and a wish of the
//! debugger's arrives through the eval breaker. Only a step runs the observed table.
//!
//! | file | holds |
//! |---|---|
//! | `codes.rs` | numbers and line starts of code objects |
//! | `places.rs` | breakpoints: where they lie in code, what a hit does |
//! | `watch.rs` | the observer: what stops the program, and stepping |
//! | `stacks.rs` | threads and their frames |
//! | `target.rs` | the stopped program, as [`Debuggee`](super::Debuggee) shows it |
//! | `values.rs` | values as text, and what is inside of them |
//! | `evaluate.rs` | Python code that runs for the debugger, for a bounded time |
//! | `instructions.rs` | instructions with their inline caches, disassembly |
//! | `executed.rs` | what native frames of the VM hold |
//! | `caught.rs` | who will catch an exception |
//! | `quick.rs` | what is decided about hits at once, without the debugger |
//! | `condition.rs` | conditions that need no Python code |
//! | `function.rs` | conditions as functions of the frame's variables |
//! | `rules.rs` | conditions, hit counts and log messages of all others |
//! | `data.rs` | data breakpoints: what is watched, and what writes it |
//! | `columns.rs` | statements and calls within a line |
//! | `jumps.rs` | going on elsewhere: at another line, at the function's beginning |
//! | `complete.rs` | names for what somebody types |
//! | `inventory.rs` | modules and files that have been loaded |

mod caught;
mod codes;
mod columns;
mod complete;
mod condition;
mod data;
mod evaluate;
mod executed;
mod function;
mod instructions;
mod inventory;
mod jumps;
mod places;
mod quick;
mod rules;
mod stacks;
mod target;
mod values;
mod vigil;
mod watch;

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::seam::{CodeFilters, DebugHook, ResumeAction, Waker};
use super::types::{Stop, StopReason, ThreadId};
use crate::error::PyResult;
use crate::interp::{self, Mode, breaker, observe};
use crate::protocol::attr;
use crate::types::native::BuiltinFunction;
use crate::types::type_::MethodDef;
use crate::value::{Ref, Value};
use crate::vm::Vm;
use target::Target;
use watch::Watch;

pub(crate) use condition::Simple;
pub(crate) use quick::{Quick, Quickly};

const MAIN_THREAD: ThreadId = ThreadId(crate::threads::ROOT);

/// How a program is debugged.
pub struct Options {
    /// The program's own code object.
    pub main: Ref,
    /// Stop at the first instruction of `main`.
    pub stop_on_entry: bool,
    /// What steps and exceptions leave out.
    pub filters: CodeFilters,
    /// Texts of files that are on no disk: file name and text.
    pub sources: Vec<(String, String)>,
}

thread_local! {
    /// The program has called `breakpoint()`; the next instruction is to stop.
    static BREAKPOINT_CALLED: Cell<bool> = const { Cell::new(false) };
}

/// Makes `hook` the debugger of the program that is about to run. It is asked what to do
/// first: false if it does not want the program to run at all.
pub fn attach(vm: &'static Vm, mut hook: Box<dyn DebugHook>, options: Options) -> bool {
    let woken = Arc::new(AtomicBool::new(false));
    let flags = &vm.interp.breaker;
    hook.on_attach(waker(vm, Arc::clone(&woken)), Arc::new(move || evaluate::cancel(flags)));
    vm.interp.watch_codes();
    let mut target = Target::new(vm, &options);
    let stop = Stop { thread: MAIN_THREAD, reason: StopReason::Startup, clock: None };
    target.take_fresh_codes();
    let action = hook.on_stop(&mut target, &stop);
    if action == ResumeAction::Terminate {
        return false;
    }
    if std::env::var_os("PYTHONBREAKPOINT").is_none_or(|name| name.is_empty())
        && let Err(e) = catch_breakpoint_calls(vm)
    {
        crate::runtime::unraisable(vm, e, Value::NULL);
    }
    target.started = true;
    let mut watch = Watch::new(vm, hook, target, woken, &options);
    watch.tell_of_threads();
    observe::set_observer(vm, Some(Box::new(watch)));
    vm.interp.quickly.switch(true);
    if options.stop_on_entry {
        interp::set_mode(vm, Mode::Step);
    }
    true
}

/// Lets go of a program that has ended.
pub fn detach(vm: &Vm) {
    vm.interp.quickly.switch(false);
    vm.interp.quickly.vigil.end();
    drop(observe::set_observer(vm, None));
    if vm.interp.mode.get() == Mode::Step {
        interp::set_mode(vm, Mode::Plain);
    }
}

fn waker(vm: &'static Vm, woken: Arc<AtomicBool>) -> Waker {
    let flags = &vm.interp.breaker;
    Arc::new(move || {
        woken.store(true, Ordering::Release);
        flags.fetch_or(breaker::INTERRUPT, Ordering::Release);
    })
}

static BREAKPOINT_HOOK: MethodDef = MethodDef::new(
    "breakpointhook",
    "(*args, **kwargs)",
    breakpoint_hook,
    "Stops the program in the debugger.",
);

/// `sys.breakpointhook` of a debugged program. The stop is before the next instruction: the
/// dispatch table is taken anew when a native function returns.
fn breakpoint_hook(vm: &Vm, _: &[Value]) -> PyResult {
    if vm.interp.observer.borrow().is_some() {
        BREAKPOINT_CALLED.set(true);
        interp::set_mode(vm, Mode::Step);
    }
    Ok(vm.none_ref())
}

fn catch_breakpoint_calls(vm: &Vm) -> PyResult<()> {
    let module = vm.new_str("sys");
    let hook = BuiltinFunction::new(vm, &BREAKPOINT_HOOK, Value::NULL, Some(module.value()));
    attr::set_named(vm, vm.runtime.sys.get(), "breakpointhook", hook.value())
}
