//! Breakpoints, as the client wants them and as the debuggee has set them.
//!
//! They can be set at any time. Without a debuggee they wait here; a running program, or a
//! stopped one that is busy with an evaluation, may take its time to look at them, so a
//! response is not held back for longer than [`PATIENCE`]: what comes later is told in events.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};
use tailscope_vm::debug::{HitCondition, InstructionAddress};

use crate::client::Responder;
use crate::link::messages::{
    AddressBreakpoint, BreakpointNews, BreakpointWords, DataBreakpointWords, ExceptionRuleWords,
    GetBreakpointLocations, GetWatchable, LineBreakpoint, ModeWord, NamedBreakpoint, Place, Range,
    Rule, SetBreakpoints, SetDataBreakpoints, SetExceptionFilter, SetFunctionBreakpoints,
    SetInstructionBreakpoints,
};
use crate::protocol::amended::{InstructionBreakpoint, SetInstructionBreakpointsArguments};
use crate::protocol::{
    Breakpoint, BreakpointEvent, BreakpointEventReason, BreakpointLocationsArguments,
    BreakpointReason, DataBreakpointAccessType, DataBreakpointInfoArguments, ExceptionBreakMode,
    ExceptionOptions, Failure, SetBreakpointsArguments, SetBreakpointsResponse,
    SetDataBreakpointsArguments, SetExceptionBreakpointsArguments, SetExceptionBreakpointsResponse,
    SetFunctionBreakpointsArguments, SetInstructionBreakpointsResponse, Source, SourceBreakpoint,
    to_json,
};

use super::handles::Holder;
use super::inspection::stale;
use super::{Due, Phase, Session};

/// How long the debuggee may take to answer before the client is answered without it.
const PATIENCE: Duration = Duration::from_millis(500);

/// The breakpoints.
#[derive(Default)]
pub(super) struct Breakpoints {
    last_id: u64,
    files: BTreeMap<String, FileBreakpoints>,
    instructions: Vec<Entry<u64>>,
    functions: Vec<Entry<String>>,
    /// By the debuggee's numbers of what they watch.
    data: Vec<Entry<u64>>,
    exceptions: Exceptions,
}

/// The line breakpoints of a file.
struct FileBreakpoints {
    source: Source,
    entries: Vec<Entry<Spot>>,
}

/// A line, and a column in bytes from 0 where one is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Spot {
    line: u32,
    column: Option<u32>,
}

/// A breakpoint on `at`: a spot, an address, a name.
struct Entry<T> {
    id: u64,
    at: T,
    rule: Rule,
    state: BreakpointWords,
}

/// Which exceptions stop the program. The uncaught ones do, for a client that never says.
struct Exceptions(Vec<ExceptionRuleWords>);

impl Default for Exceptions {
    fn default() -> Self {
        Exceptions(vec![rule_for(ModeWord::Uncaught)])
    }
}

/// The rule that all exceptions stop the program at one of their moments.
fn rule_for(mode: ModeWord) -> ExceptionRuleWords {
    ExceptionRuleWords {
        mode,
        classes: Vec::new(),
        negate: false,
        condition: None,
    }
}

/// The exception filters: name, label, description, whether it is on at first, and the moment.
pub(super) const FILTERS: [(&str, &str, &str, bool, ModeWord); 3] = [
    (
        "raised",
        "Raised Exceptions",
        "Stop as an exception is raised",
        false,
        ModeWord::Raised,
    ),
    (
        "userUnhandled",
        "User Unhandled Exceptions",
        "Stop at an exception that code of a library may catch, but none of yours",
        false,
        ModeWord::UserUnhandled,
    ),
    (
        "uncaught",
        "Uncaught Exceptions",
        "Stop at an exception that nothing catches",
        true,
        ModeWord::Uncaught,
    ),
];

/// The rule of a filter that a client has chosen.
fn rule_of_filter(filter: &str, condition: Option<String>) -> Result<ExceptionRuleWords, Failure> {
    let found = FILTERS.iter().find(|known| known.0 == filter);
    let Some((_, _, _, _, mode)) = found else {
        let known: Vec<String> = FILTERS.iter().map(|f| format!("{:?}", f.0)).collect();
        let text = format!(
            "there is no exception filter {filter:?}; there are {}",
            known.join(", ")
        );
        return Err(Failure::new(text));
    };
    Ok(ExceptionRuleWords {
        condition: written(condition),
        ..rule_for(*mode)
    })
}

/// The rules of an exception option: the last part of its path names classes.
fn rules_of_option(option: ExceptionOptions) -> Option<ExceptionRuleWords> {
    let mode = match option.break_mode {
        ExceptionBreakMode::Never => return None,
        ExceptionBreakMode::Always => ModeWord::Raised,
        ExceptionBreakMode::UserUnhandled => ModeWord::UserUnhandled,
        ExceptionBreakMode::Unhandled => ModeWord::Uncaught,
    };
    // The first part names the category, of which there is one.
    let mut path = option.path.unwrap_or_default();
    let last = if path.len() > 1 { path.pop() } else { None };
    let (classes, negate) = last.map_or((Vec::new(), false), |part| {
        (part.names, part.negate == Some(true))
    });
    Some(ExceptionRuleWords {
        classes,
        negate,
        ..rule_for(mode)
    })
}

/// Breakpoints that a response is about.
#[derive(Clone)]
enum Group {
    File(String),
    Instructions,
    Functions,
    Data,
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
) -> Vec<(u32, Option<u32>, Rule)> {
    let wanted = |b: SourceBreakpoint| {
        let rule = Rule {
            condition: written(b.condition),
            hit_condition: written(b.hit_condition),
            log_message: written(b.log_message),
        };
        (b.line, b.column, rule)
    };
    let bare = |line: u64| {
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        (line, None, Rule::default())
    };
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
        let Some(file) = self.file_of(&arguments.source) else {
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
        let first_line = u32::from(!self.traits.lines_start_at_1);
        let wanted: Vec<(Spot, Rule)> = wanted_lines(breakpoints, lines)
            .into_iter()
            .map(|(line, column, rule)| {
                let line = line.saturating_add(first_line);
                let column = column.map(|column| self.bytes_column(&file, line, column));
                (Spot { line, column }, rule)
            })
            .collect();
        let pending = self.pending_reason();
        let known = &mut self.breakpoints;
        let mut old = known
            .files
            .remove(&file)
            .map(|known| known.entries)
            .unwrap_or_default();
        let entries = wanted
            .into_iter()
            .map(|(spot, rule)| {
                let state = rule_problem(&rule).map_or(pending.clone(), BreakpointWords::Failed);
                Entry::new(spot, rule, state, &mut old, &mut known.last_id)
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
        let plain = arguments.filters.iter().map(|filter| (filter.clone(), None));
        let options = arguments.filter_options.unwrap_or_default().into_iter();
        let filters = plain.chain(options.map(|option| (option.filter_id, option.condition)));
        let rules: Result<Vec<_>, Failure> = filters
            .map(|(filter, condition)| rule_of_filter(&filter, condition))
            .collect();
        let mut rules = match rules {
            Ok(rules) => rules,
            Err(failure) => return self.client.respond(to, Err(failure)),
        };
        let options = arguments.exception_options.unwrap_or_default();
        rules.extend(options.into_iter().filter_map(rules_of_option));
        self.breakpoints.exceptions = Exceptions(rules);
        if self.debugging() {
            self.tell_exception_filter();
        }
        self.client
            .respond(to, Ok(to_json(SetExceptionBreakpointsResponse::default())));
    }

    fn tell_exception_filter(&mut self) {
        let rules = self.breakpoints.exceptions.0.clone();
        self.ask(SetExceptionFilter { rules }, |_, _| {});
    }

    pub(super) fn set_function_breakpoints(
        &mut self,
        to: Responder,
        arguments: SetFunctionBreakpointsArguments,
    ) {
        let pending = self.pending_reason();
        let known = &mut self.breakpoints;
        let mut old = std::mem::take(&mut known.functions);
        for wanted in arguments.breakpoints {
            let rule = rule_of(wanted.condition, wanted.hit_condition);
            let name = wanted.name.trim().trim_end_matches("()").to_owned();
            let problem = match rule_problem(&rule) {
                None if name.is_empty() => Some("no function is named".to_owned()),
                problem => problem,
            };
            let state = problem.map_or(pending.clone(), BreakpointWords::Failed);
            let entry = Entry::new(name, rule, state, &mut old, &mut known.last_id);
            known.functions.push(entry);
        }
        self.set_group(Some(to), Group::Functions);
    }

    pub(super) fn set_data_breakpoints(
        &mut self,
        to: Responder,
        arguments: SetDataBreakpointsArguments,
    ) {
        let pending = self.pending_reason();
        let known = &mut self.breakpoints;
        let mut old = std::mem::take(&mut known.data);
        for wanted in arguments.breakpoints {
            let rule = rule_of(wanted.condition, wanted.hit_condition);
            let watched = data_number(&wanted.data_id, self.run);
            let problem = match (watched, &wanted.access_type) {
                (None, _) => Some(
                    "what this watches belongs to an earlier run of the program: ask for it anew"
                        .to_owned(),
                ),
                (_, Some(DataBreakpointAccessType::Read)) => {
                    Some("only writing can be watched, not reading".to_owned())
                }
                _ => rule_problem(&rule),
            };
            let state = problem.map_or(pending.clone(), BreakpointWords::Failed);
            let at = watched.unwrap_or(NO_ADDRESS);
            let entry = Entry::new(at, rule, state, &mut old, &mut known.last_id);
            known.data.push(entry);
        }
        self.set_group(Some(to), Group::Data);
    }

    pub(super) fn data_breakpoint_info(
        &mut self,
        to: Responder,
        arguments: DataBreakpointInfoArguments,
    ) {
        let reference = arguments.variables_reference.filter(|&reference| reference > 0);
        let place = match reference.map(|reference| self.handles.find(reference)) {
            None => None,
            Some(Some(Holder::Locals { frame })) => Some(Place::Locals(*frame)),
            Some(Some(Holder::Globals { frame })) => Some(Place::Globals(*frame)),
            Some(Some(Holder::Value { handle, .. })) => Some(Place::Value(*handle)),
            Some(Some(
                Holder::Stack { .. }
                | Holder::Instruction { .. }
                | Holder::Handler { .. }
                | Holder::Block { .. }
                | Holder::Known(_),
            )) => {
                return self.no_data_breakpoint(to, "this value cannot be watched");
            }
            Some(None) => return self.client.respond(to, Err(stale("value"))),
        };
        if arguments.as_address == Some(true) {
            let why = "addresses of memory cannot be watched, but variables, attributes and items";
            return self.no_data_breakpoint(to, why);
        }
        let frame = match self.frame_of(arguments.frame_id) {
            Ok(frame) => frame,
            Err(failure) => return self.client.respond(to, Err(failure)),
        };
        let command = GetWatchable {
            of: place,
            frame,
            name: arguments.name,
        };
        let run = self.run;
        let ticket = self.pend(to);
        self.ask(command, move |session, found| {
            // That something cannot be watched is an answer, and no failure.
            let body = match found {
                Ok(found) => json!({
                    "dataId": format!("{run}:{}", found.id), "description": found.description,
                    "accessTypes": ["write"], "canPersist": false,
                }),
                Err(failure) => json!({ "dataId": null, "description": failure.text }),
            };
            session.answer(&ticket, Ok(body));
        });
    }

    fn no_data_breakpoint(&mut self, to: Responder, why: &str) {
        let body = json!({ "dataId": null, "description": why });
        self.client.respond(to, Ok(body));
    }

    pub(super) fn breakpoint_locations(
        &mut self,
        to: Responder,
        arguments: BreakpointLocationsArguments,
    ) {
        let Some(file) = self.file_of(&arguments.source) else {
            let failure = Failure::new("the source has neither a path nor a known reference");
            return self.client.respond(to, Err(failure));
        };
        let first_line = u32::from(!self.traits.lines_start_at_1);
        let first = arguments.line.saturating_add(first_line);
        let last = arguments.end_line.map_or(first, |line| line.saturating_add(first_line));
        let from = (first, arguments.column.unwrap_or(0));
        let to_place = (last, arguments.end_column.unwrap_or(u32::MAX));
        let command = GetBreakpointLocations {
            file: file.clone(),
            first,
            last,
        };
        self.ask_any_time(to, command, move |session, ranges| {
            let mut list: Vec<Value> = Vec::new();
            for range in ranges {
                let range = session.sources.in_utf16(&file, range);
                let column = session.client_column(range.column.unwrap_or(0));
                if (from..=to_place).contains(&(range.line, column)) {
                    let mut body = json!({ "line": session.client_line(range.line) });
                    session.add_columns(&mut body, range);
                    list.push(body);
                }
            }
            Ok(json!({ "breakpoints": list }))
        });
    }

    /// A column in bytes from 0, of one as the client counts.
    fn bytes_column(&mut self, file: &str, line: u32, column: u32) -> u32 {
        let column = column.saturating_sub(u32::from(self.traits.columns_start_at_1));
        self.sources.in_bytes(file, line, column)
    }

    /// The program is run anew: what was watched in it is gone.
    pub(super) fn forget_data_breakpoints(&mut self) {
        for entry in std::mem::take(&mut self.breakpoints.data) {
            let state = BreakpointWords::Failed("the program has been restarted".to_owned());
            let event = BreakpointEvent {
                breakpoint: breakpoint(entry.id, &state),
                reason: BreakpointEventReason::Changed,
            };
            self.client.event("breakpoint", event);
        }
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
        if !self.breakpoints.functions.is_empty() {
            groups.push(Group::Functions);
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
            Group::Functions => {
                let breakpoints = self.breakpoints.functions_to_send();
                self.ask(
                    SetFunctionBreakpoints { breakpoints },
                    move |session, news| {
                        session.breakpoints_set(&late, news);
                    },
                );
            }
            Group::Data => {
                let breakpoints = self.breakpoints.data_to_send();
                self.ask(SetDataBreakpoints { breakpoints }, move |session, news| {
                    session.breakpoints_set(&late, news);
                });
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
                let known = self.breakpoints.files.get(file).map(|known| {
                    let entries = known.entries.iter();
                    let states: Vec<_> = entries.map(|e| (e.id, e.at, e.state.clone())).collect();
                    (states, known.source.clone())
                });
                let (states, source) = known.unwrap_or_default();
                let breakpoints = states
                    .into_iter()
                    .map(|(id, at, state)| self.on_line(id, at, &state, file, &source))
                    .collect();
                to_json(SetBreakpointsResponse { breakpoints })
            }
            Group::Functions => {
                let entries = self.breakpoints.functions.iter();
                let list: Vec<_> = entries.map(|e| self.on_function(e)).collect();
                json!({ "breakpoints": list })
            }
            Group::Data => {
                let entries = self.breakpoints.data.iter();
                let list: Vec<_> = entries.map(|e| breakpoint(e.id, &e.state)).collect();
                json!({ "breakpoints": list })
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
        let in_files = self.breakpoints.files.iter().find_map(|(file, known)| {
            let e = known.entries.iter().find(|entry| entry.id == id)?;
            Some((file.clone(), known.source.clone(), e.at, e.state.clone()))
        });
        let found = match in_files {
            Some((file, source, at, state)) => Some(self.on_line(id, at, &state, &file, &source)),
            None => self.elsewhere(id),
        };
        if let Some(breakpoint) = found {
            let event = BreakpointEvent {
                breakpoint,
                reason: BreakpointEventReason::Changed,
            };
            self.client.event("breakpoint", event);
        }
    }

    /// A breakpoint that is on no line of a file.
    fn elsewhere(&self, id: u64) -> Option<Breakpoint> {
        let known = &self.breakpoints;
        let instruction = known.instructions.iter().find(|entry| entry.id == id);
        let function = known.functions.iter().find(|entry| entry.id == id);
        let data = known.data.iter().find(|entry| entry.id == id);
        instruction
            .map(on_instruction)
            .or_else(|| function.map(|entry| self.on_function(entry)))
            .or_else(|| data.map(|entry| breakpoint(entry.id, &entry.state)))
    }

    fn on_line(
        &mut self,
        id: u64,
        at: Spot,
        state: &BreakpointWords,
        file: &str,
        source: &Source,
    ) -> Breakpoint {
        let mut breakpoint = breakpoint(id, state);
        let (line, column) = match state {
            BreakpointWords::Set {
                line: Some(line),
                column,
                ..
            } => (*line, *column),
            _ => (at.line, at.column),
        };
        breakpoint.line = Some(self.client_line(line));
        let range = Range {
            line,
            column,
            end_line: line,
            end_column: None,
        };
        let column = self.sources.in_utf16(file, range).column;
        breakpoint.column = column.map(|column| self.client_column(column));
        breakpoint.source = Some(source.clone());
        breakpoint
    }

    fn on_function(&self, entry: &Entry<String>) -> Breakpoint {
        let mut breakpoint = breakpoint(entry.id, &entry.state);
        if let BreakpointWords::Set {
            line: Some(line), ..
        } = &entry.state
        {
            breakpoint.line = Some(self.client_line(*line));
        }
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
            line: e.at.line,
            column: e.at.column,
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

    fn functions_to_send(&self) -> Vec<NamedBreakpoint> {
        let good = self
            .functions
            .iter()
            .filter(|e| !e.at.is_empty() && rule_problem(&e.rule).is_none());
        good.map(|e| NamedBreakpoint {
            id: e.id,
            name: e.at.clone(),
            rule: e.rule.clone(),
        })
        .collect()
    }

    fn data_to_send(&self) -> Vec<DataBreakpointWords> {
        let failed = |e: &&Entry<u64>| matches!(e.state, BreakpointWords::Failed(_));
        let good = self.data.iter().filter(|e| !failed(e));
        good.map(|e| DataBreakpointWords {
            id: e.id,
            watched: e.at,
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
        let functions = self.functions.iter_mut().map(|e| (e.id, &mut e.state));
        let data = self.data.iter_mut().map(|e| (e.id, &mut e.state));
        let mut all = lines.chain(instructions).chain(functions).chain(data);
        if let Some((_, state)) = all.find(|(id, _)| *id == news.id) {
            *state = news.state;
        }
    }
}

/// Stands for a reference that is no address; no code object has it.
const NO_ADDRESS: u64 = u64::MAX;

/// A rule that logs nothing.
fn rule_of(condition: Option<String>, hit_condition: Option<String>) -> Rule {
    Rule {
        condition: written(condition),
        hit_condition: written(hit_condition),
        log_message: None,
    }
}

/// The debuggee's number of what a data id means, if it is of this run of the program.
fn data_number(data_id: &str, run: u64) -> Option<u64> {
    let (of_run, number) = data_id.split_once(':')?;
    (of_run.parse() == Ok(run)).then(|| number.parse().ok())?
}

/// The address that a breakpoint is wanted on, its rule, and what is wrong with them.
fn instruction_breakpoint(wanted: InstructionBreakpoint) -> (u64, Rule, Option<String>) {
    let rule = rule_of(wanted.condition, wanted.hit_condition);
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
    /// The file that a source of the client's is.
    pub(super) fn file_of(&self, source: &Source) -> Option<String> {
        match (&source.path, source.source_reference.filter(|&r| r > 0)) {
            (_, Some(reference)) => self.sources.virtual_file(reference).map(str::to_owned),
            (Some(path), None) => Some(path.clone()),
            (None, None) => None,
        }
    }

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
        let mut make = |line: u32, old: &mut Vec<Entry<u32>>| {
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
