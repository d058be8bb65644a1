//! The toy machine: runs instructions, and stops where the debugger wants it to.

use std::cell::Cell;
use std::collections::HashMap;
use std::io::Write;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use tailscope_vm::debug::breakpoints::{BreakpointRule, HitOutcome, RuleEvaluator};
use tailscope_vm::debug::*;

use super::compile::{Function, Op};
use super::values::{Names, Value, evaluate};

pub const MAIN_THREAD: ThreadId = ThreadId(1);

type Hook<'a> = &'a mut (dyn DebugHook + 'static);

/// A frame.
pub struct Frame {
    pub function: usize,
    /// Index of the instruction that is about to run, or that has called.
    pub next: usize,
    pub locals: Names,
    pub stack: Vec<Value>,
    /// Loop counters by the loop's instruction.
    pub loops: HashMap<usize, u32>,
    /// A number of its own.
    pub number: u64,
}

/// A breakpoint that is set.
pub struct Active {
    pub id: BreakpointId,
    pub at: InstructionAddress,
    pub line: bool,
    pub rule: BreakpointRule,
}

/// What the waker wakes.
#[derive(Default)]
pub struct Alarm {
    rung: Mutex<bool>,
    bell: Condvar,
}

impl Alarm {
    fn ring(&self) {
        *self.rung.lock().unwrap() = true;
        self.bell.notify_all();
    }

    fn take(&self) -> bool {
        std::mem::take(&mut self.rung.lock().unwrap())
    }

    fn wait(&self, time: Duration) {
        let guard = self.rung.lock().unwrap();
        drop(
            self.bell
                .wait_timeout_while(guard, time, |rung| !*rung)
                .unwrap(),
        );
    }
}

pub struct Machine {
    pub spec: LaunchSpec,
    pub file: String,
    pub text: String,
    pub functions: Vec<Function>,
    pub frames: Vec<Frame>,
    pub globals: Names,
    pub breakpoints: Vec<Active>,
    pub hits: HashMap<BreakpointId, u64>,
    pub filter: ExceptionFilter,
    pub exception: Option<ExceptionInfo>,
    /// Branch histories by code and instruction.
    pub histories: HashMap<InstructionAddress, u16>,
    /// Values that were shown at this stop, and where they came from.
    pub shown: Vec<(Value, Option<(Container, String)>)>,
    pub threads: Vec<ThreadInfo>,
    activations: u64,
    stepper: Option<Stepper>,
    /// The instruction that the program stopped before, which must not stop it again.
    resumed_at: Option<(u64, InstructionAddress)>,
    asleep_until: Option<Instant>,
    alarm: Arc<Alarm>,
}

/// How the program ends early.
struct Ended(i32);

impl Machine {
    pub fn new(spec: LaunchSpec, file: String, text: String, functions: Vec<Function>) -> Self {
        let globals = Names::from([("__name__".to_owned(), Value::Text("__main__".to_owned()))]);
        Machine {
            spec,
            file,
            text,
            functions,
            frames: Vec::new(),
            globals,
            breakpoints: Vec::new(),
            hits: HashMap::new(),
            filter: ExceptionFilter::default(),
            exception: None,
            histories: HashMap::new(),
            shown: Vec::new(),
            threads: Vec::new(),
            activations: 0,
            stepper: None,
            resumed_at: None,
            asleep_until: None,
            alarm: Arc::default(),
        }
    }

    pub fn address(&self, frame: &Frame) -> InstructionAddress {
        let function = &self.functions[frame.function];
        let offset = function
            .instructions
            .get(frame.next)
            .map_or(function.end, |i| i.offset);
        InstructionAddress {
            code: CodeId(frame.function as u32 + 1),
            offset,
        }
    }

    fn position(&self) -> Option<Position> {
        let frame = self.frames.last()?;
        let function = &self.functions[frame.function];
        let instruction = function.instructions.get(frame.next)?;
        let InstructionAddress { code, offset } = self.address(frame);
        Some(Position {
            frame: frame.number,
            depth: self.frames.len() as u32,
            code,
            offset,
            line: Some(instruction.line),
            begins: true,
            prologue: instruction.op == Op::Resume,
            skipped: self.spec.filters.just_my_code && function.name.starts_with("lib_"),
        })
    }

    fn enter(&mut self, name: &str) -> Result<(), String> {
        let function = self
            .functions
            .iter()
            .position(|function| function.name == name);
        let function =
            function.ok_or_else(|| format!("NameError: name '{name}' is not defined"))?;
        self.activations += 1;
        self.frames.push(Frame {
            function,
            next: 0,
            locals: Names::new(),
            stack: Vec::new(),
            loops: HashMap::new(),
            number: self.activations,
        });
        Ok(())
    }

    fn run_to_the_end(&mut self, mut hook: Option<Box<dyn DebugHook>>) -> Result<(), Ended> {
        if let Some(hook) = hook.as_deref_mut() {
            let alarm = Arc::clone(&self.alarm);
            hook.on_attach(Arc::new(move || alarm.ring()), Arc::new(|| {}));
            self.stop(hook, StopReason::Startup)?;
        }
        self.threads = vec![ThreadInfo {
            id: MAIN_THREAD,
            name: "MainThread".to_owned(),
        }];
        self.enter("main").map_err(|_| Ended(1))?;
        let mut entry = self.spec.stop_on_entry;
        while let Some(position) = self.position() {
            if let Some(hook) = hook.as_deref_mut() {
                self.before_instruction(hook, position, std::mem::take(&mut entry))?;
            }
            self.execute(hook.as_deref_mut())?;
            if self.frames.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Everything that can stop the program before an instruction.
    fn before_instruction(&mut self, hook: Hook, at: Position, entry: bool) -> Result<(), Ended> {
        let mut reason = entry.then_some(StopReason::Entry);
        if self.alarm.take() {
            match hook.on_interrupt(self) {
                InterruptAction::Continue => {}
                InterruptAction::Pause => reason = reason.or(Some(StopReason::Pause)),
                InterruptAction::Terminate => return Err(Ended(0)),
            }
        }
        let stepped = self
            .stepper
            .as_mut()
            .is_some_and(|s| s.before_instruction(&at) == Verdict::Stop);
        let address = InstructionAddress {
            code: at.code,
            offset: at.offset,
        };
        let again = self.resumed_at.take() == Some((at.frame, address));
        if !again {
            reason = self
                .breakpoint_hit(hook, address, at.line.unwrap_or(0))
                .or(reason);
        }
        if let Some(reason) = reason.or(stepped.then_some(StopReason::Step)) {
            self.resumed_at = Some((at.frame, address));
            self.stop(hook, reason)?;
        }
        Ok(())
    }

    fn breakpoint_hit(
        &mut self,
        hook: Hook,
        at: InstructionAddress,
        line: u32,
    ) -> Option<StopReason> {
        let here: Vec<(BreakpointId, bool, BreakpointRule)> = self
            .breakpoints
            .iter()
            .filter(|b| b.at == at)
            .map(|b| (b.id, b.line, b.rule.clone()))
            .collect();
        let (mut ids, mut notes, mut on_line) = (Vec::new(), Vec::new(), false);
        for (id, is_line, rule) in here {
            let hits = Cell::new(self.hits.get(&id).copied().unwrap_or(0));
            match rule.hit(&hits, &mut TopFrame(self)) {
                HitOutcome::Pass => {}
                HitOutcome::Log(text) => hook.on_event(DebugEvent::Log {
                    text,
                    file: self.file.clone(),
                    line,
                }),
                HitOutcome::Stop { note } => {
                    ids.push(id);
                    notes.extend(note);
                    on_line |= is_line;
                }
            }
            self.hits.insert(id, hits.get());
        }
        let note = (!notes.is_empty()).then(|| notes.join("; "));
        match (ids.is_empty(), on_line) {
            (true, _) => None,
            (false, true) => Some(StopReason::Breakpoint { ids, note }),
            (false, false) => Some(StopReason::InstructionBreakpoint { ids, note }),
        }
    }

    fn stop(&mut self, hook: Hook, reason: StopReason) -> Result<(), Ended> {
        self.stepper = None;
        let stop = Stop {
            thread: MAIN_THREAD,
            reason,
            clock: None,
        };
        let action = hook.on_stop(self, &stop);
        self.shown.clear();
        match action {
            ResumeAction::Continue => Ok(()),
            ResumeAction::Step { thread, kind } => {
                self.stepper = self
                    .position()
                    .map(|start| Stepper::new(thread, kind, start));
                Ok(())
            }
            ResumeAction::Terminate => Err(Ended(0)),
        }
    }

    fn execute(&mut self, hook: Option<Hook>) -> Result<(), Ended> {
        let names = self.names(self.frames.len() - 1);
        let address = self.address(&self.frames[self.frames.len() - 1]);
        let frame = self.frames.last_mut().expect("a frame runs");
        let op = self.functions[frame.function].instructions[frame.next]
            .op
            .clone();
        let index = frame.next;
        frame.next += 1;
        match op {
            Op::Resume => {}
            Op::Load(source) => match evaluate(&source, &names) {
                Ok(value) => frame.stack.push(value),
                Err(error) => {
                    let (type_name, text) = error.split_once(": ").unwrap_or((&error, ""));
                    return self.raise(hook, type_name, text);
                }
            },
            Op::Store(name) => {
                let value = frame.stack.pop().unwrap_or(Value::None);
                frame.locals.insert(name, value);
            }
            Op::Call(name) => {
                frame.stack.pop();
                if let Err(error) = self.enter(&name) {
                    let (type_name, text) = error.split_once(": ").unwrap_or((&error, ""));
                    return self.raise(hook, type_name, text);
                }
            }
            Op::Print { text, err: false } => println!("{text}"),
            Op::Print { text, err: true } => eprintln!("{text}"),
            Op::For { times, end } => {
                let count = frame.loops.entry(index).or_insert(0);
                *count += 1;
                let through = *count > times;
                if through {
                    frame.loops.remove(&index);
                    frame.next = end;
                }
                let history = self.histories.entry(address).or_insert(0x5555);
                *history = *history << 1 | u16::from(through);
            }
            Op::JumpBackward { target } => frame.next = target,
            Op::Raise { type_name, text } => return self.raise(hook, &type_name, &text),
            Op::Spin => frame.next = index,
            // Being woken does not end a sleep: it gives the debugger a chance in between.
            Op::Sleep(ms) => {
                let now = Instant::now();
                let until = *self
                    .asleep_until
                    .get_or_insert(now + Duration::from_millis(ms));
                self.alarm.wait(until.saturating_duration_since(now));
                if Instant::now() < until {
                    frame.next = index;
                } else {
                    self.asleep_until = None;
                }
            }
            Op::Hang => {
                println!("deaf");
                loop {
                    std::thread::park();
                }
            }
            Op::Exit(code) => return Err(Ended(code)),
            Op::Abort => std::process::abort(),
            Op::Breakpoint => {
                if let Some(hook) = hook {
                    self.stop(hook, StopReason::BreakpointCall)?;
                }
            }
            Op::Write(lines) => {
                let mut out = std::io::stdout().lock();
                for line in 0..lines {
                    let _ = writeln!(out, "line {line} {}", "x".repeat(80));
                }
            }
            Op::Thread(name) => {
                let thread = ThreadInfo {
                    id: ThreadId(self.threads.len() as u64 + 1),
                    name,
                };
                self.threads.push(thread.clone());
                if let Some(hook) = hook {
                    hook.on_event(DebugEvent::ThreadStarted(thread));
                }
            }
            Op::Return => {
                self.frames.pop();
            }
        }
        Ok(())
    }

    /// Nothing catches a toy exception.
    fn raise(&mut self, hook: Option<Hook>, type_name: &str, text: &str) -> Result<(), Ended> {
        if let Some(frame) = self.frames.last_mut() {
            frame.next -= 1;
        }
        let mode = if self.filter.asks_for(ExceptionMode::Raised) {
            ExceptionMode::Raised
        } else {
            ExceptionMode::Uncaught
        };
        let traceback = format!("Traceback (most recent call last):\n{type_name}: {text}\n");
        if let (Some(hook), true) = (hook, !self.filter.rules.is_empty()) {
            self.exception = Some(ExceptionInfo {
                type_name: type_name.to_owned(),
                full_type_name: format!("toy.{type_name}"),
                message: text.to_owned(),
                traceback: traceback.clone(),
                mode,
                notes: Vec::new(),
                inner: Vec::new(),
            });
            let reason = StopReason::Exception {
                type_name: type_name.to_owned(),
                message: text.to_owned(),
                mode,
            };
            self.stop(hook, reason)?;
        }
        eprint!("{traceback}");
        Err(Ended(1))
    }

    /// What a frame's expressions can name.
    pub fn names(&self, index: usize) -> Names {
        let mut names = self.globals.clone();
        if let Some(frame) = self.frames.get(index) {
            names.extend(frame.locals.clone());
        }
        names
    }
}

impl DebuggeeProgram for Machine {
    fn run(mut self: Box<Self>, hook: Option<Box<dyn DebugHook>>) -> i32 {
        match self.run_to_the_end(hook) {
            Ok(()) => 0,
            Err(Ended(code)) => code,
        }
    }
}

/// Evaluates in the innermost frame.
struct TopFrame<'a>(&'a Machine);

impl RuleEvaluator for TopFrame<'_> {
    fn test(&mut self, source: &str) -> Result<bool, DebugError> {
        let names = self.0.names(self.0.frames.len().saturating_sub(1));
        evaluate(source, &names)
            .map(|value| value.truth())
            .map_err(DebugError::Raised)
    }

    fn text(&mut self, source: &str) -> Result<String, DebugError> {
        let names = self.0.names(self.0.frames.len().saturating_sub(1));
        evaluate(source, &names)
            .map(|value| value.repr())
            .map_err(DebugError::Raised)
    }
}
