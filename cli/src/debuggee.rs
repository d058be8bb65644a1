//! A program that a debugger runs.

use tailscope_debug_adapter::debuggee::{ListenOptions, listen};
use tailscope_vm::debug::{CodeFilters, DebugHook, DebuggeeProgram, LaunchSpec, ProgramSource, live};
use tailscope_vm::interp::Interp;
use tailscope_vm::native::io;
use tailscope_vm::types::exceptions;
use tailscope_vm::value::Ref;

use crate::arguments::{InterpArg, RunArgs};
use crate::program::{CannotRun, Program};

/// A compiled program, not yet run.
struct Loaded {
    program: Program,
    code: Ref,
    spec: LaunchSpec,
}

/// Compiles a program. The error says why there is nothing to run.
pub fn load(spec: LaunchSpec) -> Result<Box<dyn DebuggeeProgram>, String> {
    let args = arguments(&spec);
    let program = Program::new(&args).map_err(|CannotRun(why)| why)?;
    let code = match program.load().map_err(|CannotRun(why)| why)? {
        Ok(code) => code,
        Err(e) => return Err(exceptions::traceback_text(program.vm, e.0.value())),
    };
    Ok(Box::new(Loaded { program, code, spec }))
}

/// The command line that runs the same program.
fn arguments(spec: &LaunchSpec) -> RunArgs {
    let mut args = RunArgs { program: spec.args.clone(), ..RunArgs::default() };
    args.vm.interp = match spec.interp {
        Interp::Tail => InterpArg::Tail,
        Interp::Loop => InterpArg::Loop,
    };
    match &spec.program {
        ProgramSource::Script(path) => args.program.insert(0, path.clone()),
        ProgramSource::Module(name) => args.module = Some(name.clone()),
        ProgramSource::Code(text) => args.code = Some(text.clone()),
    }
    args
}

impl DebuggeeProgram for Loaded {
    fn run(self: Box<Self>, hook: Option<Box<dyn DebugHook>>) -> i32 {
        let vm = self.program.vm;
        // Without a line buffer the text just reaches its reader later.
        let _ = io::use_line_buffering(vm);
        if let Some(hook) = hook {
            let sources = match &self.spec.program {
                ProgramSource::Code(text) => vec![("<string>".to_owned(), text.clone())],
                _ => Vec::new(),
            };
            let options = live::Options {
                main: self.code.clone(),
                stop_on_entry: self.spec.stop_on_entry,
                filters: self.spec.filters.clone(),
                sources,
            };
            if !live::attach(vm, hook, options) {
                return 0;
            }
        }
        let ended = self.program.execute(self.code.value());
        // Reporting an exception is no part of the program.
        live::detach(vm);
        self.program.finish(ended)
    }
}

/// Runs a program that debuggers may join.
pub fn run_listening(args: &RunArgs, address: &str, wait: bool) -> Result<i32, CannotRun> {
    let name = match (&args.code, &args.module) {
        (Some(_), _) => "-c".to_owned(),
        (_, Some(module)) => format!("-m {module}"),
        _ => args.program.first().cloned().unwrap_or_else(|| "<stdin>".to_owned()),
    };
    let program = Program::new(args)?;
    let options = ListenOptions { address: address.to_owned(), wait, program: name };
    let listening = listen(options).map_err(|why| CannotRun(format!("--listen: {why}")))?;
    let vm = program.vm;
    let options = live::Options {
        main: vm.none_ref(),
        stop_on_entry: false,
        filters: CodeFilters { just_my_code: true, ..CodeFilters::default() },
        sources: Vec::new(),
    };
    if !live::attach(vm, listening.hook, options) {
        return Ok(0);
    }
    let ended = program.run_code();
    live::detach(vm);
    let status = program.finish(ended?);
    listening.answers.exiting(status);
    Ok(status)
}
