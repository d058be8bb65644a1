//! `tailscope inspect`: the Python stacks of a process that need not cooperate, or of a core file.

mod json;
mod text;

use std::path::PathBuf;

use tailscope_dwarf::{Error, Result};
use tailscope_dwarf::python::{self, Limits};
use tailscope_dwarf::target::Target;

use crate::arguments::InspectArgs;

/// What of a process is shown beside its stacks.
struct About {
    pid: i32,
    command: Option<String>,
    binary: PathBuf,
    /// In a core file: the signal that ended it.
    signal: Option<i32>,
    warnings: Vec<String>,
}

/// Prints the stacks; the exit status.
pub fn run(args: &InspectArgs) -> i32 {
    match inspect(args) {
        Ok(text) => {
            use std::io::Write;
            // Who reads no further wants no more.
            let _ = std::io::stdout().write_all(text.as_bytes());
            0
        }
        Err(e) => {
            eprintln!("tailscope: {e}");
            1
        }
    }
}

fn inspect(args: &InspectArgs) -> Result<String> {
    let mut target = match (args.pid, &args.core) {
        (Some(pid), _) => Target::process(pid)?,
        (None, Some(core)) => Target::core(core, args.exe.as_deref())?,
        (None, None) => return Err(Error::new("inspect needs --pid PID or --core FILE")),
    };
    let about = About {
        pid: target.pid,
        command: target.command.clone(),
        binary: target.binary.clone(),
        signal: target.signal,
        warnings: target.warnings.clone(),
    };
    let limits = if args.verbose { Limits { text: 2000, items: 100, depth: 6 } } else { Limits::default() };
    let shown = python::inspect(&mut target, limits, |vm, inspected| {
        if args.json { json::document(args, &about, vm, &inspected, limits) } else { text::document(args, &about, vm, &inspected, limits) }
    });
    // What is missing may be why.
    shown.map_err(|e| Error::new(about.warnings.iter().chain([&e.0]).cloned().collect::<Vec<_>>().join("; ")))
}

/// The name of a signal, as `kill -l` has it.
fn signal_name(signal: i32) -> String {
    let known = [
        (libc::SIGSEGV, "SIGSEGV"),
        (libc::SIGABRT, "SIGABRT"),
        (libc::SIGBUS, "SIGBUS"),
        (libc::SIGFPE, "SIGFPE"),
        (libc::SIGILL, "SIGILL"),
        (libc::SIGTRAP, "SIGTRAP"),
        (libc::SIGQUIT, "SIGQUIT"),
        (libc::SIGSYS, "SIGSYS"),
    ];
    known.iter().find(|(s, _)| *s == signal).map_or_else(|| format!("signal {signal}"), |(_, n)| (*n).to_owned())
}
