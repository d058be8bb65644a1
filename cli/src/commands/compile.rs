//! `tailscope compile`.

use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use tailscope_bytecode::pyc::{Pyc, Validation};

use crate::arguments::CompileArgs;
use crate::commands::dis::load;
use crate::program::CannotRun;

/// Writes a `.pyc` that CPython 3.14 loads and runs.
pub fn run(args: &CompileArgs) -> i32 {
    match compile(args) {
        Ok(()) => 0,
        Err(CannotRun(why)) => {
            eprintln!("{why}");
            1
        }
    }
}

fn compile(args: &CompileArgs) -> Result<(), CannotRun> {
    let code = load(&args.file, args.optimize)?;
    let cannot = |what: &str, e: &dyn std::fmt::Display| CannotRun(format!("tailscope: {what}: {e}"));
    let meta = std::fs::metadata(&args.file).map_err(|e| cannot(&args.file.display().to_string(), &e))?;
    let mtime = meta
        .modified()
        .ok()
        .and_then(|t| t.duration_since(UNIX_EPOCH).ok())
        .map_or(0, |d| d.as_secs() as u32);
    let bytes = Pyc { validation: Validation::Timestamp { mtime, size: meta.len() as u32 }, code }
        .write()
        .map_err(|e| cannot("the code cannot be written as a .pyc", &e))?;
    let output: PathBuf = args.output.clone().unwrap_or_else(|| args.file.with_extension("pyc"));
    std::fs::write(&output, bytes).map_err(|e| cannot(&output.display().to_string(), &e))
}
