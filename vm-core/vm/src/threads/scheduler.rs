//! Who runs next, and the wait for the outside world while nobody can.

use std::io;

use super::{KEPT_STACKS, NATIVE_STACK, ROOT, Stacks, current, main};
use crate::host::{self, Clock};
use crate::interp::{breaker, observe, record};
use crate::native::signal;
use crate::vm::Vm;

/// How long the process waits at a stretch while a debugger may want something, in nanoseconds.
const WATCHED_PART: i64 = 20_000_000;

/// Gives the running thread's place to another one. Returns when it is this one's turn again: it
/// must be in the queue of those that could run, or wait.
pub(super) fn leave(vm: &Vm) {
    let me = current(vm);
    if me == ROOT {
        return run_others(vm);
    }
    let yielder = vm.threads.others.borrow().get(&me).map(|t| t.yielder.get());
    match yielder {
        // SAFETY: the yielder of a thread that runs; it lives as long as the thread's stack.
        Some(yielder) if !yielder.is_null() => unsafe { &*yielder }.suspend(()),
        _ => unreachable!("a thread that runs has its yielder"),
    }
}

/// Runs other threads until it is the root's turn.
fn run_others(vm: &Vm) {
    let t = &vm.threads;
    loop {
        let id = next(vm);
        if t.current.replace(id) != id {
            record::switched(vm, id);
        }
        if id == ROOT {
            return;
        }
        let Some(mut native) = t.others.borrow_mut().get_mut(&id).and_then(|thread| {
            thread.context.exchange(vm);
            thread.native.take()
        }) else {
            continue;
        };
        super::begin_slice(vm);
        let ended = native.resume(()).as_return().is_some();
        let mut others = t.others.borrow_mut();
        let Some(thread) = others.get_mut(&id) else { unreachable!("a thread that runs is known") };
        thread.context.exchange(vm);
        if !ended {
            thread.native = Some(native);
            continue;
        }
        let thread = others.remove(&id);
        drop(others);
        t.policy.forget(id);
        super::tell_debugger(vm);
        let values = thread.and_then(|mut thread| thread.values.take());
        keep(vm, native, values);
        if main(vm) == id {
            // Its process was made by `fork()`, and the root's stack is a copy that nobody owns.
            std::process::exit(i32::from(!crate::finalize::flush_standard_streams(vm)));
        }
    }
}

/// Keeps the stacks of a thread that has ended for another one.
fn keep(vm: &Vm, native: super::Native, values: Option<crate::interp::stack::Stack>) {
    let native = native.into_stack();
    let size = corosensei::stack::Stack::base(&native).get() - corosensei::stack::Stack::limit(&native).get();
    let mut kept = vm.threads.stacks.borrow_mut();
    if let Some(values) = values
        && kept.len() < KEPT_STACKS
        && size < NATIVE_STACK * 2
    {
        kept.push(Stacks { native, values });
    }
}

/// The thread whose turn it is; waits until there is one.
fn next(vm: &Vm) -> u64 {
    loop {
        scan(vm);
        let mut ready = vm.threads.ready.borrow_mut();
        if !ready.is_empty() {
            let i = vm.threads.policy.choose(&ready);
            if let Some(id) = ready.remove(i) {
                return id;
            }
        }
        drop(ready);
        idle(vm);
    }
}

/// Calls `f` with what a thread waits for.
pub(super) fn with_wait<R>(vm: &Vm, id: u64, f: impl FnOnce(&mut super::Wait) -> R) -> Option<R> {
    if id == ROOT {
        return vm.threads.root_wait.borrow_mut().as_mut().map(f);
    }
    vm.threads.others.borrow_mut().get_mut(&id).and_then(|t| t.wait.as_mut()).map(f)
}

/// Finds those among the waiting that need not wait any longer.
pub(super) fn scan(vm: &Vm) {
    let t = &vm.threads;
    if t.waiting.borrow().is_empty() {
        return;
    }
    // What is wrong with a file is for the call that follows the wait to tell.
    let _ = poll_files(vm, |files| if files.is_empty() { Ok(0) } else { host::poll(files) });
    let mut now = None;
    t.waiting.borrow_mut().retain(|&id| {
        let over = with_wait(vm, id, |w| w.is_over(&mut now)).unwrap_or(true);
        if over {
            t.ready.borrow_mut().push_back(id);
        }
        !over
    });
}

/// Ends a thread's wait before its time; it finds out that nothing has changed, and waits again.
pub(super) fn wake(vm: &Vm, id: u64, first: bool) {
    let t = &vm.threads;
    let (mut waiting, mut ready) = (t.waiting.borrow_mut(), t.ready.borrow_mut());
    if let Some(i) = waiting.iter().position(|w| *w == id) {
        waiting.remove(i);
    } else if let Some(i) = ready.iter().position(|w| *w == id) {
        ready.remove(i);
    } else {
        return;
    }
    if first { ready.push_front(id) } else { ready.push_back(id) }
}

/// Asks the system, by `poll`, about the files that threads wait for.
fn poll_files(vm: &Vm, poll: impl FnOnce(&mut [libc::pollfd]) -> io::Result<usize>) -> io::Result<()> {
    let ids: Vec<u64> = vm.threads.waiting.borrow().clone();
    let (mut entries, mut owners) = (Vec::new(), Vec::new());
    for id in ids {
        with_wait(vm, id, |w| {
            owners.push((id, entries.len()));
            entries.extend_from_slice(w.files());
        });
    }
    if poll(&mut entries)? > 0 {
        for (id, from) in owners {
            with_wait(vm, id, |w| w.set_files(&entries[from..]));
        }
    }
    Ok(())
}

/// Nobody can run: waits for a file, a time or a signal.
pub(super) fn idle(vm: &Vm) {
    let deadline = nearest_deadline(vm);
    let left = deadline.map(|d| match Clock::MONOTONIC.now() {
        Ok(now) => (d - now).max(0),
        Err(_) => 0,
    });
    let watched = observe::is_watched(vm);
    let part = if watched { Some(left.map_or(WATCHED_PART, |ns| ns.min(WATCHED_PART))) } else { left };
    let interrupted = poll_files(vm, |files| host::wait(files, part, signal::is_any_pending)).is_err();
    let called = watched && vm.interp.breaker.load(std::sync::atomic::Ordering::Acquire) & breaker::INTERRUPT != 0;
    if interrupted || called {
        wake(vm, main(vm), true);
    }
}

fn nearest_deadline(vm: &Vm) -> Option<i64> {
    let ids = vm.threads.waiting.borrow();
    ids.iter().filter_map(|id| with_wait(vm, *id, |w| w.deadline).flatten()).min()
}
