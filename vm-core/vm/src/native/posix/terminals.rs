//! Terminals: what a descriptor of one tells, and pseudo-terminals.

use crate::error::PyResult;
use crate::host;
use crate::native::posix::descriptors::pair;
use crate::native::posix::process::forked;
use crate::native::posix::{descriptor, int_or_error, none_or_error, path};
use crate::native::structseq::{self, FROM_SEQUENCE, struct_sequence};
use crate::native::sys::c_int;
use crate::shape;
use crate::value::Value;
use crate::vm::Vm;

struct_sequence! {
    /// Result of `get_terminal_size`.
    TERMINAL_SIZE, "os.terminal_size", "A tuple of (columns, lines) for holding terminal window size", 2 of 2, FROM_SEQUENCE, [
        0 columns "width of the terminal window in characters";
        1 lines "height of the terminal window in characters";
    ]
}

pub(super) fn isatty(vm: &Vm, a: &[Value]) -> PyResult {
    Ok(vm.bool_ref(host::is_terminal(c_int(vm, a[0])?)))
}

/// The name of a device, which a function writes to a buffer.
fn device_name(vm: &Vm, call: impl FnOnce(*mut libc::c_char, usize) -> i32) -> PyResult {
    let mut name = [0u8; 4096];
    match call(name.as_mut_ptr().cast(), name.len()) {
        0 => {
            let end = name.iter().position(|b| *b == 0).unwrap_or(0);
            Ok(path::from_bytes(vm, &name[..end]))
        }
        e => Err(path::error(vm, &std::io::Error::from_raw_os_error(e))),
    }
}

pub(super) fn ttyname(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = c_int(vm, a[0])?;
    // SAFETY: the buffer is valid for writing its length.
    device_name(vm, |name, length| unsafe { libc::ttyname_r(fd, name, length) })
}

pub(super) fn get_terminal_size(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = a[0].non_null().map_or(Ok(1), |v| c_int(vm, v))?;
    let mut w = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: the struct that this request fills.
    match host::check(unsafe { libc::ioctl(fd, libc::TIOCGWINSZ, &mut w) }) {
        Ok(_) => {
            let items = vec![vm.new_int(w.ws_col as i64), vm.new_int(w.ws_row as i64)];
            Ok(structseq::make(shape::TERMINAL_SIZE, 2, items))
        }
        Err(e) => Err(path::error(vm, &e)),
    }
}

pub(super) fn tcgetpgrp(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = c_int(vm, a[0])?;
    // SAFETY: plain system call.
    int_or_error(vm, host::check(unsafe { libc::tcgetpgrp(fd) }))
}

pub(super) fn tcsetpgrp(vm: &Vm, a: &[Value]) -> PyResult {
    let (fd, group) = (c_int(vm, a[0])?, c_int(vm, a[1])?);
    // SAFETY: plain system call.
    none_or_error(vm, host::check(unsafe { libc::tcsetpgrp(fd, group) }))
}

pub(super) fn openpty(vm: &Vm, _: &[Value]) -> PyResult {
    let (mut master, mut slave) = (0, 0);
    let null = std::ptr::null_mut::<u8>();
    // SAFETY: two descriptors to be filled; no name, settings or size is asked for.
    match host::check(unsafe { libc::openpty(&mut master, &mut slave, null.cast(), null.cast(), null.cast()) }) {
        Ok(_) => {
            for fd in [master, slave] {
                keep(vm, fd)?;
            }
            Ok(pair(vm, [master, slave]))
        }
        Err(e) => Err(path::error(vm, &e)),
    }
}

/// Keeps a descriptor from the programs that this process starts.
fn keep(vm: &Vm, fd: i32) -> PyResult<()> {
    // SAFETY: plain system call.
    host::check(unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) }).map_err(|e| path::error(vm, &e))?;
    Ok(())
}

/// `os.forkpty`: the copy of this process has a new terminal as its own, whose other end both get.
pub(super) fn forkpty(vm: &Vm, _: &[Value]) -> PyResult {
    let mut master = -1;
    let null = std::ptr::null_mut::<u8>();
    let r = forked(vm, "forkpty", || {
        // SAFETY: as for `fork`; a descriptor to be filled, and no name, settings or size is asked for.
        host::check(unsafe { libc::forkpty(&mut master, null.cast(), null.cast(), null.cast()) })
    })?;
    match r {
        Ok(pid) => Ok(pair(vm, [pid, master])),
        Err(e) => Err(path::error(vm, &e)),
    }
}

pub(super) fn login_tty(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = descriptor(vm, a[0])?;
    // SAFETY: replaces the descriptors 0, 1 and 2, as it is asked to, and touches no memory.
    none_or_error(vm, host::check(unsafe { libc::login_tty(fd) }))
}

pub(super) fn posix_openpt(vm: &Vm, a: &[Value]) -> PyResult {
    let flags = c_int(vm, a[0])?;
    // SAFETY: plain system call.
    let fd = host::check(unsafe { libc::posix_openpt(flags) }).map_err(|e| path::error(vm, &e))?;
    keep(vm, fd)?;
    Ok(vm.new_int(fd as i64))
}

pub(super) fn grantpt(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = descriptor(vm, a[0])?;
    // SAFETY: takes a descriptor only.
    none_or_error(vm, host::check(unsafe { libc::grantpt(fd) }))
}

pub(super) fn unlockpt(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = descriptor(vm, a[0])?;
    // SAFETY: takes a descriptor only.
    none_or_error(vm, host::check(unsafe { libc::unlockpt(fd) }))
}

pub(super) fn ptsname(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = descriptor(vm, a[0])?;
    // SAFETY: the buffer is valid for writing its length.
    device_name(vm, |name, length| unsafe { libc::ptsname_r(fd, name, length) })
}
