//! A live process: held by `ptrace` for as long as it is read, then let go as it was.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::maps::{self, Mapping};
use super::{OsThread, Step, Target, module_of};
use crate::error::{Error, Result};
use crate::image::Image;
use crate::memory::{Cached, Memory, ProcessMemory};
use crate::unwind::{Modules, Registers};

/// How long a thread may take to stop: one that waits for a disk does not before that has answered.
const PATIENCE: Duration = Duration::from_secs(3);

/// The threads of a process that are stopped; dropping this lets them go on.
pub(super) struct Held {
    threads: Vec<i32>,
}

pub(super) fn memory(pid: i32) -> Box<dyn Memory> {
    Box::new(Cached::new(ProcessMemory::of(pid)))
}

/// Holds a process of any program; `check` may refuse its binary.
pub(super) fn open(pid: i32, check: impl FnOnce(&'static Image, &Path) -> Result<()>) -> Result<Target> {
    let folder = PathBuf::from(format!("/proc/{pid}"));
    if pid <= 0 || !folder.exists() {
        return Err(Error::new(format!("there is no process {pid}")));
    }
    let state = status(&folder, "State:").unwrap_or_default();
    if state.starts_with('Z') || state.starts_with('X') {
        return Err(Error::new(format!("process {pid} has ended; what is left of it has no memory")));
    }
    let binary = std::fs::read_link(folder.join("exe")).map_err(|e| refused(pid, &e))?;
    // The process's own file, also where another one has taken its name.
    let image = Image::open(&folder.join("exe")).map_err(|e| Error::new(format!("the binary of process {pid} cannot be read: {e}")))?;
    check(image, &binary)?;
    let maps = std::fs::read_to_string(folder.join("maps")).map_err(|e| refused(pid, &e))?;
    let (held, threads) = hold(pid, &folder)?;
    let (modules, main) = modules(image, &maps::parse(&maps), &folder);
    let command = std::fs::read(folder.join("cmdline")).ok().map(|bytes| {
        let words: Vec<_> = bytes.split(|b| *b == 0).filter(|w| !w.is_empty()).map(String::from_utf8_lossy).collect();
        words.join(" ")
    });
    Ok(Target {
        pid,
        command,
        binary,
        modules,
        main,
        threads,
        memory: memory(pid),
        signal: None,
        warnings: Vec::new(),
        hold: Some(held),
    })
}

/// A field of `/proc/PID/status`.
fn status(folder: &Path, field: &str) -> Option<String> {
    let text = std::fs::read_to_string(folder.join("status")).ok()?;
    text.lines().find_map(|l| l.strip_prefix(field)).map(|v| v.trim().to_owned())
}

/// Why a process may not be looked at, and what to do.
fn refused(pid: i32, e: &std::io::Error) -> Error {
    match e.raw_os_error() {
        Some(libc::ESRCH | libc::ENOENT) => return Error::new(format!("there is no process {pid}: it has ended")),
        Some(libc::EPERM | libc::EACCES) => {}
        _ => return Error::new(format!("process {pid} cannot be looked at: {e}")),
    }
    let folder = PathBuf::from(format!("/proc/{pid}"));
    if let Some(tracer) = status(&folder, "TracerPid:").filter(|t| t != "0") {
        return Error::new(format!("process {pid} is being debugged by process {tracer} already, and only one can do that: end the other"));
    }
    // SAFETY: always succeeds.
    let me = unsafe { libc::geteuid() };
    let owner = status(&folder, "Uid:").and_then(|u| u.split_ascii_whitespace().next().and_then(|u| u.parse::<u32>().ok()));
    let scope = std::fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope").unwrap_or_default();
    let advice = match (owner, scope.trim()) {
        (Some(owner), _) if owner != me && me != 0 => format!("it belongs to another user ({owner}): run this as that user, or as root"),
        (_, "1") => "kernel.yama.ptrace_scope is 1, which lets only parents look at their children: run this as root, or set it to 0".into(),
        (_, "2") => "kernel.yama.ptrace_scope is 2: run this as root".into(),
        (_, "3") => "kernel.yama.ptrace_scope is 3: nobody may, until the machine is started anew with another setting".into(),
        _ => "a container needs the capability SYS_PTRACE for that (docker run --cap-add=SYS_PTRACE)".into(),
    };
    Error::new(format!("process {pid} may not be looked at: {advice}"))
}

fn ptrace(request: libc::c_uint, id: i32, data: *mut libc::c_void) -> std::io::Result<()> {
    // SAFETY: the requests made here read or write at most what `data` points at, which lives.
    let r = unsafe { libc::ptrace(request, id, std::ptr::null_mut::<libc::c_void>(), data) };
    if r < 0 { Err(std::io::Error::last_os_error()) } else { Ok(()) }
}

/// Stops all threads.
fn hold(pid: i32, folder: &Path) -> Result<(Held, Vec<OsThread>)> {
    let mut held = Held { threads: Vec::new() };
    // Threads may be made while others are being stopped.
    for _ in 0..10 {
        let before = held.threads.len();
        let entries = std::fs::read_dir(folder.join("task")).map_err(|e| refused(pid, &e))?;
        let ids = entries.filter_map(|e| e.ok()?.file_name().to_str()?.parse::<i32>().ok());
        for id in ids {
            if held.threads.contains(&id) {
                continue;
            }
            match ptrace(libc::PTRACE_SEIZE, id, std::ptr::null_mut()) {
                Ok(()) => {}
                Err(e) if e.raw_os_error() == Some(libc::ESRCH) && id != pid => continue,
                Err(e) => return Err(refused(pid, &e)),
            }
            held.threads.push(id);
            ptrace(libc::PTRACE_INTERRUPT, id, std::ptr::null_mut()).map_err(|e| refused(pid, &e))?;
            stop(pid, id)?;
        }
        if held.threads.len() == before {
            break;
        }
    }
    let threads = held.threads.iter().filter_map(|id| thread(*id).ok()).collect::<Vec<_>>();
    if threads.is_empty() {
        return Err(Error::new(format!("there is no process {pid}: it has ended")));
    }
    Ok((held, threads))
}

/// Waits until a thread has stopped.
fn stop(pid: i32, id: i32) -> Result<()> {
    let start = Instant::now();
    loop {
        let mut how = 0;
        // SAFETY: writes to a local variable.
        let r = unsafe { libc::waitpid(id, &mut how, libc::__WALL | libc::WNOHANG) };
        if r == id {
            if libc::WIFSTOPPED(how) {
                // A signal that came first is given back when the thread goes on.
                return resend(id, how);
            }
            return Err(Error::new(format!("there is no process {pid}: it has ended")));
        }
        if r < 0 {
            return Err(refused(pid, &std::io::Error::last_os_error()));
        }
        if start.elapsed() > PATIENCE {
            return Err(Error::new(format!("process {pid} does not stop: it waits for a device (state D); try again later")));
        }
        std::thread::sleep(Duration::from_micros(100));
    }
}

/// Keeps a signal that stopped a thread in the place of our own stop.
fn resend(id: i32, how: i32) -> Result<()> {
    let (signal, event) = (libc::WSTOPSIG(how), how >> 16);
    if event == 0 && signal != libc::SIGTRAP {
        // SAFETY: sends a signal that was on its way to the same thread.
        unsafe { libc::syscall(libc::SYS_tgkill, thread_group(id), id, signal) };
    }
    Ok(())
}

fn thread_group(id: i32) -> i32 {
    let folder = PathBuf::from(format!("/proc/{id}"));
    status(&folder, "Tgid:").and_then(|t| t.parse().ok()).unwrap_or(id)
}

fn user_registers(id: i32) -> std::io::Result<libc::user_regs_struct> {
    // SAFETY: plain numbers, for which zero is a value.
    let mut r: libc::user_regs_struct = unsafe { std::mem::zeroed() };
    ptrace(libc::PTRACE_GETREGS, id, (&raw mut r).cast())?;
    Ok(r)
}

fn thread(id: i32) -> std::io::Result<OsThread> {
    let r = user_registers(id)?;
    Ok(OsThread { id, registers: Registers::from_user(&r), thread_pointer: r.fs_base, signal: None })
}

impl Held {
    /// See [`Target::step_until`]. The registers as they are then, where they can still be had, and
    /// whether the thread is where it should be.
    pub fn step_until(
        &mut self,
        id: i32,
        most: usize,
        mut is_there: impl FnMut(&Registers) -> Step,
    ) -> (Option<Registers>, bool) {
        if !self.threads.contains(&id) {
            return (None, false);
        }
        let now = || user_registers(id).ok().map(|r| Registers::from_user(&r));
        let mut signal = 0usize;
        for _ in 0..most {
            let Some(registers) = now() else { return (None, false) };
            match is_there(&registers) {
                Step::Arrived => return (Some(registers), true),
                Step::Lost => return (Some(registers), false),
                Step::GoOn => {}
            }
            if ptrace(libc::PTRACE_SINGLESTEP, id, signal as *mut libc::c_void).is_err() {
                return (now(), false);
            }
            let mut how = 0;
            // SAFETY: writes to a local variable. One instruction outside of the kernel ends soon.
            let r = unsafe { libc::waitpid(id, &mut how, libc::__WALL) };
            if r != id || !libc::WIFSTOPPED(how) {
                self.threads.retain(|t| *t != id);
                return (None, false);
            }
            let got = libc::WSTOPSIG(how);
            // A signal of the process's own goes on to it.
            signal = if got == libc::SIGTRAP || how >> 16 != 0 { 0 } else { got as usize };
        }
        (now(), false)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        for id in &self.threads {
            // What has ended meanwhile needs no letting go.
            let _ = ptrace(libc::PTRACE_DETACH, *id, std::ptr::null_mut());
        }
    }
}

/// The binary and the libraries that are mapped, the binary's place among them first told.
fn modules(main: &'static Image, maps: &[Mapping], folder: &Path) -> (Modules, usize) {
    let exe = std::fs::read_link(folder.join("exe")).unwrap_or_default();
    let exe = exe.display().to_string();
    // Mappings are in the order of their addresses: the first one of a file has its headers.
    let mut first: HashMap<&str, &Mapping> = HashMap::new();
    for m in maps {
        first.entry(&m.path).or_insert(m);
    }
    first.retain(|path, _| maps.iter().any(|m| m.executable && m.path == *path));
    let (mut all, mut at) = (Vec::new(), 0);
    for (path, m) in first {
        let image = if path == exe {
            Some(main)
        } else if let Some(below) = path.strip_prefix('/') {
            // As the process sees its files: it may be in a container.
            let inside = folder.join("root").join(below);
            Image::open(&inside).or_else(|_| Image::open(Path::new(path))).ok()
        } else {
            kernels_library(path, m)
        };
        let Some(image) = image else { continue };
        if std::ptr::eq(image, main) {
            at = all.len();
        }
        all.push(module_of(image, m.start, m.offset));
    }
    (Modules(all), at)
}

/// The library that the kernel maps into each process: this one's is as good.
fn kernels_library(path: &str, m: &Mapping) -> Option<&'static Image> {
    if path != "[vdso]" {
        return None;
    }
    // SAFETY: asks for an address that the kernel gave this process.
    let own = unsafe { libc::getauxval(libc::AT_SYSINFO_EHDR) };
    let size = usize::try_from(m.end.checked_sub(m.start)?).ok()?;
    let bytes = ProcessMemory::own().read_vec(own, size).ok().filter(|_| own != 0)?;
    Image::parse(Path::new(path), Vec::leak(bytes)).ok()
}
