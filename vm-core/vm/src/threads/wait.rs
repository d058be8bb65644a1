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
}

impl Wait {
    /// Whether the thread has to look again. `time` is the clock, once it was read.
    pub fn is_over(&self, time: &mut Option<i64>) -> bool {
        // SAFETY: see the field.
        if unsafe { (*self.ready)() } || self.files.iter().any(|f| f.revents != 0) {
            return true;
        }
        self.deadline.is_some_and(|deadline| {
            let time = *time.get_or_insert_with(|| host::Clock::MONOTONIC.now().unwrap_or(i64::MAX));
            time >= deadline
        })
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
    wait_with(vm, deadline, what, &ready, Vec::new()).map(|_| ready())
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
    let last = wait_with(vm, deadline, "a file", &|| false, files.to_vec())?;
    files.copy_from_slice(&last);
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

/// Waits until it is over; the files as the system told of them last.
fn wait_with(
    vm: &Vm,
    deadline: Option<i64>,
    what: &str,
    ready: &dyn Fn() -> bool,
    files: Vec<libc::pollfd>,
) -> PyResult<Vec<libc::pollfd>> {
    let t = &vm.threads;
    let me = current(vm);
    // SAFETY: only the lifetime is dropped; the wait is taken back below before `ready` goes.
    let ready: *const dyn Fn() -> bool = unsafe { std::mem::transmute(ready) };
    let mut wait = Wait { deadline, ready, files };
    loop {
        // Handlers of signals may change what is waited for.
        if me == main(vm) {
            runtime::handle_signals(vm)?;
        }
        observe::attend(vm)?;
        if wait.is_over(&mut None) {
            return Ok(wait.files);
        }
        let alone = !t.can_switch();
        if alone && deadline.is_none() && wait.files.is_empty() {
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
