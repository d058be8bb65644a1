//! What a run leaves behind: instruction traces and profiles, from the VM's own records.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;

use tailscope_bytecode::code::Code;
use tailscope_bytecode::dis;
use tailscope_bytecode::opcode::Opcode;
use tailscope_formats::history::BranchHistory;
use tailscope_formats::profile::{InstructionProfile, Profile};
use tailscope_formats::trace::{Recorder, TraceSink, instruction_record, thread_record};
use tailscope_formats::trace::{Metadata, TraceError};
use tailscope_vm::code::PyCode;
use tailscope_vm::interp::profile::Counters;
use tailscope_vm::interp::{self, Mode, record};
use tailscope_vm::threads;
use tailscope_vm::vm::Vm;

use crate::arguments::{RunArgs, TraceArgs};
use crate::program::{CannotRun, Program};

/// What the program is called in what is recorded.
fn program_name(args: &RunArgs) -> String {
    match (&args.code, &args.module) {
        (Some(_), _) => "-c".to_owned(),
        (None, Some(m)) => m.clone(),
        (None, None) => args.program.first().cloned().unwrap_or_default(),
    }
}

/// Runs a program and records every instruction.
pub fn record(args: &TraceArgs) -> i32 {
    crate::commands::run::finish(|| record_into(args))
}

fn record_into(args: &TraceArgs) -> Result<i32, CannotRun> {
    let program = Program::new(&args.run)?;
    let arguments = args.run.program.iter().skip(1).cloned().collect();
    let metadata = Metadata::now(program_name(&args.run), arguments);
    let failed = |e: TraceError| CannotRun(e.to_string());
    let recorder = Rc::new(RefCell::new(Some(Recorder::create(&args.output, &metadata).map_err(failed)?)));
    let mut feed = Feed { vm: program.vm, recorder: Rc::clone(&recorder), known: HashSet::new(), words: Vec::new() };
    record::set_sink(program.vm, Box::new(move |records| feed.take(records)));
    interp::set_mode(program.vm, Mode::Record);
    let status = program.run_observed();
    interp::set_mode(program.vm, Mode::Plain);
    record::remove_sink(program.vm);
    let finished = recorder.borrow_mut().take().map(Recorder::finish);
    if let Some(finished) = finished {
        let done = finished.map_err(failed)?;
        eprintln!(
            "tailscope: {} instructions of {} code objects recorded in {} ({} bytes)",
            tailscope_formats::history::grouped(done.records),
            done.codes,
            args.output.display(),
            tailscope_formats::history::grouped(done.bytes)
        );
    }
    status
}

/// Hands the VM's records to the recorder, code objects first.
struct Feed {
    vm: &'static Vm,
    recorder: Rc<RefCell<Option<Recorder>>>,
    /// Code objects that the recorder knows, by address.
    known: HashSet<u64>,
    words: Vec<u64>,
}

impl Feed {
    fn take(&mut self, records: &[u64]) {
        let mut slot = self.recorder.borrow_mut();
        let Some(recorder) = slot.as_mut() else { return };
        let known = &mut self.known;
        self.vm.interp.for_each_code(|code: &PyCode| {
            let address = code.entry() as u64;
            if known.insert(address) {
                recorder.code(address, &code.code);
            }
        });
        self.words.clear();
        self.words.extend(records.iter().map(|r| match record::thread_of(*r) {
            Some(thread) => thread_record((thread - threads::ROOT) as u32),
            None => {
                let (address, unit) = record::unpack(*r);
                instruction_record(address, tailscope_vm::ops::internal::public(unit as u8))
            }
        }));
        recorder.records(&mut self.words);
    }
}

/// The profile of a run that has ended.
pub fn profile_of(vm: &Vm, args: &RunArgs) -> Profile {
    let arguments = args.program.iter().skip(1).cloned().collect();
    let mut profile = Profile::new(program_name(args), arguments);
    let counted = vm.interp.profile.borrow();
    for (code, counters) in counted.codes() {
        let Some(code) = code.cast::<PyCode>() else { continue };
        let instructions = instructions_of(code, counters);
        profile.instructions_executed += instructions.iter().map(|i| i.executions).sum::<u64>();
        let source: &Arc<Code> = &code.code;
        profile.add(absolute(&source.filename), source, instructions);
    }
    profile
}

/// The editor looks profiles up by absolute file names.
fn absolute(file: &str) -> String {
    if file.starts_with('<') {
        return file.to_owned();
    }
    std::path::absolute(file).map(|p| p.display().to_string()).unwrap_or_else(|_| file.to_owned())
}

fn instructions_of(code: &PyCode, counters: &Counters) -> Vec<InstructionProfile> {
    let mut out = Vec::new();
    for i in dis::raw_instructions(&code.code.code) {
        let unit = i.offset / 2;
        let executions = counters.executed.get(unit).copied().unwrap_or(0);
        let misses = counters.missed.get(unit).copied().unwrap_or(0);
        let taken = counters.taken.get(unit).copied().unwrap_or(0);
        let running = Opcode::from_u8(code.unit(unit) as u8);
        let specialized = running.is_some_and(|op| op.deopt() != op);
        let branch = is_conditional(i.base);
        out.push(InstructionProfile {
            offset: 2 * unit as u32,
            opcode: running.map_or(i.base.name(), |op| op.name()).to_owned(),
            executions,
            hits: if specialized { executions.saturating_sub(misses) } else { 0 },
            misses,
            deopts: 0,
            taken: if branch { taken } else { 0 },
            not_taken: if branch { executions.saturating_sub(taken) } else { 0 },
            history: has_history(i.base).then(|| BranchHistory(code.unit(unit + 1))),
        });
    }
    out
}

fn has_history(op: Opcode) -> bool {
    matches!(
        op,
        Opcode::POP_JUMP_IF_FALSE | Opcode::POP_JUMP_IF_TRUE | Opcode::POP_JUMP_IF_NONE | Opcode::POP_JUMP_IF_NOT_NONE
    )
}

fn is_conditional(op: Opcode) -> bool {
    has_history(op) || op == Opcode::FOR_ITER
}
