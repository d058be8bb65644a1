//! What is said on the link. Each command is a type, and so is its answer; the adapter's
//! view of the program is made of these, without a type of the VM.
//!
//! The fields mean what their namesakes in `tailscope_vm::debug` mean; what is not said
//! here is said there. Addresses are numbers.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A command with the number that its answer repeats.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommandMessage {
    /// The number.
    pub id: u64,
    /// The command.
    pub command: AnyCommand,
}

/// A command, with the type of its answer.
pub trait Command: Into<AnyCommand> {
    /// The answer.
    type Answer: Serialize + DeserializeOwned + 'static;
}

/// Declares the commands: fields, and the answer's type.
macro_rules! commands {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty),* } -> $answer:ty;)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
            #[allow(missing_docs)]
            pub struct $name { $(pub $field: $type),* }

            impl Command for $name {
                type Answer = $answer;
            }

            impl From<$name> for AnyCommand {
                fn from(command: $name) -> AnyCommand {
                    AnyCommand::$name(command)
                }
            }
        )+

        /// Any command.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub enum AnyCommand {
            $($(#[$doc])* $name($name),)+
        }
    };
}

commands! {
    /// Load the program. The first command.
    Launch { spec: Launching } -> ();
    /// Run the loaded program.
    Start {} -> ();
    /// Replace the line breakpoints of a file.
    SetBreakpoints { file: String, breakpoints: Vec<LineBreakpoint> } -> Vec<BreakpointNews>;
    /// Replace the breakpoints on instructions.
    SetInstructionBreakpoints { breakpoints: Vec<AddressBreakpoint> } -> Vec<BreakpointNews>;
    /// Replace the breakpoints on functions.
    SetFunctionBreakpoints { breakpoints: Vec<NamedBreakpoint> } -> Vec<BreakpointNews>;
    /// Replace the data breakpoints.
    SetDataBreakpoints { breakpoints: Vec<DataBreakpointWords> } -> Vec<BreakpointNews>;
    /// Where breakpoints can be set between two lines of a file.
    GetBreakpointLocations { file: String, first: u32, last: u32 } -> Vec<Range>;
    /// Choose which exceptions stop the program.
    SetExceptionFilter { rules: Vec<ExceptionRuleWords> } -> ();
    /// Whose program is this? The first command to one that runs already.
    Attach { filters: Filters } -> AttachedView;
    /// Run on without a debugger; or, if `suspend`, stand still until the next one comes.
    Detach { suspend: bool } -> ();
    /// End what runs for the debugger. Seen at once, whatever else waits.
    Cancel {} -> ();
    /// The modules that have been imported.
    Modules {} -> Vec<ModuleView>;
    /// The files that code has been loaded from.
    LoadedFiles {} -> Vec<String>;
    /// End a thread.
    EndThread { thread: u64 } -> ();
    /// Stop soon. Answered when it is seen; means nothing while the program stands still.
    Pause {} -> ();
    /// End the program, letting it clean up.
    Terminate {} -> ();
    /// The source text of a file that is not on the disk.
    GetSource { file: String } -> Option<String>;

    /// Go on.
    Continue {} -> ();
    /// Go on until a step is over.
    Step { thread: u64, kind: StepWord } -> ();
    /// The threads.
    Threads {} -> Vec<ThreadView>;
    /// Frames of a thread from the innermost.
    Frames { thread: u64, start: usize, count: usize } -> FramePage;
    /// How much each part of a frame has to show.
    FrameCounts { frame: u64 } -> FrameSizes;
    /// A page of variables.
    Variables { of: Place, start: usize, count: Option<usize>, filter: Filter, hex: bool } -> Vec<VariableView>;
    /// The value stack from the bottom.
    ValueStack { frame: u64 } -> Vec<SlotView>;
    /// The instruction that a frame is at.
    Instruction { frame: u64 } -> InstructionWords;
    /// Run Python in a frame.
    Evaluate { frame: Option<u64>, source: String, mode: EvalWord, hex: bool } -> VariableView;
    /// The whole `repr()` of an expression.
    FullRepr { frame: Option<u64>, source: String } -> String;
    /// Write a variable.
    SetVariable { of: Place, name: String, source: String, frame: Option<u64>, hex: bool } -> VariableView;
    /// The exception that a thread is stopped at.
    GetException { thread: u64 } -> Option<ExceptionView>;
    /// What a data breakpoint can be set on: a variable of a place, or an expression in a frame.
    GetWatchable { of: Option<Place>, frame: Option<u64>, name: String } -> WatchableView;
    /// The calls that are left on a frame's line.
    StepTargets { frame: u64 } -> Vec<TargetView>;
    /// Where the innermost frame could go on at a line.
    GotoTargets { file: String, line: u32 } -> Vec<TargetView>;
    /// Go on elsewhere, later.
    Goto { thread: u64, address: u64 } -> ();
    /// Begin a frame anew, later.
    RestartFrame { frame: u64 } -> ();
    /// What could stand at the end of a text.
    Complete { frame: Option<u64>, text: String } -> Vec<CompletionView>;
    /// A piece of a value's memory.
    ReadMemory { value: u64, start: i64, count: usize } -> MemoryView;
    /// Write a value's memory.
    WriteMemory { value: u64, start: i64, bytes: Vec<u8> } -> ();
    /// Keep the native frames of the last instructions from now on; 0: no longer.
    SetHandlerFrames { count: u32 } -> ();
    /// The native frames of the last instructions, the newest first.
    Handlers {} -> Vec<HandlerView>;
    /// Parameters and variables of one of them.
    HandlerVariables { index: usize, hex: bool } -> HandlerParts;
    /// The inside of a variable whose handle has [`NATIVE`] in it.
    NativeVariables { handle: u64, hex: bool } -> Vec<VariableView>;
    /// Instructions of a code object.
    Disassemble { code: u32, anchor: i64, first: i64, count: usize } -> Disassembly;
}

/// What the debuggee says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Report {
    /// The first word of whoever connects: the debuggee, or an adapter to a program that
    /// listens for one.
    Hello {
        token: String,
        version: String,
        pid: u32,
    },
    /// The last word: the program ends with this status.
    Exiting { status: i32 },
    /// The answer to a command, or a sentence that says why there is none.
    Answer {
        id: u64,
        result: Result<serde_json::Value, String>,
    },
    /// The program stands still.
    Stopped { thread: u64, reason: StopWords },
    /// A breakpoint has changed.
    Breakpoint(BreakpointNews),
    /// A breakpoint's log message.
    Log {
        text: String,
        file: String,
        line: u32,
    },
    /// A thread has started.
    ThreadStarted(ThreadView),
    /// A thread has ended.
    ThreadExited { id: u64 },
}

/// How to start the program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Launching {
    pub program: Program,
    pub args: Vec<String>,
    pub stop_on_entry: bool,
    pub filters: Filters,
    pub no_debug: bool,
    pub interp: InterpWord,
}

/// Which interpreter runs the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum InterpWord {
    /// Tail calls from handler to handler.
    #[default]
    Tail,
    /// One match in a loop.
    Loop,
}

/// Which code steps and exceptions leave out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Filters {
    pub just_my_code: bool,
    pub skip_files: Vec<String>,
    pub skip_functions: Vec<String>,
}

/// A program that a debugger has joined.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct AttachedView {
    pub name: String,
    pub cwd: String,
    /// It has not begun, and waits for `Start`.
    pub waiting: bool,
    /// It stands still, as an earlier debugger left it.
    pub stopped: Option<(u64, StopWords)>,
    pub threads: Vec<ThreadView>,
}

/// What to run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Program {
    Script(String),
    Module(String),
    Code(String),
}

/// A line breakpoint to set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct LineBreakpoint {
    pub id: u64,
    pub line: u32,
    /// In bytes from 0.
    pub column: Option<u32>,
    pub rule: Rule,
}

/// A breakpoint to set on an instruction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct AddressBreakpoint {
    pub id: u64,
    pub address: u64,
    pub rule: Rule,
}

/// A breakpoint to set on a function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct NamedBreakpoint {
    pub id: u64,
    pub name: String,
    pub rule: Rule,
}

/// A data breakpoint to set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct DataBreakpointWords {
    pub id: u64,
    pub watched: u64,
    pub rule: Rule,
}

/// Which exceptions stop the program at one of their moments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ExceptionRuleWords {
    pub mode: ModeWord,
    pub classes: Vec<String>,
    pub negate: bool,
    pub condition: Option<String>,
}

/// A moment of an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum ModeWord {
    Raised,
    UserUnhandled,
    Uncaught,
}

/// What a piece of Python may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum EvalWord {
    Expression,
    Interactive,
    Pure,
}

/// Something that a data breakpoint can be set on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct WatchableView {
    pub id: u64,
    pub description: String,
}

/// An instruction that a step or a jump can go to, with its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct TargetView {
    pub address: u64,
    pub location: Range,
}

/// A name that could stand at the end of a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct CompletionView {
    pub label: String,
    /// None: a keyword.
    pub kind: Option<KindWord>,
    pub replaces: usize,
}

/// A piece of memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct MemoryView {
    pub start: usize,
    pub bytes: Vec<u8>,
}

/// A module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ModuleView {
    pub name: String,
    pub file: Option<String>,
    pub version: Option<String>,
    pub library: bool,
}

/// A breakpoint's rule, as it was written. The hit condition has been checked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Rule {
    pub condition: Option<String>,
    pub hit_condition: Option<String>,
    pub log_message: Option<String>,
}

/// What became of a breakpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct BreakpointNews {
    pub id: u64,
    pub state: BreakpointWords,
}

/// Where a breakpoint is, or why it is nowhere.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum BreakpointWords {
    Set {
        line: Option<u32>,
        column: Option<u32>,
        address: Option<u64>,
    },
    Pending(String),
    Failed(String),
}

/// How far to step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum StepWord {
    LineInto,
    LineOver,
    /// Into the call that the instruction at this byte offset makes.
    IntoCall(u32),
    Out,
    InstructionInto,
    InstructionOver,
}

/// Why the program stands still.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum StopWords {
    Entry,
    Breakpoint {
        ids: Vec<u64>,
        note: Option<String>,
    },
    InstructionBreakpoint {
        ids: Vec<u64>,
        note: Option<String>,
    },
    FunctionBreakpoint {
        ids: Vec<u64>,
        note: Option<String>,
    },
    DataBreakpoint {
        ids: Vec<u64>,
        note: Option<String>,
    },
    BreakpointCall,
    Step,
    Pause,
    Exception {
        type_name: String,
        message: String,
        mode: ModeWord,
    },
}

/// A thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ThreadView {
    pub id: u64,
    pub name: String,
}

/// Frames, and how many there are in all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct FramePage {
    pub frames: Vec<FrameView>,
    pub total: usize,
}

/// A frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct FrameView {
    pub id: u64,
    pub qualname: String,
    pub file: String,
    pub location: Option<Range>,
    pub address: u64,
    pub library: bool,
    pub module: Option<String>,
    pub restartable: bool,
}

/// A range of source: lines from 1, columns in bytes from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Range {
    pub line: u32,
    pub column: Option<u32>,
    pub end_line: u32,
    pub end_column: Option<u32>,
}

/// How much each part of a frame has to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct FrameSizes {
    pub locals: usize,
    pub globals: usize,
    pub stack: usize,
}

/// Something that holds variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Place {
    Locals(u64),
    Globals(u64),
    Value(u64),
}

/// Set in handles of the VM's own variables, as opposed to Python's values.
pub const NATIVE: u64 = 1 << 63;

/// A native frame of a handler.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct HandlerView {
    /// The opcode that it is for.
    pub opname: String,
    /// It gave the instruction to another handler instead of executing it.
    pub passed_on: bool,
    /// A file of the VM's own source, and a line.
    pub source: Option<(String, u32)>,
    pub instruction: ExecutedView,
}

/// An instruction that was executed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ExecutedView {
    pub address: u64,
    pub argument: String,
    pub location: Option<Range>,
    pub function: String,
    pub file: String,
    /// The frame that it ran in, or that what it ran in has returned to.
    pub frame: Option<u64>,
}

/// What a handler's native frame holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct HandlerParts {
    pub parameters: Vec<VariableView>,
    pub variables: Vec<VariableView>,
}

/// Which variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Filter {
    All,
    Named,
    Indexed,
}

/// A variable or a result.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct VariableView {
    pub name: String,
    pub value: String,
    pub type_name: String,
    pub kind: KindWord,
    pub inside: Option<Inside>,
    pub access: AccessWord,
    pub settable: bool,
    pub lazy: bool,
    /// A handle, and the number of bytes.
    pub memory: Option<(u64, usize)>,
    /// A file and a line.
    pub defined: Option<(String, u32)>,
}

/// A value's children.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Inside {
    pub handle: u64,
    pub named: usize,
    pub indexed: usize,
}

/// What a variable is to its container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum KindWord {
    Data,
    Cell,
    Free,
    Method,
    Class,
    Property,
    Virtual,
}

/// How an expression reaches a variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum AccessWord {
    Name,
    Attribute,
    Item(String),
    None,
}

/// A slot of the value stack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct SlotView {
    pub index: usize,
    pub kind: SlotWord,
    /// An address, and an instruction's text.
    pub pushed_by: Option<(u64, String)>,
    pub value: Option<VariableView>,
}

/// How a slot holds its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum SlotWord {
    Owned,
    Borrowed,
    Immediate,
    Internal,
    Null,
}

/// An instruction and what its caches have learned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct InstructionWords {
    pub address: u64,
    pub opname: String,
    pub base_opname: String,
    pub opcode: u8,
    pub oparg: Option<u32>,
    pub argrepr: String,
    pub location: Option<Range>,
    pub caches: Vec<CacheView>,
    /// Value and backoff.
    pub counter: Option<(u16, u8)>,
    pub branch: Option<u16>,
    pub jump_target: Option<u64>,
    pub doc: String,
    pub effect: String,
    pub handler: Option<HandlerWords>,
    pub block: (u64, u64),
}

/// An entry of an exception table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct HandlerWords {
    pub start: u64,
    pub end: u64,
    pub target: u64,
    pub depth: usize,
    pub lasti: bool,
}

/// A field of the inline caches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct CacheView {
    pub name: String,
    pub units: u8,
    pub value: u64,
    pub meaning: String,
}

/// An exception, with the one that it came from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ExceptionView {
    pub type_name: String,
    pub full_type_name: String,
    pub message: String,
    pub traceback: String,
    pub mode: ModeWord,
    pub notes: Vec<String>,
    /// What it came from (`cause`, `context`), and what a group holds (`member`).
    pub inner: Vec<(String, ExceptionView)>,
}

/// A piece of a disassembly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Disassembly {
    pub within: CodeView,
    pub before: usize,
    pub instructions: Vec<DisassemblyLine>,
    pub end: u64,
}

/// What a code object is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct CodeView {
    pub qualname: String,
    pub file: String,
}

/// An instruction of a disassembly.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct DisassemblyLine {
    pub address: u64,
    pub bytes: Vec<u8>,
    pub text: String,
    pub location: Option<Range>,
    pub begins: Option<CodeView>,
}
