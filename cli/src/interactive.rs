//! The interactive mode, by the library's `code` module.

use std::io::IsTerminal;

use tailscope_compiler::Mode;
use tailscope_vm::error::PyResult;
use tailscope_vm::import;
use tailscope_vm::interp::enter;
use tailscope_vm::protocol::call;
use tailscope_vm::types::dict::PyDict;
use tailscope_vm::value::Value;
use tailscope_vm::vm::Vm;

/// A console with a function that runs it.
const CONSOLE: &str = include_str!("console.py");

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
    let console = import::compile(vm, CONSOLE.as_bytes(), "<frozen console>", Mode::Exec, 0)?;
    let globals = PyDict::new(vm);
    if let Some(g) = globals.cast::<PyDict>() {
        g.set_text(vm, "__name__", vm.new_str("console").value());
        g.set_text(vm, "__builtins__", vm.runtime.builtins.get());
    }
    enter::run_code(vm, console.value(), globals.value(), globals.value(), Value::NULL)?;
    let interact = globals.cast::<PyDict>().map(|g| g.get(vm, vm.intern("interact"))).transpose()?.flatten();
    match interact {
        Some(interact) => call::call_args(vm, interact.value(), &[namespace]),
        None => Ok(vm.none_ref()),
    }
}
