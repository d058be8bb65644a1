//! Between the seam's types and the link's: commands one way, answers the other.

use tailscope_vm::debug::breakpoints::{BreakpointRule, InstructionBreakpointSpec};
use tailscope_vm::debug::{
    Access, BreakpointId, BreakpointSpec, BreakpointState, BreakpointStatus, Children, Container,
    DebugError, DisassemblyWindow, ExceptionInfo, ExceptionMode, FrameId, FrameInfo, HitCondition,
    InstructionAddress, InstructionView, LaunchSpec, LogMessage, PageFilter, ProgramSource,
    SlotKind, SourceRange, StackSlot, StepKind, StopReason, ThreadInfo, ValueHandle, VariableInfo,
    VariableKind,
};

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
            just_my_code: launch.just_my_code,
            no_debug: launch.no_debug,
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

pub(super) fn news(status: BreakpointStatus) -> BreakpointNews {
    let state = match status.state {
        BreakpointState::Set { line, address } => BreakpointWords::Set {
            line,
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
            uncaught: *mode == ExceptionMode::Uncaught,
        },
    })
}

impl From<StepWord> for StepKind {
    fn from(word: StepWord) -> Self {
        match word {
            StepWord::LineInto => StepKind::LineInto,
            StepWord::LineOver => StepKind::LineOver,
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
            kind: match variable.kind {
                VariableKind::Data => KindWord::Data,
                VariableKind::Cell => KindWord::Cell,
                VariableKind::Free => KindWord::Free,
                VariableKind::Method => KindWord::Method,
                VariableKind::Class => KindWord::Class,
                VariableKind::Virtual => KindWord::Virtual,
            },
            inside: variable.children.map(inside),
            access: match variable.access {
                Access::Name => AccessWord::Name,
                Access::Attribute => AccessWord::Attribute,
                Access::Item(key) => AccessWord::Item(key),
                Access::None => AccessWord::None,
            },
            settable: variable.settable,
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
            uncaught: exception.mode == ExceptionMode::Uncaught,
            cause: exception.cause.map(|cause| Box::new((*cause).into())),
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
            });
        Disassembly {
            qualname: window.qualname,
            file: window.file,
            first_index: window.first_index,
            instructions: lines.collect(),
            total: window.total,
            end_offset: window.end_offset,
        }
    }
}
