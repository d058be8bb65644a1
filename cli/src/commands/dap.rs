//! `tailscope dap`, and the process that it debugs.

use tailscope_debug_adapter::process::DebuggeeCommand;
use tailscope_debug_adapter::{AdapterOptions, DebuggeeOptions, Listen, run_adapter, run_debuggee};

use crate::arguments::{DapArgs, DebuggeeArgs};

/// Runs the debug adapter.
pub fn run(args: &DapArgs) -> i32 {
    let exe = match std::env::current_exe() {
        Ok(exe) => exe,
        Err(e) => {
            eprintln!("tailscope: the debug adapter cannot find its own executable: {e}");
            return 1;
        }
    };
    let listen: Option<Listen> = match args.listen.as_deref().map(str::parse).transpose() {
        Ok(listen) => listen,
        Err(why) => {
            eprintln!("tailscope: --listen: {why}");
            return 2;
        }
    };
    run_adapter(AdapterOptions { listen, debuggee: DebuggeeCommand { exe, args: vec!["debuggee".into()] } })
}

/// Runs as the debuggee of an adapter.
pub fn debuggee(args: &DebuggeeArgs) -> i32 {
    super::run::finish(|| Ok(run_debuggee(DebuggeeOptions { connect: args.connect }, crate::debuggee::load)))
}
