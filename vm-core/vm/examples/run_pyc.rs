//! Runs a `.pyc` (or a source file) with the bare VM: native modules and what lies on
//! `PYTHONPATH`, nothing else. For work on the interpreter.
//!
//! ```text
//! cargo run --release -p tailscope-vm --example run_pyc -- [--loop] [--mode plain|record|profile|step] FILE
//! ```

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use tailscope_bytecode::pyc::Pyc;
use tailscope_vm::error::PyResult;
use tailscope_vm::native::ModuleDef;
use tailscope_vm::types::str_::PyStr;
use tailscope_vm::types::type_::MethodDef;
use tailscope_vm::interp::{self, Interp, Mode, enter};
use tailscope_vm::runtime::Config;
use tailscope_vm::types::exceptions;
use tailscope_vm::value::{Ref, Value};
use tailscope_vm::vm::Vm;

struct Options {
    interp: Interp,
    mode: Mode,
    file: String,
    rest: Vec<String>,
}

fn options() -> Option<Options> {
    let mut args = std::env::args().skip(1);
    let (mut interp, mut mode) = (Interp::default(), Mode::Plain);
    loop {
        match args.next()?.as_str() {
            "--loop" => interp = Interp::Loop,
            "--mode" => {
                mode = match args.next()?.as_str() {
                    "record" => Mode::Record,
                    "profile" => Mode::Profile,
                    "step" => Mode::Step,
                    _ => Mode::Plain,
                }
            }
            file => return Some(Options { interp, mode, file: file.to_owned(), rest: args.collect() }),
        }
    }
}

/// A minimal `sys.stdout`, for a VM without the `io` module.
static STDOUT: ModuleDef = ModuleDef::new(
    "stdout",
    "",
    &[
        MethodDef::new("write", "(text, /)", |vm, a| write(vm, a[0]), ""),
        MethodDef::new("flush", "()", |vm, _| Ok(vm.none_ref()), ""),
    ],
);

fn write(vm: &Vm, text: Value) -> PyResult {
    let Some(s) = text.cast::<PyStr>() else { return Err(vm.type_error("write() takes a str")) };
    let _ = std::io::stdout().write_all(s.to_string_lossy().as_bytes());
    Ok(Ref::small_int(s.char_len() as i64))
}

fn main() -> ExitCode {
    let Some(options) = options() else {
        eprintln!("run_pyc: name a .pyc or .py file");
        return ExitCode::from(2);
    };
    let path = std::env::var("PYTHONPATH").unwrap_or_default();
    let mut argv = vec![options.file.clone()];
    argv.extend(options.rest.iter().cloned());
    let vm = Vm::new(Config {
        argv,
        path: path.split(':').filter(|p| !p.is_empty()).map(str::to_owned).collect(),
        ..Config::default()
    });
    match run(vm, &options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprint!("{text}");
            ExitCode::FAILURE
        }
    }
}

fn run(vm: &Vm, options: &Options) -> Result<(), String> {
    let bytes = std::fs::read(&options.file).map_err(|e| format!("{}: {e}\n", options.file))?;
    let shown = |e: tailscope_vm::error::Raised| exceptions::traceback_text(vm, e.0.value());
    let code = if options.file.ends_with(".pyc") {
        let pyc = Pyc::read(&bytes).map_err(|e| format!("{}: {e}\n", options.file))?;
        tailscope_vm::code::PyCode::new(vm, &Arc::new(pyc.code)).map_err(shown)?
    } else {
        let mode = tailscope_compiler::Mode::Exec;
        tailscope_vm::import::compile(vm, &bytes, &options.file, mode, 0).map_err(shown)?
    };
    if let Ok(stdout) = tailscope_vm::native::make_module(vm, &STDOUT) {
        let _ = tailscope_vm::protocol::attr::set_named(vm, vm.runtime.sys.get(), "stdout", stdout.value());
    }
    let main = tailscope_vm::runtime::new_module(vm, "__main__");
    let modules = tailscope_vm::runtime::modules(vm);
    modules.set_text(vm, "__main__", main.value());
    let globals = tailscope_vm::types::module::dict(vm, main.value());
    globals.set_text(vm, "__builtins__", vm.runtime.builtins.get());
    interp::set_interp(vm, options.interp);
    interp::set_mode(vm, options.mode);
    let g = globals.as_value();
    let result = enter::run_code(vm, code.value(), g, g, Value::NULL);
    interp::set_mode(vm, Mode::Plain);
    result.map(drop).map_err(shown)
}
