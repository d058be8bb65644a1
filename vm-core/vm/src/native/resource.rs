//! The module `resource`: limits, and what the process used.

use std::io;

use crate::convert::{self, module_function as function};
use crate::error::PyResult;
use crate::host;
use crate::import::os_error;
use crate::native::posix::process;
use crate::native::{self, ModuleDef};
use crate::protocol::iter;
use crate::shape;
use crate::types::int;
use crate::types::tuple::PyTuple;
use crate::value::{Ref, Value};
use crate::vm::Vm;

const LIMITS: i32 = 16;

fn limit_argument(vm: &Vm, v: Value) -> PyResult<i32> {
    let n = convert::c_int(vm, v)?;
    if !(0..LIMITS).contains(&n) {
        return Err(vm.value_error("invalid resource specified"));
    }
    Ok(n)
}

/// Soft and hard limit. No limit is -1.
fn pair(vm: &Vm, l: &libc::rlimit) -> Ref {
    PyTuple::pair(vm.new_int(l.rlim_cur as i64), vm.new_int(l.rlim_max as i64))
}

fn limits_argument(vm: &Vm, v: Value) -> PyResult<libc::rlimit> {
    let items = iter::to_vec(vm, v)?;
    let [soft, hard] = &items[..] else { return Err(vm.value_error("expected a tuple of 2 integers")) };
    let number = |r: &Ref| -> PyResult<libc::rlim_t> {
        if int::value_of(r.value()).is_some_and(|i| i.is_negative()) {
            return convert::c_longlong(vm, r.value()).map(|n| n as libc::rlim_t);
        }
        convert::c_ulonglong(vm, r.value())
    };
    Ok(libc::rlimit { rlim_cur: number(soft)?, rlim_max: number(hard)? })
}

/// The exception of a limit that could not be set.
fn refused(vm: &Vm, e: &io::Error) -> crate::error::Raised {
    match e.raw_os_error() {
        Some(libc::EINVAL) => vm.value_error("current limit exceeds maximum limit"),
        Some(libc::EPERM) => vm.value_error("not allowed to raise maximum limit"),
        _ => os_error(vm, e, None),
    }
}

fn getrlimit(vm: &Vm, a: &[Value]) -> PyResult {
    let resource = limit_argument(vm, a[0])?;
    let mut l = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: room for a limit.
    match host::check(unsafe { libc::getrlimit(resource as u32, &mut l) }) {
        Ok(_) => Ok(pair(vm, &l)),
        Err(e) => Err(os_error(vm, &e, None)),
    }
}

fn setrlimit(vm: &Vm, a: &[Value]) -> PyResult {
    let resource = limit_argument(vm, a[0])?;
    let l = limits_argument(vm, a[1])?;
    // SAFETY: a valid limit.
    match host::check(unsafe { libc::setrlimit(resource as u32, &l) }) {
        Ok(_) => Ok(vm.none_ref()),
        Err(e) => Err(refused(vm, &e)),
    }
}

fn prlimit(vm: &Vm, a: &[Value]) -> PyResult {
    let pid = convert::c_int(vm, a[0])?;
    let resource = limit_argument(vm, a[1])?;
    let new = match a[2].non_null().filter(|v| !v.is(vm.none())) {
        Some(v) => Some(limits_argument(vm, v)?),
        None => None,
    };
    let mut old = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    let given = new.as_ref().map_or(std::ptr::null(), |l| l as *const libc::rlimit);
    // SAFETY: a valid limit or null, and room for the old one.
    match host::check(unsafe { libc::prlimit(pid, resource as u32, given, &mut old) }) {
        Ok(_) => Ok(pair(vm, &old)),
        Err(e) if e.raw_os_error() == Some(libc::EINVAL) => Err(refused(vm, &e)),
        Err(e) => Err(os_error(vm, &e, None)),
    }
}

fn getrusage(vm: &Vm, a: &[Value]) -> PyResult {
    let who = convert::c_int(vm, a[0])?;
    // SAFETY: a structure of numbers, for which zero is right.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: room for the answer.
    match host::check(unsafe { libc::getrusage(who, &mut usage) }) {
        Ok(_) => Ok(process::rusage(vm, &usage)),
        Err(e) if e.raw_os_error() == Some(libc::EINVAL) => Err(vm.value_error("invalid who parameter")),
        Err(e) => Err(os_error(vm, &e, None)),
    }
}

fn getpagesize(_: &Vm, _: &[Value]) -> PyResult {
    // SAFETY: plain question.
    Ok(Ref::small_int(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }))
}

const CONSTANTS: &[(&str, i64)] = &[
    ("RLIMIT_AS", libc::RLIMIT_AS as i64),
    ("RLIMIT_CORE", libc::RLIMIT_CORE as i64),
    ("RLIMIT_CPU", libc::RLIMIT_CPU as i64),
    ("RLIMIT_DATA", libc::RLIMIT_DATA as i64),
    ("RLIMIT_FSIZE", libc::RLIMIT_FSIZE as i64),
    ("RLIMIT_MEMLOCK", libc::RLIMIT_MEMLOCK as i64),
    ("RLIMIT_MSGQUEUE", libc::RLIMIT_MSGQUEUE as i64),
    ("RLIMIT_NICE", libc::RLIMIT_NICE as i64),
    ("RLIMIT_NOFILE", libc::RLIMIT_NOFILE as i64),
    ("RLIMIT_NPROC", libc::RLIMIT_NPROC as i64),
    ("RLIMIT_OFILE", libc::RLIMIT_NOFILE as i64),
    ("RLIMIT_RSS", libc::RLIMIT_RSS as i64),
    ("RLIMIT_RTPRIO", libc::RLIMIT_RTPRIO as i64),
    ("RLIMIT_RTTIME", libc::RLIMIT_RTTIME as i64),
    ("RLIMIT_SIGPENDING", libc::RLIMIT_SIGPENDING as i64),
    ("RLIMIT_STACK", libc::RLIMIT_STACK as i64),
    ("RLIM_INFINITY", -1),
    ("RUSAGE_CHILDREN", libc::RUSAGE_CHILDREN as i64),
    ("RUSAGE_SELF", libc::RUSAGE_SELF as i64),
    ("RUSAGE_THREAD", libc::RUSAGE_THREAD as i64),
];

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    native::add(vm, m, "error", vm.builtin(shape::OS_ERROR).value())?;
    native::add(vm, m, "struct_rusage", vm.builtin(shape::RUSAGE).value())?;
    CONSTANTS.iter().try_for_each(|(name, n)| native::add(vm, m, name, Value::small_int(*n)))
}

pub static MODULE: ModuleDef = ModuleDef {
    name: "resource",
    doc: "",
    functions: &[
        function!("getrusage", "($module, who, /)", getrusage, ""),
        function!("getrlimit", "($module, resource, /)", getrlimit, ""),
        function!("setrlimit", "($module, resource, limits, /)", setrlimit, ""),
        function!("prlimit", "($module, pid, resource, limits=None, /)", prlimit, ""),
        function!("getpagesize", "($module, /)", getpagesize, ""),
    ],
    init,
};
