//! Methods of a mapping.

use memchr::memmem;

use super::{ACCESS_COPY, ACCESS_READ, PyMmap, system_error};
use crate::convert;
use crate::error::PyResult;
use crate::host;
use crate::import::os_error;
use crate::protocol::number;
use crate::types::bytes;
use crate::value::{Ref, Value};
use crate::vm::Vm;

fn int(vm: &Vm, n: usize) -> PyResult {
    Ok(vm.new_int(n as i64))
}

/// A number, or the default for NULL and None.
fn number_or(vm: &Vm, v: Value, default: i64) -> PyResult<i64> {
    match v.non_null().filter(|v| !v.is(vm.none())) {
        Some(v) => number::size_i64(vm, v),
        None => Ok(default),
    }
}

pub fn close(vm: &Vm, a: &[Value]) -> PyResult {
    let m = PyMmap::of(a[0]);
    m.check_exports(vm, "cannot close")?;
    m.unmap();
    Ok(vm.none_ref())
}

pub fn enter(vm: &Vm, a: &[Value]) -> PyResult {
    PyMmap::of(a[0]).bytes(vm)?;
    Ok(a[0].to_ref())
}

fn search(vm: &Vm, a: &[Value], default_start: usize, f: fn(&[u8], &[u8]) -> Option<usize>) -> PyResult {
    let m = PyMmap::of(a[0]);
    let len = m.bytes(vm)?.len() as i64;
    let part = convert::buffer(vm, a[1])?.to_vec();
    let (start, end) = (number_or(vm, a[2], default_start as i64)?, number_or(vm, a[3], len)?);
    let place = |i: i64| (if i < 0 { i + len } else { i }).clamp(0, len) as usize;
    let (start, end) = (place(start), place(end));
    let all = m.bytes(vm)?;
    let found = all.get(start..end).and_then(|range| f(range, &part));
    Ok(found.map_or(Ref::small_int(-1), |i| vm.new_int((start + i) as i64)))
}

pub fn find(vm: &Vm, a: &[Value]) -> PyResult {
    search(vm, a, PyMmap::of(a[0]).position.get(), memmem::find)
}

pub fn rfind(vm: &Vm, a: &[Value]) -> PyResult {
    search(vm, a, PyMmap::of(a[0]).position.get(), memmem::rfind)
}

pub fn flush(vm: &Vm, a: &[Value]) -> PyResult {
    let m = PyMmap::of(a[0]);
    let len = m.bytes(vm)?.len() as i64;
    let offset = number_or(vm, a[1], 0)?;
    let size = number_or(vm, a[2], len - offset)?;
    if size < 0 || offset < 0 || size > len - offset {
        return Err(vm.value_error("flush values out of range"));
    }
    if matches!(m.access, ACCESS_READ | ACCESS_COPY) {
        return Ok(vm.none_ref());
    }
    // SAFETY: within the mapping.
    let r = unsafe { libc::msync(m.start.get().add(offset as usize).cast(), size as usize, libc::MS_SYNC) };
    if r < 0 { Err(system_error(vm)) } else { Ok(vm.none_ref()) }
}

pub fn madvise(vm: &Vm, a: &[Value]) -> PyResult {
    let m = PyMmap::of(a[0]);
    let option = convert::c_int(vm, a[1])?;
    let len = m.bytes(vm)?.len() as i64;
    let start = number_or(vm, a[2], 0)?;
    let size = number_or(vm, a[3], len)?;
    if !(0..len).contains(&start) {
        return Err(vm.value_error("madvise start out of bounds"));
    }
    if size < 0 {
        return Err(vm.value_error("madvise length invalid"));
    }
    if start.checked_add(size).is_none() {
        return Err(vm.overflow_error("madvise length too large"));
    }
    let size = size.min(len - start);
    // SAFETY: within the mapping.
    let r = unsafe { libc::madvise(m.start.get().add(start as usize).cast(), size as usize, option) };
    if r < 0 { Err(system_error(vm)) } else { Ok(vm.none_ref()) }
}

pub fn move_(vm: &Vm, a: &[Value]) -> PyResult {
    let m = PyMmap::of(a[0]);
    let at = |i: usize| number::size_i64(vm, a[i]);
    let (to, from, count) = (at(1)?, at(2)?, at(3)?);
    m.with_mut(vm, |all| {
        let len = all.len() as i64;
        let fits = |i: i64| i >= 0 && count >= 0 && i <= len - count;
        if !fits(to) || !fits(from) {
            return Err(vm.value_error("source, destination, or count out of range"));
        }
        all.copy_within(from as usize..(from + count) as usize, to as usize);
        Ok(vm.none_ref())
    })?
}

/// Takes bytes from the position on.
fn take(vm: &Vm, m: &PyMmap, n: usize) -> PyResult {
    let all = m.bytes(vm)?;
    let from = m.position.get().min(all.len());
    let to = from.saturating_add(n).min(all.len());
    m.position.set(to);
    Ok(bytes::new(vm, &all[from..to]))
}

pub fn read(vm: &Vm, a: &[Value]) -> PyResult {
    let m = PyMmap::of(a[0]);
    m.bytes(vm)?;
    let n = number_or(vm, a[1], -1)?;
    take(vm, m, usize::try_from(n).unwrap_or(usize::MAX))
}

pub fn read_byte(vm: &Vm, a: &[Value]) -> PyResult {
    let m = PyMmap::of(a[0]);
    let Some(byte) = m.bytes(vm)?.get(m.position.get()) else {
        return Err(vm.value_error("read byte out of range"));
    };
    m.position.set(m.position.get() + 1);
    Ok(Ref::small_int((*byte).into()))
}

pub fn readline(vm: &Vm, a: &[Value]) -> PyResult {
    let m = PyMmap::of(a[0]);
    let rest = m.bytes(vm)?.get(m.position.get()..).unwrap_or_default();
    let n = rest.iter().position(|b| *b == b'\n').map_or(rest.len(), |i| i + 1);
    take(vm, m, n)
}

pub fn write(vm: &Vm, a: &[Value]) -> PyResult {
    let m = PyMmap::of(a[0]);
    m.bytes(vm)?;
    let data = convert::buffer(vm, a[1])?.to_vec();
    let at = m.position.get();
    m.with_mut(vm, |all| match all.get_mut(at..at.saturating_add(data.len())) {
        Some(to) => {
            to.copy_from_slice(&data);
            m.position.set(at + data.len());
            int(vm, data.len())
        }
        None => Err(vm.value_error("data out of range")),
    })?
}

pub fn write_byte(vm: &Vm, a: &[Value]) -> PyResult {
    let m = PyMmap::of(a[0]);
    m.bytes(vm)?;
    let byte = bytes::byte(vm, a[1], "byte")?;
    let at = m.position.get();
    m.with_mut(vm, |all| match all.get_mut(at) {
        Some(to) => {
            *to = byte;
            m.position.set(at + 1);
            Ok(vm.none_ref())
        }
        None => Err(vm.value_error("write byte out of range")),
    })?
}

pub fn seek(vm: &Vm, a: &[Value]) -> PyResult {
    let m = PyMmap::of(a[0]);
    let len = m.bytes(vm)?.len() as i64;
    let to = number::size_i64(vm, a[1])?;
    let from = match a[2].non_null().map_or(Ok(0), |v| convert::c_int(vm, v))? {
        0 => 0,
        1 => m.position.get() as i64,
        2 => len,
        _ => return Err(vm.value_error("unknown seek type")),
    };
    match from.checked_add(to) {
        Some(to) if (0..=len).contains(&to) => {
            m.position.set(to as usize);
            Ok(vm.new_int(to))
        }
        _ => Err(vm.value_error("seek out of range")),
    }
}

pub fn tell(vm: &Vm, a: &[Value]) -> PyResult {
    let m = PyMmap::of(a[0]);
    m.bytes(vm)?;
    int(vm, m.position.get())
}

/// The file's size.
pub fn size(vm: &Vm, a: &[Value]) -> PyResult {
    let m = PyMmap::of(a[0]);
    m.bytes(vm)?;
    match host::fstat(m.fd.get()) {
        Ok(s) => Ok(vm.new_int(s.st_size)),
        Err(e) => Err(os_error(vm, &e, None)),
    }
}

pub fn resize(vm: &Vm, a: &[Value]) -> PyResult {
    let m = PyMmap::of(a[0]);
    m.bytes(vm)?;
    let new = number::size_i64(vm, a[1])?;
    if m.exports.get() > 0 {
        return Err(vm.buffer_error("mmap can't resize with extant pointers exported."));
    }
    if matches!(m.access, ACCESS_READ | ACCESS_COPY) {
        return Err(vm.type_error("mmap can't resize a readonly or copy-on-write memory map."));
    }
    let Ok(new) = usize::try_from(new) else { return Err(vm.value_error("new size out of range")) };
    // The system would grow the mapping, but not the memory behind it.
    if m.fd.get() < 0 && m.flags & libc::MAP_PRIVATE == 0 && new > m.len.get() {
        return Err(vm.value_error("mmap: can't expand a shared anonymous mapping on Linux"));
    }
    if m.fd.get() >= 0 {
        // SAFETY: plain system call.
        if unsafe { libc::ftruncate(m.fd.get(), m.offset + new as i64) } < 0 {
            return Err(system_error(vm));
        }
    }
    remap(vm, m, new)
}

fn remap(vm: &Vm, m: &PyMmap, new: usize) -> PyResult {
    // SAFETY: the mapping, of which nobody keeps pointers.
    let p = unsafe { libc::mremap(m.start.get().cast(), m.len.get(), new, libc::MREMAP_MAYMOVE) };
    if p == libc::MAP_FAILED {
        return Err(system_error(vm));
    }
    m.start.set(p.cast());
    m.len.set(new);
    Ok(vm.none_ref())
}
