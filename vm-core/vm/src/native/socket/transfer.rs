//! Sending and receiving.

use std::io;

use super::address::{self, Address};
use super::wait::{self, Ready};
use super::{PySocket, message};
use crate::convert;
use crate::error::PyResult;
use crate::host;
use crate::protocol::buffer::Buffer;
use crate::protocol::number;
use crate::runtime;
use crate::threads;
use crate::types::bytes;
use crate::types::tuple::PyTuple;
use crate::value::Value;
use crate::vm::Vm;

pub(super) fn flags(vm: &Vm, v: Value) -> PyResult<i32> {
    v.non_null().map_or(Ok(0), |v| convert::c_int(vm, v))
}

fn receive(fd: i32, into: &mut [u8], flags: i32) -> io::Result<usize> {
    // SAFETY: the slice is valid for writing its length.
    host::check_size(unsafe { libc::recv(fd, into.as_mut_ptr().cast(), into.len(), flags) })
}

fn receive_from(fd: i32, into: &mut [u8], flags: i32, from: &mut Address) -> io::Result<usize> {
    *from = Address::empty();
    // SAFETY: the slice is valid for writing its length; room for any address.
    host::check_size(unsafe {
        libc::recvfrom(fd, into.as_mut_ptr().cast(), into.len(), flags, from.pointer_mut(), &mut from.len)
    })
}

/// Sends; only as much as the system takes at once while there are other threads to run.
fn transmit(vm: &Vm, fd: i32, data: &[u8], flags: i32) -> io::Result<usize> {
    let flags = if vm.threads.has_others() { flags | libc::MSG_DONTWAIT } else { flags };
    // SAFETY: the slice is valid for reading its length.
    host::check_size(unsafe { libc::send(fd, data.as_ptr().cast(), data.len(), flags) })
}

/// Memory to receive into, of the size that a program asks for.
pub(super) fn room(vm: &Vm, n: i64, function: &str) -> PyResult<Vec<u8>> {
    let Ok(n) = usize::try_from(n) else {
        return Err(vm.value_error(format!("negative buffersize in {function}")));
    };
    let mut buffer = Vec::new();
    if buffer.try_reserve_exact(n).is_err() {
        return Err(vm.error_args(crate::shape::MEMORY_ERROR, &[]));
    }
    buffer.resize(n, 0);
    Ok(buffer)
}

pub fn recv(vm: &Vm, a: &[Value]) -> PyResult {
    let s = PySocket::of(a[0]);
    let (n, flags) = (number::size_i64(vm, a[1])?, flags(vm, a[2])?);
    let mut buffer = room(vm, n, "recv")?;
    let n = wait::call(vm, s, Ready::Read, || receive(s.fd.get(), &mut buffer, flags))?;
    Ok(bytes::new(vm, &buffer[..n]))
}

pub fn recvfrom(vm: &Vm, a: &[Value]) -> PyResult {
    let s = PySocket::of(a[0]);
    let (n, flags) = (number::size_i64(vm, a[1])?, flags(vm, a[2])?);
    let mut buffer = room(vm, n, "recvfrom")?;
    let mut from = Address::empty();
    let n = wait::call(vm, s, Ready::Read, || receive_from(s.fd.get(), &mut buffer, flags, &mut from))?;
    Ok(PyTuple::pair(bytes::new(vm, &buffer[..n]), from.to_python(vm)))
}

/// Receives by `f` into a writable object; how many bytes.
fn into_buffer(
    vm: &Vm,
    a: &[Value],
    function: &str,
    mut f: impl FnMut(&mut [u8]) -> io::Result<usize>,
) -> PyResult<usize> {
    let s = PySocket::of(a[0]);
    let n = a[2].non_null().map_or(Ok(0), |v| number::size_i64(vm, v))?;
    let to = Buffer::writable_argument(vm, function, "argument 1", a[1])?;
    let size = to.len();
    let n = usize::try_from(n).map_err(|_| vm.value_error(format!("negative buffersize in {function}")))?;
    if n > size {
        return Err(vm.value_error("buffer too small for requested bytes"));
    }
    let mut buffer = vec![0u8; if n == 0 { size } else { n }];
    // Signal handlers that run meanwhile may change the object: it is written to afterwards.
    let n = wait::call(vm, s, Ready::Read, || f(&mut buffer))?;
    to.fill(&buffer[..n.min(buffer.len())]);
    Ok(n)
}

pub fn recv_into(vm: &Vm, a: &[Value]) -> PyResult {
    let (fd, flags) = (PySocket::of(a[0]).fd.get(), flags(vm, a[3])?);
    let n = into_buffer(vm, a, "recv_into", |b| receive(fd, b, flags))?;
    Ok(vm.new_int(n as i64))
}

pub fn recvfrom_into(vm: &Vm, a: &[Value]) -> PyResult {
    let (fd, flags) = (PySocket::of(a[0]).fd.get(), flags(vm, a[3])?);
    let mut from = Address::empty();
    let n = into_buffer(vm, a, "recvfrom_into", |b| receive_from(fd, b, flags, &mut from))?;
    Ok(PyTuple::pair(vm.new_int(n as i64), from.to_python(vm)))
}

pub fn send(vm: &Vm, a: &[Value]) -> PyResult {
    let s = PySocket::of(a[0]);
    let (data, flags) = (message::data(vm, a[1])?, flags(vm, a[2])?);
    let n = wait::call(vm, s, Ready::Write, || transmit(vm, s.fd.get(), &data, flags))?;
    Ok(vm.new_int(n as i64))
}

pub fn sendall(vm: &Vm, a: &[Value]) -> PyResult {
    let s = PySocket::of(a[0]);
    let (data, flags) = (message::data(vm, a[1])?, flags(vm, a[2])?);
    // The timeout is that of the whole, not of a part.
    let deadline = s.timeout.get().deadline(vm)?;
    let mut rest = &data[..];
    loop {
        if let Some(end) = deadline
            && threads::now(vm)? > end
        {
            return Err(wait::timed_out(vm));
        }
        let n = wait::call_until(vm, s, Ready::Write, deadline, || transmit(vm, s.fd.get(), rest, flags))?;
        rest = &rest[n..];
        if rest.is_empty() {
            return Ok(vm.none_ref());
        }
        runtime::handle_signals(vm)?;
    }
}

pub fn sendto(vm: &Vm, a: &[Value]) -> PyResult {
    let s = PySocket::of(a[0]);
    let args = a[1].cast::<PyTuple>().map_or(&[][..], PyTuple::as_slice);
    let (data, flags, to) = match *args {
        [data, to] => (data, 0, to),
        [data, flags, to] => (data, convert::c_int(vm, flags)?, to),
        _ => return Err(vm.type_error(format!("sendto() takes 2 or 3 arguments ({} given)", args.len()))),
    };
    let data = message::data(vm, data)?;
    let to = address::from_python(vm, s.family.get(), to, "sendto")?;
    let n = wait::call(vm, s, Ready::Write, || {
        // SAFETY: the data's memory, and a valid address.
        host::check_size(unsafe {
            libc::sendto(s.fd.get(), data.as_ptr().cast(), data.len(), flags, to.pointer(), to.len)
        })
    })?;
    Ok(vm.new_int(n as i64))
}
