//! `select.poll`: file descriptors registered once, waited for often.

use std::cell::{Cell, RefCell};

use super::{Deadline, mask16, uninterrupted};
use crate::error::PyResult;
use crate::host;
use crate::native::posix::descriptor;
use crate::native::time::{Round, nanoseconds};
use crate::object::{self, Header};
use crate::shape;
use crate::types::float;
use crate::types::iterators::payload;
use crate::types::list::PyList;
use crate::types::tuple::PyTuple;
use crate::types::type_::{MethodDef, New, TypeDef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// A poll object.
#[repr(C)]
pub struct PyPoll {
    header: Header,
    entries: RefCell<Vec<libc::pollfd>>,
    polling: Cell<bool>,
}
payload!(PyPoll, POLL);

pub fn new() -> Ref {
    object::new(PyPoll { header: object::header(), entries: RefCell::default(), polling: Cell::new(false) })
}

const ALL: i16 = libc::POLLIN | libc::POLLPRI | libc::POLLOUT;

fn register(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = descriptor(vm, a[1])?;
    let events = a[2].non_null().map_or(Ok(ALL), |v| mask16(vm, v))?;
    let mut entries = PyPoll::of(a[0]).entries.borrow_mut();
    match entries.iter_mut().find(|e| e.fd == fd) {
        Some(e) => e.events = events,
        None => entries.push(libc::pollfd { fd, events, revents: 0 }),
    }
    Ok(vm.none_ref())
}

fn modify(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = descriptor(vm, a[1])?;
    let events = mask16(vm, a[2])?;
    let mut entries = PyPoll::of(a[0]).entries.borrow_mut();
    match entries.iter_mut().find(|e| e.fd == fd) {
        Some(e) => e.events = events,
        None => {
            let e = std::io::Error::from_raw_os_error(libc::ENOENT);
            return Err(crate::import::os_error(vm, &e, None));
        }
    }
    Ok(vm.none_ref())
}

fn unregister(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = descriptor(vm, a[1])?;
    let mut entries = PyPoll::of(a[0]).entries.borrow_mut();
    match entries.iter().position(|e| e.fd == fd) {
        Some(i) => drop(entries.remove(i)),
        None => return Err(vm.key_error(Value::small_int(fd.into()))),
    }
    Ok(vm.none_ref())
}

/// A timeout in milliseconds as nanoseconds; `None` to wait for ever.
fn milliseconds(vm: &Vm, v: Value) -> PyResult<Option<i64>> {
    if v.is_null() || v.is(vm.none()) {
        return Ok(None);
    }
    let ns = match float::value_of(v) {
        Some(ms) => {
            let seconds = vm.new_float(ms / 1000.0);
            nanoseconds(vm, seconds.value(), Round::Timeout)?
        }
        None => match crate::convert::c_long(vm, v) {
            Ok(ms) => ms.saturating_mul(1_000_000),
            Err(e) if e.is(vm, shape::TYPE_ERROR) => {
                return Err(vm.type_error("timeout must be an integer or None"));
            }
            Err(e) => return Err(e),
        },
    };
    if ns / 1_000_000 > i32::MAX.into() {
        return Err(vm.overflow_error("timeout is too large"));
    }
    Ok((ns >= 0).then_some(ns))
}

fn poll(vm: &Vm, a: &[Value]) -> PyResult {
    let p = PyPoll::of(a[0]);
    let deadline = Deadline::after(vm, milliseconds(vm, a[1])?)?;
    if p.polling.replace(true) {
        return Err(vm.runtime_error("concurrent poll() invocation"));
    }
    let mut entries = p.entries.borrow().clone();
    let waited = uninterrupted(vm, || {
        let left = deadline.beside_others(vm, &entries)?.left_ms(vm)?;
        // SAFETY: as many entries as the vector has.
        let n = unsafe { libc::poll(entries.as_mut_ptr(), entries.len() as libc::nfds_t, left) };
        Ok(host::check(n))
    });
    p.polling.set(false);
    waited?;
    let ready = entries.iter().filter(|e| e.revents != 0);
    let pairs = ready.map(|e| {
        PyTuple::pair(Ref::small_int(e.fd.into()), Ref::small_int((e.revents as u16).into()))
    });
    Ok(PyList::new(vm, pairs.collect()))
}

const REGISTER: &str = "($self, fd, eventmask=select.POLLIN | select.POLLPRI | select.POLLOUT, /)";

pub static POLL: TypeDef = TypeDef {
    flags: 0,
    new: New::Disallowed,
    slots: |s| s.drop = Some(object::drop_payload::<PyPoll>),
    methods: &[
        MethodDef::new("register", REGISTER, register, "Adds a file descriptor and the events to wait for."),
        MethodDef::new("modify", "($self, fd, eventmask, /)", modify, "Changes the events of a registered file descriptor."),
        MethodDef::new("unregister", "($self, fd, /)", unregister, "Removes a file descriptor."),
        MethodDef::new("poll", "($self, timeout=None, /)", poll, "Waits for events: a list of pairs of file descriptor and events."),
    ],
    ..TypeDef::of::<PyPoll>("select.poll")
};
