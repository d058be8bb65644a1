//! Breakpoints in code: which instructions carry which, and what a hit does.

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

use tailscope_bytecode::opcode::Opcode;

use super::codes::{Codes, KnownCode, LineEntry, entries};
use super::columns;
use super::quick::{Entry, Reached, Trail};
use crate::code::PyCode;
use crate::debug::address::InstructionAddress;
use crate::debug::breakpoints::{
    BreakpointRule, BreakpointSpec, BreakpointState, BreakpointStatus, FunctionBreakpointSpec,
    HitOutcome, InstructionBreakpointSpec, RuleEvaluator, line_with_code,
};
use crate::debug::types::{BreakpointId, CodeId};
use crate::interp::breakpoint::{self, Decides};
use crate::vm::Vm;

/// An instruction that carries breakpoints.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub code: CodeId,
    pub unit: u32,
}

/// Who put a breakpoint.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// A line breakpoint of the file with this number.
    File(usize),
    Instructions,
    Functions,
}

struct Breakpoint {
    rule: BreakpointRule,
    owner: Owner,
    hits: Rc<Cell<u64>>,
}

struct FileBreakpoints {
    file: String,
    specs: Vec<BreakpointSpec>,
    /// Those that no line of the loaded code could take.
    pending: Vec<BreakpointId>,
}

/// What became of the breakpoints on one instruction that was reached.
#[derive(Default)]
pub(super) struct Hit {
    pub lines: Vec<BreakpointId>,
    pub instructions: Vec<BreakpointId>,
    pub functions: Vec<BreakpointId>,
    pub note: Option<String>,
    pub logs: Vec<String>,
}

/// All breakpoints.
#[derive(Default)]
pub(super) struct Places {
    set: HashMap<BreakpointId, Breakpoint>,
    at: HashMap<Place, Vec<BreakpointId>>,
    files: Vec<FileBreakpoints>,
    functions: Vec<FunctionBreakpointSpec>,
    /// Those of them that no loaded code has the name of.
    pending_functions: Vec<BreakpointId>,
    /// The line entries among the places.
    entries: HashMap<Place, LineEntry>,
    /// Those of them that frames have reached.
    trail: Rc<Trail>,
}

const NOT_LOADED: &str = "no code of this file has been loaded yet";

impl Places {
    /// Replaces the line breakpoints of a file.
    pub fn set_lines(
        &mut self,
        vm: &Vm,
        codes: &mut Codes,
        file: &str,
        specs: &[BreakpointSpec],
    ) -> Vec<BreakpointStatus> {
        let known = self.files.iter().position(|f| codes.same_file(&f.file, file));
        let index = known.unwrap_or_else(|| {
            self.files.push(FileBreakpoints { file: file.to_owned(), specs: vec![], pending: vec![] });
            self.files.len() - 1
        });
        let before = self.remove(codes, Owner::File(index));
        for spec in specs {
            self.add(spec.id, &spec.rule, Owner::File(index), &before);
        }
        self.files[index].specs = specs.to_vec();
        let found = codes.of_file(vm, file);
        let statuses = self.place_lines(index, &found, specs);
        self.files[index].pending = unset(&statuses);
        statuses
    }

    /// Replaces the breakpoints on instructions.
    pub fn set_instructions(
        &mut self,
        codes: &Codes,
        specs: &[InstructionBreakpointSpec],
    ) -> Vec<BreakpointStatus> {
        let before = self.remove(codes, Owner::Instructions);
        specs
            .iter()
            .map(|spec| {
                self.add(spec.id, &spec.rule, Owner::Instructions, &before);
                let state = match codes.get(spec.address.code) {
                    Some(known) => self.place_instruction(&known, spec),
                    None => BreakpointState::Failed(format!(
                        "no code object lies at {}",
                        spec.address
                    )),
                };
                BreakpointStatus { id: spec.id, state }
            })
            .collect()
    }

    /// Replaces the breakpoints on functions.
    pub fn set_functions(
        &mut self,
        vm: &Vm,
        codes: &mut Codes,
        specs: &[FunctionBreakpointSpec],
    ) -> Vec<BreakpointStatus> {
        let before = self.remove(codes, Owner::Functions);
        for spec in specs {
            self.add(spec.id, &spec.rule, Owner::Functions, &before);
        }
        self.functions = specs.to_vec();
        let found = codes.named(vm, |known| specs.iter().any(|spec| is_named(known, &spec.name)));
        let statuses = self.place_functions(&found);
        self.pending_functions = unset(&statuses);
        statuses
    }

    fn place_functions(&mut self, found: &[Rc<KnownCode>]) -> Vec<BreakpointStatus> {
        let specs = self.functions.clone();
        let mut statuses = Vec::new();
        for spec in specs {
            let mut first = None;
            for known in found.iter().filter(|known| is_named(known, &spec.name)) {
                // Its first line, once the frame has been set up.
                let Some(entry) = entries(known.code()).first().copied() else { continue };
                self.put(known.code(), Place { code: known.id, unit: entry.unit }, spec.id);
                first.get_or_insert((entry.line, address(known.id, entry.unit)));
            }
            let state = match first {
                Some((line, at)) => BreakpointState::Set { line: Some(line), column: None, address: Some(at) },
                None => BreakpointState::Pending(format!(
                    "no function {} has been loaded yet; functions that are not written in Python cannot be stopped in",
                    spec.name
                )),
            };
            statuses.push(BreakpointStatus { id: spec.id, state });
        }
        statuses
    }

    /// Puts a data breakpoint on an instruction that may write what it watches.
    pub fn put_data(&mut self, code: &PyCode, place: Place, id: BreakpointId) {
        self.put(code, place, id);
    }

    /// Takes all data breakpoints away: what is at a place and is none of the others.
    pub fn clear_data(&mut self, codes: &Codes) {
        let known: Vec<BreakpointId> = self.set.keys().copied().collect();
        self.keep(codes, |_, id| known.contains(id));
    }

    /// The same for one place, but for some of them.
    pub fn clear_data_at(&mut self, codes: &Codes, at: Place, but: &[BreakpointId]) {
        let known: Vec<BreakpointId> = self.set.keys().copied().collect();
        self.keep(codes, |place, id| *place != at || known.contains(id) || but.contains(id));
    }

    /// Whether nothing but data breakpoints are at a place.
    pub fn is_for_data(&self, place: Place) -> bool {
        self.at.get(&place).is_some_and(|ids| !ids.iter().any(|id| self.set.contains_key(id)))
    }

    /// Takes all breakpoints away.
    pub fn forget(&mut self, codes: &Codes) {
        self.keep(codes, |_, _| false);
        self.trail.forget();
        *self = Places::default();
    }

    fn keep(&mut self, codes: &Codes, wanted: impl Fn(&Place, &BreakpointId) -> bool) {
        self.at.retain(|place, ids| {
            let before = ids.len();
            ids.retain(|id| wanted(place, id));
            if ids.len() < before
                && let Some(known) = codes.get(place.code)
            {
                if ids.is_empty() {
                    breakpoint::clear(known.code(), place.unit);
                } else {
                    known.code().breakpoints.set_quick(place.unit, Decides::Unknown);
                }
            }
            !ids.is_empty()
        });
    }

    /// Code of a file was loaded: gives its lines their breakpoints. Returns those that had
    /// no place before.
    pub fn loaded(&mut self, codes: &mut Codes, fresh: &[Rc<KnownCode>]) -> Vec<BreakpointStatus> {
        let mut news = Vec::new();
        let pending = std::mem::take(&mut self.pending_functions);
        let statuses = if self.functions.is_empty() { Vec::new() } else { self.place_functions(fresh) };
        let still = unset(&statuses);
        news.extend(statuses.into_iter().filter(|s| pending.contains(&s.id) && !still.contains(&s.id)));
        self.pending_functions = pending.into_iter().filter(|id| still.contains(id)).collect();
        for index in 0..self.files.len() {
            let file = self.files[index].file.clone();
            let found: Vec<Rc<KnownCode>> =
                fresh.iter().filter(|known| codes.same_file(&known.file, &file)).cloned().collect();
            if found.is_empty() || self.files[index].specs.is_empty() {
                continue;
            }
            let specs = self.files[index].specs.clone();
            let statuses = self.place_lines(index, &found, &specs);
            let pending = std::mem::take(&mut self.files[index].pending);
            let still = unset(&statuses);
            let settled = statuses.into_iter().filter(|s| pending.contains(&s.id) && !still.contains(&s.id));
            news.extend(settled);
            self.files[index].pending = pending.into_iter().filter(|id| still.contains(id)).collect();
        }
        news
    }

    /// Whether code of a file that has breakpoints was loaded just now.
    pub fn concern(&self, codes: &mut Codes, file: &str) -> bool {
        !self.functions.is_empty()
            || self.files.iter().any(|f| !f.specs.is_empty() && codes.same_file(&f.file, file))
    }

    /// Decides about the breakpoints on an instruction that is about to run.
    /// `frame` is where its frame lies on the stack.
    pub fn hit(&mut self, frame: usize, code: CodeId, unit: u32, evaluate: &mut dyn RuleEvaluator) -> Hit {
        let mut hit = Hit::default();
        let place = Place { code, unit };
        let within = self.reach(frame, place);
        for id in self.at.get(&place).cloned().unwrap_or_default() {
            let Some(b) = self.set.get(&id) else { continue };
            if within && matches!(b.owner, Owner::File(_)) {
                continue;
            }
            match b.rule.hit(&b.hits, evaluate) {
                HitOutcome::Pass => {}
                HitOutcome::Log(text) => hit.logs.push(text),
                HitOutcome::Stop { note } => {
                    hit.note = hit.note.or(note);
                    match b.owner {
                        Owner::File(_) => hit.lines.push(id),
                        Owner::Instructions => hit.instructions.push(id),
                        Owner::Functions => hit.functions.push(id),
                    }
                }
            }
        }
        hit
    }

    /// Notes that a frame has reached a place. Whether it came there from an earlier entry of
    /// the same line, without leaving the line.
    fn reach(&self, frame: usize, place: Place) -> bool {
        let Some(entry) = self.entries.get(&place) else { return false };
        let reached = Reached { frame, code: place.code, unit: place.unit, line: entry.line };
        let within = entry.within && self.trail.is_within(reached);
        self.trail.reach(reached);
        within
    }

    /// The breakpoints at a place.
    pub fn ids_at(&self, place: Place) -> Vec<BreakpointId> {
        self.at.get(&place).cloned().unwrap_or_default()
    }

    /// Of a breakpoint that is none on data: whether it is on a line, what it asks for, its hits.
    pub fn rule(&self, id: BreakpointId) -> Option<(bool, BreakpointRule, Rc<Cell<u64>>)> {
        let b = self.set.get(&id)?;
        Some((matches!(b.owner, Owner::File(_)), b.rule.clone(), Rc::clone(&b.hits)))
    }

    /// The entry of a line that a place is.
    pub fn entry_at(&self, place: Place) -> Option<Entry> {
        let entry = self.entries.get(&place)?;
        let trail = Rc::clone(&self.trail);
        Some(Entry { code: place.code, unit: place.unit, line: entry.line, within: entry.within, trail })
    }

    fn add(
        &mut self,
        id: BreakpointId,
        rule: &BreakpointRule,
        owner: Owner,
        before: &HashMap<BreakpointId, Breakpoint>,
    ) {
        let hits = match before.get(&id) {
            Some(old) if old.rule.condition == rule.condition && old.rule.hit_condition == rule.hit_condition => {
                old.hits.get()
            }
            _ => 0,
        };
        let hits = Rc::new(Cell::new(hits));
        self.set.insert(id, Breakpoint { rule: rule.clone(), owner, hits });
    }

    /// Takes an owner's breakpoints away; gives them back for their hit counts.
    fn remove(&mut self, codes: &Codes, owner: Owner) -> HashMap<BreakpointId, Breakpoint> {
        let (gone, kept): (HashMap<_, _>, HashMap<_, _>) =
            std::mem::take(&mut self.set).into_iter().partition(|(_, b)| b.owner == owner);
        self.set = kept;
        self.keep(codes, |_, id| !gone.contains_key(id));
        gone
    }

    fn place_lines(
        &mut self,
        index: usize,
        found: &[Rc<KnownCode>],
        specs: &[BreakpointSpec],
    ) -> Vec<BreakpointStatus> {
        if specs.is_empty() {
            return Vec::new();
        }
        let mut all: Vec<(LineEntry, Rc<KnownCode>)> = Vec::new();
        for known in found {
            all.extend(entries(known.code()).into_iter().map(|entry| (entry, Rc::clone(known))));
        }
        let mut lines: Vec<u32> = all.iter().map(|(entry, _)| entry.line).collect();
        lines.sort_unstable();
        lines.dedup();
        let mut statuses = Vec::new();
        for spec in specs {
            let state = match line_with_code(&lines, spec.line) {
                None if found.is_empty() => BreakpointState::Pending(NOT_LOADED.to_owned()),
                None => BreakpointState::Failed(format!(
                    "{} has no code on line {} or below",
                    self.files[index].file, spec.line
                )),
                Some(line) if spec.column.is_some() && line == spec.line => {
                    self.place_column(found, spec, line, spec.column.unwrap_or(0))
                }
                Some(line) => {
                    let mut first = None;
                    for (entry, known) in all.iter().filter(|(entry, _)| entry.line == line) {
                        let place = Place { code: known.id, unit: entry.unit };
                        self.entries.insert(place, *entry);
                        self.put(known.code(), place, spec.id);
                        first.get_or_insert(address(known.id, entry.unit));
                    }
                    BreakpointState::Set { line: Some(line), column: None, address: first }
                }
            };
            statuses.push(BreakpointStatus { id: spec.id, state });
        }
        statuses
    }

    /// Puts a breakpoint on what begins at a column.
    fn place_column(
        &mut self,
        found: &[Rc<KnownCode>],
        spec: &BreakpointSpec,
        line: u32,
        column: u32,
    ) -> BreakpointState {
        let spots: Vec<_> = found.iter().map(|known| (known, columns::spots(known.code()))).collect();
        let all: Vec<columns::Spot> = spots.iter().flat_map(|(_, spots)| spots.iter().copied()).collect();
        let chosen = columns::at_column(&all, line, column).and_then(|range| range.column);
        let mut first = None;
        for (known, spots) in &spots {
            let here = |s: &&columns::Spot| s.location.line == line && s.location.column == chosen;
            for spot in spots.iter().filter(here) {
                self.put(known.code(), Place { code: known.id, unit: spot.unit }, spec.id);
                first.get_or_insert(address(known.id, spot.unit));
            }
        }
        BreakpointState::Set { line: Some(line), column: chosen, address: first }
    }

    fn place_instruction(&mut self, known: &KnownCode, spec: &InstructionBreakpointSpec) -> BreakpointState {
        let code = known.code();
        let wanted = spec.address.offset as usize / 2;
        if wanted >= code.len() {
            return BreakpointState::Failed(format!("{} lies behind the code's end", spec.address));
        }
        let unit = first_prefix(code, code.instruction_start(wanted)) as u32;
        self.put(code, Place { code: known.id, unit }, spec.id);
        BreakpointState::Set {
            line: super::codes::location(code, unit as usize).map(|l| l.line),
            column: None,
            address: Some(address(known.id, unit)),
        }
    }

    fn put(&mut self, code: &PyCode, place: Place, id: BreakpointId) {
        if breakpoint::set(code, place.unit) {
            let ids = self.at.entry(place).or_default();
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
    }
}

/// Whether a code object is that of a function that somebody means by a name: its own, its
/// qualified one, or that with the module in front.
fn is_named(known: &KnownCode, name: &str) -> bool {
    let code = known.code();
    let qualname = crate::protocol::object::text(code.qualname.value()).replace("<locals>.", "");
    if qualname == name || crate::protocol::object::text(code.name) == name {
        // A library's function is meant only if its module is named.
        return !qualname.starts_with('<') && !known.library.get();
    }
    let Some(module) = name.strip_suffix(&qualname).and_then(|rest| rest.strip_suffix('.')) else { return false };
    let path = module.replace('.', "/");
    let file = known.file.strip_suffix(".py").unwrap_or(&known.file);
    let file = file.strip_suffix("/__init__").unwrap_or(file);
    file == path || file.ends_with(&format!("/{path}"))
}

fn address(code: CodeId, unit: u32) -> InstructionAddress {
    InstructionAddress { code, offset: unit * 2 }
}

fn unset(statuses: &[BreakpointStatus]) -> Vec<BreakpointId> {
    let set = |s: &&BreakpointStatus| !matches!(s.state, BreakpointState::Set { .. });
    statuses.iter().filter(set).map(|s| s.id).collect()
}

/// Whether the code unit before an instruction is an EXTENDED_ARG that belongs to it. Caches are
/// zeros in code as compiled, so the byte cannot be one of a cache.
pub(super) fn has_prefix(code: &PyCode, unit: usize) -> bool {
    unit > 0 && code.code.code.get(2 * (unit - 1)) == Some(&(Opcode::EXTENDED_ARG as u8))
}

/// The first EXTENDED_ARG of an instruction, or the instruction: control comes there.
pub(super) fn first_prefix(code: &PyCode, mut unit: usize) -> usize {
    while has_prefix(code, unit) {
        unit -= 1;
    }
    unit
}
