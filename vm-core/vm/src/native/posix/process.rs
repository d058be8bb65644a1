//! Processes: identities, starting, waiting, signals, scheduling.

use std::ffi::CString;

use crate::error::PyResult;
use crate::host;
use crate::native::posix::files::id;
use crate::native::posix::path::{self, PATH_OR_DESCRIPTOR, Target};
use crate::native::posix::{int_or_error, none_or_error};
use crate::native::structseq::{self, FROM_SEQUENCE, struct_sequence};
use crate::native::sys::c_int;
use crate::protocol::{call, iter, number};
use crate::runtime;
use crate::threads;
use crate::shape;
use crate::types::list::PyList;
use crate::types::set::PySet;
use crate::types::tuple::PyTuple;
use crate::types::type_::{New, TypeRef};
use crate::value::{Ref, Value};
use crate::vm::Vm;

struct_sequence! {
    /// Result of `waitid`.
    WAITID_RESULT, "posix.waitid_result", "waitid_result: Result from waitid.\n\nThis object may be accessed either as a tuple of\n  (si_pid, si_uid, si_signo, si_status, si_code),\nor via the attributes si_pid, si_uid, and so on.\n\nSee os.waitid for more information.", 5 of 5, FROM_SEQUENCE, [
        0 si_pid "";
        1 si_uid "";
        2 si_signo "";
        3 si_status "";
        4 si_code "";
    ]
}

struct_sequence! {
    /// Scheduling parameters.
    SCHED_PARAM, "posix.sched_param", "Currently has only one field: sched_priority\n\n  sched_priority\n    A scheduling parameter.", 1 of 1,
    New::Bound("(sched_priority)", sched_param_new), [
        0 sched_priority "the scheduling priority";
    ]
}

struct_sequence! {
    /// Resources that a child process used (`wait3`, `wait4`).
    RUSAGE, "resource.struct_rusage", "struct_rusage: Result from getrusage.\n\nThis object may be accessed either as a tuple of\n    (utime,stime,maxrss,ixrss,idrss,isrss,minflt,majflt,\n    nswap,inblock,oublock,msgsnd,msgrcv,nsignals,nvcsw,nivcsw)\nor via the attributes ru_utime, ru_stime, ru_maxrss, and so on.", 16 of 16, FROM_SEQUENCE, [
        0 ru_utime "user time used";
        1 ru_stime "system time used";
        2 ru_maxrss "max. resident set size";
        3 ru_ixrss "shared memory size";
        4 ru_idrss "unshared data size";
        5 ru_isrss "unshared stack size";
        6 ru_minflt "page faults not requiring I/O";
        7 ru_majflt "page faults requiring I/O";
        8 ru_nswap "number of swap outs";
        9 ru_inblock "block input operations";
        10 ru_oublock "block output operations";
        11 ru_msgsnd "IPC messages sent";
        12 ru_msgrcv "IPC messages received";
        13 ru_nsignals "signals received";
        14 ru_nvcsw "voluntary context switches";
        15 ru_nivcsw "involuntary context switches";
    ]
}

fn sched_param_new(vm: &Vm, _: TypeRef, a: &[Value]) -> PyResult {
    let _ = vm;
    Ok(structseq::make(shape::SCHED_PARAM, 1, vec![a[0].to_ref()]))
}

macro_rules! simple_ids {
    ($($name:ident $call:ident;)*) => {
        $(
            pub(super) fn $name(vm: &Vm, _: &[Value]) -> PyResult {
                // SAFETY: plain system call that cannot fail.
                Ok(vm.new_int(unsafe { libc::$call() } as i64))
            }
        )*
    };
}
simple_ids! {
    getpid getpid;
    getppid getppid;
    getuid getuid;
    geteuid geteuid;
    getgid getgid;
    getegid getegid;
    getpgrp getpgrp;
}

macro_rules! setters {
    ($($name:ident $call:path, $what:literal;)*) => {
        $(
            pub(super) fn $name(vm: &Vm, a: &[Value]) -> PyResult {
                let i = id(vm, a[0], $what)?;
                // SAFETY: plain system call.
                none_or_error(vm, host::check(unsafe { $call(i) }))
            }
        )*
    };
}
setters! {
    setuid libc::setuid, "uid";
    seteuid libc::seteuid, "uid";
    setgid libc::setgid, "gid";
    setegid libc::setegid, "gid";
}

pub(super) fn setreuid(vm: &Vm, a: &[Value]) -> PyResult {
    let (r, e) = (id(vm, a[0], "uid")?, id(vm, a[1], "uid")?);
    // SAFETY: plain system call.
    none_or_error(vm, host::check(unsafe { libc::setreuid(r, e) }))
}

pub(super) fn setregid(vm: &Vm, a: &[Value]) -> PyResult {
    let (r, e) = (id(vm, a[0], "gid")?, id(vm, a[1], "gid")?);
    // SAFETY: plain system call.
    none_or_error(vm, host::check(unsafe { libc::setregid(r, e) }))
}

pub(super) fn setresuid(vm: &Vm, a: &[Value]) -> PyResult {
    let (r, e, s) = (id(vm, a[0], "uid")?, id(vm, a[1], "uid")?, id(vm, a[2], "uid")?);
    // SAFETY: plain system call.
    none_or_error(vm, host::check(unsafe { libc::setresuid(r, e, s) }))
}

pub(super) fn setresgid(vm: &Vm, a: &[Value]) -> PyResult {
    let (r, e, s) = (id(vm, a[0], "gid")?, id(vm, a[1], "gid")?, id(vm, a[2], "gid")?);
    // SAFETY: plain system call.
    none_or_error(vm, host::check(unsafe { libc::setresgid(r, e, s) }))
}

fn three(vm: &Vm, ids: [u32; 3]) -> Ref {
    PyTuple::from_iter(vm, ids.iter().map(|i| vm.new_int(*i as i64)))
}

pub(super) fn getresuid(vm: &Vm, _: &[Value]) -> PyResult {
    let mut i = [0; 3];
    let [a, b, c] = &mut i;
    // SAFETY: three valid places.
    match host::check(unsafe { libc::getresuid(a, b, c) }) {
        Ok(_) => Ok(three(vm, i)),
        Err(e) => Err(path::error(vm, &e)),
    }
}

pub(super) fn getresgid(vm: &Vm, _: &[Value]) -> PyResult {
    let mut i = [0; 3];
    let [a, b, c] = &mut i;
    // SAFETY: three valid places.
    match host::check(unsafe { libc::getresgid(a, b, c) }) {
        Ok(_) => Ok(three(vm, i)),
        Err(e) => Err(path::error(vm, &e)),
    }
}

pub(super) fn getgroups(vm: &Vm, _: &[Value]) -> PyResult {
    let mut groups = vec![0 as libc::gid_t; 65536];
    // SAFETY: room for as many groups as there can be.
    match host::check(unsafe { libc::getgroups(groups.len() as i32, groups.as_mut_ptr()) }) {
        Ok(n) => Ok(PyList::new(vm, groups[..n as usize].iter().map(|g| vm.new_int(*g as i64)).collect())),
        Err(e) => Err(path::error(vm, &e)),
    }
}

pub(super) fn setgroups(vm: &Vm, a: &[Value]) -> PyResult {
    let mut groups = Vec::new();
    for g in iter::sequence(vm, a[0], "setgroups argument must be a sequence")? {
        groups.push(id(vm, g.value(), "gid")?);
    }
    // SAFETY: a valid array.
    none_or_error(vm, host::check(unsafe { libc::setgroups(groups.len(), groups.as_ptr()) }))
}

pub(super) fn getgrouplist(vm: &Vm, a: &[Value]) -> PyResult {
    let user = path::plain(vm, "getgrouplist", "user", a[0])?;
    let base = id(vm, a[1], "gid")?;
    let mut groups = vec![0 as libc::gid_t; 65536];
    let mut n = groups.len() as i32;
    // SAFETY: room for `n` groups.
    if unsafe { libc::getgrouplist(user.c_str().as_ptr(), base, groups.as_mut_ptr(), &mut n) } == -1 {
        return Err(path::error(vm, &std::io::Error::last_os_error()));
    }
    Ok(PyList::new(vm, groups[..n as usize].iter().map(|g| vm.new_int(*g as i64)).collect()))
}

pub(super) fn initgroups(vm: &Vm, a: &[Value]) -> PyResult {
    let user = path::plain(vm, "initgroups", "username", a[0])?;
    let base = id(vm, a[1], "gid")?;
    // SAFETY: a valid C string.
    none_or_error(vm, host::check(unsafe { libc::initgroups(user.c_str().as_ptr(), base) }))
}

pub(super) fn getpgid(vm: &Vm, a: &[Value]) -> PyResult {
    let pid = c_int(vm, a[0])?;
    // SAFETY: plain system call.
    int_or_error(vm, host::check(unsafe { libc::getpgid(pid) }))
}

pub(super) fn getsid(vm: &Vm, a: &[Value]) -> PyResult {
    let pid = c_int(vm, a[0])?;
    // SAFETY: plain system call.
    int_or_error(vm, host::check(unsafe { libc::getsid(pid) }))
}

pub(super) fn setsid(vm: &Vm, _: &[Value]) -> PyResult {
    // SAFETY: plain system call.
    none_or_error(vm, host::check(unsafe { libc::setsid() }))
}

pub(super) fn setpgid(vm: &Vm, a: &[Value]) -> PyResult {
    let (pid, group) = (c_int(vm, a[0])?, c_int(vm, a[1])?);
    // SAFETY: plain system call.
    none_or_error(vm, host::check(unsafe { libc::setpgid(pid, group) }))
}

pub(super) fn setpgrp(vm: &Vm, _: &[Value]) -> PyResult {
    // SAFETY: plain system call.
    none_or_error(vm, host::check(unsafe { libc::setpgid(0, 0) }))
}

pub(super) fn getlogin(vm: &Vm, _: &[Value]) -> PyResult {
    // SAFETY: the result is null or a C string that lives until the next call.
    unsafe {
        let name = libc::getlogin();
        if name.is_null() {
            return Err(path::error(vm, &std::io::Error::last_os_error()));
        }
        Ok(path::from_bytes(vm, std::ffi::CStr::from_ptr(name).to_bytes()))
    }
}

pub(super) fn kill(vm: &Vm, a: &[Value]) -> PyResult {
    let (pid, signal) = (c_int(vm, a[0])?, c_int(vm, a[1])?);
    // SAFETY: plain system call.
    let r = host::check(unsafe { libc::kill(pid, signal) });
    let r = none_or_error(vm, r)?;
    // A signal to this process runs its handler before the call returns.
    runtime::handle_signals(vm)?;
    Ok(r)
}

pub(super) fn killpg(vm: &Vm, a: &[Value]) -> PyResult {
    let (group, signal) = (c_int(vm, a[0])?, c_int(vm, a[1])?);
    // SAFETY: plain system call.
    let r = none_or_error(vm, host::check(unsafe { libc::killpg(group, signal) }))?;
    runtime::handle_signals(vm)?;
    Ok(r)
}

pub(super) fn exit_now(vm: &Vm, a: &[Value]) -> PyResult {
    let status = c_int(vm, a[0])?;
    // SAFETY: ends the process without running anything.
    unsafe { libc::_exit(status) }
}

pub(super) fn abort(_: &Vm, _: &[Value]) -> PyResult {
    std::process::abort()
}

pub(crate) fn run_fork_hooks(vm: &Vm, which: usize, latest_first: bool) {
    let mut hooks = vm.runtime.fork_hooks.borrow()[which].clone();
    if latest_first {
        hooks.reverse();
    }
    for h in hooks {
        if let Err(e) = call::call_args(vm, h.value(), &[]) {
            runtime::unraisable(vm, e, h.value());
        }
    }
}

/// `os.register_at_fork`.
pub(super) fn register_at_fork(vm: &Vm, a: &[Value]) -> PyResult {
    if a.iter().all(|v| v.is_null()) {
        return Err(vm.type_error("At least one argument is required."));
    }
    for (i, name) in ["before", "after_in_child", "after_in_parent"].iter().enumerate() {
        if let Some(f) = a[i].non_null() {
            if !call::is_callable(vm, f) {
                return Err(vm.type_error(format!("'{name}' must be callable, not {}", vm.type_of(f).full_name())));
            }
            vm.runtime.fork_hooks.borrow_mut()[i].push(f.to_ref());
        }
    }
    Ok(vm.none_ref())
}

/// A process with threads has made a copy of itself, in which only one of them goes on.
fn warn_of_threads(vm: &Vm, function: &str) -> PyResult<()> {
    if threads::count(vm) == 0 {
        return Ok(());
    }
    // SAFETY: plain system call.
    let process = unsafe { libc::getpid() };
    let text = format!(
        "This process (pid={process}) is multi-threaded, use of {function}() may lead to deadlocks in the child."
    );
    runtime::warn(vm, crate::shape::DEPRECATION_WARNING, &text, 1)
}

/// Makes a copy of this process by a system call, with what Python does before and after: the process
/// id of the copy, 0 in the copy itself.
pub(super) fn forked(
    vm: &Vm,
    function: &str,
    call: impl FnOnce() -> std::io::Result<i32>,
) -> PyResult<std::io::Result<i32>> {
    run_fork_hooks(vm, 0, true);
    let r = call();
    if matches!(r, Ok(0)) {
        threads::after_fork(vm);
    }
    run_fork_hooks(vm, if matches!(r, Ok(0)) { 1 } else { 2 }, false);
    if matches!(r, Ok(pid) if pid > 0) {
        warn_of_threads(vm, function)?;
    }
    Ok(r)
}

pub(super) fn fork(vm: &Vm, _: &[Value]) -> PyResult {
    // SAFETY: the process has one thread that runs Python; the child goes on with a copy of it.
    let r = forked(vm, "fork", || host::check(unsafe { libc::fork() }))?;
    int_or_error(vm, r)
}

/// A sequence of arguments as C strings.
pub(crate) fn strings(vm: &Vm, v: Value) -> PyResult<Vec<CString>> {
    let mut out = Vec::new();
    for x in iter::to_vec(vm, v)? {
        let p = path::fspath(vm, x.value())?;
        let b = path::to_bytes(vm, p.value())?;
        out.push(CString::new(b).map_err(|_| vm.value_error("embedded null byte"))?);
    }
    Ok(out)
}

/// The entries `name=value` of an environment.
fn environment(vm: &Vm, v: Value) -> PyResult<Vec<CString>> {
    let keys = iter::to_vec(vm, call::call_method(vm, v, "keys", &[])?.value())?;
    let values = iter::to_vec(vm, call::call_method(vm, v, "values", &[])?.value())?;
    let mut out = Vec::new();
    for (k, x) in keys.iter().zip(&values) {
        let text = |v: &Ref| -> PyResult<Vec<u8>> {
            let p = path::fspath(vm, v.value())?;
            path::to_bytes(vm, p.value())
        };
        let (k, x) = (text(k)?, text(x)?);
        if k.is_empty() || k[1..].contains(&b'=') {
            return Err(vm.value_error("illegal environment variable name"));
        }
        let entry = [&k[..], b"=", &x].concat();
        out.push(CString::new(entry).map_err(|_| vm.value_error("embedded null byte"))?);
    }
    Ok(out)
}

fn pointers(strings: &[CString]) -> Vec<*const libc::c_char> {
    strings.iter().map(|s| s.as_ptr()).chain(std::iter::once(std::ptr::null())).collect()
}

fn arguments(vm: &Vm, function: &str, v: Value) -> PyResult<Vec<CString>> {
    if v.cast::<PyTuple>().is_none() && v.cast::<PyList>().is_none() {
        return Err(vm.type_error(if function == "execve" {
            "execve: argv must be a tuple or list".to_owned()
        } else {
            format!("{function}() arg 2 must be a tuple or list")
        }));
    }
    let all = strings(vm, v)?;
    if all.is_empty() {
        return Err(vm.value_error(if function == "execve" {
            "execve: argv must not be empty".to_owned()
        } else {
            format!("{function}() arg 2 must not be empty")
        }));
    }
    if all[0].is_empty() {
        return Err(vm.value_error(if function == "execve" {
            "execve: argv first element cannot be empty".to_owned()
        } else {
            format!("{function}() arg 2 first element cannot be empty")
        }));
    }
    Ok(all)
}

pub(super) fn execv(vm: &Vm, a: &[Value]) -> PyResult {
    let p = path::plain(vm, "execv", "path", a[0])?;
    let args = arguments(vm, "execv", a[1])?;
    runtime::flush_stream(vm, "stdout");
    // SAFETY: valid C strings, ended by null; returns only when it failed.
    unsafe { libc::execv(p.c_str().as_ptr(), pointers(&args).as_ptr()) };
    Err(p.error(vm, &std::io::Error::last_os_error()))
}

pub(super) fn execve(vm: &Vm, a: &[Value]) -> PyResult {
    let p = path::path(vm, "execve", "path", a[0], PATH_OR_DESCRIPTOR)?;
    let args = arguments(vm, "execve", a[1])?;
    let env = environment(vm, a[2])?;
    // SAFETY: as above.
    unsafe {
        match &p.target {
            Target::Descriptor(fd) => libc::fexecve(*fd, pointers(&args).as_ptr(), pointers(&env).as_ptr()),
            Target::Path(c) => libc::execve(c.as_ptr(), pointers(&args).as_ptr(), pointers(&env).as_ptr()),
        }
    };
    Err(p.error(vm, &std::io::Error::last_os_error()))
}

pub(super) fn system(vm: &Vm, a: &[Value]) -> PyResult {
    let v = path::fspath(vm, a[0])?;
    let b = path::to_bytes(vm, v.value())?;
    let Ok(c) = CString::new(b) else { return Err(vm.value_error("embedded null byte")) };
    // SAFETY: a valid C string.
    Ok(vm.new_int(unsafe { libc::system(c.as_ptr()) } as i64))
}

fn spawn(vm: &Vm, a: &[Value], search: bool) -> PyResult {
    let function = if search { "posix_spawnp" } else { "posix_spawn" };
    let p = path::plain(vm, function, "path", a[0])?;
    let args = arguments(vm, function, a[1])?;
    let env = match a[2].is(vm.none()) {
        true => host::environment()
            .into_iter()
            .filter_map(|(k, v)| {
                use std::os::unix::ffi::OsStrExt;
                CString::new([k.as_bytes(), b"=", v.as_bytes()].concat()).ok()
            })
            .collect(),
        false => environment(vm, a[2])?,
    };
    let mut actions = std::mem::MaybeUninit::<libc::posix_spawn_file_actions_t>::uninit();
    let mut attributes = std::mem::MaybeUninit::<libc::posix_spawnattr_t>::uninit();
    // SAFETY: both objects are initialized before use and destroyed after it.
    unsafe {
        libc::posix_spawn_file_actions_init(actions.as_mut_ptr());
        libc::posix_spawnattr_init(attributes.as_mut_ptr());
        let prepared = file_actions(vm, a[3], actions.as_mut_ptr())
            .and_then(|kept| spawn_attributes(vm, a, attributes.as_mut_ptr()).map(|()| kept));
        let result = match prepared {
            Err(e) => Err(e),
            Ok(_kept) => {
                let mut pid = 0;
                let f = if search { libc::posix_spawnp } else { libc::posix_spawn };
                let r = f(
                    &mut pid,
                    p.c_str().as_ptr(),
                    actions.as_ptr(),
                    attributes.as_ptr(),
                    pointers(&args).as_ptr() as *const *mut libc::c_char,
                    pointers(&env).as_ptr() as *const *mut libc::c_char,
                );
                match r {
                    0 => Ok(vm.new_int(pid as i64)),
                    e => Err(p.error(vm, &std::io::Error::from_raw_os_error(e))),
                }
            }
        };
        libc::posix_spawn_file_actions_destroy(actions.as_mut_ptr());
        libc::posix_spawnattr_destroy(attributes.as_mut_ptr());
        result
    }
}

/// Adds the action that closes all descriptors from one on, which not every C library has.
///
/// # Safety
/// `to` must be an initialized object.
unsafe fn add_close_from(vm: &Vm, to: *mut libc::posix_spawn_file_actions_t, from: i32) -> PyResult<()> {
    type Function = unsafe extern "C" fn(*mut libc::posix_spawn_file_actions_t, libc::c_int) -> libc::c_int;
    // SAFETY: the name is that of a function of this type, if there is one.
    let r = unsafe {
        let p = libc::dlsym(libc::RTLD_DEFAULT, c"posix_spawn_file_actions_addclosefrom_np".as_ptr());
        if p.is_null() {
            return Err(vm.not_implemented_error("POSIX_SPAWN_CLOSEFROM is not supported by the C library"));
        }
        std::mem::transmute::<*mut libc::c_void, Function>(p)(to, from)
    };
    match r {
        0 => Ok(()),
        e => Err(path::error(vm, &std::io::Error::from_raw_os_error(e))),
    }
}

/// Adds the file actions of `posix_spawn`; the paths must live until it was called.
unsafe fn file_actions(
    vm: &Vm,
    v: Value,
    to: *mut libc::posix_spawn_file_actions_t,
) -> PyResult<Vec<path::PathArg>> {
    let mut kept = Vec::new();
    let Some(v) = v.non_null() else { return Ok(kept) };
    for action in iter::sequence(vm, v, "file_actions must be a sequence or None")? {
        let parts = action.cast::<PyTuple>().map_or(&[][..], |t| t.as_slice());
        let Some((&kind, rest)) = parts.split_first() else {
            return Err(vm.type_error("Each file_actions element must be a non-empty tuple"));
        };
        // SAFETY: an initialized object; paths are kept by the caller.
        unsafe {
            match (c_int(vm, kind)?, rest) {
                (0, &[fd, p, flags, mode]) => {
                    let p = path::plain(vm, "posix_spawn", "path", p)?;
                    let (fd, flags, mode) = (c_int(vm, fd)?, c_int(vm, flags)?, c_int(vm, mode)?);
                    libc::posix_spawn_file_actions_addopen(to, fd, p.c_str().as_ptr(), flags, mode as u32);
                    kept.push(p);
                }
                (1, &[fd]) => drop(libc::posix_spawn_file_actions_addclose(to, c_int(vm, fd)?)),
                (2, &[from, new]) => {
                    libc::posix_spawn_file_actions_adddup2(to, c_int(vm, from)?, c_int(vm, new)?);
                }
                (3, &[from]) => add_close_from(vm, to, c_int(vm, from)?)?,
                _ => return Err(vm.type_error("Unknown file_actions identifier")),
            }
        }
    }
    Ok(kept)
}

unsafe fn spawn_attributes(vm: &Vm, a: &[Value], to: *mut libc::posix_spawnattr_t) -> PyResult<()> {
    let mut flags = 0;
    // SAFETY: an initialized object.
    unsafe {
        if let Some(g) = a[4].non_null().filter(|g| !g.is(vm.none())) {
            libc::posix_spawnattr_setpgroup(to, c_int(vm, g)?);
            flags |= libc::POSIX_SPAWN_SETPGROUP;
        }
        if a[5].non_null().is_some_and(|r| r.is(vm.true_())) {
            flags |= libc::POSIX_SPAWN_RESETIDS;
        }
        if a[6].non_null().is_some_and(|r| r.is(vm.true_())) {
            flags |= libc::POSIX_SPAWN_SETSID as i32;
        }
        for (v, flag) in [(a[7], libc::POSIX_SPAWN_SETSIGMASK), (a[8], libc::POSIX_SPAWN_SETSIGDEF)] {
            let Some(v) = v.non_null() else { continue };
            let set = crate::native::signal::to_sigset(vm, v)?;
            if flag == libc::POSIX_SPAWN_SETSIGMASK {
                libc::posix_spawnattr_setsigmask(to, &set);
            } else {
                libc::posix_spawnattr_setsigdefault(to, &set);
            }
            flags |= flag;
        }
        libc::posix_spawnattr_setflags(to, flags as i16);
    }
    Ok(())
}

pub(super) fn posix_spawn(vm: &Vm, a: &[Value]) -> PyResult {
    spawn(vm, a, false)
}

pub(super) fn posix_spawnp(vm: &Vm, a: &[Value]) -> PyResult {
    spawn(vm, a, true)
}

pub(crate) fn rusage(vm: &Vm, r: &libc::rusage) -> Ref {
    let time = |t: &libc::timeval| vm.new_float(t.tv_sec as f64 + t.tv_usec as f64 * 1e-6);
    let mut items = vec![time(&r.ru_utime), time(&r.ru_stime)];
    let counts = [
        r.ru_maxrss, r.ru_ixrss, r.ru_idrss, r.ru_isrss, r.ru_minflt, r.ru_majflt, r.ru_nswap,
        r.ru_inblock, r.ru_oublock, r.ru_msgsnd, r.ru_msgrcv, r.ru_nsignals, r.ru_nvcsw, r.ru_nivcsw,
    ];
    items.extend(counts.iter().map(|n| vm.new_int(*n)));
    structseq::make(shape::RUSAGE, 16, items)
}

/// Waits for a child: its id, status and resources.
fn wait_for(vm: &Vm, pid: i32, options: i32) -> PyResult<(i32, i32, libc::rusage)> {
    let mut status = 0;
    // SAFETY: a rusage of zeros is valid.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    let mut call = |options| {
        // SAFETY: valid places.
        host::check(unsafe { libc::wait4(pid, &mut status, options, &mut usage) })
    };
    let r = if vm.threads.has_others() && options & libc::WNOHANG == 0 {
        threads::wait_for_child(vm, || call(options | libc::WNOHANG).map(|pid| (pid != 0).then_some(pid)))?
    } else {
        path::retry(vm, || call(options))?
    };
    r.map(|pid| (pid, status, usage)).map_err(|e| path::error(vm, &e))
}

pub(super) fn wait(vm: &Vm, _: &[Value]) -> PyResult {
    let (pid, status, _) = wait_for(vm, -1, 0)?;
    Ok(PyTuple::pair(vm.new_int(pid as i64), vm.new_int(status as i64)))
}

pub(super) fn waitpid(vm: &Vm, a: &[Value]) -> PyResult {
    let (pid, status, _) = wait_for(vm, c_int(vm, a[0])?, c_int(vm, a[1])?)?;
    Ok(PyTuple::pair(vm.new_int(pid as i64), vm.new_int(status as i64)))
}

fn with_usage(vm: &Vm, w: (i32, i32, libc::rusage)) -> Ref {
    let items = vec![vm.new_int(w.0 as i64), vm.new_int(w.1 as i64), rusage(vm, &w.2)];
    PyTuple::from_vec(vm, items)
}

pub(super) fn wait3(vm: &Vm, a: &[Value]) -> PyResult {
    wait_for(vm, -1, c_int(vm, a[0])?).map(|w| with_usage(vm, w))
}

pub(super) fn wait4(vm: &Vm, a: &[Value]) -> PyResult {
    wait_for(vm, c_int(vm, a[0])?, c_int(vm, a[1])?).map(|w| with_usage(vm, w))
}

pub(super) fn waitid(vm: &Vm, a: &[Value]) -> PyResult {
    let (kind, id, options) = (c_int(vm, a[0])?, c_int(vm, a[1])?, c_int(vm, a[2])?);
    // SAFETY: a siginfo of zeros is valid; the call fills it.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    let mut call = |options| {
        // SAFETY: a valid place.
        host::check(unsafe { libc::waitid(kind as libc::idtype_t, id as u32, &mut info, options) })?;
        // SAFETY: a field that waitid fills.
        Ok(unsafe { info.si_pid() } != 0)
    };
    let r = if vm.threads.has_others() && options & libc::WNOHANG == 0 {
        threads::wait_for_child(vm, || call(options | libc::WNOHANG).map(|found| found.then_some(())))?
    } else {
        path::retry(vm, || call(options).map(drop))?
    };
    if let Err(e) = r {
        return Err(path::error(vm, &e));
    }
    // SAFETY: fields that waitid fills.
    let (pid, uid, status) = unsafe { (info.si_pid(), info.si_uid(), info.si_status()) };
    if pid == 0 {
        return Ok(vm.none_ref());
    }
    let items = [pid as i64, uid as i64, info.si_signo as i64, status as i64, info.si_code as i64];
    Ok(structseq::make(shape::WAITID_RESULT, 5, items.iter().map(|i| vm.new_int(*i)).collect()))
}

macro_rules! status_tests {
    ($($name:ident $call:ident;)*) => {
        $(
            #[allow(non_snake_case)]
            pub(super) fn $name(vm: &Vm, a: &[Value]) -> PyResult {
                let status = c_int(vm, a[0])?;
                Ok(vm.bool_ref(libc::$call(status)))
            }
        )*
    };
}
status_tests! {
    WCOREDUMP WCOREDUMP;
    WIFCONTINUED WIFCONTINUED;
    WIFEXITED WIFEXITED;
    WIFSIGNALED WIFSIGNALED;
    WIFSTOPPED WIFSTOPPED;
}

macro_rules! status_parts {
    ($($name:ident $call:ident;)*) => {
        $(
            #[allow(non_snake_case)]
            pub(super) fn $name(vm: &Vm, a: &[Value]) -> PyResult {
                let status = c_int(vm, a[0])?;
                Ok(vm.new_int(libc::$call(status) as i64))
            }
        )*
    };
}
status_parts! {
    WEXITSTATUS WEXITSTATUS;
    WSTOPSIG WSTOPSIG;
    WTERMSIG WTERMSIG;
}

pub(super) fn waitstatus_to_exitcode(vm: &Vm, a: &[Value]) -> PyResult {
    let status = c_int(vm, a[0])?;
    let code = if libc::WIFEXITED(status) {
        libc::WEXITSTATUS(status)
    } else if libc::WIFSIGNALED(status) {
        -libc::WTERMSIG(status)
    } else if libc::WIFSTOPPED(status) {
        return Err(vm.value_error(format!("process stopped by delivery of signal {}", libc::WSTOPSIG(status))));
    } else {
        return Err(vm.value_error(format!("invalid wait status: {status}")));
    };
    Ok(vm.new_int(code as i64))
}

pub(super) fn pidfd_open(vm: &Vm, a: &[Value]) -> PyResult {
    let pid = c_int(vm, a[0])?;
    let flags = a[1].non_null().map_or(Ok(0), |f| c_int(vm, f))?;
    // SAFETY: plain system call.
    int_or_error(vm, host::check(unsafe { libc::syscall(libc::SYS_pidfd_open, pid, flags) } as i32))
}

pub(super) fn nice(vm: &Vm, a: &[Value]) -> PyResult {
    let n = c_int(vm, a[0])?;
    // SAFETY: errno tells a result of -1 from an error.
    unsafe {
        *libc::__errno_location() = 0;
        let r = libc::nice(n);
        let e = std::io::Error::last_os_error();
        if r == -1 && e.raw_os_error() != Some(0) { Err(path::error(vm, &e)) } else { Ok(vm.new_int(r as i64)) }
    }
}

pub(super) fn getpriority(vm: &Vm, a: &[Value]) -> PyResult {
    let (which, who) = (c_int(vm, a[0])?, c_int(vm, a[1])?);
    // SAFETY: as above.
    unsafe {
        *libc::__errno_location() = 0;
        let r = libc::getpriority(which as _, who as u32);
        let e = std::io::Error::last_os_error();
        if r == -1 && e.raw_os_error() != Some(0) { Err(path::error(vm, &e)) } else { Ok(vm.new_int(r as i64)) }
    }
}

pub(super) fn setpriority(vm: &Vm, a: &[Value]) -> PyResult {
    let (which, who, n) = (c_int(vm, a[0])?, c_int(vm, a[1])?, c_int(vm, a[2])?);
    // SAFETY: plain system call.
    none_or_error(vm, host::check(unsafe { libc::setpriority(which as _, who as u32, n) }))
}

pub(super) fn sched_yield(vm: &Vm, _: &[Value]) -> PyResult {
    // SAFETY: plain system call.
    none_or_error(vm, host::check(unsafe { libc::sched_yield() }))
}

pub(super) fn sched_get_priority_max(vm: &Vm, a: &[Value]) -> PyResult {
    let policy = c_int(vm, a[0])?;
    // SAFETY: plain system call.
    int_or_error(vm, host::check(unsafe { libc::sched_get_priority_max(policy) }))
}

pub(super) fn sched_get_priority_min(vm: &Vm, a: &[Value]) -> PyResult {
    let policy = c_int(vm, a[0])?;
    // SAFETY: plain system call.
    int_or_error(vm, host::check(unsafe { libc::sched_get_priority_min(policy) }))
}

pub(super) fn sched_getscheduler(vm: &Vm, a: &[Value]) -> PyResult {
    let pid = c_int(vm, a[0])?;
    // SAFETY: plain system call.
    int_or_error(vm, host::check(unsafe { libc::sched_getscheduler(pid) }))
}

pub(super) fn sched_getparam(vm: &Vm, a: &[Value]) -> PyResult {
    let pid = c_int(vm, a[0])?;
    let mut p = libc::sched_param { sched_priority: 0 };
    // SAFETY: a valid place.
    match host::check(unsafe { libc::sched_getparam(pid, &mut p) }) {
        Ok(_) => Ok(structseq::make(shape::SCHED_PARAM, 1, vec![vm.new_int(p.sched_priority as i64)])),
        Err(e) => Err(path::error(vm, &e)),
    }
}

fn priority(vm: &Vm, v: Value) -> PyResult<libc::sched_param> {
    match v.cast::<PyTuple>().filter(|_| v.has_shape(shape::SCHED_PARAM)) {
        Some(t) => Ok(libc::sched_param { sched_priority: c_int(vm, t.as_slice()[0])? }),
        None => Err(vm.type_error("must have a sched_param object")),
    }
}

pub(super) fn sched_setparam(vm: &Vm, a: &[Value]) -> PyResult {
    let (pid, p) = (c_int(vm, a[0])?, priority(vm, a[1])?);
    // SAFETY: a valid place.
    none_or_error(vm, host::check(unsafe { libc::sched_setparam(pid, &p) }))
}

pub(super) fn sched_setscheduler(vm: &Vm, a: &[Value]) -> PyResult {
    let (pid, policy, p) = (c_int(vm, a[0])?, c_int(vm, a[1])?, priority(vm, a[2])?);
    // SAFETY: a valid place.
    none_or_error(vm, host::check(unsafe { libc::sched_setscheduler(pid, policy, &p) }))
}

pub(super) fn sched_rr_get_interval(vm: &Vm, a: &[Value]) -> PyResult {
    let pid = c_int(vm, a[0])?;
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a valid place.
    match host::check(unsafe { libc::sched_rr_get_interval(pid, &mut t) }) {
        Ok(_) => Ok(vm.new_float(t.tv_sec as f64 + 1e-9 * t.tv_nsec as f64)),
        Err(e) => Err(path::error(vm, &e)),
    }
}

pub(super) fn sched_getaffinity(vm: &Vm, a: &[Value]) -> PyResult {
    let pid = c_int(vm, a[0])?;
    // SAFETY: a set of zeros is valid; the call fills it.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        if let Err(e) = host::check(libc::sched_getaffinity(pid, size_of::<libc::cpu_set_t>(), &mut set)) {
            return Err(path::error(vm, &e));
        }
        let out = PySet::new_set(vm);
        if let Some(s) = PySet::from_value(out.value()) {
            for i in (0..libc::CPU_SETSIZE as usize).filter(|i| libc::CPU_ISSET(*i, &set)) {
                s.add(vm, Value::small_int(i as i64))?;
            }
        }
        Ok(out)
    }
}

pub(super) fn sched_setaffinity(vm: &Vm, a: &[Value]) -> PyResult {
    let pid = c_int(vm, a[0])?;
    // SAFETY: a set of zeros is valid.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        for cpu in iter::to_vec(vm, a[1])? {
            let i = number::index_clipped(vm, cpu.value())?;
            if i < 0 {
                return Err(vm.value_error("negative CPU number"));
            }
            if i >= libc::CPU_SETSIZE as i64 {
                return Err(vm.overflow_error("CPU number too large"));
            }
            libc::CPU_SET(i as usize, &mut set);
        }
        none_or_error(vm, host::check(libc::sched_setaffinity(pid, size_of::<libc::cpu_set_t>(), &set)))
    }
}

pub(super) fn cpu_count(vm: &Vm, _: &[Value]) -> PyResult {
    // SAFETY: plain system call.
    let n = unsafe { libc::sysconf(libc::_SC_NPROCESSORS_ONLN) };
    Ok(if n > 0 { vm.new_int(n) } else { vm.none_ref() })
}
