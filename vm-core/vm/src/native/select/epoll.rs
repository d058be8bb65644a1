//! `select.epoll`: Linux's interface to events of many file descriptors.

use std::cell::Cell;

use super::{Deadline, seconds, uninterrupted};
use crate::convert;
use crate::error::{PyResult, Raised};
use crate::host;
use crate::import::os_error;
use crate::native::posix::descriptor;
use crate::object::{self, Header};
use crate::types::iterators::payload;
use crate::types::list::PyList;
use crate::types::tuple::PyTuple;
use crate::types::type_::{GetSetDef, MethodDef, New, TypeDef, TypeRef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// An epoll object.
#[repr(C)]
pub struct PyEpoll {
    header: Header,
    /// -1 once it is closed.
    fd: Cell<i32>,
}
payload!(PyEpoll, EPOLL);

impl Drop for PyEpoll {
    fn drop(&mut self) {
        let fd = self.fd.replace(-1);
        if fd >= 0 {
            // Nobody could be told about an error.
            let _ = host::close(fd);
        }
    }
}

#[cold]
fn closed(vm: &Vm) -> Raised {
    vm.value_error("I/O operation on closed epoll object")
}

/// The descriptor of an open object.
fn open_fd(vm: &Vm, v: Value) -> PyResult<i32> {
    match PyEpoll::of(v).fd.get() {
        -1 => Err(closed(vm)),
        fd => Ok(fd),
    }
}

fn make(ty: TypeRef, fd: i32) -> Ref {
    object::new_instance(ty, PyEpoll { header: object::header(), fd: Cell::new(fd) })
}

fn new(vm: &Vm, ty: TypeRef, a: &[Value]) -> PyResult {
    let size = a[0].non_null().map_or(Ok(-1), |v| convert::c_int(vm, v))?;
    let flags = a[1].non_null().map_or(Ok(0), |v| convert::c_int(vm, v))?;
    if size != -1 && size <= 0 {
        return Err(vm.value_error("sizehint must be positive or -1"));
    }
    if flags & !libc::EPOLL_CLOEXEC != 0 {
        return Err(vm.error(crate::shape::OS_ERROR, "invalid flags"));
    }
    // SAFETY: takes no memory.
    match host::check(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) }) {
        Ok(fd) => Ok(make(ty, fd)),
        Err(e) => Err(os_error(vm, &e, None)),
    }
}

fn from_fd(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = convert::c_int(vm, a[1])?;
    Ok(make(vm.builtin(crate::shape::EPOLL), fd))
}

fn close(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = PyEpoll::of(a[0]).fd.replace(-1);
    if fd >= 0
        && let Err(e) = host::close(fd)
    {
        return Err(os_error(vm, &e, None));
    }
    Ok(vm.none_ref())
}

fn control(vm: &Vm, v: Value, op: i32, fd: Value, events: u32) -> PyResult {
    let epoll = open_fd(vm, v)?;
    let fd = descriptor(vm, fd)?;
    let mut event = libc::epoll_event { events, u64: fd as u64 };
    // SAFETY: a valid event.
    match host::check(unsafe { libc::epoll_ctl(epoll, op, fd, &mut event) }) {
        Ok(_) => Ok(vm.none_ref()),
        Err(e) => Err(os_error(vm, &e, None)),
    }
}

/// An event mask, as `unsigned int`; bits that do not fit are dropped.
fn mask(vm: &Vm, v: Value) -> PyResult<u32> {
    crate::native::binascii::low_bits(vm, v, (libc::EPOLLIN | libc::EPOLLPRI | libc::EPOLLOUT) as u32)
}

fn register(vm: &Vm, a: &[Value]) -> PyResult {
    control(vm, a[0], libc::EPOLL_CTL_ADD, a[1], mask(vm, a[2])?)
}

fn modify(vm: &Vm, a: &[Value]) -> PyResult {
    control(vm, a[0], libc::EPOLL_CTL_MOD, a[1], mask(vm, a[2])?)
}

fn unregister(vm: &Vm, a: &[Value]) -> PyResult {
    control(vm, a[0], libc::EPOLL_CTL_DEL, a[1], 0)
}

fn poll(vm: &Vm, a: &[Value]) -> PyResult {
    let epoll = open_fd(vm, a[0])?;
    let timeout = seconds(vm, a[1], "timeout must be an integer or None")?.filter(|ns| *ns >= 0);
    let most = match a[2].non_null().map_or(Ok(-1), |v| convert::c_int(vm, v))? {
        -1 => libc::FD_SETSIZE as i32 - 1,
        n if n < 1 => return Err(vm.value_error(format!("maxevents must be greater than 0, got {n}"))),
        n => n,
    };
    let deadline = Deadline::after(vm, timeout)?;
    let mut events = Vec::new();
    if events.try_reserve_exact(most as usize).is_err() {
        return Err(vm.error_args(crate::shape::MEMORY_ERROR, &[]));
    }
    events.resize(most as usize, libc::epoll_event { events: 0, u64: 0 });
    let itself = [libc::pollfd { fd: epoll, events: libc::POLLIN, revents: 0 }];
    let n = uninterrupted(vm, || {
        let left = deadline.beside_others(vm, &itself)?.left_ms(vm)?;
        // SAFETY: there is room for so many events.
        Ok(host::check(unsafe { libc::epoll_wait(epoll, events.as_mut_ptr(), most, left) }))
    })?;
    let pairs = events.iter().take(n as usize).map(|e| {
        let (fd, mask) = (e.u64 as i64, e.events);
        PyTuple::pair(vm.new_int(fd), Ref::small_int(mask.into()))
    });
    Ok(PyList::new(vm, pairs.collect()))
}

fn enter(vm: &Vm, a: &[Value]) -> PyResult {
    open_fd(vm, a[0])?;
    Ok(a[0].to_ref())
}

const REGISTER: &str = "($self, /, fd, eventmask=select.EPOLLIN | select.EPOLLPRI | select.EPOLLOUT)";

pub static EPOLL: TypeDef = TypeDef {
    doc: "An object that waits for events of registered file descriptors.",
    flags: 0,
    new: New::Bound("(sizehint=-1, flags=0)", new),
    slots: |s| s.drop = Some(object::drop_payload::<PyEpoll>),
    methods: &[
        MethodDef::class("fromfd", "($type, fd, /)", from_fd, "An epoll object of a descriptor that there is already."),
        MethodDef::new("close", "($self, /)", close, "Closes the object's descriptor."),
        MethodDef::new("fileno", "($self, /)", |vm, a| Ok(Ref::small_int(open_fd(vm, a[0])?.into())), "The object's descriptor."),
        MethodDef::new("register", REGISTER, register, "Adds a file descriptor and the events to wait for."),
        MethodDef::new("modify", "($self, /, fd, eventmask)", modify, "Changes the events of a registered file descriptor."),
        MethodDef::new("unregister", "($self, /, fd)", unregister, "Removes a file descriptor."),
        MethodDef::new("poll", "($self, /, timeout=None, maxevents=-1)", poll, "Waits for events: a list of pairs of file descriptor and events."),
        MethodDef::new("__enter__", "($self, /)", enter, ""),
        MethodDef::new("__exit__", "($self, exc_type=None, exc_value=None, exc_tb=None, /)", |vm, a| close(vm, &a[..1]), ""),
    ],
    getset: &[GetSetDef::get("closed", |vm, v| Ok(vm.bool_ref(PyEpoll::of(v).fd.get() < 0)), "True if the epoll handler is closed")],
    ..TypeDef::of::<PyEpoll>("select.epoll")
};
