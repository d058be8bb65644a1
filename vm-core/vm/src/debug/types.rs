//! Data that crosses the seam: what there is to see at a stop.
//!
//! Lines count from 1. Columns count UTF-8 bytes from 0, as CPython's do. Offsets are byte
//! offsets into a code object's `co_code`, as `dis` prints them.

use super::address::InstructionAddress;

/// A Python thread; stable for the thread's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ThreadId(pub u64);

/// A frame of a stopped thread. Means nothing once the program has gone on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FrameId(pub u64);

/// A code object that the debugger has seen; never reused within a run. Counts from 1, so
/// that the address just below the first code object is still a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CodeId(pub u32);

/// A value that can be looked into. Means nothing once the program has gone on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueHandle(pub u64);

/// A breakpoint, numbered by whoever sets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BreakpointId(pub u64);

/// A Python thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadInfo {
    /// Its number.
    pub id: ThreadId,
    /// `threading.Thread.name`.
    pub name: String,
}

/// A range of source text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceRange {
    /// First line.
    pub line: u32,
    /// First column, where the code object has columns.
    pub column: Option<u32>,
    /// Last line.
    pub end_line: u32,
    /// The column after the last one.
    pub end_column: Option<u32>,
}

impl SourceRange {
    /// A whole line, without columns.
    pub fn line(line: u32) -> Self {
        SourceRange {
            line,
            column: None,
            end_line: line,
            end_column: None,
        }
    }
}

/// A frame, as a call stack shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct FrameInfo {
    /// Its handle for this stop.
    pub id: FrameId,
    /// `co_name`.
    pub name: String,
    /// `co_qualname`.
    pub qualname: String,
    /// `co_filename`.
    pub file: String,
    /// Source of the instruction: the one about to run in the innermost frame, the running
    /// call in the others. None where the line table names no line.
    pub location: Option<SourceRange>,
    /// Where that instruction lies.
    pub address: InstructionAddress,
    /// The frame runs code that is not the user's: the standard library, importlib.
    pub library: bool,
    /// `__name__` of its module.
    pub module: Option<String>,
    /// Whether `restart_frame` can begin it anew.
    pub restartable: bool,
}

/// Which part of a long list of variables is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Leave this many out.
    pub start: usize,
    /// At most this many; None: all.
    pub count: Option<usize>,
    /// Which of them.
    pub filter: PageFilter,
    /// How their values are written.
    pub format: ValueFormat,
}

impl Page {
    /// Everything.
    pub const ALL: Page = Page {
        start: 0,
        count: None,
        filter: PageFilter::All,
        format: ValueFormat { hex: false },
    };

    /// The part of `len` items that this page covers, as a range of indices.
    pub fn range(&self, len: usize) -> std::ops::Range<usize> {
        let start = self.start.min(len);
        let end = self
            .count
            .map_or(len, |count| start.saturating_add(count).min(len));
        start..end
    }
}

/// How values are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ValueFormat {
    /// Integers in hexadecimal.
    pub hex: bool,
}

/// Which children of a value are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageFilter {
    /// Both kinds, named first.
    All,
    /// Attributes and the like.
    Named,
    /// Items of a sequence.
    Indexed,
}

/// Something that holds variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Container {
    /// Fast locals, cells and free variables of a frame; the namespace of a module or class body.
    Locals(FrameId),
    /// The module's namespace.
    Globals(FrameId),
    /// The inside of a value.
    Value(ValueHandle),
}

/// What a variable is to its container, for its picture in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VariableKind {
    /// A plain value.
    Data,
    /// A local that inner functions share (`co_cellvars`).
    Cell,
    /// A variable of an enclosing function (`co_freevars`).
    Free,
    /// A function or method.
    Method,
    /// A class.
    Class,
    /// A property: its value is what code of the program's computes.
    Property,
    /// Made up for display: a length, a type.
    Virtual,
}

/// How an expression reaches a variable from its container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// By its name alone.
    Name,
    /// `container.name`.
    Attribute,
    /// `container[key]`; the key as source text.
    Item(String),
    /// No expression reaches it.
    None,
}

/// A value's inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Children {
    /// Its handle for this stop.
    pub handle: ValueHandle,
    /// How many children have names.
    pub named: usize,
    /// How many are items of a sequence.
    pub indexed: usize,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePlace {
    /// As `co_filename` has it.
    pub file: String,
    /// From 1.
    pub line: u32,
}

/// A variable, or the result of an evaluation.
#[derive(Clone, Debug, PartialEq)]
pub struct VariableInfo {
    /// Its name in its container; empty for a result.
    pub name: String,
    /// `repr()`, shortened to what a list can show.
    pub value: String,
    /// `type(x).__qualname__`.
    pub type_name: String,
    /// What it is to its container.
    pub kind: VariableKind,
    /// Its inside, if it has one.
    pub children: Option<Children>,
    /// How an expression reaches it.
    pub access: Access,
    /// Whether `set_variable` can write it.
    pub settable: bool,
    /// The value has not been asked for: the one child of `children` is it.
    pub lazy: bool,
    /// Bytes of memory that the value offers, with the handle to read them by.
    pub memory: Option<(ValueHandle, usize)>,
    /// Where a function or class was defined.
    pub defined: Option<FilePlace>,
}

/// What a slot of the value stack holds, beside the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotKind {
    /// The slot owns its reference.
    Owned,
    /// The reference is borrowed from a local that outlives it.
    Borrowed,
    /// The value is in the slot itself (a tagged int or float), or immortal.
    Immediate,
    /// An internal mark (a saved instruction index, an iteration index): no Python value.
    Internal,
    /// NULL, as `PUSH_NULL` leaves it.
    Null,
}

/// A slot of the value stack.
#[derive(Clone, Debug, PartialEq)]
pub struct StackSlot {
    /// Its place; 0 is the bottom.
    pub index: usize,
    /// How it is held.
    pub kind: SlotKind,
    /// What put the value there.
    pub pushed_by: Option<Pusher>,
    /// The value; None when the slot is NULL.
    pub value: Option<VariableInfo>,
}

/// An instruction that has put a value onto the stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pusher {
    /// Where it lies.
    pub address: InstructionAddress,
    /// Its name, and its argument's meaning.
    pub text: String,
}

/// An entry of an exception table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandlerEntry {
    /// The first instruction that it guards.
    pub start: InstructionAddress,
    /// Just past the last one.
    pub end: InstructionAddress,
    /// The handler.
    pub target: InstructionAddress,
    /// Depth of the value stack that the handler starts from.
    pub depth: usize,
    /// Whether the offset of what raised is pushed below the exception.
    pub lasti: bool,
}

/// An instruction at a stop: what it is, and what its inline caches have learned.
#[derive(Clone, Debug, PartialEq)]
pub struct InstructionView {
    /// Where it lies.
    pub address: InstructionAddress,
    /// Its name as it stands in the code now, `LOAD_ATTR_SLOT`.
    pub opname: String,
    /// Its name as compiled, `LOAD_ATTR`.
    pub base_opname: String,
    /// Its number as it stands in the code now.
    pub opcode: u8,
    /// Its argument, with EXTENDED_ARG applied; None when the opcode takes none.
    pub oparg: Option<u32>,
    /// The argument's meaning as `dis` prints it; may be empty.
    pub argrepr: String,
    /// Source that it was compiled from.
    pub location: Option<SourceRange>,
    /// Its inline caches in order.
    pub caches: Vec<CacheEntry>,
    /// The adaptive counter, where it has one.
    pub counter: Option<AdaptiveCounter>,
    /// What a conditional jump did last.
    pub branch: Option<BranchHistory>,
    /// Where it jumps, for a jump.
    pub jump_target: Option<InstructionAddress>,
    /// What it does, in a sentence.
    pub doc: String,
    /// What it takes from the value stack and puts there.
    pub effect: String,
    /// The entry of the exception table that is in force.
    pub handler: Option<HandlerEntry>,
    /// The basic block that it is in: its first instruction, and what lies just past its last.
    pub block: (InstructionAddress, InstructionAddress),
}

/// One field of an instruction's inline caches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheEntry {
    /// Its name in CPython's opcode table, `func_version`.
    pub name: String,
    /// Its length in code units.
    pub units: u8,
    /// What it holds, as one number.
    pub value: u64,
    /// What the number means here (the type that a version stands for); may be empty.
    pub meaning: String,
}

/// A specialization or warm-up counter (CPython's `_Py_BackoffCounter`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdaptiveCounter {
    /// Executions until it triggers: 12 bits.
    pub value: u16,
    /// The exponent that the next wait is made from: 4 bits.
    pub backoff: u8,
}

impl AdaptiveCounter {
    /// Takes a counter's code unit apart.
    pub fn from_bits(bits: u16) -> Self {
        AdaptiveCounter {
            value: bits >> 4,
            backoff: (bits & 15) as u8,
        }
    }
}

/// The last 16 outcomes of a conditional jump, the newest in the lowest bit; 1 is a jump.
///
/// Starts as alternating bits, so that a jump that never ran reads as even.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BranchHistory(pub u16);

impl BranchHistory {
    /// How many of the last 16 jumped.
    pub fn taken(self) -> u32 {
        self.0.count_ones()
    }
}

impl std::fmt::Display for BranchHistory {
    /// The oldest outcome first.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016b}", self.0)
    }
}

/// A line of a disassembly.
#[derive(Clone, Debug, PartialEq)]
pub struct DisassembledInstruction {
    /// Where it lies.
    pub address: InstructionAddress,
    /// Its code units, inline caches included, as they stand now.
    pub bytes: Vec<u8>,
    /// Name, argument and the argument's meaning, as `dis` prints them.
    pub text: String,
    /// Source that it was compiled from.
    pub location: Option<SourceRange>,
    /// At the first instruction of a code object: what it is.
    pub begins: Option<CodeName>,
}

/// What a code object is called, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeName {
    /// `co_qualname`.
    pub qualname: String,
    /// `co_filename`.
    pub file: String,
}

/// A piece of a disassembly. Code objects follow each other in the order of their numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct DisassemblyWindow {
    /// What the first instruction belongs to.
    pub within: CodeName,
    /// How many of the wanted instructions would lie before the first one that exists.
    pub before: usize,
    /// The wanted instructions that exist.
    pub instructions: Vec<DisassembledInstruction>,
    /// The address just past the last one of `instructions`, or where the wanted ones would begin.
    pub end: InstructionAddress,
}

/// Why the program stopped.
#[derive(Clone, Debug, PartialEq)]
pub enum StopReason {
    /// Before its first instruction, for the debugger to set breakpoints. Not shown to anybody.
    Startup,
    /// At the program's first instruction, because that was asked for.
    Entry,
    /// At breakpoints. The note says what went wrong with a condition, if something did.
    Breakpoint {
        ids: Vec<BreakpointId>,
        note: Option<String>,
    },
    /// At breakpoints that were set on an instruction.
    InstructionBreakpoint {
        ids: Vec<BreakpointId>,
        note: Option<String>,
    },
    /// At breakpoints on a function.
    FunctionBreakpoint {
        ids: Vec<BreakpointId>,
        note: Option<String>,
    },
    /// Just after a watched variable was written. The note says from what to what, and where.
    DataBreakpoint {
        ids: Vec<BreakpointId>,
        note: Option<String>,
    },
    /// The program called `breakpoint()`.
    BreakpointCall,
    /// A step is over.
    Step,
    /// Somebody asked for it.
    Pause,
    /// An exception that the debugger wants to see.
    Exception {
        type_name: String,
        message: String,
        mode: ExceptionMode,
    },
}

/// At which of its moments an exception stops the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExceptionMode {
    /// As it is raised.
    Raised,
    /// When no code of the user's will catch it, but some of a library may.
    UserUnhandled,
    /// When nothing will catch it.
    Uncaught,
}

/// A stop.
#[derive(Clone, Debug, PartialEq)]
pub struct Stop {
    /// The thread that stopped; all others stand still too.
    pub thread: ThreadId,
    /// Why.
    pub reason: StopReason,
    /// Code units executed so far, where the VM counts them.
    pub clock: Option<u64>,
}

/// Which exceptions stop the program: those that one of the rules applies to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExceptionFilter {
    /// The rules.
    pub rules: Vec<ExceptionRule>,
}

impl ExceptionFilter {
    /// Whether a rule asks for exceptions at this moment.
    pub fn asks_for(&self, mode: ExceptionMode) -> bool {
        self.rules.iter().any(|rule| rule.mode == mode)
    }
}

/// Which exceptions stop the program at one of their moments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptionRule {
    /// The moment.
    pub mode: ExceptionMode,
    /// Names of classes, with or without their module; those derived from them are meant too.
    /// Empty: all classes.
    pub classes: Vec<String>,
    /// All classes but those.
    pub negate: bool,
    /// A Python expression, evaluated in the frame that raised, where `__exception__` is the
    /// exception: its truth, or the class or classes that it gives.
    pub condition: Option<String>,
}

/// The exception that a thread is stopped at.
#[derive(Clone, Debug, PartialEq)]
pub struct ExceptionInfo {
    /// `type(e).__qualname__`.
    pub type_name: String,
    /// With the module in front, `json.decoder.JSONDecodeError`.
    pub full_type_name: String,
    /// `str(e)`.
    pub message: String,
    /// The traceback as Python prints it.
    pub traceback: String,
    /// Why it stopped the program.
    pub mode: ExceptionMode,
    /// `__notes__`.
    pub notes: Vec<String>,
    /// What it came from, and what a group holds.
    pub inner: Vec<InnerException>,
}

/// An exception that another one has to do with.
#[derive(Clone, Debug, PartialEq)]
pub struct InnerException {
    /// How.
    pub relation: ExceptionRelation,
    /// The exception.
    pub exception: ExceptionInfo,
}

/// What an exception is to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExceptionRelation {
    /// `__cause__`.
    Cause,
    /// `__context__`, not suppressed.
    Context,
    /// A member of a group.
    Member,
}

/// A call on the line that a frame is at, which a step can go into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepTarget {
    /// The calling instruction.
    pub address: InstructionAddress,
    /// Source of the call.
    pub location: SourceRange,
}

/// A place that the running frame could go on at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GotoTarget {
    /// The instruction.
    pub address: InstructionAddress,
    /// Its source.
    pub location: SourceRange,
}

/// A name that could stand at the end of what somebody types.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The name.
    pub label: String,
    /// What it stands for; `None` for a keyword.
    pub kind: Option<VariableKind>,
    /// Characters of the typed text that it replaces.
    pub replaces: usize,
}

/// A module that has been imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleInfo {
    /// As `sys.modules` has it.
    pub name: String,
    /// `__file__`.
    pub file: Option<String>,
    /// `__version__`.
    pub version: Option<String>,
    /// It is not the user's.
    pub library: bool,
}

/// A piece of a value's memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryPiece {
    /// Where it begins, in bytes from the memory's start.
    pub start: usize,
    /// What is there.
    pub bytes: Vec<u8>,
}

/// The interpreter's registers as a handler's native frame has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandlerRegisters {
    /// Just past the instruction's code unit.
    pub ip: u64,
    /// Locals of the frame that it ran in.
    pub fp: u64,
}

/// An instruction that was executed.
#[derive(Clone, Debug, PartialEq)]
pub struct ExecutedInstruction {
    /// Where it lies.
    pub address: InstructionAddress,
    /// Its argument's meaning as `dis` prints it; may be empty.
    pub argument: String,
    /// Source that it was compiled from.
    pub location: Option<SourceRange>,
    /// `co_qualname` of its code.
    pub function: String,
    /// `co_filename` of its code.
    pub file: String,
    /// The frame that it ran in, or that what it ran in has returned to.
    pub frame: Option<FrameId>,
}

/// What a data breakpoint is to watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchTarget {
    /// A variable of a container.
    Variable { of: Container, name: String },
    /// A name, an attribute or an item, as an expression in a frame.
    Expression {
        frame: Option<FrameId>,
        source: String,
    },
}

/// Something that can be watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watchable {
    /// The number to set a breakpoint with.
    pub id: u64,
    /// What it is, for a person.
    pub description: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_never_leaves_its_list() {
        let page = |start, count| Page {
            start,
            count,
            ..Page::ALL
        };
        assert_eq!(page(0, None).range(3), 0..3);
        assert_eq!(page(1, Some(1)).range(3), 1..2);
        assert_eq!(page(2, Some(9)).range(3), 2..3);
        assert_eq!(page(7, Some(9)).range(3), 3..3);
        assert_eq!(page(1, Some(usize::MAX)).range(3), 1..3);
    }

    #[test]
    fn a_history_reads_from_the_oldest_outcome() {
        let every_third = BranchHistory(0x9249);
        assert_eq!(every_third.to_string(), "1001001001001001");
        assert_eq!(every_third.taken(), 6);
    }

    #[test]
    fn a_counter_has_twelve_bits_of_value_and_four_of_backoff() {
        let counter = AdaptiveCounter::from_bits((341 << 4) | 1);
        assert_eq!(
            counter,
            AdaptiveCounter {
                value: 341,
                backoff: 1
            }
        );
    }
}
