//! Operations on file descriptors.

use std::os::fd::RawFd;

use crate::error::PyResult;
use crate::host;
use crate::protocol::buffer::Buffer;
use crate::threads::files;
use crate::native::posix::{descriptor, int_or_error, none_or_error, path};
use crate::native::sys::c_int;
use crate::protocol::{iter, number, truth};
use crate::types::bytes;
use crate::types::tuple::PyTuple;
use crate::value::{Ref, Value};
use crate::vm::Vm;

fn size_or_error(vm: &Vm, r: std::io::Result<usize>) -> PyResult {
    match r {
        Ok(n) => Ok(vm.new_int(n as i64)),
        Err(e) => Err(path::error(vm, &e)),
    }
}

pub(super) fn close(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = c_int(vm, a[0])?;
    none_or_error(vm, host::close(fd).map(|()| 0))
}

pub(super) fn closerange(vm: &Vm, a: &[Value]) -> PyResult {
    let (low, high) = (c_int(vm, a[0])?, c_int(vm, a[1])?);
    if low < high {
        // SAFETY: plain system call.
        let r = unsafe { libc::syscall(libc::SYS_close_range, low.max(0) as u32, (high - 1) as u32, 0) };
        if r != 0 {
            (low.max(0)..high).for_each(|fd| drop(host::close(fd)));
        }
    }
    Ok(vm.none_ref())
}

pub(super) fn read(vm: &Vm, a: &[Value]) -> PyResult {
    let (fd, n) = (c_int(vm, a[0])?, number::size_i64(vm, a[1])?);
    files::before_call(vm, fd, libc::POLLIN)?;
    read_with(vm, n, |into| host::read(fd, into))
}

/// Reads up to `n` bytes into a bytes object.
fn read_with(vm: &Vm, n: i64, mut f: impl FnMut(&mut [u8]) -> std::io::Result<usize>) -> PyResult {
    if n < 0 {
        return Err(path::error(vm, &std::io::Error::from_raw_os_error(libc::EINVAL)));
    }
    let mut buffer = Vec::new();
    // The system reads no more at once.
    let n = (n as usize).min(0x7fff_f000);
    if buffer.try_reserve_exact(n).is_err() {
        return Err(vm.memory_error(""));
    }
    buffer.resize(n, 0u8);
    match path::retry(vm, || f(&mut buffer))? {
        Ok(n) => Ok(bytes::new(vm, &buffer[..n])),
        Err(e) => Err(path::error(vm, &e)),
    }
}

pub(super) fn pread(vm: &Vm, a: &[Value]) -> PyResult {
    let (fd, n, offset) = (c_int(vm, a[0])?, number::size_i64(vm, a[1])?, number::size_i64(vm, a[2])?);
    // SAFETY: the slice is valid for writing its length.
    read_with(vm, n, |b| host::check_size(unsafe { libc::pread(fd, b.as_mut_ptr().cast(), b.len(), offset) }))
}

pub(super) fn readinto(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = c_int(vm, a[0])?;
    let to = Buffer::writable_argument(vm, "readinto", "argument 2", a[1])?;
    let mut buffer = vec![0u8; to.len()];
    match files::read(vm, fd, &mut buffer)? {
        Ok(n) => {
            to.fill(&buffer[..n]);
            Ok(vm.new_int(n as i64))
        }
        Err(e) => Err(path::error(vm, &e)),
    }
}

/// The bytes of a bytes-like argument.
fn data(vm: &Vm, v: Value) -> PyResult<Vec<u8>> {
    Ok(Buffer::new(vm, v)?.to_vec())
}

pub(super) fn write(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = c_int(vm, a[0])?;
    let data = data(vm, a[1])?;
    size_or_error(vm, files::write(vm, fd, &data)?)
}

pub(super) fn pwrite(vm: &Vm, a: &[Value]) -> PyResult {
    let (fd, offset) = (c_int(vm, a[0])?, number::size_i64(vm, a[2])?);
    let data = data(vm, a[1])?;
    let r = path::retry(vm, || {
        // SAFETY: the slice is valid for reading its length.
        host::check_size(unsafe { libc::pwrite(fd, data.as_ptr().cast(), data.len(), offset) })
    })?;
    size_or_error(vm, r)
}

pub(super) fn writev(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = c_int(vm, a[0])?;
    let mut all = Vec::new();
    for b in iter::sequence(vm, a[1], "writev() arg 2 must be a sequence")? {
        all.extend(data(vm, b.value())?);
    }
    size_or_error(vm, files::write(vm, fd, &all)?)
}

pub(super) fn readv(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = c_int(vm, a[0])?;
    let buffers = iter::sequence(vm, a[1], "readv() arg 2 must be a sequence")?;
    let held: Vec<Buffer> = buffers.iter().map(|b| Buffer::writable(vm, b.value())).collect::<PyResult<_>>()?;
    let mut all = vec![0u8; held.iter().map(|b| b.len()).sum()];
    let n = match files::read(vm, fd, &mut all)? {
        Ok(n) => n,
        Err(e) => return Err(path::error(vm, &e)),
    };
    let mut rest = &all[..n];
    for to in &held {
        to.fill(rest);
        rest = &rest[to.len().min(rest.len())..];
    }
    Ok(vm.new_int(n as i64))
}

pub(super) fn lseek(vm: &Vm, a: &[Value]) -> PyResult {
    let (fd, offset, whence) = (c_int(vm, a[0])?, number::size_i64(vm, a[1])?, c_int(vm, a[2])?);
    match host::seek(fd, offset, whence) {
        Ok(n) => Ok(vm.new_int(n)),
        Err(e) => Err(path::error(vm, &e)),
    }
}

pub(super) fn dup(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = c_int(vm, a[0])?;
    // SAFETY: plain system call.
    int_or_error(vm, host::check(unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 0) }))
}

pub(super) fn dup2(vm: &Vm, a: &[Value]) -> PyResult {
    let (from, to) = (c_int(vm, a[0])?, c_int(vm, a[1])?);
    let inheritable = a[2].non_null().map_or(Ok(true), |i| truth::truth(vm, i))?;
    // SAFETY: plain system calls.
    let r = host::check(unsafe {
        if inheritable || from == to { libc::dup2(from, to) } else { libc::dup3(from, to, libc::O_CLOEXEC) }
    });
    int_or_error(vm, r)
}

pub(super) fn pair(vm: &Vm, fds: [RawFd; 2]) -> Ref {
    PyTuple::pair(vm.new_int(fds[0] as i64), vm.new_int(fds[1] as i64))
}

fn make_pipe(vm: &Vm, flags: i32) -> PyResult {
    let mut fds = [0; 2];
    // SAFETY: room for two descriptors.
    match host::check(unsafe { libc::pipe2(fds.as_mut_ptr(), flags) }) {
        Ok(_) => Ok(pair(vm, fds)),
        Err(e) => Err(path::error(vm, &e)),
    }
}

pub(super) fn pipe(vm: &Vm, _: &[Value]) -> PyResult {
    make_pipe(vm, libc::O_CLOEXEC)
}

pub(super) fn pipe2(vm: &Vm, a: &[Value]) -> PyResult {
    make_pipe(vm, c_int(vm, a[0])?)
}

pub(super) fn fsync(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = descriptor(vm, a[0])?;
    // SAFETY: plain system call.
    none_or_error(vm, path::retry(vm, || host::check(unsafe { libc::fsync(fd) }))?)
}

pub(super) fn fdatasync(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = descriptor(vm, a[0])?;
    // SAFETY: plain system call.
    none_or_error(vm, path::retry(vm, || host::check(unsafe { libc::fdatasync(fd) }))?)
}

pub(super) fn sync(vm: &Vm, _: &[Value]) -> PyResult {
    // SAFETY: plain system call.
    unsafe { libc::sync() };
    Ok(vm.none_ref())
}

pub(super) fn ftruncate(vm: &Vm, a: &[Value]) -> PyResult {
    let (fd, n) = (c_int(vm, a[0])?, number::size_i64(vm, a[1])?);
    // SAFETY: plain system call.
    none_or_error(vm, path::retry(vm, || host::check(unsafe { libc::ftruncate(fd, n) }))?)
}

pub(super) fn posix_fallocate(vm: &Vm, a: &[Value]) -> PyResult {
    let (fd, offset, n) = (c_int(vm, a[0])?, number::size_i64(vm, a[1])?, number::size_i64(vm, a[2])?);
    // SAFETY: plain system call.
    match unsafe { libc::posix_fallocate(fd, offset, n) } {
        0 => Ok(vm.none_ref()),
        e => Err(path::error(vm, &std::io::Error::from_raw_os_error(e))),
    }
}

pub(super) fn posix_fadvise(vm: &Vm, a: &[Value]) -> PyResult {
    let (fd, offset, n) = (c_int(vm, a[0])?, number::size_i64(vm, a[1])?, number::size_i64(vm, a[2])?);
    let advice = c_int(vm, a[3])?;
    // SAFETY: plain system call.
    match unsafe { libc::posix_fadvise(fd, offset, n, advice) } {
        0 => Ok(vm.none_ref()),
        e => Err(path::error(vm, &std::io::Error::from_raw_os_error(e))),
    }
}

pub(super) fn lockf(vm: &Vm, a: &[Value]) -> PyResult {
    let (fd, command, n) = (c_int(vm, a[0])?, c_int(vm, a[1])?, number::size_i64(vm, a[2])?);
    // SAFETY: plain system call.
    none_or_error(vm, host::check(unsafe { libc::lockf(fd, command, n) }))
}

fn descriptor_flags(vm: &Vm, fd: i32) -> PyResult<i32> {
    // SAFETY: plain system call.
    host::check(unsafe { libc::fcntl(fd, libc::F_GETFD) }).map_err(|e| path::error(vm, &e))
}

pub(super) fn get_inheritable(vm: &Vm, a: &[Value]) -> PyResult {
    let flags = descriptor_flags(vm, c_int(vm, a[0])?)?;
    Ok(vm.bool_ref(flags & libc::FD_CLOEXEC == 0))
}

pub(super) fn set_inheritable(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = c_int(vm, a[0])?;
    let flags = descriptor_flags(vm, fd)?;
    let new = if c_int(vm, a[1])? != 0 { flags & !libc::FD_CLOEXEC } else { flags | libc::FD_CLOEXEC };
    // SAFETY: plain system call.
    none_or_error(vm, host::check(unsafe { libc::fcntl(fd, libc::F_SETFD, new) }))
}

fn status_flags(vm: &Vm, fd: i32) -> PyResult<i32> {
    // SAFETY: plain system call.
    host::check(unsafe { libc::fcntl(fd, libc::F_GETFL) }).map_err(|e| path::error(vm, &e))
}

pub(super) fn get_blocking(vm: &Vm, a: &[Value]) -> PyResult {
    let flags = status_flags(vm, c_int(vm, a[0])?)?;
    Ok(vm.bool_ref(flags & libc::O_NONBLOCK == 0))
}

pub(super) fn set_blocking(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = c_int(vm, a[0])?;
    let flags = status_flags(vm, fd)?;
    let new = if truth::truth(vm, a[1])? { flags & !libc::O_NONBLOCK } else { flags | libc::O_NONBLOCK };
    // SAFETY: plain system call.
    none_or_error(vm, host::check(unsafe { libc::fcntl(fd, libc::F_SETFL, new) }))
}

pub(super) fn device_encoding(vm: &Vm, a: &[Value]) -> PyResult {
    let terminal = host::is_terminal(c_int(vm, a[0])?);
    Ok(if terminal { vm.new_str("utf-8") } else { vm.none_ref() })
}

/// Where in a file to begin; no place if it is left out or None.
fn offset(vm: &Vm, v: Value) -> PyResult<Option<i64>> {
    v.non_null().filter(|v| !v.is(vm.none())).map(|v| number::size_i64(vm, v)).transpose()
}

/// What a system call that may move an offset is given; null for the file's own.
fn pointer(offset: &mut Option<i64>) -> *mut i64 {
    offset.as_mut().map_or(std::ptr::null_mut(), |o| o as *mut i64)
}

pub(super) fn sendfile(vm: &Vm, a: &[Value]) -> PyResult {
    let (out, input, count) = (c_int(vm, a[0])?, c_int(vm, a[1])?, number::size_i64(vm, a[3])?);
    let mut at = offset(vm, a[2])?;
    let r = path::retry(vm, || {
        // SAFETY: a valid offset or null.
        host::check_size(unsafe { libc::sendfile(out, input, pointer(&mut at), count.max(0) as usize) })
    })?;
    size_or_error(vm, r)
}

pub(super) fn copy_file_range(vm: &Vm, a: &[Value]) -> PyResult {
    let (from, to, count) = (c_int(vm, a[0])?, c_int(vm, a[1])?, number::size_i64(vm, a[2])?);
    if count < 0 {
        return Err(vm.value_error("negative value for 'count' not allowed"));
    }
    let (mut from_at, mut to_at) = (offset(vm, a[3])?, offset(vm, a[4])?);
    let r = path::retry(vm, || {
        // SAFETY: valid offsets or null.
        host::check_size(unsafe {
            libc::copy_file_range(from, pointer(&mut from_at), to, pointer(&mut to_at), count as usize, 0)
        })
    })?;
    size_or_error(vm, r)
}

pub(super) fn splice(vm: &Vm, a: &[Value]) -> PyResult {
    let (from, to, count) = (c_int(vm, a[0])?, c_int(vm, a[1])?, number::size_i64(vm, a[2])?);
    let (mut from_at, mut to_at) = (offset(vm, a[3])?, offset(vm, a[4])?);
    let flags = a[5].non_null().map_or(Ok(0), |f| c_int(vm, f))?;
    if count < 0 {
        return Err(vm.value_error("negative value for 'count' not allowed"));
    }
    let r = path::retry(vm, || {
        // SAFETY: valid offsets or null.
        host::check_size(unsafe {
            libc::splice(from, pointer(&mut from_at), to, pointer(&mut to_at), count as usize, flags as u32)
        })
    })?;
    size_or_error(vm, r)
}

pub(super) fn memfd_create(vm: &Vm, a: &[Value]) -> PyResult {
    let name = path::plain(vm, "memfd_create", "name", a[0])?;
    let flags = a[1].non_null().map_or(Ok(libc::MFD_CLOEXEC as i32), |f| c_int(vm, f))?;
    // SAFETY: a valid C string.
    int_or_error(vm, host::check(unsafe { libc::memfd_create(name.c_str().as_ptr(), flags as u32) }))
}

pub(super) fn eventfd(vm: &Vm, a: &[Value]) -> PyResult {
    let n = c_int(vm, a[0])?;
    let flags = a[1].non_null().map_or(Ok(libc::EFD_CLOEXEC), |f| c_int(vm, f))?;
    // SAFETY: plain system call.
    int_or_error(vm, host::check(unsafe { libc::eventfd(n as u32, flags) }))
}

pub(super) fn eventfd_read(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = c_int(vm, a[0])?;
    let mut n = [0u8; 8];
    match files::read(vm, fd, &mut n)? {
        Ok(_) => Ok(crate::types::int::from_u64(u64::from_ne_bytes(n))),
        Err(e) => Err(path::error(vm, &e)),
    }
}

pub(super) fn eventfd_write(vm: &Vm, a: &[Value]) -> PyResult {
    let (fd, n) = (c_int(vm, a[0])?, number::size_i64(vm, a[1])? as u64);
    match files::write(vm, fd, &n.to_ne_bytes())? {
        Ok(_) => Ok(vm.none_ref()),
        Err(e) => Err(path::error(vm, &e)),
    }
}

pub(super) fn fpathconf(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = c_int(vm, a[0])?;
    let name = super::system::configuration_name(vm, a[1], super::constants::PATHCONF)?;
    // SAFETY: plain system call.
    super::system::configuration(vm, || unsafe { libc::fpathconf(fd, name) })
}
