//! Breakpoints, as the client wants them and as the debuggee has set them.
//!
//! They can be set at any time. Without a debuggee they wait here; a running program, or a
//! stopped one that is busy with an evaluation, may take its time to look at them, so a
//! response is not held back for longer than [`PATIENCE`]: what comes later is told in events.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use tailscope_vm::debug::{HitCondition, InstructionAddress};

use crate::client::Responder;
use crate::link::messages::{
    AddressBreakpoint, BreakpointNews, BreakpointWords, LineBreakpoint, Rule, SetBreakpoints,
    SetExceptionFilter, SetInstructionBreakpoints,
};
use crate::protocol::amended::{InstructionBreakpoint, SetInstructionBreakpointsArguments};
use crate::protocol::{
    Breakpoint, BreakpointEvent, BreakpointEventReason, BreakpointReason, Failure,
    SetBreakpointsArguments, SetBreakpointsResponse, SetExceptionBreakpointsArguments,
    SetExceptionBreakpointsResponse, SetInstructionBreakpointsResponse, Source, SourceBreakpoint,
    to_json,
};

use super::{Due, Phase, Session};

/// How long the debuggee may take to answer before the client is answered without it.
const PATIENCE: Duration = Duration::from_millis(500);

/// The breakpoints.
#[derive(Default)]
pub(super) struct Breakpoints {
    last_id: u64,
    files: BTreeMap<String, FileBreakpoints>,
    instructions: Vec<Entry<u64>>,
    exceptions: Exceptions,
}

/// The line breakpoints of a file.
struct FileBreakpoints {
    source: Source,
    entries: Vec<Entry<u32>>,
}

/// A breakpoint on `at`, a line or an address.
struct Entry<T> {
    id: u64,
    at: T,
    rule: Rule,
    state: BreakpointWords,
}

/// Which exceptions stop the program. The uncaught ones do, for a client that never says.
#[derive(Clone, Copy)]
struct Exceptions {
    raised: bool,
    uncaught: bool,
}

impl Default for Exceptions {
    fn default() -> Self {
        Exceptions {
            raised: false,
            uncaught: true,
        }
    }
}

/// Breakpoints that a response is about.
#[derive(Clone)]
enum Group {
    File(String),
    Instructions,
}

/// A response that the debuggee's answer, or the end of patience, makes; whoever is second
/// finds it gone.
#[derive(Clone)]
pub(super) struct LateAnswer {
    to: Rc<RefCell<Option<Responder>>>,
    group: Group,
}

impl LateAnswer {
    fn take(&self) -> Option<Responder> {
        self.to.borrow_mut().take()
    }
}

impl<T: PartialEq> Entry<T> {
    /// A breakpoint that has the number of its equal in `old`, if there is one there.
    fn new(
        at: T,
        rule: Rule,
        state: BreakpointWords,
        old: &mut Vec<Entry<T>>,
        last_id: &mut u64,
    ) -> Self {
        let same = old
            .iter()
            .position(|entry| entry.at == at && entry.rule == rule);
        let id = same.map_or_else(
            || {
                *last_id += 1;
                *last_id
            },
            |index| old.swap_remove(index).id,
        );
        Entry {
            id,
            at,
            rule,
            state,
        }
    }
}

/// The lines that breakpoints are wanted on, with their rules; old clients send lines alone.
fn wanted_lines(
    breakpoints: Option<Vec<SourceBreakpoint>>,
    lines: Option<Vec<u64>>,
) -> Vec<(u32, Rule)> {
    let wanted = |b: SourceBreakpoint| {
        let rule = Rule {
            condition: written(b.condition),
            hit_condition: written(b.hit_condition),
            log_message: written(b.log_message),
        };
        (b.line, rule)
    };
    let bare = |line: u64| (u32::try_from(line).unwrap_or(u32::MAX), Rule::default());
    match breakpoints {
        Some(breakpoints) => breakpoints.into_iter().map(wanted).collect(),
        None => lines.unwrap_or_default().into_iter().map(bare).collect(),
    }
}

/// What is wrong with a rule, if something is.
fn rule_problem(rule: &Rule) -> Option<String> {
    rule.hit_condition
        .as_deref()
        .and_then(|text| HitCondition::parse(text).err())
}

/// A condition or the like; editors send empty texts for none.
fn written(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

impl Session {
    pub(super) fn set_breakpoints(&mut self, to: Responder, arguments: SetBreakpointsArguments) {
        let file = match (
            &arguments.source.path,
            arguments.source.source_reference.filter(|&r| r > 0),
        ) {
            (_, Some(reference)) => self.sources.virtual_file(reference).map(str::to_owned),
            (Some(path), None) => Some(path.clone()),
            (None, None) => None,
        };
        let Some(file) = file else {
            let failure = Failure::new(
                "the source of the breakpoints has neither a path nor a known reference",
            );
            return self.client.respond(to, Err(failure));
        };
        let SetBreakpointsArguments {
            breakpoints,
            lines,
            source,
            ..
        } = arguments;
        let wanted = wanted_lines(breakpoints, lines);
        let pending = self.pending_reason();
        let first_line = u32::from(!self.traits.lines_start_at_1);
        let known = &mut self.breakpoints;
        let mut old = known
            .files
            .remove(&file)
            .map(|known| known.entries)
            .unwrap_or_default();
        let entries = wanted
            .into_iter()
            .map(|(line, rule)| {
                let state = rule_problem(&rule).map_or(pending.clone(), BreakpointWords::Failed);
                let line = line.saturating_add(first_line);
                Entry::new(line, rule, state, &mut old, &mut known.last_id)
            })
            .collect();
        known
            .files
            .insert(file.clone(), FileBreakpoints { source, entries });
        self.set_group(Some(to), Group::File(file));
    }

    pub(super) fn set_instruction_breakpoints(
        &mut self,
        to: Responder,
        arguments: SetInstructionBreakpointsArguments,
    ) {
        let pending = self.pending_reason();
        let known = &mut self.breakpoints;
        let mut old = std::mem::take(&mut known.instructions);
        for wanted in arguments.breakpoints {
            let (address, rule, problem) = instruction_breakpoint(wanted);
            let state = problem.map_or(pending.clone(), BreakpointWords::Failed);
            let entry = Entry::new(address, rule, state, &mut old, &mut known.last_id);
            known.instructions.push(entry);
        }
        self.set_group(Some(to), Group::Instructions);
    }

    pub(super) fn set_exception_breakpoints(
        &mut self,
        to: Responder,
        arguments: SetExceptionBreakpointsArguments,
    ) {
        let chosen = |filter: &str| arguments.filters.iter().any(|f| f == filter);
        let unknown = arguments
            .filters
            .iter()
            .find(|f| *f != "raised" && *f != "uncaught");
        if let Some(unknown) = unknown {
            let text = format!(
                "there is no exception filter {unknown:?}; there are \"raised\" and \"uncaught\""
            );
            return self.client.respond(to, Err(Failure::new(text)));
        }
        self.breakpoints.exceptions = Exceptions {
            raised: chosen("raised"),
            uncaught: chosen("uncaught"),
        };
        if self.debugging() {
            self.tell_exception_filter();
        }
        self.client
            .respond(to, Ok(to_json(SetExceptionBreakpointsResponse::default())));
    }

    fn tell_exception_filter(&mut self) {
        let Exceptions { raised, uncaught } = self.breakpoints.exceptions;
        self.ask(SetExceptionFilter { raised, uncaught }, |_, _| {});
    }

    /// What a breakpoint is before a debuggee has looked at it.
    fn pending_reason(&self) -> BreakpointWords {
        let debugged = self
            .target
            .as_ref()
            .is_none_or(|target| !target.launching.no_debug);
        let reason = if debugged {
            "the program has not been loaded yet"
        } else {
            "the program runs without a debugger"
        };
        BreakpointWords::Pending(reason.to_owned())
    }

    /// Whether there is a debuggee that breakpoints can be told to.
    fn debugging(&self) -> bool {
        let debugged = self
            .target
            .as_ref()
            .is_some_and(|target| !target.launching.no_debug);
        debugged
            && matches!(
                self.phase,
                Phase::Configuring | Phase::Running | Phase::Stopped
            )
    }

    /// The debuggee has just come up: tells it what was set before.
    pub(super) fn send_all_breakpoints(&mut self) {
        if !self.debugging() {
            return;
        }
        self.tell_exception_filter();
        let mut groups: Vec<Group> = self
            .breakpoints
            .files
            .keys()
            .cloned()
            .map(Group::File)
            .collect();
        if !self.breakpoints.instructions.is_empty() {
            groups.push(Group::Instructions);
        }
        for group in groups {
            self.set_group(None, group);
        }
    }

    /// Tells the debuggee of a group's breakpoints, if there is one, and answers with what
    /// became of them.
    fn set_group(&mut self, to: Option<Responder>, group: Group) {
        let late = LateAnswer {
            to: Rc::new(RefCell::new(to)),
            group,
        };
        if !self.debugging() {
            return self.answer_without_debuggee(&late);
        }
        self.do_later(PATIENCE, Due::Breakpoints(late.clone()));
        match late.group.clone() {
            Group::File(file) => {
                let breakpoints = self.breakpoints.lines_to_send(&file);
                self.ask(
                    SetBreakpoints { file, breakpoints },
                    move |session, news| {
                        session.breakpoints_set(&late, news);
                    },
                );
            }
            Group::Instructions => {
                let breakpoints = self.breakpoints.addresses_to_send();
                self.ask(
                    SetInstructionBreakpoints { breakpoints },
                    move |session, news| {
                        session.breakpoints_set(&late, news);
                    },
                );
            }
        }
    }

    /// The debuggee has answered: so is the client, in a response or else in events.
    fn breakpoints_set(&mut self, late: &LateAnswer, news: Result<Vec<BreakpointNews>, Failure>) {
        let news = match (news, late.take()) {
            (Err(failure), Some(to)) => return self.client.respond(to, Err(failure)),
            (Err(_), None) => return,
            (Ok(news), Some(to)) => {
                for news in news {
                    self.breakpoints.update(news);
                }
                return self.respond_group(to, &late.group);
            }
            (Ok(news), None) => news,
        };
        for news in news {
            self.breakpoint_changed(news);
        }
    }

    /// Answers with what is known here.
    pub(super) fn answer_without_debuggee(&mut self, late: &LateAnswer) {
        if let Some(to) = late.take() {
            self.respond_group(to, &late.group);
        }
    }

    fn respond_group(&mut self, to: Responder, group: &Group) {
        let body = match group {
            Group::File(file) => {
                let known = self.breakpoints.files.get(file);
                let breakpoints =
                    known.map(|known| known.entries.iter().map(|e| self.on_line(e, &known.source)));
                to_json(SetBreakpointsResponse {
                    breakpoints: breakpoints.into_iter().flatten().collect(),
                })
            }
            Group::Instructions => {
                let breakpoints = self
                    .breakpoints
                    .instructions
                    .iter()
                    .map(on_instruction)
                    .collect();
                to_json(SetInstructionBreakpointsResponse { breakpoints })
            }
        };
        self.client.respond(to, Ok(body));
    }

    /// A breakpoint has changed by itself: the client is told, if it still wants it.
    pub(super) fn breakpoint_changed(&mut self, news: BreakpointNews) {
        let id = news.id;
        self.breakpoints.update(news);
        let in_files = self.breakpoints.files.values().find_map(|known| {
            let entry = known.entries.iter().find(|entry| entry.id == id)?;
            Some(self.on_line(entry, &known.source))
        });
        let instructions = &self.breakpoints.instructions;
        let found = in_files.or_else(|| {
            instructions
                .iter()
                .find(|entry| entry.id == id)
                .map(on_instruction)
        });
        if let Some(breakpoint) = found {
            let event = BreakpointEvent {
                breakpoint,
                reason: BreakpointEventReason::Changed,
            };
            self.client.event("breakpoint", event);
        }
    }

    fn on_line(&self, entry: &Entry<u32>, source: &Source) -> Breakpoint {
        let mut breakpoint = breakpoint(entry.id, &entry.state);
        let line = match &entry.state {
            BreakpointWords::Set {
                line: Some(line), ..
            } => *line,
            _ => entry.at,
        };
        breakpoint.line = Some(self.client_line(line));
        breakpoint.source = Some(source.clone());
        breakpoint
    }
}

impl Breakpoints {
    fn lines_to_send(&self, file: &str) -> Vec<LineBreakpoint> {
        let entries = self
            .files
            .get(file)
            .map(|known| known.entries.as_slice())
            .unwrap_or_default();
        let good = entries
            .iter()
            .filter(|entry| rule_problem(&entry.rule).is_none());
        good.map(|e| LineBreakpoint {
            id: e.id,
            line: e.at,
            rule: e.rule.clone(),
        })
        .collect()
    }

    fn addresses_to_send(&self) -> Vec<AddressBreakpoint> {
        let good = self
            .instructions
            .iter()
            .filter(|e| e.at != NO_ADDRESS && rule_problem(&e.rule).is_none());
        good.map(|e| AddressBreakpoint {
            id: e.id,
            address: e.at,
            rule: e.rule.clone(),
        })
        .collect()
    }

    fn update(&mut self, news: BreakpointNews) {
        let lines = self.files.values_mut().flat_map(|known| &mut known.entries);
        let lines = lines.map(|entry| (entry.id, &mut entry.state));
        let instructions = self
            .instructions
            .iter_mut()
            .map(|entry| (entry.id, &mut entry.state));
        if let Some((_, state)) = lines.chain(instructions).find(|(id, _)| *id == news.id) {
            *state = news.state;
        }
    }
}

/// Stands for a reference that is no address; no code object has it.
const NO_ADDRESS: u64 = u64::MAX;

/// The address that a breakpoint is wanted on, its rule, and what is wrong with them.
fn instruction_breakpoint(wanted: InstructionBreakpoint) -> (u64, Rule, Option<String>) {
    let rule = Rule {
        condition: written(wanted.condition),
        hit_condition: written(wanted.hit_condition),
        log_message: None,
    };
    match wanted.instruction_reference.parse::<InstructionAddress>() {
        Ok(address) => {
            let address = address
                .to_number()
                .wrapping_add_signed(wanted.offset.unwrap_or(0));
            let problem = rule_problem(&rule);
            (address, rule, problem)
        }
        Err(error) => (NO_ADDRESS, rule, Some(error.to_string())),
    }
}

fn breakpoint(id: u64, state: &BreakpointWords) -> Breakpoint {
    let mut breakpoint = Breakpoint {
        id: Some(id),
        ..Breakpoint::default()
    };
    match state {
        BreakpointWords::Set { address, .. } => {
            breakpoint.verified = true;
            breakpoint.instruction_reference =
                address.map(|address| InstructionAddress::from_number(address).to_string());
        }
        BreakpointWords::Pending(reason) => {
            breakpoint.message = Some(reason.clone());
            breakpoint.reason = Some(BreakpointReason::Pending);
        }
        BreakpointWords::Failed(reason) => {
            breakpoint.message = Some(reason.clone());
            breakpoint.reason = Some(BreakpointReason::Failed);
        }
    }
    breakpoint
}

fn on_instruction(entry: &Entry<u64>) -> Breakpoint {
    let mut breakpoint = breakpoint(entry.id, &entry.state);
    if entry.at != NO_ADDRESS {
        breakpoint.instruction_reference =
            Some(InstructionAddress::from_number(entry.at).to_string());
    }
    breakpoint
}

impl Session {
    /// A line as the client counts.
    pub(super) fn client_line(&self, line: u32) -> u32 {
        if self.traits.lines_start_at_1 {
            line
        } else {
            line.saturating_sub(1)
        }
    }

    /// A column (from 0) as the client counts.
    pub(super) fn client_column(&self, column: u32) -> u32 {
        column.saturating_add(u32::from(self.traits.columns_start_at_1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_breakpoint_that_is_set_again_keeps_its_number() {
        let mut last_id = 0;
        let mut make = |line, old: &mut Vec<Entry<u32>>| {
            Entry::new(
                line,
                Rule::default(),
                BreakpointWords::Pending(String::new()),
                old,
                &mut last_id,
            )
        };
        let first = vec![
            make(3, &mut Vec::new()),
            make(5, &mut Vec::new()),
            make(5, &mut Vec::new()),
        ];
        let numbers: Vec<u64> = first.iter().map(|entry| entry.id).collect();
        assert_eq!(numbers, [1, 2, 3]);
        let mut old = first;
        let second: Vec<u64> = [5, 4, 5].map(|line| make(line, &mut old).id).to_vec();
        assert!(
            second.contains(&2) && second.contains(&3) && second.contains(&4),
            "{second:?}"
        );
    }

    #[test]
    fn references_with_offsets_and_without_sense() {
        let wanted = |reference: &str, offset| InstructionBreakpoint {
            instruction_reference: reference.to_owned(),
            offset,
            condition: Some("  ".to_owned()),
            hit_condition: None,
        };
        let (address, rule, problem) = instruction_breakpoint(wanted("0x100000010", Some(-4)));
        assert_eq!(
            (address, rule, problem),
            (0x1_0000_000c, Rule::default(), None)
        );
        let (address, _, problem) = instruction_breakpoint(wanted("here", None));
        assert_eq!(address, NO_ADDRESS);
        assert!(problem.unwrap().contains("is not an instruction address"));
    }
}
