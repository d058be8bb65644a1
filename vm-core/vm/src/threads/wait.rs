//! Waiting: for a condition, a time, a file descriptor, a child process.

use std::io;

use super::{ROOT, current, main, now, scheduler};
use crate::error::PyResult;
use crate::host;
use crate::interp::observe;
use crate::runtime;
use crate::vm::Vm;

/// What a thread waits for.
pub(super) struct Wait {
    /// Of the monotonic clock, in nanoseconds.
    pub deadline: Option<i64>,
    /// Lies on the stack of the thread that waits, which does not run meanwhile.
    ready: *const dyn Fn() -> bool,
    files: Vec<libc::pollfd>,
    lock: Option<LockWait>,
}

/// What a thread that waits for a lock is known by.
#[derive(Clone, Copy)]
pub(super) struct LockWait {
    /// The lock's address.
    lock: usize,
    /// The clock when the wait began.
    since: u64,
    /// The lock is this thread's now.
    granted: bool,
}

/// Code units that a thread waits for a lock before that is handed over to it: who releases a lock
/// and takes it again at once would else keep all others from it.
const FAIR_AFTER: u64 = 10_000;

/// What came of waiting for a lock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lock {
    TimedOut,
    /// It can be taken.
    Free,
    /// It was handed over, and is held.
    Granted,
}

impl Wait {
    /// `ready` must live as long as the wait.
    fn new(deadline: Option<i64>, ready: &dyn Fn() -> bool, files: Vec<libc::pollfd>) -> Wait {
        // SAFETY: only the lifetime is dropped; waits end before the functions that make them.
        let ready: *const dyn Fn() -> bool = unsafe { std::mem::transmute(ready) };
        Wait { deadline, ready, files, lock: None }
    }

    /// Whether the thread has to look again. `time` is the clock, once it was read.
    pub fn is_over(&self, time: &mut Option<i64>) -> bool {
        // SAFETY: see the field.
        if self.is_granted() || unsafe { (*self.ready)() } || self.files.iter().any(|f| f.revents != 0) {
            return true;
        }
        self.deadline.is_some_and(|deadline| {
            let time = *time.get_or_insert_with(|| host::Clock::MONOTONIC.now().unwrap_or(i64::MAX));
            time >= deadline
        })
    }

    fn is_granted(&self) -> bool {
        self.lock.is_some_and(|l| l.granted)
    }

    pub fn files(&self) -> &[libc::pollfd] {
        &self.files
    }

    /// Takes what the system told of its files, the first entries of `from`.
    pub fn set_files(&mut self, from: &[libc::pollfd]) {
        let n = self.files.len();
        self.files.copy_from_slice(&from[..n]);
    }
}

/// Waits until `ready` or the deadline (of the monotonic clock, in nanoseconds), while other threads
/// run; tells whether it is ready. `what` is said where nobody is left who could make it so.
///
/// # Errors
/// RuntimeError where only this thread may run, and it would wait for ever. What a signal handler
/// raises.
pub fn wait(vm: &Vm, deadline: Option<i64>, what: &str, ready: impl Fn() -> bool) -> PyResult<bool> {
    wait_with(vm, what, Wait::new(deadline, &ready, Vec::new())).map(|_| ready())
}

/// The same for a lock, which [`hand_over`] may give to this thread meanwhile.
///
/// # Errors
/// As [`wait`].
pub fn wait_for_lock(vm: &Vm, lock: usize, deadline: Option<i64>, ready: impl Fn() -> bool) -> PyResult<Lock> {
    let mut wait = Wait::new(deadline, &ready, Vec::new());
    wait.lock = Some(LockWait { lock, since: vm.interp.clock(), granted: false });
    let wait = wait_with(vm, "a lock", wait)?;
    Ok(match wait.is_granted() {
        true => Lock::Granted,
        false if ready() => Lock::Free,
        false => Lock::TimedOut,
    })
}

/// A lock is about to be released: gives it to the thread that has waited longest for it, if that
/// was long. Who it is then.
pub fn hand_over(vm: &Vm, lock: usize) -> Option<u64> {
    let t = &vm.threads;
    if t.waiting.borrow().is_empty() || !t.can_switch() {
        return None;
    }
    let now = vm.interp.clock();
    let waiting = t.waiting.borrow();
    let mut all = waiting.iter().copied();
    let id = all.find(|id| {
        let is_for_this = |w: &mut Wait| w.lock.is_some_and(|l| l.lock == lock && !l.granted);
        scheduler::with_wait(vm, *id, is_for_this).unwrap_or(false)
    })?;
    let granted = scheduler::with_wait(vm, id, |w| match &mut w.lock {
        Some(l) if now.wrapping_sub(l.since) >= FAIR_AFTER => {
            l.granted = true;
            true
        }
        _ => false,
    });
    (granted == Some(true)).then_some(id)
}

/// Waits until a file descriptor is ready for `events` (of `poll`) or the deadline, while other
/// threads run; whether it is ready.
///
/// # Errors
/// What a signal handler raises.
pub fn wait_ready(vm: &Vm, fd: i32, events: i16, deadline: Option<i64>) -> PyResult<bool> {
    let mut files = [libc::pollfd { fd, events, revents: 0 }];
    wait_for_files(vm, &mut files, deadline)
}

/// Waits until one of these file descriptors is ready or the deadline, while other threads run;
/// whether one is. Their `revents` are set.
///
/// # Errors
/// What a signal handler raises.
pub fn wait_for_files(vm: &Vm, files: &mut [libc::pollfd], deadline: Option<i64>) -> PyResult<bool> {
    match host::poll(files) {
        Ok(0) => {}
        // Errors are for the call that follows to tell.
        _ => return Ok(true),
    }
    let over = wait_with(vm, "a file", Wait::new(deadline, &|| false, files.to_vec()))?;
    files.copy_from_slice(&over.files);
    Ok(files.iter().any(|f| f.revents != 0))
}

/// Calls `look`, which asks for a child process without waiting, until it has an answer; other threads
/// run in between.
///
/// # Errors
/// What a signal handler raises.
pub fn wait_for_child<R>(vm: &Vm, mut look: impl FnMut() -> io::Result<Option<R>>) -> PyResult<io::Result<R>> {
    // Children tell of their end by a signal that may have another handler: we have to ask.
    const FIRST: i64 = 200_000;
    const LAST: i64 = 20_000_000;
    let mut pause = FIRST;
    loop {
        match look() {
            Ok(Some(found)) => return Ok(Ok(found)),
            Ok(None) => {}
            Err(e) => return Ok(Err(e)),
        }
        wait(vm, Some(now(vm)?.saturating_add(pause)), "a child process", || false)?;
        pause = (pause * 2).min(LAST);
    }
}

/// Waits until it is over.
fn wait_with(vm: &Vm, what: &str, mut wait: Wait) -> PyResult<Wait> {
    let t = &vm.threads;
    let me = current(vm);
    loop {
        if wait.is_granted() {
            return Ok(wait);
        }
        // Handlers of signals may change what is waited for.
        if me == main(vm) {
            runtime::handle_signals(vm)?;
        }
        observe::attend(vm)?;
        if wait.is_over(&mut None) {
            return Ok(wait);
        }
        let alone = !t.can_switch();
        if alone && wait.deadline.is_none() && wait.files.is_empty() {
            return Err(vm.runtime_error(format!(
                "deadlock: this thread waits for {what}, and no other thread may run to end that"
            )));
        }
        put(vm, me, Some(wait));
        t.waiting.borrow_mut().push(me);
        if alone { wait_alone(vm, me) } else { scheduler::leave(vm) }
        let Some(back) = put(vm, me, None) else { unreachable!("nobody else takes a thread's wait") };
        wait = back;
        super::begin_slice(vm);
    }
}

/// Waits without letting other threads run.
fn wait_alone(vm: &Vm, me: u64) {
    let t = &vm.threads;
    let others = t.waiting.take();
    *t.waiting.borrow_mut() = vec![me];
    let before = t.ready.take();
    scheduler::scan(vm);
    if t.ready.borrow().is_empty() {
        scheduler::idle(vm);
    }
    *t.ready.borrow_mut() = before;
    *t.waiting.borrow_mut() = others.into_iter().filter(|id| *id != me).collect();
}

fn put(vm: &Vm, id: u64, wait: Option<Wait>) -> Option<Wait> {
    if id == ROOT {
        return vm.threads.root_wait.replace(wait);
    }
    let mut others = vm.threads.others.borrow_mut();
    others.get_mut(&id).and_then(|thread| std::mem::replace(&mut thread.wait, wait))
}
