//! Between the seam's types and the link's: commands one way, answers the other.

use tailscope_vm::debug::breakpoints::{BreakpointRule, InstructionBreakpointSpec};
use tailscope_vm::debug::{
    Access, BreakpointId, BreakpointSpec, BreakpointState, BreakpointStatus, Children, CodeFilters,
    CodeName, Completion, Container, DataBreakpointSpec, DebugError, DisassemblyWindow, EvalMode,
    ExceptionFilter, ExceptionInfo, ExceptionMode, ExceptionRelation, ExceptionRule, FrameId,
    FrameInfo, FunctionBreakpointSpec, GotoTarget, HitCondition, InstructionAddress,
    InstructionView, LaunchSpec, LogMessage, MemoryPiece, ModuleInfo, PageFilter, ProgramSource,
    SlotKind, SourceRange, StackSlot, StepKind, StepTarget, StopReason, ThreadInfo, ValueHandle,
    VariableInfo, VariableKind, WatchTarget, Watchable,
};
use tailscope_vm::interp::Interp;

use crate::link::messages::*;

impl From<Launching> for LaunchSpec {
    fn from(launch: Launching) -> Self {
        let program = match launch.program {
            Program::Script(path) => ProgramSource::Script(path),
            Program::Module(name) => ProgramSource::Module(name),
            Program::Code(source) => ProgramSource::Code(source),
        };
        LaunchSpec {
            program,
            args: launch.args,
            stop_on_entry: launch.stop_on_entry,
            filters: launch.filters.into(),
            no_debug: launch.no_debug,
            interp: match launch.interp {
                InterpWord::Tail => Interp::Tail,
                InterpWord::Loop => Interp::Loop,
            },
        }
    }
}

impl From<Filters> for CodeFilters {
    fn from(filters: Filters) -> Self {
        CodeFilters {
            just_my_code: filters.just_my_code,
            skip_files: filters.skip_files,
            skip_functions: filters.skip_functions,
        }
    }
}

fn rule(rule: &Rule) -> Result<BreakpointRule, DebugError> {
    let hit_condition = rule
        .hit_condition
        .as_deref()
        .map(HitCondition::parse)
        .transpose();
    Ok(BreakpointRule {
        condition: rule.condition.clone(),
        hit_condition: hit_condition.map_err(DebugError::Refused)?,
        log_message: rule.log_message.as_deref().map(LogMessage::parse),
    })
}

pub(super) fn line_breakpoints(list: &[LineBreakpoint]) -> Result<Vec<BreakpointSpec>, DebugError> {
    list.iter()
        .map(|b| {
            Ok(BreakpointSpec {
                id: BreakpointId(b.id),
                line: b.line,
                column: b.column,
                rule: rule(&b.rule)?,
            })
        })
        .collect()
}

pub(super) fn address_breakpoints(
    list: &[AddressBreakpoint],
) -> Result<Vec<InstructionBreakpointSpec>, DebugError> {
    list.iter()
        .map(|b| {
            let address = InstructionAddress::from_number(b.address);
            Ok(InstructionBreakpointSpec {
                id: BreakpointId(b.id),
                address,
                rule: rule(&b.rule)?,
            })
        })
        .collect()
}

pub(super) fn function_breakpoints(
    list: &[NamedBreakpoint],
) -> Result<Vec<FunctionBreakpointSpec>, DebugError> {
    list.iter()
        .map(|b| {
            Ok(FunctionBreakpointSpec {
                id: BreakpointId(b.id),
                name: b.name.clone(),
                rule: rule(&b.rule)?,
            })
        })
        .collect()
}

pub(super) fn data_breakpoints(
    list: &[DataBreakpointWords],
) -> Result<Vec<DataBreakpointSpec>, DebugError> {
    list.iter()
        .map(|b| {
            Ok(DataBreakpointSpec {
                id: BreakpointId(b.id),
                watched: b.watched,
                rule: rule(&b.rule)?,
            })
        })
        .collect()
}

pub(super) fn exception_filter(rules: Vec<ExceptionRuleWords>) -> ExceptionFilter {
    let rule = |words: ExceptionRuleWords| ExceptionRule {
        mode: match words.mode {
            ModeWord::Raised => ExceptionMode::Raised,
            ModeWord::UserUnhandled => ExceptionMode::UserUnhandled,
            ModeWord::Uncaught => ExceptionMode::Uncaught,
        },
        classes: words.classes,
        negate: words.negate,
        condition: words.condition,
    };
    ExceptionFilter {
        rules: rules.into_iter().map(rule).collect(),
    }
}

fn mode_word(mode: ExceptionMode) -> ModeWord {
    match mode {
        ExceptionMode::Raised => ModeWord::Raised,
        ExceptionMode::UserUnhandled => ModeWord::UserUnhandled,
        ExceptionMode::Uncaught => ModeWord::Uncaught,
    }
}

/// What a data breakpoint is asked about.
pub(super) fn watch_target(of: Option<Place>, frame: Option<u64>, name: String) -> WatchTarget {
    match of {
        Some(of) => WatchTarget::Variable {
            of: of.into(),
            name,
        },
        None => WatchTarget::Expression {
            frame: frame.map(FrameId),
            source: name,
        },
    }
}

impl From<EvalWord> for EvalMode {
    fn from(word: EvalWord) -> Self {
        match word {
            EvalWord::Expression => EvalMode::Expression,
            EvalWord::Interactive => EvalMode::Interactive,
            EvalWord::Pure => EvalMode::Pure,
        }
    }
}

impl From<Watchable> for WatchableView {
    fn from(found: Watchable) -> Self {
        WatchableView {
            id: found.id,
            description: found.description,
        }
    }
}

impl From<StepTarget> for TargetView {
    fn from(target: StepTarget) -> Self {
        TargetView {
            address: target.address.to_number(),
            location: target.location.into(),
        }
    }
}

impl From<GotoTarget> for TargetView {
    fn from(target: GotoTarget) -> Self {
        TargetView {
            address: target.address.to_number(),
            location: target.location.into(),
        }
    }
}

impl From<Completion> for CompletionView {
    fn from(completion: Completion) -> Self {
        CompletionView {
            label: completion.label,
            kind: completion.kind.map(Into::into),
            replaces: completion.replaces,
        }
    }
}

impl From<MemoryPiece> for MemoryView {
    fn from(piece: MemoryPiece) -> Self {
        MemoryView {
            start: piece.start,
            bytes: piece.bytes,
        }
    }
}

impl From<ModuleInfo> for ModuleView {
    fn from(module: ModuleInfo) -> Self {
        ModuleView {
            name: module.name,
            file: module.file,
            version: module.version,
            library: module.library,
        }
    }
}

impl From<VariableKind> for KindWord {
    fn from(kind: VariableKind) -> Self {
        match kind {
            VariableKind::Data => KindWord::Data,
            VariableKind::Cell => KindWord::Cell,
            VariableKind::Free => KindWord::Free,
            VariableKind::Method => KindWord::Method,
            VariableKind::Class => KindWord::Class,
            VariableKind::Property => KindWord::Property,
            VariableKind::Virtual => KindWord::Virtual,
        }
    }
}

pub(super) fn news(status: BreakpointStatus) -> BreakpointNews {
    let state = match status.state {
        BreakpointState::Set {
            line,
            column,
            address,
        } => BreakpointWords::Set {
            line,
            column,
            address: address.map(InstructionAddress::to_number),
        },
        BreakpointState::Pending(reason) => BreakpointWords::Pending(reason),
        BreakpointState::Failed(reason) => BreakpointWords::Failed(reason),
    };
    BreakpointNews {
        id: status.id.0,
        state,
    }
}

/// A stop in words; None for the one that nobody is told of.
pub(super) fn stop_words(reason: &StopReason) -> Option<StopWords> {
    let numbers = |ids: &[BreakpointId]| ids.iter().map(|id| id.0).collect();
    Some(match reason {
        StopReason::Startup => return None,
        StopReason::Entry => StopWords::Entry,
        StopReason::Breakpoint { ids, note } => StopWords::Breakpoint {
            ids: numbers(ids),
            note: note.clone(),
        },
        StopReason::InstructionBreakpoint { ids, note } => StopWords::InstructionBreakpoint {
            ids: numbers(ids),
            note: note.clone(),
        },
        StopReason::FunctionBreakpoint { ids, note } => StopWords::FunctionBreakpoint {
            ids: numbers(ids),
            note: note.clone(),
        },
        StopReason::DataBreakpoint { ids, note } => StopWords::DataBreakpoint {
            ids: numbers(ids),
            note: note.clone(),
        },
        StopReason::BreakpointCall => StopWords::BreakpointCall,
        StopReason::Step => StopWords::Step,
        StopReason::Pause => StopWords::Pause,
        StopReason::Exception {
            type_name,
            message,
            mode,
        } => StopWords::Exception {
            type_name: type_name.clone(),
            message: message.clone(),
            mode: mode_word(*mode),
        },
    })
}

impl From<StepWord> for StepKind {
    fn from(word: StepWord) -> Self {
        match word {
            StepWord::LineInto => StepKind::LineInto,
            StepWord::LineOver => StepKind::LineOver,
            StepWord::IntoCall(offset) => StepKind::IntoCall { offset },
            StepWord::Out => StepKind::Out,
            StepWord::InstructionInto => StepKind::InstructionInto,
            StepWord::InstructionOver => StepKind::InstructionOver,
        }
    }
}

impl From<Filter> for PageFilter {
    fn from(filter: Filter) -> Self {
        match filter {
            Filter::All => PageFilter::All,
            Filter::Named => PageFilter::Named,
            Filter::Indexed => PageFilter::Indexed,
        }
    }
}

impl From<Place> for Container {
    fn from(place: Place) -> Self {
        match place {
            Place::Locals(frame) => Container::Locals(FrameId(frame)),
            Place::Globals(frame) => Container::Globals(FrameId(frame)),
            Place::Value(value) => Container::Value(ValueHandle(value)),
        }
    }
}

impl From<ThreadInfo> for ThreadView {
    fn from(thread: ThreadInfo) -> Self {
        ThreadView {
            id: thread.id.0,
            name: thread.name,
        }
    }
}

impl From<SourceRange> for Range {
    fn from(range: SourceRange) -> Self {
        let SourceRange {
            line,
            column,
            end_line,
            end_column,
        } = range;
        Range {
            line,
            column,
            end_line,
            end_column,
        }
    }
}

impl From<FrameInfo> for FrameView {
    fn from(frame: FrameInfo) -> Self {
        FrameView {
            id: frame.id.0,
            qualname: frame.qualname,
            file: frame.file,
            location: frame.location.map(Into::into),
            address: frame.address.to_number(),
            library: frame.library,
            module: frame.module,
            restartable: frame.restartable,
        }
    }
}

impl From<VariableInfo> for VariableView {
    fn from(variable: VariableInfo) -> Self {
        let inside = |c: Children| Inside {
            handle: c.handle.0,
            named: c.named,
            indexed: c.indexed,
        };
        VariableView {
            name: variable.name,
            value: variable.value,
            type_name: variable.type_name,
            kind: variable.kind.into(),
            inside: variable.children.map(inside),
            access: match variable.access {
                Access::Name => AccessWord::Name,
                Access::Attribute => AccessWord::Attribute,
                Access::Item(key) => AccessWord::Item(key),
                Access::None => AccessWord::None,
            },
            settable: variable.settable,
            lazy: variable.lazy,
            memory: variable.memory.map(|(handle, len)| (handle.0, len)),
            defined: variable.defined.map(|place| (place.file, place.line)),
        }
    }
}

impl From<StackSlot> for SlotView {
    fn from(slot: StackSlot) -> Self {
        let kind = match slot.kind {
            SlotKind::Owned => SlotWord::Owned,
            SlotKind::Borrowed => SlotWord::Borrowed,
            SlotKind::Immediate => SlotWord::Immediate,
            SlotKind::Internal => SlotWord::Internal,
            SlotKind::Null => SlotWord::Null,
        };
        SlotView {
            index: slot.index,
            kind,
            pushed_by: slot.pushed_by.map(|by| (by.address.to_number(), by.text)),
            value: slot.value.map(Into::into),
        }
    }
}

impl From<InstructionView> for InstructionWords {
    fn from(view: InstructionView) -> Self {
        let caches = view.caches.into_iter().map(|cache| CacheView {
            name: cache.name,
            units: cache.units,
            value: cache.value,
            meaning: cache.meaning,
        });
        InstructionWords {
            address: view.address.to_number(),
            opname: view.opname,
            base_opname: view.base_opname,
            opcode: view.opcode,
            oparg: view.oparg,
            argrepr: view.argrepr,
            location: view.location.map(Into::into),
            caches: caches.collect(),
            counter: view.counter.map(|counter| (counter.value, counter.backoff)),
            branch: view.branch.map(|history| history.0),
            jump_target: view.jump_target.map(InstructionAddress::to_number),
            doc: view.doc,
            effect: view.effect,
            handler: view.handler.map(|entry| HandlerWords {
                start: entry.start.to_number(),
                end: entry.end.to_number(),
                target: entry.target.to_number(),
                depth: entry.depth,
                lasti: entry.lasti,
            }),
            block: (view.block.0.to_number(), view.block.1.to_number()),
        }
    }
}

impl From<ExceptionInfo> for ExceptionView {
    fn from(exception: ExceptionInfo) -> Self {
        ExceptionView {
            type_name: exception.type_name,
            full_type_name: exception.full_type_name,
            message: exception.message,
            traceback: exception.traceback,
            mode: mode_word(exception.mode),
            notes: exception.notes,
            inner: exception
                .inner
                .into_iter()
                .map(|inner| {
                    let relation = match inner.relation {
                        ExceptionRelation::Cause => "cause",
                        ExceptionRelation::Context => "context",
                        ExceptionRelation::Member => "member",
                    };
                    (relation.to_owned(), inner.exception.into())
                })
                .collect(),
        }
    }
}

impl From<DisassemblyWindow> for Disassembly {
    fn from(window: DisassemblyWindow) -> Self {
        let lines = window
            .instructions
            .into_iter()
            .map(|instruction| DisassemblyLine {
                address: instruction.address.to_number(),
                bytes: instruction.bytes,
                text: instruction.text,
                location: instruction.location.map(Into::into),
                begins: instruction.begins.map(Into::into),
            });
        Disassembly {
            within: window.within.into(),
            before: window.before,
            instructions: lines.collect(),
            end: window.end.to_number(),
        }
    }
}

impl From<CodeName> for CodeView {
    fn from(name: CodeName) -> Self {
        CodeView {
            qualname: name.qualname,
            file: name.file,
        }
    }
}
