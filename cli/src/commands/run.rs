//! `tailscope run`.

use crate::arguments::RunArgs;
use crate::program::{CannotRun, Program};

/// Runs a program.
pub fn run(args: RunArgs) -> i32 {
    if args.python.version > 0 {
        let (major, minor, micro) = tailscope_vm::native::sys::info::VERSION;
        println!("Python {major}.{minor}.{micro} (tailscope {})", env!("CARGO_PKG_VERSION"));
        return 0;
    }
    finish(Program::new(&args).and_then(|p| p.run()))
}

/// The exit status, or 2 after saying why the program could not start.
pub fn finish(result: Result<i32, CannotRun>) -> i32 {
    match result {
        Ok(status) => status,
        Err(CannotRun(why)) => {
            eprintln!("tailscope: {why}");
            2
        }
    }
}
