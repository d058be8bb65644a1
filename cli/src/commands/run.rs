//! `tailscope run`.

use tailscope_vm::memory::shortage;

use crate::arguments::RunCommand;
use crate::debuggee;
use crate::program::{CannotRun, Program};

/// Runs a program.
pub fn run(args: RunCommand) -> i32 {
    if args.run.python.version > 0 {
        let (major, minor, micro) = tailscope_vm::native::sys::info::VERSION;
        println!("Python {major}.{minor}.{micro} (tailscope {})", env!("CARGO_PKG_VERSION"));
        return 0;
    }
    finish(|| match &args.listening.listen {
        Some(address) => debuggee::run_listening(&args.run, address, args.listening.wait_for_client),
        None => Program::new(&args.run)?.run(),
    })
}

/// Runs a program by `f`; the exit status, or 2 after saying why the program could not start.
pub fn finish(f: impl FnOnce() -> Result<i32, CannotRun>) -> i32 {
    match with_memory_errors(f) {
        Ok(status) => status,
        Err(CannotRun(why)) => {
            eprintln!("tailscope: {why}");
            2
        }
    }
}

/// Calls `f`, which runs a program: where memory is missing, the program gets a MemoryError. Outside of
/// its instructions it ends, with the status of an exception.
pub fn with_memory_errors<E>(f: impl FnOnce() -> Result<i32, E>) -> Result<i32, E> {
    #[cfg(not(sanitized))]
    crate::reserve::keep_reserve();
    shortage::unwind_without_memory();
    shortage::attempt(f).unwrap_or_else(|_| {
        eprintln!("MemoryError: there was no memory left to start or to end the program");
        Ok(1)
    })
}
