//! The module `posix`: the operating system.

use crate::error::PyResult;
use crate::native::sys::c_int;
use crate::native::{ModuleDef, add};
use crate::protocol::{attr, number};
use crate::shape;
use crate::types::dict::PyDict;
use crate::types::list::PyList;
use crate::types::type_::MethodDef;
use crate::value::Value;
use crate::vm::Vm;

mod constants;
pub mod descriptors;
pub mod directory;
mod files;
pub mod path;
mod pathname;
pub mod process;
pub mod stat;
pub mod system;
pub mod terminals;

/// None, or the exception.
fn none_or_error(vm: &Vm, r: std::io::Result<i32>) -> PyResult {
    match r {
        Ok(_) => Ok(vm.none_ref()),
        Err(e) => Err(path::error(vm, &e)),
    }
}

/// A result that is an int, or the exception.
fn int_or_error(vm: &Vm, r: std::io::Result<i32>) -> PyResult {
    match r {
        Ok(n) => Ok(vm.new_int(n as i64)),
        Err(e) => Err(path::error(vm, &e)),
    }
}

/// A file descriptor, or an object with `fileno()`.
pub(crate) fn descriptor(vm: &Vm, v: Value) -> PyResult<i32> {
    let fd = if crate::types::int::value_of(v).is_some() {
        c_int(vm, v)?
    } else {
        let Some(f) = attr::get_opt(vm, v, vm.names().fileno)? else {
            return Err(vm.type_error("argument must be an int, or have a fileno() method."));
        };
        let r = crate::protocol::call::call_args(vm, f.value(), &[])?;
        if !number::has_index(vm, r.value()) {
            return Err(vm.type_error("fileno() returned a non-integer"));
        }
        c_int(vm, r.value())?
    };
    if fd < 0 {
        return Err(vm.value_error(format!("file descriptor cannot be a negative integer ({fd})")));
    }
    Ok(fd)
}

fn names(vm: &Vm, names: &[(&str, i32)]) -> PyResult {
    let d = PyDict::new(vm);
    if let Some(d) = d.cast::<PyDict>() {
        for (n, i) in names {
            d.set_text(vm, n, Value::small_int(*i as i64));
        }
    }
    Ok(d)
}

fn init(vm: &Vm, m: Value) -> PyResult<()> {
    for (name, n) in constants::CONSTANTS.iter().chain(constants::MORE) {
        add(vm, m, name, Value::small_int(*n))?;
    }
    for (name, table) in [
        ("confstr_names", constants::CONFSTR),
        ("pathconf_names", constants::PATHCONF),
        ("sysconf_names", constants::SYSCONF),
    ] {
        add(vm, m, name, names(vm, table)?.value())?;
    }
    for (name, id) in [
        ("DirEntry", shape::DIR_ENTRY),
        ("error", shape::OS_ERROR),
        ("sched_param", shape::SCHED_PARAM),
        ("stat_result", shape::STAT_RESULT),
        ("statvfs_result", shape::STATVFS_RESULT),
        ("terminal_size", shape::TERMINAL_SIZE),
        ("times_result", shape::TIMES_RESULT),
        ("uname_result", shape::UNAME_RESULT),
        ("waitid_result", shape::WAITID_RESULT),
    ] {
        add(vm, m, name, vm.builtin(id).value())?;
    }
    let have = PyList::new(vm, constants::HAVE.iter().map(|n| vm.new_str(n)).collect());
    add(vm, m, "_have_functions", have.value())?;
    add(vm, m, "environ", system::environ(vm).value())
}

pub(super) static MODULE: ModuleDef = ModuleDef {
    name: "posix",
    doc: "This module provides access to operating system functionality that is\n\
          standardized by the C Standard and the POSIX standard (a thinly\n\
          disguised Unix interface).  Refer to the library manual and\n\
          corresponding Unix manual entries for more information on calls.",
    functions: &[
        MethodDef::new("WCOREDUMP", "(status, /)", process::WCOREDUMP, "Return True if the process returning status was dumped to a core file."),
        MethodDef::new("WEXITSTATUS", "(status)", process::WEXITSTATUS, "Return the process return code from status."),
        MethodDef::new("WIFCONTINUED", "(status)", process::WIFCONTINUED, "Return True if a particular process was continued from a job control stop."),
        MethodDef::new("WIFEXITED", "(status)", process::WIFEXITED, "Return True if the process returning status exited via the exit() system call."),
        MethodDef::new("WIFSIGNALED", "(status)", process::WIFSIGNALED, "Return True if the process returning status was terminated by a signal."),
        MethodDef::new("WIFSTOPPED", "(status)", process::WIFSTOPPED, "Return True if the process returning status was stopped."),
        MethodDef::new("WSTOPSIG", "(status)", process::WSTOPSIG, "Return the signal that stopped the process that provided the status value."),
        MethodDef::new("WTERMSIG", "(status)", process::WTERMSIG, "Return the signal that terminated the process that provided the status value."),
        MethodDef::new("_create_environ", "()", system::create_environ, "Create the environment dictionary."),
        MethodDef::new("_exit", "(status)", process::exit_now, "Exit to the system with specified status, without normal exit processing."),
        MethodDef::new("_path_normpath", "(path)", pathname::normpath, "Normalize path, eliminating double slashes, etc."),
        MethodDef::new("_path_splitroot_ex", "(p)", pathname::splitroot, "Split a pathname into drive, root and tail."),
        MethodDef::new("abort", "()", process::abort, "Abort the interpreter immediately."),
        MethodDef::new("access", "(path, mode, *, dir_fd=None, effective_ids=False, follow_symlinks=True)", files::access, "Use the real uid/gid to test for access to a path."),
        MethodDef::new("chdir", "(path)", files::chdir, "Change the current working directory to the specified path."),
        MethodDef::new("chmod", "(path, mode, *, dir_fd=None, follow_symlinks=(os.name != 'nt'))", files::chmod, "Change the access permissions of a file."),
        MethodDef::new("chown", "(path, uid, gid, *, dir_fd=None, follow_symlinks=True)", files::chown, "Change the owner and group id of path to the numeric uid and gid."),
        MethodDef::new("chroot", "(path)", files::chroot, "Change root directory to path."),
        MethodDef::new("close", "(fd)", descriptors::close, "Close a file descriptor."),
        MethodDef::new("closerange", "(fd_low, fd_high, /)", descriptors::closerange, "Closes all file descriptors in [fd_low, fd_high), ignoring errors."),
        MethodDef::new("confstr", "(name, /)", system::confstr, "Return a string-valued system configuration variable."),
        MethodDef::new("copy_file_range", "(src, dst, count, offset_src=None, offset_dst=None)", descriptors::copy_file_range, "Copy count bytes from one file descriptor to another."),
        MethodDef::new("cpu_count", "()", process::cpu_count, "Return the number of logical CPUs in the system."),
        MethodDef::new("ctermid", "()", system::ctermid, "Return the name of the controlling terminal for this process."),
        MethodDef::new("device_encoding", "(fd)", descriptors::device_encoding, "Return a string describing the encoding of a terminal's file descriptor."),
        MethodDef::new("dup", "(fd, /)", descriptors::dup, "Return a duplicate of a file descriptor."),
        MethodDef::new("dup2", "(fd, fd2, inheritable=True)", descriptors::dup2, "Duplicate file descriptor."),
        MethodDef::new("eventfd", "(initval, flags=EFD_CLOEXEC)", descriptors::eventfd, "Creates and returns an event notification file descriptor."),
        MethodDef::new("eventfd_read", "(fd)", descriptors::eventfd_read, "Read eventfd value"),
        MethodDef::new("eventfd_write", "(fd, value)", descriptors::eventfd_write, "Write eventfd value."),
        MethodDef::new("execv", "(path, argv, /)", process::execv, "Execute an executable path with arguments, replacing current process."),
        MethodDef::new("execve", "(path, argv, env)", process::execve, "Execute an executable path with arguments, replacing current process."),
        MethodDef::new("fchdir", "(fd)", files::fchdir, "Change to the directory of the given file descriptor."),
        MethodDef::new("fchmod", "(fd, mode)", files::fchmod, "Change the access permissions of the file given by file descriptor fd."),
        MethodDef::new("fchown", "(fd, uid, gid)", files::fchown, "Change the owner and group id of the file specified by file descriptor."),
        MethodDef::new("fdatasync", "(fd)", descriptors::fdatasync, "Force write of fd to disk without forcing update of metadata."),
        MethodDef::new("fork", "()", process::fork, "Fork a child process."),
        MethodDef::new("forkpty", "()", terminals::forkpty, "Fork a new process with a new pseudo-terminal as controlling tty."),
        MethodDef::new("fpathconf", "(fd, name, /)", descriptors::fpathconf, "Return the configuration limit name for the file descriptor fd."),
        MethodDef::new("fspath", "(path)", pathname::fspath, "Return the file system path representation of the object."),
        MethodDef::new("fstat", "(fd)", stat::fstat, "Perform a stat system call on the given file descriptor."),
        MethodDef::new("fstatvfs", "(fd, /)", stat::fstatvfs, "Perform an fstatvfs system call on the given fd."),
        MethodDef::new("fsync", "(fd)", descriptors::fsync, "Force write of fd to disk."),
        MethodDef::new("ftruncate", "(fd, length, /)", descriptors::ftruncate, "Truncate a file, specified by file descriptor, to a specific length."),
        MethodDef::new("get_blocking", "(fd, /)", descriptors::get_blocking, "Get the blocking mode of the file descriptor."),
        MethodDef::new("get_inheritable", "(fd, /)", descriptors::get_inheritable, "Get the close-on-exe flag of the specified file descriptor."),
        MethodDef::new("get_terminal_size", "(fd=<unrepresentable>, /)", terminals::get_terminal_size, "Return the size of the terminal window as (columns, lines)."),
        MethodDef::new("getcwd", "()", files::getcwd, "Return a unicode string representing the current working directory."),
        MethodDef::new("getcwdb", "()", files::getcwdb, "Return a bytes string representing the current working directory."),
        MethodDef::new("getegid", "()", process::getegid, "Return the current process's effective group id."),
        MethodDef::new("geteuid", "()", process::geteuid, "Return the current process's effective user id."),
        MethodDef::new("getgid", "()", process::getgid, "Return the current process's group id."),
        MethodDef::new("getgrouplist", "(user, group, /)", process::getgrouplist, "Returns a list of groups to which a user belongs."),
        MethodDef::new("getgroups", "()", process::getgroups, "Return list of supplemental group IDs for the process."),
        MethodDef::new("getloadavg", "()", system::getloadavg, "Return average recent system load information."),
        MethodDef::new("getlogin", "()", process::getlogin, "Return the actual login name."),
        MethodDef::new("getpgid", "(pid)", process::getpgid, "Call the system call getpgid(), and return the result."),
        MethodDef::new("getpgrp", "()", process::getpgrp, "Return the current process group id."),
        MethodDef::new("getpid", "()", process::getpid, "Return the current process id."),
        MethodDef::new("getppid", "()", process::getppid, "Return the parent's process id."),
        MethodDef::new("getpriority", "(which, who)", process::getpriority, "Return program scheduling priority."),
        MethodDef::new("getrandom", "(size, flags=0)", system::getrandom, "Obtain a series of random bytes."),
        MethodDef::new("getresgid", "()", process::getresgid, "Return a tuple of the current process's real, effective, and saved group ids."),
        MethodDef::new("getresuid", "()", process::getresuid, "Return a tuple of the current process's real, effective, and saved user ids."),
        MethodDef::new("getsid", "(pid, /)", process::getsid, "Call the system call getsid(pid) and return the result."),
        MethodDef::new("getuid", "()", process::getuid, "Return the current process's user id."),
        MethodDef::new("getxattr", "(path, attribute, *, follow_symlinks=True)", files::getxattr, "Return the value of extended attribute attribute on path."),
        MethodDef::new("grantpt", "(fd, /)", terminals::grantpt, "Grant access to the slave pseudo-terminal device."),
        MethodDef::new("initgroups", "(username, gid, /)", process::initgroups, "Initialize the group access list."),
        MethodDef::new("isatty", "(fd, /)", terminals::isatty, "Return True if the fd is connected to a terminal."),
        MethodDef::new("kill", "(pid, signal, /)", process::kill, "Kill a process with a signal."),
        MethodDef::new("killpg", "(pgid, signal, /)", process::killpg, "Kill a process group with a signal."),
        MethodDef::new("lchown", "(path, uid, gid)", files::lchown, "Change the owner and group id of path to the numeric uid and gid."),
        MethodDef::new("link", "(src, dst, *, src_dir_fd=None, dst_dir_fd=None, follow_symlinks=(os.name != 'nt'))", files::link, "Create a hard link to a file."),
        MethodDef::new("listdir", "(path=None)", directory::listdir, "Return a list containing the names of the files in the directory."),
        MethodDef::new("listxattr", "(path=None, *, follow_symlinks=True)", files::listxattr, "Return a list of extended attributes on path."),
        MethodDef::new("lockf", "(fd, command, length, /)", descriptors::lockf, "Apply, test or remove a POSIX lock on an open file descriptor."),
        MethodDef::new("login_tty", "(fd, /)", terminals::login_tty, "Prepare the tty of which fd is a file descriptor for a new login session."),
        MethodDef::new("lseek", "(fd, position, whence, /)", descriptors::lseek, "Set the position of a file descriptor.  Return the new position."),
        MethodDef::new("lstat", "(path, *, dir_fd=None)", stat::lstat, "Perform a stat system call on the given path, without following symbolic links."),
        MethodDef::new("major", "(device, /)", system::major, "Extracts a device major number from a raw device number."),
        MethodDef::new("makedev", "(major, minor, /)", system::makedev, "Composes a raw device number from the major and minor device numbers."),
        MethodDef::new("memfd_create", "(name, flags=MFD_CLOEXEC)", descriptors::memfd_create, ""),
        MethodDef::new("minor", "(device, /)", system::minor, "Extracts a device minor number from a raw device number."),
        MethodDef::new("mkdir", "(path, mode=511, *, dir_fd=None)", files::mkdir, "Create a directory."),
        MethodDef::new("mkfifo", "(path, mode=438, *, dir_fd=None)", files::mkfifo, "Create a \"fifo\" (a POSIX named pipe)."),
        MethodDef::new("mknod", "(path, mode=384, device=0, *, dir_fd=None)", files::mknod, "Create a node in the file system."),
        MethodDef::new("nice", "(increment, /)", process::nice, "Add increment to the priority of process and return the new priority."),
        MethodDef::new("open", "(path, flags, mode=511, *, dir_fd=None)", files::open, "Open a file for low level IO.  Returns a file descriptor (integer)."),
        MethodDef::new("openpty", "()", terminals::openpty, "Open a pseudo-terminal."),
        MethodDef::new("pathconf", "(path, name)", system::pathconf, "Return the configuration limit name for the file or directory path."),
        MethodDef::new("pidfd_open", "(pid, flags=0)", process::pidfd_open, "Return a file descriptor referring to the process *pid*."),
        MethodDef::new("pipe", "()", descriptors::pipe, "Create a pipe."),
        MethodDef::new("pipe2", "(flags, /)", descriptors::pipe2, "Create a pipe with flags set atomically."),
        MethodDef::new("posix_fadvise", "(fd, offset, length, advice, /)", descriptors::posix_fadvise, "Announce an intention to access data in a specific pattern."),
        MethodDef::new("posix_fallocate", "(fd, offset, length, /)", descriptors::posix_fallocate, "Ensure a file has allocated at least a particular number of bytes on disk."),
        MethodDef::new("posix_openpt", "(oflag, /)", terminals::posix_openpt, "Open and return a file descriptor for a master pseudo-terminal device."),
        MethodDef::new("posix_spawn", "(path, argv, env, /, *, file_actions=(), setpgroup=None, resetids=False, setsid=False, setsigmask=(), setsigdef=(), scheduler=None)", process::posix_spawn, "Execute the program specified by path in a new process."),
        MethodDef::new("posix_spawnp", "(path, argv, env, /, *, file_actions=(), setpgroup=None, resetids=False, setsid=False, setsigmask=(), setsigdef=(), scheduler=None)", process::posix_spawnp, "Execute the program specified by path in a new process."),
        MethodDef::new("pread", "(fd, length, offset, /)", descriptors::pread, "Read a number of bytes from a file descriptor starting at a particular offset."),
        MethodDef::new("ptsname", "(fd, /)", terminals::ptsname, "Return the name of the slave pseudo-terminal device."),
        MethodDef::new("putenv", "(name, value, /)", system::putenv, "Change or add an environment variable."),
        MethodDef::new("pwrite", "(fd, buffer, offset, /)", descriptors::pwrite, "Write bytes to a file descriptor starting at a particular offset."),
        MethodDef::new("read", "(fd, length, /)", descriptors::read, "Read from a file descriptor.  Returns a bytes object."),
        MethodDef::new("readinto", "(fd, buffer, /)", descriptors::readinto, "Read into a buffer object from a file descriptor."),
        MethodDef::new("readlink", "(path, *, dir_fd=None)", files::readlink, "Return a string representing the path to which the symbolic link points."),
        MethodDef::new("readv", "(fd, buffers, /)", descriptors::readv, "Read from a file descriptor fd into an iterable of buffers."),
        MethodDef::new("register_at_fork", "(*, before=<unrepresentable>, after_in_child=<unrepresentable>, after_in_parent=<unrepresentable>)", process::register_at_fork, "Register callables to be called when forking a new process."),
        MethodDef::new("remove", "(path, *, dir_fd=None)", files::remove, "Remove a file (same as unlink())."),
        MethodDef::new("removexattr", "(path, attribute, *, follow_symlinks=True)", files::removexattr, "Remove extended attribute attribute on path."),
        MethodDef::new("rename", "(src, dst, *, src_dir_fd=None, dst_dir_fd=None)", files::rename, "Rename a file or directory."),
        MethodDef::new("replace", "(src, dst, *, src_dir_fd=None, dst_dir_fd=None)", files::replace, "Rename a file or directory, overwriting the destination."),
        MethodDef::new("rmdir", "(path, *, dir_fd=None)", files::rmdir, "Remove a directory."),
        MethodDef::new("scandir", "(path=None)", directory::scandir, "Return an iterator of DirEntry objects for given path."),
        MethodDef::new("sched_get_priority_max", "(policy)", process::sched_get_priority_max, "Get the maximum scheduling priority for policy."),
        MethodDef::new("sched_get_priority_min", "(policy)", process::sched_get_priority_min, "Get the minimum scheduling priority for policy."),
        MethodDef::new("sched_getaffinity", "(pid, /)", process::sched_getaffinity, "Return the affinity of the process identified by pid (or the current process if zero)."),
        MethodDef::new("sched_getparam", "(pid, /)", process::sched_getparam, "Returns scheduling parameters for the process identified by pid."),
        MethodDef::new("sched_getscheduler", "(pid, /)", process::sched_getscheduler, "Get the scheduling policy for the process identified by pid."),
        MethodDef::new("sched_rr_get_interval", "(pid, /)", process::sched_rr_get_interval, "Return the round-robin quantum for the process identified by pid, in seconds."),
        MethodDef::new("sched_setaffinity", "(pid, mask, /)", process::sched_setaffinity, "Set the CPU affinity of the process identified by pid to mask."),
        MethodDef::new("sched_setparam", "(pid, param, /)", process::sched_setparam, "Set scheduling parameters for the process identified by pid."),
        MethodDef::new("sched_setscheduler", "(pid, policy, param, /)", process::sched_setscheduler, "Set the scheduling policy for the process identified by pid."),
        MethodDef::new("sched_yield", "()", process::sched_yield, "Voluntarily relinquish the CPU."),
        MethodDef::new("sendfile", "(out_fd, in_fd, offset, count)", descriptors::sendfile, "Copy count bytes from file descriptor in_fd to file descriptor out_fd."),
        MethodDef::new("set_blocking", "(fd, blocking, /)", descriptors::set_blocking, "Set the blocking mode of the specified file descriptor."),
        MethodDef::new("set_inheritable", "(fd, inheritable, /)", descriptors::set_inheritable, "Set the inheritable flag of the specified file descriptor."),
        MethodDef::new("setegid", "(egid, /)", process::setegid, "Set the current process's effective group id."),
        MethodDef::new("seteuid", "(euid, /)", process::seteuid, "Set the current process's effective user id."),
        MethodDef::new("setgid", "(gid, /)", process::setgid, "Set the current process's group id."),
        MethodDef::new("setgroups", "(groups, /)", process::setgroups, "Set the groups of the current process to list."),
        MethodDef::new("setns", "(fd, nstype=0)", system::setns, "Move the calling thread into different namespaces."),
        MethodDef::new("setpgid", "(pid, pgrp, /)", process::setpgid, "Call the system call setpgid(pid, pgrp)."),
        MethodDef::new("setpgrp", "()", process::setpgrp, "Make the current process the leader of its process group."),
        MethodDef::new("setpriority", "(which, who, priority)", process::setpriority, "Set program scheduling priority."),
        MethodDef::new("setregid", "(rgid, egid, /)", process::setregid, "Set the current process's real and effective group ids."),
        MethodDef::new("setresgid", "(rgid, egid, sgid, /)", process::setresgid, "Set the current process's real, effective, and saved group ids."),
        MethodDef::new("setresuid", "(ruid, euid, suid, /)", process::setresuid, "Set the current process's real, effective, and saved user ids."),
        MethodDef::new("setreuid", "(ruid, euid, /)", process::setreuid, "Set the current process's real and effective user ids."),
        MethodDef::new("setsid", "()", process::setsid, "Call the system call setsid()."),
        MethodDef::new("setuid", "(uid, /)", process::setuid, "Set the current process's user id."),
        MethodDef::new("setxattr", "(path, attribute, value, flags=0, *, follow_symlinks=True)", files::setxattr, "Set extended attribute attribute on path to value."),
        MethodDef::new("splice", "(src, dst, count, offset_src=None, offset_dst=None, flags=0)", descriptors::splice, "Transfer count bytes from one pipe to a descriptor or vice versa."),
        MethodDef::new("stat", "(path, *, dir_fd=None, follow_symlinks=True)", stat::stat, "Perform a stat system call on the given path."),
        MethodDef::new("statvfs", "(path)", stat::statvfs, "Perform a statvfs system call on the given path."),
        MethodDef::new("strerror", "(code, /)", system::strerror, "Translate an error code to a message string."),
        MethodDef::new("symlink", "(src, dst, target_is_directory=False, *, dir_fd=None)", files::symlink, "Create a symbolic link pointing to src named dst."),
        MethodDef::new("sync", "()", descriptors::sync, "Force write of everything to disk."),
        MethodDef::new("sysconf", "(name, /)", system::sysconf, "Return an integer-valued system configuration variable."),
        MethodDef::new("system", "(command)", process::system, "Execute the command in a subshell."),
        MethodDef::new("tcgetpgrp", "(fd, /)", terminals::tcgetpgrp, "Return the process group associated with the terminal specified by fd."),
        MethodDef::new("tcsetpgrp", "(fd, pgid, /)", terminals::tcsetpgrp, "Set the process group associated with the terminal specified by fd."),
        MethodDef::new("times", "()", system::times, "Return a collection containing process timing information."),
        MethodDef::new("truncate", "(path, length)", files::truncate, "Truncate a file, specified by path, to a specific length."),
        MethodDef::new("ttyname", "(fd, /)", terminals::ttyname, "Return the name of the terminal device connected to 'fd'."),
        MethodDef::new("umask", "(mask, /)", files::umask, "Set the current numeric umask and return the previous umask."),
        MethodDef::new("uname", "()", system::uname, "Return an object identifying the current operating system."),
        MethodDef::new("unlink", "(path, *, dir_fd=None)", files::unlink, "Remove a file (same as remove())."),
        MethodDef::new("unlockpt", "(fd, /)", terminals::unlockpt, "Unlock a pseudo-terminal master/slave pair."),
        MethodDef::new("unsetenv", "(name, /)", system::unsetenv, "Delete an environment variable."),
        MethodDef::new("unshare", "(flags)", system::unshare, "Disassociate parts of a process (or thread) execution context."),
        MethodDef::new("urandom", "(size, /)", system::urandom, "Return a bytes object containing random bytes suitable for cryptographic use."),
        MethodDef::new("utime", "(path, times=None, *, ns=<unrepresentable>, dir_fd=None, follow_symlinks=True)", files::utime, "Set the access and modified time of path."),
        MethodDef::new("wait", "()", process::wait, "Wait for completion of a child process."),
        MethodDef::new("wait3", "(options)", process::wait3, "Wait for completion of a child process."),
        MethodDef::new("wait4", "(pid, options)", process::wait4, "Wait for completion of a specific child process."),
        MethodDef::new("waitid", "(idtype, id, options, /)", process::waitid, "Returns the result of waiting for a process or processes."),
        MethodDef::new("waitpid", "(pid, options, /)", process::waitpid, "Wait for completion of a given child process."),
        MethodDef::new("waitstatus_to_exitcode", "(status)", process::waitstatus_to_exitcode, "Convert a wait status to an exit code."),
        MethodDef::new("write", "(fd, data, /)", descriptors::write, "Write a bytes object to a file descriptor."),
        MethodDef::new("writev", "(fd, buffers, /)", descriptors::writev, "Iterate over buffers, and write the contents of each to a file descriptor."),
    ],
    init,
};
