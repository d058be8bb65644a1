//! The interactive mode, by the library's `code` module.

use std::io::IsTerminal;

use tailscope_vm::error::PyResult;
use tailscope_vm::import;
use tailscope_vm::protocol::{attr, call};
use tailscope_vm::value::{Ref, Value};
use tailscope_vm::vm::Vm;

/// Whether somebody sits at the standard input.
pub fn is_attended() -> bool {
    std::io::stdin().is_terminal()
}

/// Takes Python from the standard input, line by line, until it ends.
///
/// # Errors
/// SystemExit.
pub fn run(vm: &Vm, namespace: Value, greet: bool) -> PyResult {
    if greet && !vm.runtime.config.flags.quiet {
        let version = env!("CARGO_PKG_VERSION");
        tailscope_vm::runtime::write_stderr(
            vm,
            &format!(
                "Python 3.14 (tailscope {version})\nType \"help\", \"copyright\", \"credits\" or \"license\" for more information.\n"
            ),
        );
    }
    let code = import::import_module(vm, "code")?;
    let console = call::call_method(vm, code.value(), "InteractiveConsole", &[namespace])?;
    let (banner, farewell): (Ref, Ref) = (vm.new_str(""), vm.new_str(""));
    // `interact` prints a banner and a farewell of its own unless they are empty.
    let interact = attr::get_named(vm, console.value(), "interact")?;
    call::call_args(vm, interact.value(), &[banner.value(), farewell.value()])
}
