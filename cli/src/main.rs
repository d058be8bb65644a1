//! The `tailscope` binary: reads the command line and hands over to a command.

#[cfg(not(sanitized))]
mod allocator;
mod arguments;
mod command_line;
mod commands;
mod debuggee;
mod interactive;
mod program;
mod recording;
#[cfg(not(sanitized))]
mod reserve;
mod settings;

use clap::Parser;

use arguments::{Cli, Command};
#[cfg(not(sanitized))]
use tailscope_regions::Regions;

/// AddressSanitizer finds nothing in memory that is not its own.
#[cfg(not(sanitized))]
#[global_allocator]
static ALLOCATOR: Regions<reserve::WithReserve> = Regions(reserve::WithReserve);

/// Has faults do what they do to other programs. The handlers that Rust installs for stacks that
/// overflow ignore the first of those signals that somebody sends, and a core file of theirs is of
/// the second one.
fn leave_faults_to_the_system() {
    for signal in [libc::SIGSEGV, libc::SIGBUS] {
        // SAFETY: reads and sets the action of a signal, by local variables.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            let known = libc::sigaction(signal, std::ptr::null(), &mut action) == 0;
            if known && action.sa_sigaction != libc::SIG_IGN {
                libc::signal(signal, libc::SIG_DFL);
            }
        }
    }
}

fn main() {
    leave_faults_to_the_system();
    let cli = Cli::parse_from(command_line::normalized(std::env::args_os().collect()));
    let status = match cli.command {
        Command::Run(a) => commands::run::run(a),
        Command::Dis(a) => commands::dis::run(&a),
        Command::Compile(a) => commands::compile::run(&a),
        Command::Trace(a) => commands::trace::run(a),
        Command::Profile(a) => commands::profile::run(a),
        Command::Inspect(a) => commands::inspect::run(&a),
        Command::Handlers(a) => commands::handlers::run(&a),
        Command::Dap(a) => commands::dap::run(&a),
        Command::Debuggee(a) => commands::dap::debuggee(&a),
        Command::Lsp => commands::lsp::run(),
    };
    program::die_if_interrupted();
    std::process::exit(status);
}
