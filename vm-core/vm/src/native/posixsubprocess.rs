//! The module `_posixsubprocess`: starting another program, for `subprocess`.
//!
//! Between `fork` and `exec` the child only makes system calls, with memory that was prepared
//! before; the one exception is `preexec_fn`, which is Python code that the caller asks for.

use std::ffi::CString;
use std::os::fd::RawFd;

use crate::convert;
use crate::error::PyResult;
use crate::host;
use crate::import::os_error;
use crate::native::ModuleDef;
use crate::native::posix::{path, process};
use crate::protocol::{call, iter, truth};
use crate::types::bytes::PyBytes;
use crate::types::list::PyList;
use crate::types::tuple::PyTuple;
use crate::types::type_::MethodDef;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Most supplementary groups.
const MAX_GROUPS: usize = 65536;

/// Pointers to C strings, with a null at the end; valid as long as the strings.
struct Pointers(Vec<*const libc::c_char>);

impl Pointers {
    fn new(strings: &[CString]) -> Pointers {
        Pointers(strings.iter().map(|s| s.as_ptr()).chain([std::ptr::null()]).collect())
    }
}

/// What the child does before it runs the program.
struct Child {
    executables: Vec<CString>,
    argv: Pointers,
    environment: Option<Pointers>,
    directory: Option<CString>,
    close_descriptors: bool,
    /// Ascending.
    keep: Vec<RawFd>,
    /// The child's ends and the parent's ends of the pipes for the three standard streams.
    p2c: [RawFd; 2],
    c2p: [RawFd; 2],
    errors: [RawFd; 2],
    report: [RawFd; 2],
    restore_signals: bool,
    new_session: bool,
    process_group: i32,
    group: Option<u32>,
    groups: Option<Vec<libc::gid_t>>,
    user: Option<u32>,
    umask: i32,
}

/// What could not be done in the child.
enum Failure {
    /// Before the program was to be run: the error's number and what was done.
    Before(i32, &'static str),
    Exec(i32),
    Preexec,
}

fn errno() -> i32 {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}

/// The result of a system call that says -1 for an error.
fn checked(r: i32, what: &'static str) -> Result<i32, Failure> {
    if r < 0 { Err(Failure::Before(errno(), what)) } else { Ok(r) }
}

fn set_inheritable(fd: RawFd) -> Result<(), Failure> {
    // SAFETY: system calls with plain numbers.
    unsafe {
        let flags = checked(libc::fcntl(fd, libc::F_GETFD), "")?;
        checked(libc::fcntl(fd, libc::F_SETFD, flags & !libc::FD_CLOEXEC), "")?;
    }
    Ok(())
}

impl Child {
    /// Puts a descriptor in the place of a standard stream.
    fn put(fd: RawFd, place: RawFd) -> Result<(), Failure> {
        if fd == place {
            return set_inheritable(fd);
        }
        if fd != -1 {
            // SAFETY: a system call with plain numbers.
            checked(unsafe { libc::dup2(fd, place) }, "")?;
        }
        Ok(())
    }

    fn streams(&mut self) -> Result<(), Failure> {
        for fd in &self.keep {
            if *fd != self.report[1] {
                // A descriptor that is not open is for the program to miss.
                let _ = set_inheritable(*fd);
            }
        }
        for fd in [self.p2c[1], self.c2p[0], self.errors[0], self.report[0]] {
            if fd != -1 {
                // SAFETY: a system call with a plain number; the parent has its own.
                unsafe { libc::close(fd) };
            }
        }
        // Descriptors that stand where others are to go move out of the way.
        // SAFETY: system calls with plain numbers.
        unsafe {
            if self.c2p[1] == 0 {
                self.c2p[1] = checked(libc::dup(self.c2p[1]), "")?;
            }
            while self.errors[1] == 0 || self.errors[1] == 1 {
                self.errors[1] = checked(libc::dup(self.errors[1]), "")?;
            }
        }
        Child::put(self.p2c[0], 0)?;
        Child::put(self.c2p[1], 1)?;
        Child::put(self.errors[1], 2)
    }

    fn identity(&self) -> Result<(), Failure> {
        // SAFETY: system calls with plain numbers and valid memory.
        unsafe {
            if let Some(dir) = &self.directory {
                checked(libc::chdir(dir.as_ptr()), "noexec:chdir")?;
            }
            if self.umask >= 0 {
                libc::umask(self.umask as libc::mode_t);
            }
            if self.restore_signals {
                for signal in [libc::SIGPIPE, libc::SIGXFSZ] {
                    libc::signal(signal, libc::SIG_DFL);
                }
            }
            if self.new_session {
                checked(libc::setsid(), "")?;
            }
            if self.process_group >= 0 {
                checked(libc::setpgid(0, self.process_group), "")?;
            }
            if let Some(groups) = &self.groups {
                checked(libc::setgroups(groups.len(), groups.as_ptr()), "")?;
            }
            if let Some(group) = self.group {
                checked(libc::setregid(group, group), "")?;
            }
            if let Some(user) = self.user {
                checked(libc::setreuid(user, user), "")?;
            }
        }
        Ok(())
    }

    /// Closes all descriptors from 3 on but those to keep.
    fn close_others(&self) {
        let mut from = 3;
        for fd in self.keep.iter().copied().chain([RawFd::MAX]).filter(|fd| *fd >= 3) {
            if fd > from {
                // SAFETY: system calls with plain numbers.
                unsafe {
                    let last = if fd == RawFd::MAX { libc::c_uint::MAX } else { fd as libc::c_uint - 1 };
                    if libc::syscall(libc::SYS_close_range, from as libc::c_uint, last, 0) != 0 {
                        let most = libc::sysconf(libc::_SC_OPEN_MAX).clamp(256, 1 << 16) as RawFd;
                        (from..fd.min(most)).for_each(|fd| _ = libc::close(fd));
                    }
                }
            }
            from = fd.saturating_add(1);
        }
    }

    /// Runs the program; comes back only with an error.
    fn exec(&self) -> Failure {
        let mut error = 0;
        for executable in &self.executables {
            // SAFETY: all pointers are to memory of this process, the arrays end with null.
            unsafe {
                match &self.environment {
                    Some(env) => libc::execve(executable.as_ptr(), self.argv.0.as_ptr(), env.0.as_ptr()),
                    None => libc::execv(executable.as_ptr(), self.argv.0.as_ptr()),
                };
            }
            let e = errno();
            if (e != libc::ENOENT && e != libc::ENOTDIR) || error == 0 {
                error = e;
            }
            if e != libc::ENOENT && e != libc::ENOTDIR {
                break;
            }
        }
        Failure::Exec(error)
    }

    fn run(&mut self, vm: &Vm, preexec: Option<Value>) -> Failure {
        if let Err(failure) = self.streams().and_then(|()| self.identity()) {
            return failure;
        }
        if let Some(f) = preexec
            && call::call_args(vm, f, &[]).is_err()
        {
            return Failure::Preexec;
        }
        if self.close_descriptors {
            self.close_others();
        }
        self.exec()
    }

    /// Tells the parent what went wrong, as `subprocess` reads it.
    fn tell(&self, failure: &Failure) {
        let text = match failure {
            Failure::Preexec => "SubprocessError:0:Exception occurred in preexec_fn.".to_owned(),
            Failure::Exec(e) => format!("OSError:{e:X}:"),
            Failure::Before(e, "") => format!("OSError:{e:X}:noexec"),
            Failure::Before(e, what) => format!("OSError:{e:X}:{what}"),
        };
        // Nobody could be told about an error here.
        let _ = host::write(self.report[1], text.as_bytes());
    }
}

/// Descriptors among the arguments: positive and ascending.
fn kept_descriptors(vm: &Vm, v: Value) -> PyResult<Vec<RawFd>> {
    let bad = || vm.value_error("bad value(s) in fds_to_keep");
    let Some(t) = v.cast::<PyTuple>() else {
        return Err(convert::bad_argument(vm, "fork_exec", "argument 4", "tuple", v));
    };
    let mut all: Vec<RawFd> = Vec::with_capacity(t.len());
    for fd in t.iter() {
        match fd.as_small_int().and_then(|fd| RawFd::try_from(fd).ok()) {
            Some(fd) if fd >= 0 && all.last().is_none_or(|last| *last < fd) => all.push(fd),
            _ => return Err(bad()),
        }
    }
    Ok(all)
}

fn bytes_strings(vm: &Vm, v: Value) -> PyResult<Vec<CString>> {
    let items = iter::to_vec(vm, v)?;
    let each = items.iter().map(|x| {
        let Some(b) = x.cast::<PyBytes>() else {
            return Err(vm.type_error(format!("expected bytes, {} found", vm.type_of(x.value()).full_name())));
        };
        CString::new(b.as_slice()).map_err(|_| vm.value_error("embedded null byte"))
    });
    each.collect()
}

fn group_list(vm: &Vm, v: Value) -> PyResult<Option<Vec<libc::gid_t>>> {
    if v.is(vm.none()) {
        return Ok(None);
    }
    let Some(list) = v.cast::<PyList>() else { return Err(vm.type_error("setgroups argument must be a list")) };
    if list.len() > MAX_GROUPS {
        return Err(vm.value_error("too many extra_groups"));
    }
    let each = list.to_vec().into_iter().map(|g| {
        if crate::types::int::value_of(g.value()).is_none() {
            return Err(vm.type_error("extra_groups must be integers"));
        }
        match u32::try_from(convert::c_long(vm, g.value())?) {
            Ok(id) => Ok(id),
            Err(_) => Err(vm.value_error("invalid group id")),
        }
    });
    each.collect::<PyResult<_>>().map(Some)
}

/// A user or group, or `None`.
fn identity(vm: &Vm, v: Value) -> PyResult<Option<u32>> {
    if v.is(vm.none()) {
        return Ok(None);
    }
    match u32::try_from(convert::c_long(vm, v)?) {
        Ok(id) => Ok(Some(id)),
        Err(_) => Err(vm.overflow_error("user or group id does not fit")),
    }
}

/// `fork_exec(...)`: the child's process id.
fn fork_exec(vm: &Vm, a: &[Value]) -> PyResult {
    let a = &a[1..];
    let int = |i: usize| convert::c_int(vm, a[i]);
    let flag = |i: usize| truth::truth(vm, a[i]);
    let close_descriptors = flag(2)?;
    let keep = kept_descriptors(vm, a[3])?;
    let report = [int(12)?, int(13)?];
    if close_descriptors && report[1] < 3 {
        return Err(vm.value_error("errpipe_write must be >= 3"));
    }
    let executables = bytes_strings(vm, a[1])?;
    let arguments = process::strings(vm, a[0])?;
    let environment = if a[5].is(vm.none()) { None } else { Some(bytes_strings(vm, a[5])?) };
    let directory = if a[4].is(vm.none()) {
        None
    } else {
        let p = path::fspath(vm, a[4])?;
        Some(CString::new(path::to_bytes(vm, p.value())?).map_err(|_| vm.value_error("embedded null byte"))?)
    };
    let mut child = Child {
        executables,
        argv: Pointers::new(&arguments),
        environment: environment.as_deref().map(Pointers::new),
        directory,
        close_descriptors,
        keep,
        p2c: [int(6)?, int(7)?],
        c2p: [int(8)?, int(9)?],
        errors: [int(10)?, int(11)?],
        report,
        restore_signals: flag(14)?,
        new_session: flag(15)?,
        process_group: int(16)?,
        group: identity(vm, a[17])?,
        groups: group_list(vm, a[18])?,
        user: identity(vm, a[19])?,
        umask: int(20)?,
    };
    let preexec = Some(a[21]).filter(|f| !f.is(vm.none()));
    if preexec.is_some() {
        process::run_fork_hooks(vm, 0, true);
    }
    // SAFETY: the child only makes system calls with memory prepared above, unless the caller asks
    // for Python code; the process has one thread that runs Python.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        if preexec.is_some() {
            process::run_fork_hooks(vm, 1, false);
        }
        let failure = child.run(vm, preexec);
        child.tell(&failure);
        // SAFETY: ends the process at once.
        unsafe { libc::_exit(255) };
    }
    let pid = host::check(pid).map_err(|e| os_error(vm, &e, None));
    if preexec.is_some() {
        process::run_fork_hooks(vm, 2, false);
    }
    Ok(Ref::small_int(pid?.into()))
}

pub static MODULE: ModuleDef = ModuleDef::new(
    "_posixsubprocess",
    "A POSIX helper for the subprocess module.",
    &[MethodDef::new(
        "fork_exec",
        "($module, args, executable_list, close_fds, pass_fds, cwd, env, p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite, errpipe_read, errpipe_write, restore_signals, call_setsid, pgid_to_set, gid, extra_groups, uid, child_umask, preexec_fn, /)",
        fork_exec,
        "Starts a program in a new process and returns its id.",
    )],
);
