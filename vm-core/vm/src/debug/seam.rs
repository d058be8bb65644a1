//! The two sides of the seam: [`Debuggee`], which the VM implements, and [`DebugHook`],
//! which it calls.

use std::fmt;
use std::sync::Arc;

use super::address::InstructionAddress;
use super::breakpoints::{
    BreakpointSpec, BreakpointState, BreakpointStatus, DataBreakpointSpec, FunctionBreakpointSpec,
    InstructionBreakpointSpec,
};
use super::stepper::StepKind;
use super::types::*;
use crate::interp::Interp;

/// Why a question to a stopped program has no answer.
#[derive(Clone, Debug, PartialEq)]
pub enum DebugError {
    /// A thread, frame or value of an earlier stop, or of none.
    Stale(&'static str),
    /// Python code that was run for the debugger raised; `NameError: name 'x' is not defined`.
    Raised(String),
    /// What was asked cannot be done; a sentence that says why.
    Refused(String),
}

impl fmt::Display for DebugError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DebugError::Stale(what) => {
                write!(f, "this {what} belongs to an earlier stop of the program")
            }
            DebugError::Raised(exception) => f.write_str(exception),
            DebugError::Refused(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for DebugError {}

/// What a piece of Python that the debugger wants run may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvalMode {
    /// An expression.
    Expression,
    /// An expression, or else statements, whose result is None.
    Interactive,
    /// An expression that calls nothing and binds nothing, so far as its code shows.
    Pure,
}

/// A piece of Python that the debugger wants run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Evaluation<'a> {
    /// In which frame; None: in the main module's namespace.
    pub frame: Option<FrameId>,
    /// Its text.
    pub source: &'a str,
    /// What it may be.
    pub mode: EvalMode,
    /// How the result is written.
    pub format: ValueFormat,
}

fn unsupported<T>() -> Result<T, DebugError> {
    Err(DebugError::Refused("this program's VM cannot do that".to_owned()))
}

/// A stopped program: what the VM shows of it and lets be changed.
///
/// Every method may be called at a stop, from the thread that runs the VM. Frame and value
/// handles are valid until the stop ends. Python code that a method runs (`repr`,
/// properties, evaluations) hits no breakpoint and ends after a bounded time.
pub trait Debuggee {
    /// The threads, the main one first. Empty before the program starts.
    fn threads(&self) -> Vec<ThreadInfo>;

    /// How deep a thread's stack is.
    fn frame_count(&self, thread: ThreadId) -> Result<usize, DebugError>;

    /// Frames of a thread from the innermost, at most `count` from the `start`-th on.
    fn frames(
        &mut self,
        thread: ThreadId,
        start: usize,
        count: usize,
    ) -> Result<Vec<FrameInfo>, DebugError>;

    /// How many named and indexed variables a container has.
    fn counts(&mut self, of: Container) -> Result<(usize, usize), DebugError>;

    /// A page of a container's variables.
    fn variables(&mut self, of: Container, page: Page) -> Result<Vec<VariableInfo>, DebugError>;

    /// A frame's value stack, from the bottom, complete.
    fn value_stack(&mut self, frame: FrameId) -> Result<Vec<StackSlot>, DebugError>;

    /// The instruction that a frame is at.
    fn instruction(&mut self, frame: FrameId) -> Result<InstructionView, DebugError>;

    /// Runs Python code.
    fn evaluate(&mut self, what: Evaluation<'_>) -> Result<VariableInfo, DebugError>;

    /// The whole `repr()` of an expression's value, for copying.
    fn full_repr(&mut self, frame: Option<FrameId>, source: &str) -> Result<String, DebugError>;

    /// Writes the variable `name` of a container; `value` is an expression. Returns the
    /// variable as it is now.
    fn set_variable(
        &mut self,
        of: Container,
        name: &str,
        value: Evaluation<'_>,
    ) -> Result<VariableInfo, DebugError>;

    /// The exception that a thread is stopped at.
    fn exception(&mut self, thread: ThreadId) -> Option<ExceptionInfo>;

    /// A piece of a code object's disassembly: `count` instructions from the `first`-th
    /// after the one that covers the byte `anchor` (see `InstructionWindow`).
    fn disassemble(
        &mut self,
        code: CodeId,
        anchor: i64,
        first: i64,
        count: usize,
    ) -> Result<DisassemblyWindow, DebugError>;

    /// Source text of a file that the VM knows better than the disk does (frozen modules,
    /// `-c`). None where it has none.
    fn source(&mut self, file: &str) -> Option<String>;

    /// Replaces all line breakpoints of a file. One status for each, in order.
    fn set_breakpoints(&mut self, file: &str, specs: &[BreakpointSpec]) -> Vec<BreakpointStatus>;

    /// Replaces all breakpoints on instructions. One status for each, in order.
    fn set_instruction_breakpoints(
        &mut self,
        specs: &[InstructionBreakpointSpec],
    ) -> Vec<BreakpointStatus>;

    /// Replaces the choice of exceptions that stop the program.
    fn set_exception_filter(&mut self, filter: ExceptionFilter);

    /// Replaces all breakpoints on functions. One status for each, in order.
    fn set_function_breakpoints(
        &mut self,
        specs: &[FunctionBreakpointSpec],
    ) -> Vec<BreakpointStatus> {
        failed(specs.iter().map(|spec| spec.id))
    }

    /// Something that a data breakpoint can be set on.
    fn watchable(&mut self, _target: &WatchTarget) -> Result<Watchable, DebugError> {
        unsupported()
    }

    /// Replaces all data breakpoints. One status for each, in order.
    fn set_data_breakpoints(&mut self, specs: &[DataBreakpointSpec]) -> Vec<BreakpointStatus> {
        failed(specs.iter().map(|spec| spec.id))
    }

    /// Where breakpoints can be set between two lines of a file, both included.
    fn breakpoint_locations(&mut self, _file: &str, _first: u32, _last: u32) -> Vec<SourceRange> {
        Vec::new()
    }

    /// The calls that are left on the line that a frame is at.
    fn step_targets(&mut self, _frame: FrameId) -> Result<Vec<StepTarget>, DebugError> {
        unsupported()
    }

    /// Where the running frame could go on at a line of a file.
    fn goto_targets(&mut self, _file: &str, _line: u32) -> Result<Vec<GotoTarget>, DebugError> {
        unsupported()
    }

    /// Makes the stopped thread's innermost frame go on at another of its instructions. Frame
    /// and value handles mean nothing after that.
    fn goto(&mut self, _thread: ThreadId, _to: InstructionAddress) -> Result<(), DebugError> {
        unsupported()
    }

    /// Makes a frame begin anew, with its arguments as they are now; otherwise as `goto`.
    fn restart_frame(&mut self, _frame: FrameId) -> Result<(), DebugError> {
        unsupported()
    }

    /// What could stand at the end of a text that somebody types.
    fn complete(&mut self, _frame: Option<FrameId>, _text: &str) -> Vec<Completion> {
        Vec::new()
    }

    /// A piece of a value's memory: of `count` bytes from `start`, those that exist.
    fn read_memory(
        &mut self,
        _value: ValueHandle,
        _start: i64,
        _count: usize,
    ) -> Result<MemoryPiece, DebugError> {
        unsupported()
    }

    /// Writes a value's memory, all of it or nothing.
    fn write_memory(
        &mut self,
        _value: ValueHandle,
        _start: i64,
        _bytes: &[u8],
    ) -> Result<(), DebugError> {
        unsupported()
    }

    /// The modules that have been imported.
    fn modules(&mut self) -> Vec<ModuleInfo> {
        Vec::new()
    }

    /// Names of the files that code has been loaded from.
    fn loaded_files(&mut self) -> Vec<String> {
        Vec::new()
    }

    /// Raises `SystemExit` in a thread, when it runs next.
    fn end_thread(&mut self, _thread: ThreadId) -> Result<(), DebugError> {
        unsupported()
    }

    /// Chooses whose code steps and exception stops leave out.
    fn set_filters(&mut self, _filters: CodeFilters) {}

    /// Keeps the native frames of at least this many executed instructions, from now on; 0 for none.
    fn set_handler_window(&mut self, _count: u32) -> Result<(), DebugError> {
        unsupported()
    }

    /// The instructions of the stopped thread that handlers with these registers have executed, the
    /// newest first. `None` where none is known.
    fn executed(&mut self, registers: &[HandlerRegisters]) -> Vec<Option<ExecutedInstruction>> {
        vec![None; registers.len()]
    }

    /// The Python values that words of native memory hold, by name. `None` for a word that is no
    /// value, or was one that is gone.
    fn values(&mut self, words: &[(String, u64)], _format: ValueFormat) -> Vec<Option<VariableInfo>> {
        vec![None; words.len()]
    }

    /// Nobody debugs any more, for now: takes all breakpoints away.
    fn forget_breakpoints(&mut self) {}
}

fn failed(ids: impl Iterator<Item = BreakpointId>) -> Vec<BreakpointStatus> {
    let reason = "this program's VM has no such breakpoints";
    let state = || BreakpointState::Failed(reason.to_owned());
    ids.map(|id| BreakpointStatus { id, state: state() }).collect()
}

/// Which code is not the user's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeFilters {
    /// Steps and exception stops leave out library code.
    pub just_my_code: bool,
    /// File names, with `*` for any characters, whose code counts as a library's.
    pub skip_files: Vec<String>,
    /// Names of functions that steps do not end in.
    pub skip_functions: Vec<String>,
}

/// How the program goes on after a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResumeAction {
    /// Until something else stops it.
    Continue,
    /// Until a step of this thread is over.
    Step { thread: ThreadId, kind: StepKind },
    /// To its end: the main thread unwinds as if by `SystemExit`, so that `finally` blocks
    /// and `atexit` functions run.
    Terminate,
}

/// What the VM does after it has let the hook in while running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InterruptAction {
    /// Goes on.
    Continue,
    /// Stops the running thread before its next instruction, for `StopReason::Pause`.
    Pause,
    /// Ends the program, as `ResumeAction::Terminate` does.
    Terminate,
}

/// Makes the VM call [`DebugHook::on_interrupt`] soon. May be called from any thread and
/// as often as one likes; it also ends a wait (`time.sleep`, a lock) that the VM is in.
pub type Waker = Arc<dyn Fn() + Send + Sync>;

/// Something that happened and that needs no decision.
#[derive(Clone, Debug, PartialEq)]
pub enum DebugEvent {
    /// A breakpoint that was pending has found its code, or lost it.
    Breakpoint(BreakpointStatus),
    /// A log message of a breakpoint, formatted.
    Log {
        text: String,
        file: String,
        line: u32,
    },
    /// A thread has started.
    ThreadStarted(ThreadInfo),
    /// A thread has ended.
    ThreadExited(ThreadId),
}

/// What the VM tells a debugger. All methods are called from the thread that runs the VM.
pub trait DebugHook {
    /// Called once, before anything else, with the handle that interrupts the VM, and the one
    /// that ends what the VM is running for the debugger.
    fn on_attach(&mut self, waker: Waker, canceller: Waker);

    /// The program stands still, in `StopReason::Startup` even before its first
    /// instruction. Returning lets it go on.
    fn on_stop(&mut self, vm: &mut dyn Debuggee, stop: &Stop) -> ResumeAction;

    /// The waker was called. Runs between two instructions; of `vm`, only breakpoints may
    /// be touched here.
    fn on_interrupt(&mut self, vm: &mut dyn Debuggee) -> InterruptAction;

    /// Something happened.
    fn on_event(&mut self, event: DebugEvent);
}

/// What to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProgramSource {
    /// A file of source or a `.pyc`.
    Script(String),
    /// As `-m` does.
    Module(String),
    /// As `-c` does.
    Code(String),
}

/// How a program is started. The working directory and the environment are those of the
/// process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaunchSpec {
    /// What to run.
    pub program: ProgramSource,
    /// `sys.argv[1:]`.
    pub args: Vec<String>,
    /// Stop at the program's first instruction (of its own code, not of start-up).
    pub stop_on_entry: bool,
    /// Which code steps and exception stops leave out.
    pub filters: CodeFilters,
    /// Run without a debugger: [`DebuggeeProgram::run`] gets no hook.
    pub no_debug: bool,
    /// Which interpreter runs it.
    pub interp: Interp,
}

/// A program that is ready to run, in a process of its own.
///
/// Its standard streams are pipes with somebody watching, so `sys.stdout` and `sys.stderr`
/// are line buffered, as on a terminal.
pub trait DebuggeeProgram {
    /// Runs it to its end. Returns the exit status, as the process would.
    fn run(self: Box<Self>, hook: Option<Box<dyn DebugHook>>) -> i32;
}
