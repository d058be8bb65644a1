//! How fast this compiler and CPython 3.14's `compile()` are, side by side: lines a second on one
//! thread, and peak memory.
//!
//! ```text
//! cargo run --release -p tailscope-compiler --example speed -- [--rounds N] [PATHS...]
//! ```
//!
//! PATHS are files and folders; the library of that CPython, without its test suite, if none is
//! given. Each round compiles all files once in a process of each, one after the other; the best
//! round counts. Processor time is what is measured, and reading the files takes no part. Memory
//! comes from the allocator of the binary. With `--least N` it fails below that ratio.

#[allow(dead_code, reason = "other examples and tests use the rest")]
#[path = "../tests/support/mod.rs"]
mod support;

#[path = "../../../cli/src/allocator.rs"]
mod allocator;

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use support::{find_python, python_files};
use tailscope_compiler::{CompileOptions, compile};
use tailscope_regions::Regions;

#[global_allocator]
static ALLOCATOR: Regions<allocator::Allocator> = Regions(allocator::Allocator);

fn main() -> ExitCode {
    let result = match std::env::args().nth(1).as_deref() {
        Some("--child") => child(),
        _ => compare(),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("speed: {error}");
            ExitCode::from(2)
        }
    }
}

/// Compiles the files that standard input names; prints seconds and peak memory in KiB.
fn child() -> Result<bool, String> {
    let mut names = String::new();
    std::io::stdin().read_to_string(&mut names).map_err(|e| e.to_string())?;
    let mut time = Duration::ZERO;
    for name in names.lines() {
        let source = std::fs::read(name).map_err(|e| format!("{name}: {e}"))?;
        let options = CompileOptions::new(name);
        let start = processor_time();
        let code = compile(&source, &options);
        time += processor_time() - start;
        code.map_err(|e| format!("{name}: {e}"))?;
    }
    println!("{} {}", time.as_secs_f64(), peak_memory()?);
    Ok(true)
}

/// How long this thread has run: others on the machine do not count.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

fn peak_memory() -> Result<u64, String> {
    let status = std::fs::read_to_string("/proc/self/status").map_err(|e| e.to_string())?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.ok_or("the system does not tell the peak memory".to_owned())
}

struct Measured {
    seconds: f64,
    /// In KiB.
    memory: u64,
}

fn measure(command: &mut Command, names: &str) -> Result<Measured, String> {
    let mut running = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| e.to_string())?;
    let mut input = running.stdin.take().ok_or("there is no standard input")?;
    input.write_all(names.as_bytes()).map_err(|e| e.to_string())?;
    drop(input);
    let output = running.wait_with_output().map_err(|e| e.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut numbers = text.split_whitespace();
    let (seconds, memory) = (numbers.next(), numbers.next());
    let measured = seconds.and_then(|s| s.parse().ok()).zip(memory.and_then(|m| m.parse().ok()));
    let (seconds, memory) = measured.ok_or(format!("no measurement, but {text:?}"))?;
    Ok(Measured { seconds, memory })
}

fn compare() -> Result<bool, String> {
    let (mut rounds, mut least, mut paths) = (5, 0.0, Vec::new());
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        match arg.as_str() {
            "--rounds" => rounds = value()?.parse().map_err(|_| "--rounds takes a number")?,
            "--least" => least = value()?.parse().map_err(|_| "--least takes a number")?,
            _ => paths.push(PathBuf::from(arg)),
        }
    }
    let python = find_python().ok_or("no CPython 3.14 found: set PYTHON314 to one")?;
    let mut files = if paths.is_empty() { library(&python)? } else { python_files(&paths).map_err(|e| e.to_string())? };
    files.retain(|path| path.is_file());
    let names: String = files.iter().map(|path| format!("{}\n", path.display())).collect();
    let mut lines = 0;
    for path in &files {
        let source = std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
        lines += source.iter().filter(|&&b| b == b'\n').count();
    }
    let here = std::env::current_exe().map_err(|e| e.to_string())?;
    let (mut ours, mut theirs): (Vec<Measured>, Vec<Measured>) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        // Counted is what is used, not the huge pages that the system makes of it.
        let mut child = Command::new(&here);
        ours.push(measure(child.arg("--child").env("MIMALLOC_ALLOW_THP", "0"), &names)?);
        theirs.push(measure(Command::new(&python).args(["-c", include_str!("speed.py")]), &names)?);
    }
    println!("{} files, {lines} lines, best of {rounds} rounds", files.len());
    let best = |who: &str, all: &[Measured]| {
        let seconds = all.iter().map(|m| m.seconds).fold(f64::INFINITY, f64::min);
        let memory = all.iter().map(|m| m.memory).max().unwrap_or(0);
        let speed = lines as f64 / seconds;
        println!("{who:10} {seconds:6.3} s {speed:10.0} lines/s  peak {:6.1} MiB", memory as f64 / 1024.0);
        (speed, memory)
    };
    let (speed, memory) = best("tailscope", &ours);
    let (their_speed, their_memory) = best("CPython", &theirs);
    let ratio = speed / their_speed;
    println!("tailscope compiles {ratio:.2} times as fast, in {:.2} of the memory", memory as f64 / their_memory as f64);
    Ok(ratio >= least)
}

/// The library of a CPython, without tests.
fn library(python: &Path) -> Result<Vec<PathBuf>, String> {
    let script = "import sysconfig; print(sysconfig.get_path('stdlib'))";
    let output = Command::new(python).args(["-c", script]).output().map_err(|e| e.to_string())?;
    let top = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    let files = python_files(std::slice::from_ref(&top)).map_err(|e| e.to_string())?;
    let is_test = |path: &Path| {
        let inside = path.strip_prefix(&top).unwrap_or(path);
        inside.components().any(|part| {
            matches!(part.as_os_str().to_str(), Some("test" | "tests" | "idle_test" | "site-packages" | "dist-packages"))
        })
    };
    Ok(files.into_iter().filter(|path| !is_test(path)).collect())
}
