//! Operations on paths: making, removing, renaming, permissions, times.

use std::ffi::CString;

use crate::error::PyResult;
use crate::host;
use crate::native::posix::path::{self, PATH_OR_DESCRIPTOR, Target, dir_fd, plain};
use crate::native::sys::c_int;
use crate::native::time::{Round, nanoseconds};
use crate::protocol::buffer::Buffer;
use crate::protocol::{number, truth};
use crate::types::int;
use crate::types::tuple::PyTuple;
use crate::value::Value;
use crate::vm::Vm;

/// None, or the exception for the path.
fn done(vm: &Vm, r: std::io::Result<i32>, p: &path::PathArg) -> PyResult {
    match r {
        Ok(_) => Ok(vm.none_ref()),
        Err(e) => Err(p.error(vm, &e)),
    }
}

/// An optional mode argument.
fn mode(vm: &Vm, v: Value, default: u32) -> PyResult<u32> {
    v.non_null().map_or(Ok(default), |v| c_int(vm, v).map(|m| m as u32))
}

fn flag(vm: &Vm, v: Value, default: bool) -> PyResult<bool> {
    v.non_null().map_or(Ok(default), |v| truth::truth(vm, v))
}

pub(super) fn open(vm: &Vm, a: &[Value]) -> PyResult {
    let p = plain(vm, "open", "path", a[0])?;
    let flags = c_int(vm, a[1])? | libc::O_CLOEXEC;
    let (mode, dir) = (mode(vm, a[2], 0o777)?, dir_fd(vm, a[3])?);
    // SAFETY: a valid C string.
    let r = path::retry(vm, || host::check(unsafe { libc::openat(dir, p.c_str().as_ptr(), flags, mode) }))?;
    match r {
        Ok(fd) => Ok(vm.new_int(fd as i64)),
        Err(e) => Err(p.error(vm, &e)),
    }
}

pub(super) fn access(vm: &Vm, a: &[Value]) -> PyResult {
    let p = path::path(vm, "access", "path", a[0], path::PATH)?;
    let (mode, dir) = (c_int(vm, a[1])?, dir_fd(vm, a[2])?);
    let mut flags = 0;
    if flag(vm, a[3], false)? {
        flags |= libc::AT_EACCESS;
    }
    if !flag(vm, a[4], true)? {
        flags |= libc::AT_SYMLINK_NOFOLLOW;
    }
    // SAFETY: a valid C string.
    let r = unsafe { libc::faccessat(dir, p.c_str().as_ptr(), mode, flags) };
    Ok(vm.bool_ref(r == 0))
}

pub(super) fn chdir(vm: &Vm, a: &[Value]) -> PyResult {
    let p = path::path(vm, "chdir", "path", a[0], PATH_OR_DESCRIPTOR)?;
    // SAFETY: a valid C string.
    let r = host::check(unsafe {
        match &p.target {
            Target::Descriptor(fd) => libc::fchdir(*fd),
            Target::Path(c) => libc::chdir(c.as_ptr()),
        }
    });
    done(vm, r, &p)
}

pub(super) fn fchdir(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = super::descriptor(vm, a[0])?;
    // SAFETY: plain system call.
    super::none_or_error(vm, host::check(unsafe { libc::fchdir(fd) }))
}

pub(super) fn chroot(vm: &Vm, a: &[Value]) -> PyResult {
    let p = plain(vm, "chroot", "path", a[0])?;
    // SAFETY: a valid C string.
    done(vm, host::check(unsafe { libc::chroot(p.c_str().as_ptr()) }), &p)
}

pub(super) fn chmod(vm: &Vm, a: &[Value]) -> PyResult {
    let p = path::path(vm, "chmod", "path", a[0], PATH_OR_DESCRIPTOR)?;
    let (mode, dir) = (c_int(vm, a[1])? as u32, dir_fd(vm, a[2])?);
    let follow = flag(vm, a[3], true)?;
    // SAFETY: a valid C string.
    let r = host::check(unsafe {
        match &p.target {
            Target::Descriptor(fd) => libc::fchmod(*fd, mode),
            Target::Path(c) => {
                let flags = if follow { 0 } else { libc::AT_SYMLINK_NOFOLLOW };
                libc::fchmodat(dir, c.as_ptr(), mode, flags)
            }
        }
    });
    if let Err(e) = &r
        && !follow
        && matches!(e.raw_os_error(), Some(libc::ENOTSUP))
    {
        return Err(vm.not_implemented_error("chmod: follow_symlinks unavailable on this platform"));
    }
    done(vm, r, &p)
}

pub(super) fn fchmod(vm: &Vm, a: &[Value]) -> PyResult {
    let (fd, mode) = (c_int(vm, a[0])?, c_int(vm, a[1])? as u32);
    // SAFETY: plain system call.
    let r = path::retry(vm, || host::check(unsafe { libc::fchmod(fd, mode) }))?;
    super::none_or_error(vm, r)
}

/// A user or group id; -1 leaves it.
pub(super) fn id(vm: &Vm, v: Value, what: &str) -> PyResult<u32> {
    if !number::has_index(vm, v) {
        return Err(vm.type_error(format!("{what} should be integer, not {}", vm.type_of(v).full_name())));
    }
    let i = number::index(vm, v)?;
    match int::to_i64(i.value()) {
        Some(-1) => Ok(u32::MAX),
        Some(i) if i < 0 => Err(vm.overflow_error(format!("{what} is less than minimum"))),
        Some(i) => u32::try_from(i).map_err(|_| vm.overflow_error(format!("{what} is greater than maximum"))),
        None => Err(vm.overflow_error(format!("{what} is greater than maximum"))),
    }
}

pub(super) fn chown(vm: &Vm, a: &[Value]) -> PyResult {
    let p = path::path(vm, "chown", "path", a[0], PATH_OR_DESCRIPTOR)?;
    let (uid, gid) = (id(vm, a[1], "uid")?, id(vm, a[2], "gid")?);
    let dir = dir_fd(vm, a[3])?;
    let flags = if flag(vm, a[4], true)? { 0 } else { libc::AT_SYMLINK_NOFOLLOW };
    // SAFETY: a valid C string.
    let r = host::check(unsafe {
        match &p.target {
            Target::Descriptor(fd) => libc::fchown(*fd, uid, gid),
            Target::Path(c) => libc::fchownat(dir, c.as_ptr(), uid, gid, flags),
        }
    });
    done(vm, r, &p)
}

pub(super) fn fchown(vm: &Vm, a: &[Value]) -> PyResult {
    let (fd, uid, gid) = (c_int(vm, a[0])?, id(vm, a[1], "uid")?, id(vm, a[2], "gid")?);
    // SAFETY: plain system call.
    super::none_or_error(vm, host::check(unsafe { libc::fchown(fd, uid, gid) }))
}

pub(super) fn lchown(vm: &Vm, a: &[Value]) -> PyResult {
    let p = plain(vm, "lchown", "path", a[0])?;
    let (uid, gid) = (id(vm, a[1], "uid")?, id(vm, a[2], "gid")?);
    // SAFETY: a valid C string.
    done(vm, host::check(unsafe { libc::lchown(p.c_str().as_ptr(), uid, gid) }), &p)
}

pub(super) fn mkdir(vm: &Vm, a: &[Value]) -> PyResult {
    let p = plain(vm, "mkdir", "path", a[0])?;
    let (mode, dir) = (mode(vm, a[1], 0o777)?, dir_fd(vm, a[2])?);
    // SAFETY: a valid C string.
    done(vm, host::check(unsafe { libc::mkdirat(dir, p.c_str().as_ptr(), mode) }), &p)
}

pub(super) fn mkfifo(vm: &Vm, a: &[Value]) -> PyResult {
    let p = plain(vm, "mkfifo", "path", a[0])?;
    let (mode, dir) = (mode(vm, a[1], 0o666)?, dir_fd(vm, a[2])?);
    // SAFETY: a valid C string.
    done(vm, host::check(unsafe { libc::mkfifoat(dir, p.c_str().as_ptr(), mode) }), &p)
}

pub(super) fn mknod(vm: &Vm, a: &[Value]) -> PyResult {
    let p = plain(vm, "mknod", "path", a[0])?;
    let mode = mode(vm, a[1], 0o600)?;
    let device = a[2].non_null().map_or(Ok(0), |d| number::size_i64(vm, d))? as libc::dev_t;
    let dir = dir_fd(vm, a[3])?;
    // SAFETY: a valid C string.
    done(vm, host::check(unsafe { libc::mknodat(dir, p.c_str().as_ptr(), mode, device) }), &p)
}

fn unlink_at(vm: &Vm, function: &str, a: &[Value], flags: i32) -> PyResult {
    let p = plain(vm, function, "path", a[0])?;
    let dir = dir_fd(vm, a[1])?;
    // SAFETY: a valid C string.
    done(vm, host::check(unsafe { libc::unlinkat(dir, p.c_str().as_ptr(), flags) }), &p)
}

pub(super) fn unlink(vm: &Vm, a: &[Value]) -> PyResult {
    unlink_at(vm, "unlink", a, 0)
}

pub(super) fn remove(vm: &Vm, a: &[Value]) -> PyResult {
    unlink_at(vm, "remove", a, 0)
}

pub(super) fn rmdir(vm: &Vm, a: &[Value]) -> PyResult {
    unlink_at(vm, "rmdir", a, libc::AT_REMOVEDIR)
}

fn rename_at(vm: &Vm, function: &str, a: &[Value]) -> PyResult {
    let (from, to) = (plain(vm, function, "src", a[0])?, plain(vm, function, "dst", a[1])?);
    let (from_dir, to_dir) = (dir_fd(vm, a[2])?, dir_fd(vm, a[3])?);
    // SAFETY: valid C strings.
    let r = host::check(unsafe {
        libc::renameat(from_dir, from.c_str().as_ptr(), to_dir, to.c_str().as_ptr())
    });
    match r {
        Ok(_) => Ok(vm.none_ref()),
        Err(e) => Err(path::error_with(vm, &e, from.object.value(), to.object.value())),
    }
}

pub(super) fn rename(vm: &Vm, a: &[Value]) -> PyResult {
    rename_at(vm, "rename", a)
}

pub(super) fn replace(vm: &Vm, a: &[Value]) -> PyResult {
    rename_at(vm, "replace", a)
}

pub(super) fn link(vm: &Vm, a: &[Value]) -> PyResult {
    let (from, to) = (plain(vm, "link", "src", a[0])?, plain(vm, "link", "dst", a[1])?);
    let (from_dir, to_dir) = (dir_fd(vm, a[2])?, dir_fd(vm, a[3])?);
    let flags = if a[4].non_null().is_some() && flag(vm, a[4], true)? { libc::AT_SYMLINK_FOLLOW } else { 0 };
    // SAFETY: valid C strings.
    let r = host::check(unsafe {
        libc::linkat(from_dir, from.c_str().as_ptr(), to_dir, to.c_str().as_ptr(), flags)
    });
    match r {
        Ok(_) => Ok(vm.none_ref()),
        Err(e) => Err(path::error_with(vm, &e, from.object.value(), to.object.value())),
    }
}

pub(super) fn symlink(vm: &Vm, a: &[Value]) -> PyResult {
    let (from, to) = (plain(vm, "symlink", "src", a[0])?, plain(vm, "symlink", "dst", a[1])?);
    let dir = dir_fd(vm, a[3])?;
    // SAFETY: valid C strings.
    let r = host::check(unsafe { libc::symlinkat(from.c_str().as_ptr(), dir, to.c_str().as_ptr()) });
    match r {
        Ok(_) => Ok(vm.none_ref()),
        Err(e) => Err(path::error_with(vm, &e, from.object.value(), to.object.value())),
    }
}

pub(super) fn readlink(vm: &Vm, a: &[Value]) -> PyResult {
    let p = plain(vm, "readlink", "path", a[0])?;
    let dir = dir_fd(vm, a[1])?;
    let mut buffer = vec![0u8; libc::PATH_MAX as usize + 1];
    // SAFETY: the buffer is valid for writing its length.
    let r = host::check_size(unsafe {
        libc::readlinkat(dir, p.c_str().as_ptr(), buffer.as_mut_ptr().cast(), buffer.len())
    });
    match r {
        Ok(n) => Ok(path::name(vm, &buffer[..n], p.is_bytes)),
        Err(e) => Err(p.error(vm, &e)),
    }
}

pub(super) fn truncate(vm: &Vm, a: &[Value]) -> PyResult {
    let p = path::path(vm, "truncate", "path", a[0], PATH_OR_DESCRIPTOR)?;
    let length = number::size_i64(vm, a[1])?;
    // SAFETY: a valid C string.
    let r = host::check(unsafe {
        match &p.target {
            Target::Descriptor(fd) => libc::ftruncate(*fd, length),
            Target::Path(c) => libc::truncate(c.as_ptr(), length),
        }
    });
    done(vm, r, &p)
}

/// Access and modification time of `utime`.
fn utime_times(vm: &Vm, times: Value, ns: Value) -> PyResult<[libc::timespec; 2]> {
    let given = times.non_null().filter(|t| !t.is(vm.none()));
    let pair = |v: Value| match v.cast::<PyTuple>().map(|t| t.as_slice()) {
        Some(&[x, y]) => Some([x, y]),
        _ => None,
    };
    let spec = |ns: num_bigint::BigInt| {
        use num_integer::Integer;
        use num_traits::ToPrimitive;
        let (s, n) = ns.div_mod_floor(&1_000_000_000i64.into());
        libc::timespec { tv_sec: s.to_i64().unwrap_or(i64::MAX), tv_nsec: n.to_i64().unwrap_or(0) }
    };
    if given.is_some() && !ns.is_null() {
        return Err(vm.value_error("utime: you may specify either 'times' or 'ns' but not both"));
    }
    if let Some(t) = given {
        let Some(t) = pair(t) else {
            return Err(vm.type_error("utime: 'times' must be either a tuple of two ints or None"));
        };
        let [x, y] = t.map(|v| nanoseconds(vm, v, Round::Floor).map(|n| spec(n.into())));
        return Ok([x?, y?]);
    }
    if let Some(ns) = ns.non_null() {
        let Some(t) = pair(ns) else { return Err(vm.type_error("utime: 'ns' must be a tuple of two ints")) };
        let [x, y] = t.map(|v| {
            let i = number::index(vm, v)?;
            Ok(spec(int::value_of(i.value()).map(|i| i.to_big()).unwrap_or_default()))
        });
        return Ok([x?, y?]);
    }
    let now = libc::timespec { tv_sec: 0, tv_nsec: libc::UTIME_NOW };
    Ok([now, now])
}

pub(super) fn utime(vm: &Vm, a: &[Value]) -> PyResult {
    let p = path::path(vm, "utime", "path", a[0], PATH_OR_DESCRIPTOR)?;
    let times = utime_times(vm, a[1], a[2])?;
    let dir = dir_fd(vm, a[3])?;
    let flags = if flag(vm, a[4], true)? { 0 } else { libc::AT_SYMLINK_NOFOLLOW };
    // SAFETY: valid arguments.
    let r = host::check(unsafe {
        match &p.target {
            Target::Descriptor(fd) => libc::futimens(*fd, times.as_ptr()),
            Target::Path(c) => libc::utimensat(dir, c.as_ptr(), times.as_ptr(), flags),
        }
    });
    done(vm, r, &p)
}

pub(super) fn umask(vm: &Vm, a: &[Value]) -> PyResult {
    let mask = c_int(vm, a[0])?;
    // SAFETY: plain system call.
    Ok(vm.new_int(unsafe { libc::umask(mask as u32) } as i64))
}

fn current_folder(vm: &Vm, as_bytes: bool) -> PyResult {
    match std::env::current_dir() {
        Ok(d) => Ok(path::name(vm, std::os::unix::ffi::OsStrExt::as_bytes(d.as_os_str()), as_bytes)),
        Err(e) => Err(path::error(vm, &e)),
    }
}

pub(super) fn getcwd(vm: &Vm, _: &[Value]) -> PyResult {
    current_folder(vm, false)
}

pub(super) fn getcwdb(vm: &Vm, _: &[Value]) -> PyResult {
    current_folder(vm, true)
}

/// The name of an extended attribute, and the path.
fn attribute(vm: &Vm, function: &str, a: &[Value]) -> PyResult<(path::PathArg, CString)> {
    let p = path::path(vm, function, "path", a[0], PATH_OR_DESCRIPTOR)?;
    let name = plain(vm, function, "attribute", a[1])?;
    match name.target {
        Target::Path(c) => Ok((p, c)),
        Target::Descriptor(_) => Ok((p, c"".to_owned())),
    }
}

pub(super) fn getxattr(vm: &Vm, a: &[Value]) -> PyResult {
    let (p, name) = attribute(vm, "getxattr", a)?;
    let follow = flag(vm, a[2], true)?;
    let mut buffer = vec![0u8; 65536];
    // SAFETY: valid arguments.
    let r = host::check_size(unsafe {
        let (out, n) = (buffer.as_mut_ptr().cast(), buffer.len());
        match &p.target {
            Target::Descriptor(fd) => libc::fgetxattr(*fd, name.as_ptr(), out, n),
            Target::Path(c) if follow => libc::getxattr(c.as_ptr(), name.as_ptr(), out, n),
            Target::Path(c) => libc::lgetxattr(c.as_ptr(), name.as_ptr(), out, n),
        }
    });
    match r {
        Ok(n) => Ok(crate::types::bytes::new(vm, &buffer[..n])),
        Err(e) => Err(p.error(vm, &e)),
    }
}

pub(super) fn setxattr(vm: &Vm, a: &[Value]) -> PyResult {
    let (p, name) = attribute(vm, "setxattr", a)?;
    let value = Buffer::new(vm, a[2])?;
    let flags = a[3].non_null().map_or(Ok(0), |f| c_int(vm, f))?;
    let follow = flag(vm, a[4], true)?;
    // SAFETY: valid arguments.
    let r = host::check(unsafe {
        let (data, n) = (value.as_ptr().cast(), value.len());
        match &p.target {
            Target::Descriptor(fd) => libc::fsetxattr(*fd, name.as_ptr(), data, n, flags),
            Target::Path(c) if follow => libc::setxattr(c.as_ptr(), name.as_ptr(), data, n, flags),
            Target::Path(c) => libc::lsetxattr(c.as_ptr(), name.as_ptr(), data, n, flags),
        }
    });
    done(vm, r, &p)
}

pub(super) fn removexattr(vm: &Vm, a: &[Value]) -> PyResult {
    let (p, name) = attribute(vm, "removexattr", a)?;
    let follow = flag(vm, a[2], true)?;
    // SAFETY: valid arguments.
    let r = host::check(unsafe {
        match &p.target {
            Target::Descriptor(fd) => libc::fremovexattr(*fd, name.as_ptr()),
            Target::Path(c) if follow => libc::removexattr(c.as_ptr(), name.as_ptr()),
            Target::Path(c) => libc::lremovexattr(c.as_ptr(), name.as_ptr()),
        }
    });
    done(vm, r, &p)
}

pub(super) fn listxattr(vm: &Vm, a: &[Value]) -> PyResult {
    let p = path::path(vm, "listxattr", "path", a[0], path::PATH_DESCRIPTOR_OR_NONE)?;
    let follow = flag(vm, a[1], true)?;
    let mut buffer = vec![0u8; 65536];
    // SAFETY: valid arguments.
    let r = host::check_size(unsafe {
        let (out, n) = (buffer.as_mut_ptr().cast(), buffer.len());
        match &p.target {
            Target::Descriptor(fd) => libc::flistxattr(*fd, out, n),
            Target::Path(c) if follow => libc::listxattr(c.as_ptr(), out, n),
            Target::Path(c) => libc::llistxattr(c.as_ptr(), out, n),
        }
    });
    match r {
        Ok(n) => {
            let names = buffer[..n].split(|b| *b == 0).filter(|n| !n.is_empty());
            Ok(crate::types::list::PyList::new(vm, names.map(|n| path::from_bytes(vm, n)).collect()))
        }
        Err(e) => Err(p.error(vm, &e)),
    }
}
