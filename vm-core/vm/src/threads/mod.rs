//! Python threads: green and deterministic. All of them run in one OS thread, each on a native
//! stack and a value stack of its own.
//!
//! The root is the thread that runs on the process's own native stack; the scheduler runs there,
//! too, above whatever the root was doing when it gave way. Every other thread is a coroutine that
//! the scheduler resumes, and that goes back to it when it has to wait ([`wait`]) or has run for
//! its slice ([`tick`], at the eval breaker). A slice is a number of executed code units, so a
//! program whose input is the same has its switches at the same instructions.
//!
//! | file | holds |
//! |---|---|
//! | `files.rs` | reading and writing that may take its time |
//! | `context.rs` | what of the interpreter's state belongs to one thread |
//! | `scheduler.rs` | who runs next, and the wait for the outside world |
//! | `policy.rs` | how long slices are, and the choice among those that could run |
//! | `wait.rs` | waiting: for a condition, a time, a file descriptor |

mod context;
pub mod files;
mod policy;
mod scheduler;
mod wait;

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, Yielder};
use rustc_hash::FxHashMap;

use crate::error::PyResult;
use crate::frame::Frame;
use crate::host::Clock;
use crate::import::os_error;
use crate::interp::stack::{Stack, native_reserve};
use crate::interp::{breaker, observe};
use crate::types::generator::HandledException;
use crate::value::{Ref, Value};
use crate::vm::Vm;

use context::Context;
use policy::Policy;
use wait::Wait;

pub use wait::{Lock, hand_over, wait, wait_for_child, wait_for_files, wait_for_lock, wait_ready};

/// `threading.get_ident()` of the root. Identifiers count up, so that runs repeat exactly.
pub const ROOT: u64 = 1;

/// Native stack of a thread: address space, not memory, until used.
const NATIVE_STACK: usize = if cfg!(debug_assertions) { 32 << 20 } else { 8 << 20 };
/// Slots of a thread's value stack: likewise.
const VALUE_SLOTS: usize = 1 << 22;
/// Stacks of ended threads that are kept for new ones.
const KEPT_STACKS: usize = 16;

type Native = Coroutine<(), (), ()>;

/// A native stack and a value stack.
struct Stacks {
    native: DefaultStack,
    values: Stack,
}

/// A thread that has not ended.
struct Thread {
    /// NULL while the thread runs (and for the root).
    native: Option<Native>,
    /// How the thread gives way; null until it has run, and for the root.
    yielder: Cell<*const Yielder<(), ()>>,
    /// The state of the thread; while it runs, that of the root.
    context: Context,
    /// Where exceptions are handled outside of all generators.
    _handled: Box<HandledException>,
    values: Option<Stack>,
    /// What it waits for, while it does.
    wait: Option<Wait>,
}

/// What is done at the end of each thread, in it; it gets the identifier.
type AtEnd = fn(&Vm, u64);

/// All threads of a VM.
pub struct Threads {
    current: Cell<u64>,
    /// `threading.main_thread()`: the root, or who called `fork()` to make this process.
    main: Cell<u64>,
    last: Cell<u64>,
    others: RefCell<FxHashMap<u64, Box<Thread>>>,
    /// What the root waits for, while it does.
    root_wait: RefCell<Option<Wait>>,
    /// Those that could run, in turn.
    ready: RefCell<VecDeque<u64>>,
    /// Those that wait, the first longest.
    waiting: RefCell<Vec<u64>>,
    /// The clock at which the running thread has had its turn.
    slice_end: Cell<u64>,
    policy: Policy,
    /// Who forbids switches: a debugger's evaluation, which is not the program's.
    pinned: Cell<u32>,
    /// The program has ended: what threads are left do not run any more.
    frozen: Cell<bool>,
    stacks: RefCell<Vec<Stacks>>,
    at_end: RefCell<Vec<AtEnd>>,
}

impl Threads {
    pub(crate) fn new(seed: Option<u64>) -> Threads {
        Threads {
            current: Cell::new(ROOT),
            main: Cell::new(ROOT),
            last: Cell::new(ROOT),
            others: RefCell::default(),
            root_wait: RefCell::default(),
            ready: RefCell::default(),
            waiting: RefCell::default(),
            slice_end: Cell::new(0),
            policy: Policy::new(seed),
            pinned: Cell::new(0),
            frozen: Cell::new(false),
            stacks: RefCell::default(),
            at_end: RefCell::default(),
        }
    }

    /// Whether there are threads beside the one that runs.
    #[inline]
    pub fn has_others(&self) -> bool {
        !self.others.borrow().is_empty()
    }

    /// Sets how long threads run before others have their turn: `sys.setswitchinterval`.
    pub fn set_interval(&self, seconds: f64) {
        self.policy.set_interval(seconds);
    }

    /// Runs `f` without letting other threads run.
    pub fn pinned<R>(&self, f: impl FnOnce() -> R) -> R {
        self.pinned.set(self.pinned.get() + 1);
        let result = f();
        self.pinned.set(self.pinned.get() - 1);
        result
    }

    /// From now on only the thread that runs does so: the program ends.
    pub fn freeze(&self) {
        self.frozen.set(true);
    }

    fn can_switch(&self) -> bool {
        self.pinned.get() == 0 && !self.frozen.get()
    }
}

/// Identifier of the thread that runs.
#[inline]
pub fn current(vm: &Vm) -> u64 {
    vm.threads.current.get()
}

/// Identifier of the main thread: the one that signals are handled in.
pub fn main(vm: &Vm) -> u64 {
    vm.threads.main.get()
}

/// Threads that have not ended, the main one left out.
pub fn count(vm: &Vm) -> usize {
    let main = vm.threads.main.get();
    vm.threads.others.borrow().keys().filter(|id| **id != main).count()
}

/// Whether the root is still there: not in a process that another thread made by `fork()`.
fn has_root(vm: &Vm) -> bool {
    main(vm) == ROOT
}

/// Whether a thread has not ended.
pub fn is_alive(vm: &Vm, id: u64) -> bool {
    (id == ROOT && has_root(vm)) || vm.threads.others.borrow().contains_key(&id)
}

/// Nanoseconds of the monotonic clock.
pub fn now(vm: &Vm) -> PyResult<i64> {
    Clock::MONOTONIC.now().map_err(|e| os_error(vm, &e, None))
}

/// Calls `f` at the end of each thread, in that thread, after its function.
pub fn at_end(vm: &Vm, f: AtEnd) {
    let mut all = vm.threads.at_end.borrow_mut();
    if !all.iter().any(|g| *g as usize == f as usize) {
        all.push(f);
    }
}

/// Makes a thread that runs `body` when its turn comes; its identifier. `size` is what its native
/// stack is to hold, in bytes.
///
/// # Errors
/// RuntimeError if there is no memory for its stacks, or the program has ended.
pub fn start(vm: &Vm, size: usize, body: impl FnOnce(&Vm) + 'static) -> PyResult<u64> {
    let t = &vm.threads;
    if t.frozen.get() {
        return Err(vm.error(crate::shape::PYTHON_FINALIZATION_ERROR, "can't create new thread at interpreter shutdown"));
    }
    let kept = if size == 0 { t.stacks.borrow_mut().pop() } else { None };
    let stacks = match kept {
        Some(stacks) => stacks,
        None => {
            let native = DefaultStack::new(size.max(NATIVE_STACK)).map_err(|_| vm.runtime_error("can't start new thread"))?;
            Stacks { native, values: Stack::reserve(VALUE_SLOTS) }
        }
    };
    let id = t.last.get() + 1;
    t.last.set(id);
    let handled = Box::new(HandledException::default());
    let lowest = corosensei::stack::Stack::limit(&stacks.native).get();
    let context = Context::fresh(&stacks.values, &handled, lowest + native_reserve());
    let native = Coroutine::with_stack(stacks.native, move |yielder: &Yielder<(), ()>, ()| run(id, yielder, body));
    let thread = Thread {
        native: Some(native),
        yielder: Cell::new(std::ptr::null()),
        context,
        _handled: handled,
        values: Some(stacks.values),
        wait: None,
    };
    t.others.borrow_mut().insert(id, Box::new(thread));
    t.ready.borrow_mut().push_back(id);
    begin_slice(vm);
    tell_debugger(vm);
    Ok(id)
}

/// There is a thread more, or less: a debugger looks at the next opportunity.
fn tell_debugger(vm: &Vm) {
    if observe::is_watched(vm) {
        vm.interp.request(breaker::INTERRUPT);
    }
}

/// Identifiers of all threads, the main one first.
pub fn all(vm: &Vm) -> Vec<u64> {
    let others = vm.threads.others.borrow();
    let mut ids: Vec<u64> = others.keys().copied().chain(has_root(vm).then_some(ROOT)).collect();
    ids.sort_unstable();
    ids
}

/// What runs on a thread's native stack.
fn run(id: u64, yielder: &Yielder<(), ()>, body: impl FnOnce(&Vm)) {
    let vm = Vm::current();
    if let Some(thread) = vm.threads.others.borrow().get(&id) {
        thread.yielder.set(yielder);
    }
    body(vm);
    at_end_of_this(vm);
}

/// The thread that runs is at its end: gives up what is its own.
pub fn at_end_of_this(vm: &Vm) {
    let me = current(vm);
    let at_end = vm.threads.at_end.borrow().clone();
    for f in at_end {
        f(vm, me);
    }
    drop(vm.runtime.context.take());
    crate::monitor::legacy::forget_thread(vm);
}

/// The turn of the thread that runs begins now.
fn begin_slice(vm: &Vm) {
    vm.threads.slice_end.set(vm.interp.clock().wrapping_add(vm.threads.policy.slice()));
    if vm.threads.has_others() {
        vm.interp.request(breaker::SWITCH);
    }
}

/// Whether the thread that runs, and is at `ip`, has had its turn. Called often: at every RESUME and
/// backward jump while there are other threads.
#[inline(always)]
pub fn is_slice_over(vm: &Vm, ip: *const u16) -> bool {
    vm.interp.clock_at(ip).wrapping_sub(vm.threads.slice_end.get()) as i64 >= 0
}

/// At the eval breaker: lets another thread run if this one has had its turn.
pub fn tick(vm: &Vm) {
    let t = &vm.threads;
    if !t.has_others() {
        return;
    }
    vm.interp.request(breaker::SWITCH);
    if is_slice_over(vm, vm.interp.ip.get()) && t.policy.interrupts(|| is_in_library(vm)) {
        give_way(vm);
    }
}

/// Whether code of the embedded library runs: its files have names in angle brackets.
fn is_in_library(vm: &Vm) -> bool {
    // SAFETY: the running frame is live.
    vm.interp.current_frame().is_some_and(|f| unsafe { f.code() }.code.filename.starts_with("<frozen "))
}

/// Lets the other threads that could run do so, before this one goes on.
pub fn give_way(vm: &Vm) {
    let t = &vm.threads;
    if t.can_switch() && t.has_others() {
        scheduler::scan(vm);
        if !t.ready.borrow().is_empty() {
            let me = current(vm);
            t.policy.put_back(me);
            t.ready.borrow_mut().push_back(me);
            scheduler::leave(vm);
        }
    }
    begin_slice(vm);
}

/// A signal has come, and handlers run in the main thread: its turn is next.
pub fn wake_main(vm: &Vm) {
    let t = &vm.threads;
    scheduler::wake(vm, main(vm), true);
    t.slice_end.set(vm.interp.clock());
    if t.has_others() {
        vm.interp.request(breaker::SWITCH);
    }
}

/// In a process made by `fork()`: the thread that called it is the only one left.
pub fn after_fork(vm: &Vm) {
    let t = &vm.threads;
    let me = current(vm);
    let mut others = t.others.borrow_mut();
    let gone: Vec<u64> = others.keys().copied().filter(|id| *id != me).collect();
    for id in gone {
        if let Some(thread) = others.remove(&id) {
            // What it holds is on a stack that nobody will unwind.
            std::mem::forget(thread);
        }
    }
    t.ready.borrow_mut().clear();
    t.waiting.borrow_mut().clear();
    t.main.set(me);
    vm.runtime.loads.keep_only(me);
}

/// Calls `f` with the state of each thread that does not run.
fn for_each_other(vm: &Vm, mut f: impl FnMut(u64, &Context)) {
    let (me, others) = (current(vm), vm.threads.others.borrow());
    let mut ids: Vec<u64> = others.keys().copied().filter(|id| *id != me).collect();
    ids.sort_unstable();
    if has_root(vm)
        && let Some(running) = others.get(&me)
    {
        f(ROOT, &running.context);
    }
    for id in ids {
        if let Some(thread) = others.get(&id) {
            f(id, &thread.context);
        }
    }
}

/// A thread that does not run, and has begun.
#[derive(Clone, Copy, Debug)]
pub struct Parked {
    pub id: u64,
    /// Its innermost frame.
    pub frame: Frame,
    /// Where that goes on.
    pub ip: *const u16,
    /// The end of its value stack.
    pub sp: *mut Value,
}

/// The threads that do not run. Those that have not begun are left out.
pub fn parked(vm: &Vm) -> Vec<Parked> {
    let mut all = Vec::new();
    for_each_other(vm, |id, c| all.extend(c.parked(id)));
    all
}

/// Raises an exception in a thread when it runs next. False if there is no such thread.
pub fn raise_in(vm: &Vm, id: u64, e: Ref) -> bool {
    if id == current(vm) {
        vm.interp.async_exception.set(e);
        vm.interp.request(breaker::ASYNC_EXCEPTION);
        return true;
    }
    let mut others = vm.threads.others.borrow_mut();
    // What the root keeps while another thread runs lies with that one.
    let at = if id == ROOT { current(vm) } else { id };
    match others.get_mut(&at) {
        Some(thread) => {
            thread.context.raise_later(e);
            true
        }
        None => false,
    }
}

/// The exception that each thread handles that does not run.
pub fn other_exceptions(vm: &Vm) -> Vec<(u64, Option<Ref>)> {
    let mut all = Vec::new();
    for_each_other(vm, |id, c| all.push((id, c.handled_exception().map(Value::to_ref))));
    all
}

/// Whether a thread that does not run has a trace function, and whether one has a profile function.
pub(crate) fn others_are_traced(vm: &Vm) -> (bool, bool) {
    let (mut trace, mut profile) = (false, false);
    for_each_other(vm, |_, c| {
        trace |= c.monitor.trace.is_some();
        profile |= c.monitor.profile.is_some();
    });
    (trace, profile)
}

/// Sets the trace or profile function of each thread that does not run.
pub(crate) fn set_others_tool(vm: &Vm, mut f: impl FnMut(&mut crate::monitor::ThreadState) -> Option<Ref>) {
    let me = current(vm);
    let old: Vec<Option<Ref>> = {
        let mut others = vm.threads.others.borrow_mut();
        let is_root = !others.contains_key(&me);
        let contexts = others.iter_mut().filter(|(id, _)| !is_root || **id != me);
        contexts.map(|(_, thread)| f(&mut thread.context.monitor)).collect()
    };
    drop(old);
}
