//! Options of sockets.

use std::io;

use super::PySocket;
use super::object::none_or_error;
use crate::convert;
use crate::error::PyResult;
use crate::host;
use crate::import::os_error;
use crate::protocol::number;
use crate::shape;
use crate::types::bytes;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Longest option that can be asked for.
const MOST: i32 = 1024;

pub fn get_int(fd: i32, level: i32, option: i32) -> io::Result<i32> {
    let (mut n, mut len) = (0i32, size_of::<i32>() as libc::socklen_t);
    // SAFETY: room for an int.
    host::check(unsafe { libc::getsockopt(fd, level, option, (&raw mut n).cast(), &mut len) })?;
    Ok(n)
}

pub fn getsockopt(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = PySocket::of(a[0]).fd.get();
    let (level, option) = (convert::c_int(vm, a[1])?, convert::c_int(vm, a[2])?);
    let len = a[3].non_null().map_or(Ok(0), |v| convert::c_int(vm, v))?;
    if len == 0 {
        return match get_int(fd, level, option) {
            Ok(n) => Ok(Ref::small_int(n.into())),
            Err(e) => Err(os_error(vm, &e, None)),
        };
    }
    if !(1..=MOST).contains(&len) {
        return Err(vm.error(shape::OS_ERROR, "getsockopt buflen out of range"));
    }
    let mut buffer = vec![0u8; len as usize];
    let mut len = len as libc::socklen_t;
    // SAFETY: room for so many bytes.
    match host::check(unsafe { libc::getsockopt(fd, level, option, buffer.as_mut_ptr().cast(), &mut len) }) {
        Ok(_) => Ok(bytes::new(vm, &buffer[..(len as usize).min(buffer.len())])),
        Err(e) => Err(os_error(vm, &e, None)),
    }
}

pub fn setsockopt(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = PySocket::of(a[0]).fd.get();
    let (level, option) = (convert::c_int(vm, a[1])?, convert::c_int(vm, a[2])?);
    let set = |p: *const libc::c_void, len: usize| {
        // SAFETY: `p` points at so many bytes, or is null where the option takes a length only.
        host::check(unsafe { libc::setsockopt(fd, level, option, p, len as libc::socklen_t) })
    };
    if let Some(len) = a[4].non_null() {
        if !a[3].is(vm.none()) {
            let ty = vm.type_of(a[3]).full_name();
            return Err(vm.type_error(format!("socket option should be None, got '{ty}'")));
        }
        let len = crate::native::binascii::low_bits(vm, len, 0)?;
        return none_or_error(vm, set(std::ptr::null(), len as usize));
    }
    if number::has_index(vm, a[3]) {
        let n = convert::c_int(vm, a[3])?;
        return none_or_error(vm, set((&raw const n).cast(), size_of::<i32>()));
    }
    let data = convert::buffer(vm, a[3])?;
    none_or_error(vm, set(data.as_ptr().cast(), data.len()))
}
