//! The only door through which nondeterminism enters: clocks, randomness, the environment, what
//! files and terminals hold. A recording of a run keeps the results of these functions.
//!
//! Errors are those of the system (`std::io::Error`); `EINTR` is handed on, since the caller may
//! have to run Python's signal handlers before it tries again.

use std::ffi::{CStr, OsString};
use std::io;

/// A clock of the system.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Clock(pub libc::clockid_t);

impl Clock {
    /// Wall-clock time, since 1970.
    pub const REALTIME: Clock = Clock(libc::CLOCK_REALTIME);
    /// Never goes backwards.
    pub const MONOTONIC: Clock = Clock(libc::CLOCK_MONOTONIC);
    /// Processor time of the process.
    pub const PROCESS: Clock = Clock(libc::CLOCK_PROCESS_CPUTIME_ID);
    /// Processor time of the thread.
    pub const THREAD: Clock = Clock(libc::CLOCK_THREAD_CPUTIME_ID);

    /// Nanoseconds that the clock shows.
    pub fn now(self) -> io::Result<i64> {
        let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: `t` is valid for writing.
        check(unsafe { libc::clock_gettime(self.0, &mut t) })?;
        Ok(nanoseconds(&t))
    }

    /// Nanoseconds between two ticks.
    pub fn resolution(self) -> io::Result<i64> {
        let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: `t` is valid for writing.
        check(unsafe { libc::clock_getres(self.0, &mut t) })?;
        Ok(nanoseconds(&t))
    }
}

fn nanoseconds(t: &libc::timespec) -> i64 {
    t.tv_sec.saturating_mul(1_000_000_000).saturating_add(t.tv_nsec)
}

/// A call's result, or the error that `errno` tells of.
pub fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// The same for results of pointer size.
pub fn check_size(result: isize) -> io::Result<usize> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result as usize) }
}

/// Reads from a file descriptor.
pub fn read(fd: i32, into: &mut [u8]) -> io::Result<usize> {
    // SAFETY: the slice is valid for writing its length.
    check_size(unsafe { libc::read(fd, into.as_mut_ptr().cast(), into.len()) })
}

/// Writes to a file descriptor.
pub fn write(fd: i32, data: &[u8]) -> io::Result<usize> {
    // SAFETY: the slice is valid for reading its length.
    check_size(unsafe { libc::write(fd, data.as_ptr().cast(), data.len()) })
}

/// Opens a file; descriptors are not inherited by child processes.
pub fn open(path: &CStr, flags: i32, mode: u32) -> io::Result<i32> {
    // SAFETY: a valid C string.
    check(unsafe { libc::open(path.as_ptr(), flags | libc::O_CLOEXEC, mode) })
}

/// Closes a file descriptor.
pub fn close(fd: i32) -> io::Result<()> {
    // SAFETY: plain system call.
    check(unsafe { libc::close(fd) }).map(drop)
}

/// Moves the offset of a file descriptor.
pub fn seek(fd: i32, offset: i64, whence: i32) -> io::Result<i64> {
    // SAFETY: plain system call.
    let r = unsafe { libc::lseek(fd, offset, whence) };
    if r < 0 { Err(io::Error::last_os_error()) } else { Ok(r) }
}

/// What `fstat` tells of a file descriptor.
pub fn fstat(fd: i32) -> io::Result<libc::stat> {
    let mut s = std::mem::MaybeUninit::uninit();
    // SAFETY: the call fills the struct when it succeeds.
    unsafe {
        check(libc::fstat(fd, s.as_mut_ptr()))?;
        Ok(s.assume_init())
    }
}

/// Whether a file descriptor is a terminal.
pub fn is_terminal(fd: i32) -> bool {
    // SAFETY: plain system call.
    unsafe { libc::isatty(fd) == 1 }
}

/// Bytes that nobody can foretell.
pub fn random(into: &mut [u8]) -> io::Result<()> {
    let mut done = 0;
    while done < into.len() {
        let rest = &mut into[done..];
        // SAFETY: the slice is valid for writing its length.
        match check_size(unsafe { libc::getrandom(rest.as_mut_ptr().cast(), rest.len(), 0) }) {
            Ok(n) => done += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// The environment.
pub fn environment() -> Vec<(OsString, OsString)> {
    std::env::vars_os().collect()
}

/// A variable of the environment, if it is set and not empty.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|v| !v.is_empty())
}

/// Asks which of these file descriptors are ready, without waiting; how many are.
pub fn poll(files: &mut [libc::pollfd]) -> io::Result<usize> {
    // SAFETY: the slice is valid for its length.
    check_size(unsafe { libc::poll(files.as_mut_ptr(), files.len() as libc::nfds_t, 0) } as isize)
}

/// Waits until one of these file descriptors is ready, for `timeout` nanoseconds (`None`: for as
/// long as it takes); how many are. A signal, or one that `is_interrupted` knows of already, is an
/// error of kind `Interrupted`: none is missed that comes between the two.
pub fn wait(
    files: &mut [libc::pollfd],
    timeout: Option<i64>,
    is_interrupted: impl FnOnce() -> bool,
) -> io::Result<usize> {
    let t = timeout.map(|ns| libc::timespec { tv_sec: ns / 1_000_000_000, tv_nsec: ns % 1_000_000_000 });
    let t = t.as_ref().map_or(std::ptr::null(), |t| t as *const libc::timespec);
    // SAFETY: sets and files are valid; the signals that were let through before are so after.
    unsafe {
        let (mut all, mut before): (libc::sigset_t, libc::sigset_t) = (std::mem::zeroed(), std::mem::zeroed());
        libc::sigfillset(&mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
        let result = match is_interrupted() {
            true => Err(io::Error::from_raw_os_error(libc::EINTR)),
            false => check_size(libc::ppoll(files.as_mut_ptr(), files.len() as libc::nfds_t, t, &before) as isize),
        };
        libc::pthread_sigmask(libc::SIG_SETMASK, &before, std::ptr::null_mut());
        result
    }
}
