//! The module `select`: waiting for file descriptors.

use std::mem::MaybeUninit;

use crate::convert;
use crate::error::PyResult;
use crate::host;
use crate::import::os_error;
use crate::native::posix::descriptor;
use crate::native::time::{Round, nanoseconds};
use crate::native::{self, ModuleDef};
use crate::protocol::iter;
use crate::runtime;
use crate::shape;
use crate::threads;
use crate::types::list::PyList;
use crate::types::tuple::PyTuple;
use crate::types::type_::MethodDef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

mod epoll;
mod poll;

pub use epoll::EPOLL;
pub use poll::POLL;

/// When to stop waiting, on the monotonic clock in nanoseconds; `None` for never.
#[derive(Clone, Copy)]
struct Deadline(Option<i64>);

impl Deadline {
    /// After this many nanoseconds.
    fn after(vm: &Vm, ns: Option<i64>) -> PyResult<Deadline> {
        Ok(Deadline(match ns {
            Some(ns) => Some(threads::now(vm)?.saturating_add(ns)),
            None => None,
        }))
    }

    /// Where there are other threads: waits for these files while they run. What is left to wait for
    /// after that.
    fn beside_others(self, vm: &Vm, files: &[libc::pollfd]) -> PyResult<Deadline> {
        if !vm.threads.has_others() {
            return Ok(self);
        }
        threads::wait_for_files(vm, &mut files.to_vec(), self.0)?;
        Ok(Deadline(Some(0)))
    }

    /// Nanoseconds that are left.
    fn left(self, vm: &Vm) -> PyResult<Option<i64>> {
        Ok(match self.0 {
            Some(end) => Some((end - threads::now(vm)?).max(0)),
            None => None,
        })
    }

    /// Milliseconds that are left, rounded up; -1 for no limit.
    fn left_ms(self, vm: &Vm) -> PyResult<i32> {
        Ok(match self.left(vm)? {
            Some(ns) => i32::try_from(ns / 1_000_000 + i64::from(ns % 1_000_000 > 0)).unwrap_or(i32::MAX),
            None => -1,
        })
    }
}

/// Calls the system until it is not interrupted; signals are handled in between.
fn uninterrupted<R>(vm: &Vm, mut f: impl FnMut() -> PyResult<std::io::Result<R>>) -> PyResult<R> {
    loop {
        match f()? {
            Ok(r) => return Ok(r),
            Err(e) if e.raw_os_error() == Some(libc::EINTR) => runtime::handle_signals(vm)?,
            Err(e) => return Err(os_error(vm, &e, None)),
        }
    }
}

/// A timeout in seconds; `None` for None.
fn seconds(vm: &Vm, v: Value, wrong_type: &str) -> PyResult<Option<i64>> {
    if v.is_null() || v.is(vm.none()) {
        return Ok(None);
    }
    match nanoseconds(vm, v, Round::Timeout) {
        Ok(ns) => Ok(Some(ns)),
        Err(e) if e.is(vm, shape::TYPE_ERROR) => Err(vm.type_error(wrong_type)),
        Err(e) => Err(e),
    }
}

/// Descriptors to wait for, with the objects that stand for them.
struct Watched {
    objects: Vec<(Ref, i32)>,
    set: libc::fd_set,
}

impl Watched {
    fn new(vm: &Vm, v: Value) -> PyResult<Watched> {
        let objects = iter::sequence(vm, v, "arguments 1-3 must be sequences")?;
        let mut all = Vec::with_capacity(objects.len());
        for o in objects {
            let fd = descriptor(vm, o.value())?;
            if fd as usize >= libc::FD_SETSIZE {
                return Err(vm.value_error("filedescriptor out of range in select()"));
            }
            all.push((o, fd));
        }
        if all.len() > libc::FD_SETSIZE {
            return Err(vm.value_error("too many file descriptors in select()"));
        }
        let mut w = Watched { objects: all, set: empty_set() };
        w.fill();
        Ok(w)
    }

    /// Puts all descriptors into the set, from which the system takes those that are not ready.
    fn fill(&mut self) {
        self.set = empty_set();
        for (_, fd) in &self.objects {
            // SAFETY: the set is initialized, the descriptor is in its range.
            unsafe { libc::FD_SET(*fd, &mut self.set) };
        }
    }

    /// The same for `poll`.
    fn files(&self, events: i16) -> impl Iterator<Item = libc::pollfd> {
        self.objects.iter().map(move |(_, fd)| libc::pollfd { fd: *fd, events, revents: 0 })
    }

    fn most(&self) -> i32 {
        self.objects.iter().map(|(_, fd)| fd + 1).max().unwrap_or(0)
    }

    fn pointer(&mut self) -> *mut libc::fd_set {
        if self.objects.is_empty() { std::ptr::null_mut() } else { &mut self.set }
    }

    /// The objects whose descriptors are in the set.
    fn ready(&self, vm: &Vm) -> Ref {
        // SAFETY: the set is initialized, the descriptors are in its range.
        let ready = self.objects.iter().filter(|(_, fd)| unsafe { libc::FD_ISSET(*fd, &self.set) });
        PyList::new(vm, ready.map(|(o, _)| o.clone()).collect())
    }
}

fn empty_set() -> libc::fd_set {
    let mut set = MaybeUninit::<libc::fd_set>::uninit();
    // SAFETY: FD_ZERO initializes the set.
    unsafe {
        libc::FD_ZERO(set.as_mut_ptr());
        set.assume_init()
    }
}

/// `select(rlist, wlist, xlist, timeout=None)`.
fn select(vm: &Vm, a: &[Value]) -> PyResult {
    let timeout = seconds(vm, a[4], "timeout must be a float or None")?;
    if timeout.is_some_and(|ns| ns < 0) {
        return Err(vm.value_error("timeout must be non-negative"));
    }
    let (mut r, mut w, mut x) = (Watched::new(vm, a[1])?, Watched::new(vm, a[2])?, Watched::new(vm, a[3])?);
    let most = r.most().max(w.most()).max(x.most());
    let deadline = Deadline::after(vm, timeout)?;
    let files: Vec<libc::pollfd> =
        [(&r, libc::POLLIN), (&w, libc::POLLOUT), (&x, libc::POLLPRI)].into_iter().flat_map(|(w, events)| w.files(events)).collect();
    uninterrupted(vm, || {
        let deadline = deadline.beside_others(vm, &files)?;
        [&mut r, &mut w, &mut x].into_iter().for_each(Watched::fill);
        let mut left = deadline.left(vm)?.map(|ns| libc::timeval {
            tv_sec: ns / 1_000_000_000,
            tv_usec: (ns % 1_000_000_000 + 999) / 1000,
        });
        if let Some(t) = &mut left
            && t.tv_usec == 1_000_000
        {
            *t = libc::timeval { tv_sec: t.tv_sec + 1, tv_usec: 0 };
        }
        let limit = left.as_mut().map_or(std::ptr::null_mut(), std::ptr::from_mut);
        // SAFETY: sets and time are valid or null.
        let n = unsafe { libc::select(most, r.pointer(), w.pointer(), x.pointer(), limit) };
        Ok(host::check(n))
    })?;
    Ok(PyTuple::from_vec(vm, vec![r.ready(vm), w.ready(vm), x.ready(vm)]))
}

/// An event mask, as `unsigned short`.
fn mask16(vm: &Vm, v: Value) -> PyResult<i16> {
    let i = convert::c_long(vm, v)?;
    if i < 0 {
        return Err(vm.value_error("value must be positive"));
    }
    match u16::try_from(i) {
        Ok(mask) => Ok(mask as i16),
        Err(_) => Err(vm.overflow_error("Python int too large for C unsigned short")),
    }
}

const CONSTANTS: &[(&str, i64)] = &[
    ("PIPE_BUF", libc::PIPE_BUF as i64),
    ("POLLIN", libc::POLLIN as i64),
    ("POLLPRI", libc::POLLPRI as i64),
    ("POLLOUT", libc::POLLOUT as i64),
    ("POLLERR", libc::POLLERR as i64),
    ("POLLHUP", libc::POLLHUP as i64),
    ("POLLNVAL", libc::POLLNVAL as i64),
    ("POLLRDNORM", libc::POLLRDNORM as i64),
    ("POLLRDBAND", libc::POLLRDBAND as i64),
    ("POLLWRNORM", libc::POLLWRNORM as i64),
    ("POLLWRBAND", libc::POLLWRBAND as i64),
    ("POLLMSG", 0x400),
    ("POLLRDHUP", libc::POLLRDHUP as i64),
    ("EPOLLIN", libc::EPOLLIN as i64),
    ("EPOLLOUT", libc::EPOLLOUT as i64),
    ("EPOLLPRI", libc::EPOLLPRI as i64),
    ("EPOLLERR", libc::EPOLLERR as i64),
    ("EPOLLHUP", libc::EPOLLHUP as i64),
    ("EPOLLRDHUP", libc::EPOLLRDHUP as i64),
    ("EPOLLET", libc::EPOLLET as u32 as i64),
    ("EPOLLONESHOT", libc::EPOLLONESHOT as i64),
    ("EPOLLEXCLUSIVE", libc::EPOLLEXCLUSIVE as i64),
    ("EPOLLWAKEUP", libc::EPOLLWAKEUP as i64),
    ("EPOLLRDNORM", libc::EPOLLRDNORM as i64),
    ("EPOLLRDBAND", libc::EPOLLRDBAND as i64),
    ("EPOLLWRNORM", libc::EPOLLWRNORM as i64),
    ("EPOLLWRBAND", libc::EPOLLWRBAND as i64),
    ("EPOLLMSG", libc::EPOLLMSG as i64),
    ("EPOLL_CLOEXEC", libc::EPOLL_CLOEXEC as i64),
];

pub static MODULE: ModuleDef = ModuleDef {
    name: "select",
    doc: "This module supports asynchronous I/O on multiple file descriptors.",
    functions: &[
        MethodDef::new("select", "($module, rlist, wlist, xlist, timeout=None, /)", select, "Waits until a file descriptor is ready for reading, writing or an exceptional condition."),
        MethodDef::new("poll", "($module, /)", |_, _| Ok(poll::new()), "An object that waits for registered file descriptors."),
    ],
    init: |vm, m| {
        native::add(vm, m, "epoll", vm.builtin(shape::EPOLL).value())?;
        native::add(vm, m, "error", vm.builtin(shape::OS_ERROR).value())?;
        CONSTANTS.iter().try_for_each(|(name, n)| native::add(vm, m, name, Value::small_int(*n)))
    },
};
