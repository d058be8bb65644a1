//! Reading and writing where that may take its time: other threads run meanwhile.
//!
//! While there is one thread, the system calls themselves wait. Beside others, a thread waits for
//! the file first, and then calls for no more than the system does at once.

use std::io;

use super::wait_ready;
use crate::error::PyResult;
use crate::host;
use crate::runtime;
use crate::vm::Vm;

/// Whether calls for this file may wait: it is no ordinary file, and was not told not to.
fn may_wait(fd: i32) -> bool {
    // SAFETY: plain system call.
    let flags = unsafe { libc::fcntl(fd, libc::F_GETFL) };
    let ordinary = || host::fstat(fd).is_ok_and(|s| s.st_mode & libc::S_IFMT == libc::S_IFREG);
    flags >= 0 && flags & libc::O_NONBLOCK == 0 && !ordinary()
}

fn waits_here(vm: &Vm, fd: i32) -> bool {
    vm.threads.has_others() && vm.threads.can_switch() && may_wait(fd)
}

/// Waits until a call for a file would not, if there are threads that could run meanwhile.
///
/// # Errors
/// What a signal handler raises.
pub fn before_call(vm: &Vm, fd: i32, events: i16) -> PyResult<()> {
    if waits_here(vm, fd) {
        wait_ready(vm, fd, events, None)?;
    }
    Ok(())
}

/// Reads from a file descriptor. Signals are handled meanwhile.
///
/// # Errors
/// What a signal handler raises; the inner result is the system's.
pub fn read(vm: &Vm, fd: i32, into: &mut [u8]) -> PyResult<io::Result<usize>> {
    before_call(vm, fd, libc::POLLIN)?;
    retry(vm, || host::read(fd, into))
}

/// Writes to a file descriptor. Signals are handled meanwhile.
///
/// # Errors
/// What a signal handler raises; the inner result is the system's.
pub fn write(vm: &Vm, fd: i32, data: &[u8]) -> PyResult<io::Result<usize>> {
    if !waits_here(vm, fd) {
        return retry(vm, || host::write(fd, data));
    }
    let mut done = 0;
    loop {
        wait_ready(vm, fd, libc::POLLOUT, None)?;
        // A pipe that is ready takes as much as this.
        let part = &data[done..data.len().min(done + libc::PIPE_BUF)];
        match retry(vm, || host::write(fd, part))? {
            Ok(n) => done += n,
            Err(e) => return Ok(if done == 0 { Err(e) } else { Ok(done) }),
        }
        if done >= data.len() {
            return Ok(Ok(done));
        }
    }
}

/// Repeats a call while signals interrupt it; their Python handlers run in between.
///
/// # Errors
/// What a signal handler raises; the inner result is the call's.
pub fn retry<T>(vm: &Vm, mut f: impl FnMut() -> io::Result<T>) -> PyResult<io::Result<T>> {
    loop {
        match f() {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => runtime::handle_signals(vm)?,
            other => return Ok(other),
        }
    }
}
