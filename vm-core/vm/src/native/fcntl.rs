//! The module `fcntl`: control of file descriptors.

use crate::convert;
use crate::error::PyResult;
use crate::host;
use crate::import::os_error;
use crate::native::posix::descriptor;
use crate::native::{self, ModuleDef};
use crate::protocol::buffer::Buffer;
use crate::shape;
use crate::protocol::truth;
use crate::runtime;
use crate::types::bytes;
use crate::types::str_::PyStr;
use crate::types::type_::MethodDef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Longest argument that is not changed in place.
const BUFFER: usize = 1024;

/// Calls the system until it is not interrupted; signals are handled in between.
fn retried(vm: &Vm, mut f: impl FnMut() -> i32) -> PyResult<i32> {
    loop {
        match host::check(f()) {
            Ok(r) => return Ok(r),
            Err(e) if e.raw_os_error() == Some(libc::EINTR) => runtime::handle_signals(vm)?,
            Err(e) => return Err(os_error(vm, &e, None)),
        }
    }
}

/// Memory for the system to read and write, with zeros behind the argument.
fn scratch(vm: &Vm, data: &[u8], function: &str) -> PyResult<[u8; BUFFER]> {
    if data.len() > BUFFER {
        return Err(vm.value_error(format!("{function} argument 3 is too long")));
    }
    let mut buffer = [0; BUFFER];
    buffer[..data.len()].copy_from_slice(data);
    Ok(buffer)
}

/// The bytes of an argument that is not a number.
fn argument_bytes(vm: &Vm, v: Value) -> PyResult<Vec<u8>> {
    match v.cast::<PyStr>() {
        Some(s) => Ok(s.as_bytes().to_vec()),
        None => Ok(convert::buffer(vm, v)?.to_vec()),
    }
}

fn is_number(vm: &Vm, v: Value) -> bool {
    crate::protocol::number::has_index(vm, v)
}

/// The low bits of a number, as C's `unsigned int` takes them.
fn bits(vm: &Vm, v: Value) -> PyResult<u32> {
    native::binascii::low_bits(vm, v, 0)
}

fn fcntl(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = descriptor(vm, a[1])?;
    let command = convert::c_int(vm, a[2])?;
    let arg = a[3].non_null().unwrap_or(Value::small_int(0));
    if is_number(vm, arg) {
        let n = bits(vm, arg)? as i32;
        // SAFETY: a command with a number.
        return Ok(Ref::small_int(retried(vm, || unsafe { libc::fcntl(fd, command, n) })?.into()));
    }
    let data = argument_bytes(vm, arg)?;
    let mut buffer = scratch(vm, &data, "fcntl")?;
    // SAFETY: commands with a structure read and write less than the buffer holds.
    retried(vm, || unsafe { libc::fcntl(fd, command, buffer.as_mut_ptr()) })?;
    Ok(bytes::new(vm, &buffer[..data.len()]))
}

fn ioctl(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = descriptor(vm, a[1])?;
    let request = convert::c_long(vm, a[2]).map(|n| n as libc::c_ulong)?;
    let arg = a[3].non_null().unwrap_or(Value::small_int(0));
    if is_number(vm, arg) {
        let n = bits(vm, arg)? as i32;
        // SAFETY: a request with a number.
        return Ok(Ref::small_int(retried(vm, || unsafe { libc::ioctl(fd, request, n) })?.into()));
    }
    let mutate = a[4].non_null().map_or(Ok(true), |v| truth::truth(vm, v))?;
    let to = match Buffer::writable(vm, arg) {
        Ok(to) if mutate => Some(to),
        Err(e) if !e.is(vm, shape::BUFFER_ERROR) && arg.cast::<PyStr>().is_none() => return Err(e),
        _ => None,
    };
    let data = match &to {
        Some(to) => to.to_vec(),
        None => argument_bytes(vm, arg)?,
    };
    // Requests write as much as they are made for, whatever the argument's length.
    let mut buffer = if to.is_some() { vec![0; data.len().max(BUFFER)] } else { scratch(vm, &data, "ioctl")?.to_vec() };
    buffer[..data.len()].copy_from_slice(&data);
    // SAFETY: requests with a structure read and write less than the buffer holds.
    let r = retried(vm, || unsafe { libc::ioctl(fd, request, buffer.as_mut_ptr()) })?;
    let Some(to) = to else { return Ok(bytes::new(vm, &buffer[..data.len()])) };
    to.fill(&buffer[..data.len()]);
    Ok(Ref::small_int(r.into()))
}

fn flock(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = descriptor(vm, a[1])?;
    let operation = convert::c_int(vm, a[2])?;
    // SAFETY: a system call with plain numbers.
    retried(vm, || unsafe { libc::flock(fd, operation) })?;
    Ok(vm.none_ref())
}

fn lockf(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = descriptor(vm, a[1])?;
    let operation = convert::c_int(vm, a[2])?;
    let number = |v: Value| v.non_null().map_or(Ok(0), |v| convert::c_longlong(vm, v));
    let kind = match operation {
        o if o == libc::LOCK_UN => libc::F_UNLCK,
        o if o & libc::LOCK_SH != 0 => libc::F_RDLCK,
        o if o & libc::LOCK_EX != 0 => libc::F_WRLCK,
        _ => return Err(vm.value_error("unrecognized lockf argument")),
    };
    let whence = a[5].non_null().map_or(Ok(0), |v| convert::c_int(vm, v))?;
    // SAFETY: a structure of numbers, for which zero is right.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = kind as libc::c_short;
    lock.l_whence = whence as libc::c_short;
    lock.l_len = number(a[3])?;
    lock.l_start = number(a[4])?;
    let command = if operation & libc::LOCK_NB != 0 { libc::F_SETLK } else { libc::F_SETLKW };
    // SAFETY: a valid structure.
    retried(vm, || unsafe { libc::fcntl(fd, command, &lock) })?;
    Ok(vm.none_ref())
}

macro_rules! constants {
    ($($name:ident)*) => { &[$((stringify!($name), libc::$name as i64)),*] };
}

static CONSTANTS: &[(&str, i64)] = constants! {
    LOCK_SH LOCK_EX LOCK_NB LOCK_UN F_DUPFD F_DUPFD_CLOEXEC F_GETFD F_SETFD F_GETFL F_SETFL F_GETLK F_SETLK
    F_SETLKW F_OFD_GETLK F_OFD_SETLK F_OFD_SETLKW F_GETOWN F_SETOWN F_RDLCK F_WRLCK F_UNLCK F_SETLEASE F_GETLEASE
    F_NOTIFY F_SETPIPE_SZ F_GETPIPE_SZ F_ADD_SEALS F_GET_SEALS F_SEAL_SEAL F_SEAL_SHRINK F_SEAL_GROW F_SEAL_WRITE
    FD_CLOEXEC
};

/// Constants that the C library's bindings do not name.
static MORE: &[(&str, i64)] = &[
    ("LOCK_MAND", 32),
    ("LOCK_READ", 64),
    ("LOCK_WRITE", 128),
    ("LOCK_RW", 192),
    ("F_GETLK64", 5),
    ("F_SETLK64", 6),
    ("F_SETLKW64", 7),
    ("F_SETSIG", 10),
    ("F_GETSIG", 11),
    ("F_SETOWN_EX", 15),
    ("F_GETOWN_EX", 16),
    ("F_OWNER_TID", 0),
    ("F_OWNER_PID", 1),
    ("F_OWNER_PGRP", 2),
    ("F_EXLCK", 4),
    ("F_SHLCK", 8),
    ("F_DUPFD_QUERY", 1027),
    ("F_SEAL_FUTURE_WRITE", 16),
    ("F_GET_RW_HINT", 1035),
    ("F_SET_RW_HINT", 1036),
    ("F_GET_FILE_RW_HINT", 1037),
    ("F_SET_FILE_RW_HINT", 1038),
    ("RWH_WRITE_LIFE_NOT_SET", 0),
    ("RWH_WRITE_LIFE_NONE", 1),
    ("RWH_WRITE_LIFE_SHORT", 2),
    ("RWH_WRITE_LIFE_MEDIUM", 3),
    ("RWH_WRITE_LIFE_LONG", 4),
    ("RWH_WRITE_LIFE_EXTREME", 5),
    ("DN_ACCESS", 1),
    ("DN_MODIFY", 2),
    ("DN_CREATE", 4),
    ("DN_DELETE", 8),
    ("DN_RENAME", 16),
    ("DN_ATTRIB", 32),
    ("DN_MULTISHOT", 0x8000_0000),
    ("FASYNC", 0x2000),
    ("FICLONE", 0x4004_9409),
    ("FICLONERANGE", 0x4020_940d),
];

pub static MODULE: ModuleDef = ModuleDef {
    name: "fcntl",
    doc: "This module performs file control and I/O control on file\ndescriptors.  It is an interface to the fcntl() and ioctl() Unix\nroutines.  File descriptors can be obtained with the fileno() method of\na file or socket object.",
    functions: &[
        MethodDef::new("fcntl", "($module, fd, cmd, arg=0, /)", fcntl, "Performs an operation on a file descriptor."),
        MethodDef::new("ioctl", "($module, fd, request, arg=0, mutate_flag=True, /)", ioctl, "Performs a device's operation on a file descriptor."),
        MethodDef::new("flock", "($module, fd, operation, /)", flock, "Locks or unlocks a file."),
        MethodDef::new("lockf", "($module, fd, cmd, len=0, start=0, whence=0, /)", lockf, "Locks or unlocks a part of a file."),
    ],
    init: |vm, m| {
        let all = CONSTANTS.iter().chain(MORE);
        all.into_iter().try_for_each(|(name, n)| native::add(vm, m, name, Value::small_int(*n)))
    },
};
