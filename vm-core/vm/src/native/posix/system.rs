//! What the system tells of itself: environment, names, limits, randomness.

use std::os::unix::ffi::OsStrExt;

use crate::error::PyResult;
use crate::host;
use crate::native::posix::{none_or_error, path};
use crate::native::structseq::{self, FROM_SEQUENCE, struct_sequence};
use crate::native::sys::c_int;
use crate::protocol::number;
use crate::shape;
use crate::types::bytes;
use crate::types::dict::PyDict;
use crate::types::str_::PyStr;
use crate::types::tuple::PyTuple;
use crate::value::{Ref, Value};
use crate::vm::Vm;

struct_sequence! {
    /// Result of `uname`.
    UNAME_RESULT, "posix.uname_result", "uname_result: Result from os.uname().\n\nThis object may be accessed either as a tuple of\n  (sysname, nodename, release, version, machine),\nor via the attributes sysname, nodename, release, version, and machine.\n\nSee os.uname for more information.", 5 of 5, FROM_SEQUENCE, [
        0 sysname "operating system name";
        1 nodename "name of machine on network (implementation-defined)";
        2 release "operating system release";
        3 version "operating system version";
        4 machine "hardware identifier";
    ]
}

struct_sequence! {
    /// Result of `times`.
    TIMES_RESULT, "posix.times_result", "times_result: Result from os.times().\n\nThis object may be accessed either as a tuple of\n  (user, system, children_user, children_system, elapsed),\nor via the attributes user, system, children_user, children_system,\nand elapsed.\n\nSee os.times for more information.", 5 of 5, FROM_SEQUENCE, [
        0 user "user time";
        1 system "system time";
        2 children_user "user time of children";
        3 children_system "system time of children";
        4 elapsed "elapsed time since an arbitrary point in the past";
    ]
}

/// The environment as a dict of bytes.
pub(super) fn environ(vm: &Vm) -> Ref {
    let d = PyDict::new(vm);
    if let Some(d) = d.cast::<PyDict>() {
        for (k, v) in host::environment() {
            let (k, v) = (bytes::new(vm, k.as_bytes()), bytes::new(vm, v.as_bytes()));
            // Bytes are hashable and comparable: this cannot fail.
            if d.set(vm, k.value(), v.value()).is_err() {
                break;
            }
        }
    }
    d
}

pub(super) fn create_environ(vm: &Vm, _: &[Value]) -> PyResult {
    Ok(environ(vm))
}

/// The text of a variable's name or value.
fn text(vm: &Vm, v: Value) -> PyResult<std::ffi::OsString> {
    let p = path::fspath(vm, v)?;
    let b = path::to_bytes(vm, p.value())?;
    if b.contains(&0) {
        return Err(vm.value_error("embedded null byte"));
    }
    Ok(std::ffi::OsStr::from_bytes(&b).to_owned())
}

pub(super) fn putenv(vm: &Vm, a: &[Value]) -> PyResult {
    let (name, value) = (text(vm, a[0])?, text(vm, a[1])?);
    if name.as_bytes().contains(&b'=') {
        return Err(vm.value_error("illegal environment variable name"));
    }
    if name.is_empty() {
        return Err(path::error(vm, &std::io::Error::from_raw_os_error(libc::EINVAL)));
    }
    // SAFETY: this VM's thread alone uses the environment.
    unsafe { std::env::set_var(name, value) };
    Ok(vm.none_ref())
}

pub(super) fn unsetenv(vm: &Vm, a: &[Value]) -> PyResult {
    let name = text(vm, a[0])?;
    if name.is_empty() || name.as_bytes().contains(&b'=') {
        return Err(path::error(vm, &std::io::Error::from_raw_os_error(libc::EINVAL)));
    }
    // SAFETY: as above.
    unsafe { std::env::remove_var(name) };
    Ok(vm.none_ref())
}

pub(super) fn uname(vm: &Vm, _: &[Value]) -> PyResult {
    // SAFETY: a struct of zeros is valid; the call fills it with C strings.
    unsafe {
        let mut u: libc::utsname = std::mem::zeroed();
        if let Err(e) = host::check(libc::uname(&mut u)) {
            return Err(path::error(vm, &e));
        }
        let parts = [&u.sysname, &u.nodename, &u.release, &u.version, &u.machine];
        let items = parts
            .iter()
            .map(|p| path::from_bytes(vm, std::ffi::CStr::from_ptr(p.as_ptr()).to_bytes()))
            .collect();
        Ok(structseq::make(shape::UNAME_RESULT, 5, items))
    }
}

pub(super) fn times(vm: &Vm, _: &[Value]) -> PyResult {
    // SAFETY: a struct of zeros is valid; the call fills it.
    unsafe {
        let mut t: libc::tms = std::mem::zeroed();
        let elapsed = libc::times(&mut t);
        let tick = libc::sysconf(libc::_SC_CLK_TCK).max(1) as f64;
        let parts = [t.tms_utime, t.tms_stime, t.tms_cutime, t.tms_cstime, elapsed];
        let items = parts.iter().map(|p| vm.new_float(*p as f64 / tick)).collect();
        Ok(structseq::make(shape::TIMES_RESULT, 5, items))
    }
}

pub(super) fn getloadavg(vm: &Vm, _: &[Value]) -> PyResult {
    let mut l = [0.0; 3];
    // SAFETY: room for three values.
    if unsafe { libc::getloadavg(l.as_mut_ptr(), 3) } != 3 {
        return Err(vm.error(shape::OS_ERROR, "Load averages are unobtainable"));
    }
    Ok(PyTuple::from_iter(vm, l.iter().map(|f| vm.new_float(*f))))
}

fn random(vm: &Vm, n: i64) -> PyResult {
    let mut b = vec![0; n as usize];
    match host::random(&mut b) {
        Ok(()) => Ok(bytes::new(vm, &b)),
        Err(e) => Err(path::error(vm, &e)),
    }
}

pub(super) fn urandom(vm: &Vm, a: &[Value]) -> PyResult {
    let n = number::size_i64(vm, a[0])?;
    if n < 0 {
        return Err(vm.value_error("negative argument not allowed"));
    }
    random(vm, n)
}

pub(super) fn getrandom(vm: &Vm, a: &[Value]) -> PyResult {
    let n = number::size_i64(vm, a[0])?;
    if n < 0 {
        return Err(path::error(vm, &std::io::Error::from_raw_os_error(libc::EINVAL)));
    }
    random(vm, n)
}

pub(super) fn strerror(vm: &Vm, a: &[Value]) -> PyResult {
    let n = c_int(vm, a[0])?;
    Ok(vm.new_str(&crate::import::error_text(&std::io::Error::from_raw_os_error(n))))
}

/// The number of a setting given by name or number.
pub(super) fn configuration_name(vm: &Vm, v: Value, names: &[(&str, i32)]) -> PyResult<i32> {
    if number::has_index(vm, v) {
        return c_int(vm, v);
    }
    let Some(s) = v.cast::<PyStr>() else {
        return Err(vm.type_error("configuration names must be strings or integers"));
    };
    let s = s.to_string_lossy();
    match names.iter().find(|(n, _)| *n == s) {
        Some((_, i)) => Ok(*i),
        None => Err(vm.value_error("unrecognized configuration name")),
    }
}

/// The result of a call for which -1 is a value unless errno was set.
pub(super) fn configuration(vm: &Vm, f: impl FnOnce() -> i64) -> PyResult {
    // SAFETY: errno is the thread's own.
    unsafe { *libc::__errno_location() = 0 };
    let n = f();
    let e = std::io::Error::last_os_error();
    if n == -1 && e.raw_os_error() != Some(0) { Err(path::error(vm, &e)) } else { Ok(vm.new_int(n)) }
}

pub(super) fn sysconf(vm: &Vm, a: &[Value]) -> PyResult {
    let name = configuration_name(vm, a[0], super::constants::SYSCONF)?;
    // SAFETY: plain system call.
    configuration(vm, || unsafe { libc::sysconf(name) })
}

pub(super) fn pathconf(vm: &Vm, a: &[Value]) -> PyResult {
    let p = path::path(vm, "pathconf", "path", a[0], path::PATH_OR_DESCRIPTOR)?;
    let name = configuration_name(vm, a[1], super::constants::PATHCONF)?;
    // SAFETY: a valid C string.
    configuration(vm, || unsafe {
        match &p.target {
            path::Target::Descriptor(fd) => libc::fpathconf(*fd, name),
            path::Target::Path(c) => libc::pathconf(c.as_ptr(), name),
        }
    })
}

pub(super) fn confstr(vm: &Vm, a: &[Value]) -> PyResult {
    let name = configuration_name(vm, a[0], super::constants::CONFSTR)?;
    let mut out = vec![0u8; 4096];
    // SAFETY: the buffer is valid for writing its length.
    let n = unsafe { libc::confstr(name, out.as_mut_ptr().cast(), out.len()) };
    if n == 0 {
        let e = std::io::Error::last_os_error();
        return if e.raw_os_error() == Some(libc::EINVAL) { Err(path::error(vm, &e)) } else { Ok(vm.none_ref()) };
    }
    Ok(path::from_bytes(vm, &out[..n.min(out.len()) - 1]))
}

pub(super) fn ctermid(vm: &Vm, _: &[Value]) -> PyResult {
    Ok(vm.new_str("/dev/tty"))
}

pub(super) fn major(vm: &Vm, a: &[Value]) -> PyResult {
    let device = number::size_i64(vm, a[0])?;
    Ok(vm.new_int(libc::major(device as libc::dev_t) as i64))
}

pub(super) fn minor(vm: &Vm, a: &[Value]) -> PyResult {
    let device = number::size_i64(vm, a[0])?;
    Ok(vm.new_int(libc::minor(device as libc::dev_t) as i64))
}

pub(super) fn makedev(vm: &Vm, a: &[Value]) -> PyResult {
    let (major, minor) = (number::size_i64(vm, a[0])?, number::size_i64(vm, a[1])?);
    Ok(crate::types::int::from_u64(libc::makedev(major as u32, minor as u32)))
}

pub(super) fn unshare(vm: &Vm, a: &[Value]) -> PyResult {
    let flags = c_int(vm, a[0])?;
    // SAFETY: plain system call.
    none_or_error(vm, host::check(unsafe { libc::unshare(flags) }))
}

pub(super) fn setns(vm: &Vm, a: &[Value]) -> PyResult {
    let fd = super::descriptor(vm, a[0])?;
    let kind = a[1].non_null().map_or(Ok(0), |k| c_int(vm, k))?;
    // SAFETY: plain system call.
    none_or_error(vm, host::check(unsafe { libc::setns(fd, kind) }))
}
