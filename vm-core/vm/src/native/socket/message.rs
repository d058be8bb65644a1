//! Messages with ancillary data: file descriptors and whatever else travels beside the bytes.

use std::ptr;

use super::PySocket;
use super::address::{self, Address};
use super::transfer::{flags, room};
use super::wait::{self, Ready};
use crate::convert;
use crate::error::PyResult;
use crate::host;
use crate::protocol::buffer::Buffer;
use crate::protocol::{iter, number};
use crate::shape;
use crate::types::bytes;
use crate::types::list::PyList;
use crate::types::tuple::PyTuple;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// The bytes of a bytes-like argument, which signal handlers cannot change.
pub(super) fn data(vm: &Vm, v: Value) -> PyResult<Vec<u8>> {
    Ok(Buffer::new(vm, v)?.to_vec())
}

/// Bytes that an item of ancillary data takes with its header and padding.
fn space(n: usize) -> Option<usize> {
    const MOST: usize = 0x7fff_ffff - 64;
    if n > MOST {
        return None;
    }
    // SAFETY: computes with a number.
    Some(unsafe { libc::CMSG_SPACE(n as u32) } as usize)
}

pub fn cmsg_len(vm: &Vm, a: &[Value]) -> PyResult {
    let n = number::size_i64(vm, a[0])?;
    if n < 0 || space(n as usize).is_none() {
        return Err(vm.overflow_error("CMSG_LEN() argument out of range"));
    }
    // SAFETY: computes with a number.
    Ok(Ref::small_int(unsafe { libc::CMSG_LEN(n as u32) }.into()))
}

pub fn cmsg_space(vm: &Vm, a: &[Value]) -> PyResult {
    let n = number::size_i64(vm, a[0])?;
    match usize::try_from(n).ok().and_then(space) {
        Some(n) => Ok(vm.new_int(n as i64)),
        None => Err(vm.overflow_error("CMSG_SPACE() argument out of range")),
    }
}

/// An item of ancillary data: level, type, bytes.
type Item = (i32, i32, Vec<u8>);

fn ancillary_items(vm: &Vm, v: Value) -> PyResult<Vec<Item>> {
    if v.is_null() {
        return Ok(Vec::new());
    }
    let mut all = Vec::new();
    for item in iter::sequence(vm, v, "sendmsg() argument 2 must be an iterable")? {
        let Some(&[level, kind, bytes]) = item.cast::<PyTuple>().map(PyTuple::as_slice) else {
            return Err(vm.type_error("[sendmsg() ancillary data items] argument must be a sequence of length 3"));
        };
        all.push((convert::c_int(vm, level)?, convert::c_int(vm, kind)?, data(vm, bytes)?));
    }
    Ok(all)
}

/// Ancillary data as the system takes it. The words make it aligned.
fn control(vm: &Vm, items: &[Item]) -> PyResult<Vec<u64>> {
    let too_large = || vm.error(shape::OS_ERROR, "ancillary data item too large");
    let mut sizes = Vec::new();
    for (_, _, bytes) in items {
        sizes.push(space(bytes.len()).ok_or_else(too_large)?);
    }
    let mut words = vec![0u64; sizes.iter().sum::<usize>().div_ceil(8)];
    let mut at = 0;
    for ((level, kind, bytes), size) in items.iter().zip(sizes) {
        // SAFETY: the items' spaces follow one another within the words, each aligned as a header
        // has to be, and large enough for the header and the bytes.
        unsafe {
            let header = words.as_mut_ptr().cast::<u8>().add(at).cast::<libc::cmsghdr>();
            (*header).cmsg_level = *level;
            (*header).cmsg_type = *kind;
            (*header).cmsg_len = libc::CMSG_LEN(bytes.len() as u32) as usize;
            ptr::copy_nonoverlapping(bytes.as_ptr(), libc::CMSG_DATA(header), bytes.len());
        }
        at += size;
    }
    Ok(words)
}

/// A message header without contents.
fn empty_header() -> libc::msghdr {
    // SAFETY: a structure of numbers and pointers, for which zero is right.
    unsafe { std::mem::zeroed() }
}

pub fn sendmsg(vm: &Vm, a: &[Value]) -> PyResult {
    let s = PySocket::of(a[0]);
    let buffers = iter::sequence(vm, a[1], "sendmsg() argument 1 must be an iterable")?;
    let buffers = buffers.iter().map(|b| Buffer::new(vm, b.value())).collect::<PyResult<Vec<_>>>()?;
    let items = ancillary_items(vm, a[2])?;
    let flags = flags(vm, a[3])?;
    let to = match a[4].non_null().filter(|v| !v.is(vm.none())) {
        Some(v) => Some(address::from_python(vm, s.family.get(), v, "sendmsg")?),
        None => None,
    };
    let mut words = control(vm, &items)?;
    let mut parts: Vec<libc::iovec> = buffers
        .iter()
        .map(|b| libc::iovec { iov_base: b.as_ptr().cast_mut().cast(), iov_len: b.len() })
        .collect();
    let mut header = empty_header();
    if let Some(to) = &to {
        header.msg_name = to.pointer().cast_mut().cast();
        header.msg_namelen = to.len;
    }
    header.msg_iov = parts.as_mut_ptr();
    header.msg_iovlen = parts.len();
    if !words.is_empty() {
        header.msg_control = words.as_mut_ptr().cast();
        header.msg_controllen = words.len() * 8;
    }
    let n = wait::call(vm, s, Ready::Write, || {
        // SAFETY: what the header points at lives until the call returns.
        host::check_size(unsafe { libc::sendmsg(s.fd.get(), &header, flags) })
    })?;
    Ok(vm.new_int(n as i64))
}

/// What came with a message.
struct Received {
    len: usize,
    ancillary: Ref,
    flags: i32,
    from: Address,
}

fn receive(vm: &Vm, s: &PySocket, buffers: &mut [Vec<u8>], room: i64, flags: i32) -> PyResult<Received> {
    let Ok(room) = usize::try_from(room) else {
        return Err(vm.value_error("invalid ancillary data buffer length"));
    };
    let mut words = vec![0u64; room.div_ceil(8)];
    let mut parts: Vec<libc::iovec> =
        buffers.iter_mut().map(|b| libc::iovec { iov_base: b.as_mut_ptr().cast(), iov_len: b.len() }).collect();
    let mut from = Address::empty();
    let mut header = empty_header();
    let len = wait::call(vm, s, Ready::Read, || {
        from = Address::empty();
        header.msg_name = from.pointer_mut().cast();
        header.msg_namelen = from.len;
        header.msg_iov = parts.as_mut_ptr();
        header.msg_iovlen = parts.len();
        header.msg_control = if room > 0 { words.as_mut_ptr().cast() } else { ptr::null_mut() };
        header.msg_controllen = room;
        // SAFETY: what the header points at lives until the call returns.
        host::check_size(unsafe { libc::recvmsg(s.fd.get(), &mut header, flags) })
    })?;
    from.len = header.msg_namelen;
    let mut items = Vec::new();
    // SAFETY: the system filled the control data in; no item reaches beyond its end.
    unsafe {
        let end = header.msg_control as usize + header.msg_controllen;
        let mut item = libc::CMSG_FIRSTHDR(&header);
        while let Some(h) = item.as_ref() {
            let start = libc::CMSG_DATA(item);
            let stated = h.cmsg_len.saturating_sub(libc::CMSG_LEN(0) as usize);
            let n = stated.min(end.saturating_sub(start as usize));
            let data = bytes::new(vm, std::slice::from_raw_parts(start, n));
            let numbers = [h.cmsg_level, h.cmsg_type].map(|n| Ref::small_int(n.into()));
            let [level, kind] = numbers;
            items.push(PyTuple::from_vec(vm, vec![level, kind, data]));
            item = libc::CMSG_NXTHDR(&header, item);
        }
    }
    Ok(Received { len, ancillary: PyList::new(vm, items), flags: header.msg_flags, from })
}

fn result(vm: &Vm, first: Ref, r: Received) -> Ref {
    PyTuple::from_vec(vm, vec![first, r.ancillary, Ref::small_int(r.flags.into()), r.from.to_python(vm)])
}

fn size_or_zero(vm: &Vm, v: Value) -> PyResult<i64> {
    v.non_null().map_or(Ok(0), |v| number::size_i64(vm, v))
}

pub fn recvmsg(vm: &Vm, a: &[Value]) -> PyResult {
    let s = PySocket::of(a[0]);
    let n = number::size_i64(vm, a[1])?;
    if n < 0 {
        return Err(vm.value_error("negative buffer size in recvmsg()"));
    }
    let mut buffers = [room(vm, n, "recvmsg()")?];
    let r = receive(vm, s, &mut buffers, size_or_zero(vm, a[2])?, flags(vm, a[3])?)?;
    let first = bytes::new(vm, &buffers[0][..r.len.min(buffers[0].len())]);
    Ok(result(vm, first, r))
}

pub fn recvmsg_into(vm: &Vm, a: &[Value]) -> PyResult {
    let s = PySocket::of(a[0]);
    let objects = iter::sequence(vm, a[1], "recvmsg_into() argument 1 must be an iterable")?;
    let (mut buffers, mut held) = (Vec::new(), Vec::new());
    for o in &objects {
        match Buffer::writable(vm, o.value()) {
            Ok(b) => {
                buffers.push(vec![0u8; b.len()]);
                held.push(b);
            }
            Err(_) => {
                let ty = vm.type_of(o.value()).full_name();
                return Err(vm.type_error(format!(
                    "recvmsg_into() argument 1 must be an iterable of single-segment read-write buffers, not {ty}"
                )));
            }
        }
    }
    let r = receive(vm, s, &mut buffers, size_or_zero(vm, a[2])?, flags(vm, a[3])?)?;
    let mut left = r.len;
    for (to, b) in held.iter().zip(&buffers) {
        let n = left.min(b.len());
        to.fill(&b[..n]);
        left -= n;
    }
    let first = vm.new_int(r.len as i64);
    Ok(result(vm, first, r))
}
