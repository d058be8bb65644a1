//! What of the interpreter's state belongs to one thread.

use std::mem::swap;

use super::Parked;
use crate::frame::Frame;
use crate::interp::breaker;
use crate::interp::stack::Stack;
use crate::monitor::ThreadState;
use crate::object::Header;
use crate::owned_cell::OwnedCell;
use crate::types::generator::HandledException;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// The state of a thread that does not run.
pub(super) struct Context {
    ip: *const u16,
    sp: *mut Value,
    fp: *mut Value,
    /// Python frames in use.
    depth: i32,
    limit: *mut Value,
    native_limit: usize,
    handled: *const HandledException,
    raised: Option<Ref>,
    async_exception: Option<Ref>,
    /// Of `contextvars`.
    variables: Option<Ref>,
    repr_running: Vec<*mut Header>,
    destroy_depth: u32,
    destroy_later: Vec<*mut Header>,
    pub monitor: ThreadState,
}

impl Context {
    /// The state of a thread that has not run yet.
    pub fn fresh(values: &Stack, handled: &HandledException, native_limit: usize) -> Context {
        Context {
            ip: std::ptr::null(),
            sp: values.base(),
            fp: std::ptr::null_mut(),
            depth: 0,
            limit: values.limit(),
            native_limit,
            handled,
            raised: None,
            async_exception: None,
            variables: None,
            repr_running: Vec::new(),
            destroy_depth: 0,
            destroy_later: Vec::new(),
            monitor: ThreadState::default(),
        }
    }

    /// Has an exception raised when the thread runs next.
    pub fn raise_later(&mut self, e: Ref) {
        self.async_exception = Some(e);
    }

    /// Puts this state in the place of the one that is in force, and keeps that one. The clock
    /// goes on.
    pub fn exchange(&mut self, vm: &Vm) {
        let s = &vm.interp;
        let (ip, sp, fp) = (s.ip.get(), s.sp.get(), s.fp.get());
        s.transfer(ip, self.ip);
        s.spill(self.ip, self.sp, self.fp);
        (self.ip, self.sp, self.fp) = (ip, sp, fp);
        let depth = s.depth();
        s.depth_left.set(s.recursion_limit.get() - self.depth);
        self.depth = depth;
        self.limit = s.limit.replace(self.limit);
        self.native_limit = s.native_limit.replace(self.native_limit);
        self.handled = s.handled.replace(self.handled);
        exchange(&s.raised, &mut self.raised);
        exchange(&s.async_exception, &mut self.async_exception);
        if !s.async_exception.is_null() {
            s.request(breaker::ASYNC_EXCEPTION);
        }
        exchange(&vm.runtime.context, &mut self.variables);
        swap(&mut *vm.repr_running.borrow_mut(), &mut self.repr_running);
        self.destroy_depth = vm.destroy_depth.replace(self.destroy_depth);
        // SAFETY: nobody holds a reference into the list while a thread gives way.
        swap(unsafe { &mut *vm.destroy_later.get() }, &mut self.destroy_later);
        s.monitor.exchange(&mut self.monitor);
    }

    /// Where the thread stands, if it has begun.
    pub fn parked(&self, id: u64) -> Option<Parked> {
        (!self.fp.is_null()).then_some(Parked { id, frame: Frame(self.fp), ip: self.ip, sp: self.sp })
    }

    /// The exception that is being handled.
    pub fn handled_exception(&self) -> Option<Value> {
        // SAFETY: contexts are unlinked before they go.
        unsafe { HandledException::innermost(self.handled) }
    }
}

/// Swaps without dropping anything.
fn exchange(cell: &OwnedCell, kept: &mut Option<Ref>) {
    *kept = cell.replace(kept.take());
}
