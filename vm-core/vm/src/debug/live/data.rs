//! Data breakpoints: the program stops when something is written.
//!
//! A local variable is written by a few instructions of its code object, so those carry
//! breakpoints, and nothing else pays. Whether it is the watched activation that is at one is
//! seen from where its frame lies, which is forgotten when the frame is left ([`super::quick`]),
//! or from the number that its frame object was given. Attributes, items and globals can be
//! written by anything, native code included: while one is watched, every instruction is looked
//! after, and what it held before is compared with what it holds now. Where that is all, it is
//! [`super::vigil`] that does it.

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

use tailscope_bytecode::code::kinds;
use tailscope_bytecode::dis::{RawInstruction, raw_instructions};
use tailscope_bytecode::opcode::Opcode;

use super::codes::{Codes, KnownCode};
use super::places::{Place, Places};
use super::quick::{Call, Watched as Whose, Write};
use super::values;
use crate::code::PyCode;
use crate::debug::breakpoints::{BreakpointRule, BreakpointState, BreakpointStatus, DataBreakpointSpec};
use crate::debug::types::BreakpointId;
use crate::frame::Frame;
use crate::protocol::object as obj;
use crate::types::cell::PyCell;
use crate::types::dict::PyDict;
use crate::types::frame_object::{self, PyFrame};
use crate::types::list::PyList;
use crate::types::str_::PyStr;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Something that can be written.
#[derive(Clone)]
pub(super) enum Datum {
    /// A variable of one activation.
    Local { code: Rc<KnownCode>, call: Rc<Call>, slot: usize },
    /// A variable that inner functions share.
    Cell { cell: Ref, name: Value },
    Item { container: Ref, key: Ref },
    Attribute { owner: Ref, name: Ref },
}

struct Watched {
    datum: Datum,
    description: String,
}

struct DataBreakpoint {
    id: BreakpointId,
    rule: BreakpointRule,
    hits: Rc<Cell<u64>>,
    watched: u64,
    /// What an item or an attribute held after the last instruction.
    last: Option<Ref>,
}

/// A breakpoint whose datum the instruction that is about to run writes.
pub(super) struct Armed {
    pub ids: Vec<BreakpointId>,
    /// Depth of the writing frame, and the line that it is on.
    pub depth: u32,
    pub line: Option<u32>,
    pub file: String,
    /// The values' texts, by breakpoint.
    pub before: HashMap<BreakpointId, String>,
}

/// All data breakpoints, and what could have one.
#[derive(Default)]
pub(super) struct DataBreakpoints {
    /// What was asked about, by its number, which counts from 1.
    candidates: Vec<Watched>,
    set: Vec<DataBreakpoint>,
    /// Instructions that may write a watched variable.
    sites: HashMap<Place, Vec<BreakpointId>>,
    /// The calls that could have one on a variable.
    calls: Vec<Rc<Call>>,
}

impl DataBreakpoints {
    /// Numbers something that can be watched.
    pub fn offer(&mut self, datum: Datum, description: String) -> u64 {
        let same = |w: &Watched| w.datum.is(&datum);
        let index = self.candidates.iter().position(same).unwrap_or_else(|| {
            self.candidates.push(Watched { datum, description });
            self.candidates.len() - 1
        });
        index as u64 + 1
    }

    /// A frame's activation: its frame object keeps the number.
    fn call(&mut self, vm: &Vm, f: &PyFrame) -> Rc<Call> {
        if let Some(call) = self.calls.iter().find(|call| call.number == f.watched.get()) {
            return Rc::clone(call);
        }
        let call = vm.interp.quickly.watch_call(f);
        self.calls.push(Rc::clone(&call));
        call
    }

    fn watched(&self, number: u64) -> Option<&Watched> {
        self.candidates.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    /// Whether something is watched that any instruction may write.
    pub fn needs_every_instruction(&self) -> bool {
        self.set.iter().any(|b| self.watched(b.watched).is_some_and(|w| w.datum.is_in_object()))
    }

    /// Replaces all data breakpoints.
    pub fn set(&mut self, vm: &Vm, codes: &mut Codes, places: &mut Places, specs: &[DataBreakpointSpec]) -> Vec<BreakpointStatus> {
        let old = std::mem::take(&mut self.set);
        places.clear_data(codes);
        self.sites.clear();
        let statuses = specs
            .iter()
            .map(|spec| {
                let same = old.iter().find(|b| b.id == spec.id && b.rule == spec.rule);
                let breakpoint = DataBreakpoint {
                    id: spec.id,
                    rule: spec.rule.clone(),
                    hits: same.map_or_else(Rc::default, |b| Rc::clone(&b.hits)),
                    watched: spec.watched,
                    last: self.watched(spec.watched).and_then(|w| w.datum.value(vm)),
                };
                let state = match self.watched(spec.watched).map(|w| w.datum.clone()) {
                    None => BreakpointState::Failed("nothing with this number can be watched".to_owned()),
                    Some(datum) => {
                        self.put_sites(vm, codes, places, &datum, spec.id);
                        self.set.push(breakpoint);
                        BreakpointState::Set { line: None, column: None, address: None }
                    }
                };
                BreakpointStatus { id: spec.id, state }
            })
            .collect();
        self.watch_objects(vm);
        statuses
    }

    /// Tells the vigil what is watched, and what it holds.
    fn watch_objects(&self, vm: &Vm) {
        let objects = self.set.iter().filter_map(|b| {
            let datum = &self.watched(b.watched)?.datum;
            datum.is_in_object().then(|| (datum.clone(), held(b.last.as_ref())))
        });
        vm.interp.quickly.vigil.watch(objects);
    }

    /// Puts breakpoints on the instructions that write a variable.
    fn put_sites(&mut self, vm: &Vm, codes: &mut Codes, places: &mut Places, datum: &Datum, id: BreakpointId) {
        let writers: Vec<Rc<KnownCode>> = match datum {
            Datum::Local { code, .. } => vec![Rc::clone(code)],
            Datum::Cell { name, .. } => codes.sharing(vm, *name),
            Datum::Item { .. } | Datum::Attribute { .. } => return,
        };
        for known in writers {
            let code = known.code();
            for raw in raw_instructions(&code.code.code) {
                let writes = written_slots(&raw).into_iter().flatten().any(|slot| datum.may_be(code, slot));
                if writes {
                    let place = Place { code: known.id, unit: raw.start_offset as u32 / 2 };
                    places.put_data(code, place, id);
                    self.sites.entry(place).or_default().push(id);
                }
            }
        }
    }

    /// The breakpoints whose variable the instruction at a place writes, in the frame that is there.
    pub fn written_at(&self, vm: &Vm, place: Place, frame: Frame) -> Vec<BreakpointId> {
        let Some(ids) = self.sites.get(&place) else { return Vec::new() };
        let is_there = |id: &&BreakpointId| {
            let found = self.set.iter().find(|b| b.id == **id).and_then(|b| self.watched(b.watched));
            // SAFETY: the frame is about to run an instruction.
            found.is_some_and(|w| unsafe { w.datum.is_of(vm, frame) })
        };
        ids.iter().filter(is_there).copied().collect()
    }

    /// The breakpoints whose attribute or item the instruction that is about to run names as what
    /// it writes: writing the value that is there already is writing, too.
    ///
    /// # Safety
    /// The frame is about to run the instruction at the code unit, with its stack spilled.
    pub unsafe fn named_by(&self, frame: Frame, unit: u32, oparg: u32, sp: *mut Value) -> Vec<BreakpointId> {
        // SAFETY: promised by the caller.
        let written = unsafe { destination(frame, unit, oparg, sp) };
        let Some((container, key)) = written else { return Vec::new() };
        let is_it = |b: &&DataBreakpoint| self.watched(b.watched).is_some_and(|w| w.datum.is_named(container, key));
        self.set.iter().filter(is_it).map(|b| b.id).collect()
    }

    /// The breakpoints whose item or attribute holds something else than before the last instruction.
    pub fn changed(&mut self, vm: &Vm) -> Vec<(BreakpointId, String)> {
        let mut all = Vec::new();
        for i in 0..self.set.len() {
            let b = &self.set[i];
            let Some(w) = self.watched(b.watched) else { continue };
            if !w.datum.is_in_object() {
                continue;
            }
            let now = w.datum.value(vm);
            if held(now.as_ref()) != held(b.last.as_ref()) {
                let id = b.id;
                let before = std::mem::replace(&mut self.set[i].last, now);
                all.push((id, shown(vm, before.as_ref())));
            }
        }
        if !all.is_empty() {
            self.watch_objects(vm);
        }
        all
    }

    /// What a breakpoint watches, and its value; `frame` is where a local variable is.
    ///
    /// # Safety
    /// The frame must be live.
    pub unsafe fn describe(&self, vm: &Vm, id: BreakpointId, frame: Frame) -> Option<(String, String)> {
        let b = self.set.iter().find(|b| b.id == id)?;
        let w = self.watched(b.watched)?;
        let value = match &w.datum {
            Datum::Local { slot, .. } => {
                // SAFETY: promised by the caller.
                let object = unsafe { frame_object::made_for(vm, frame) };
                object.and_then(|f| f.cast::<PyFrame>().and_then(|f| frame_slot(f, *slot)))
            }
            datum => datum.value(vm),
        };
        Some((w.description.clone(), shown(vm, value.as_ref())))
    }

    /// A breakpoint's rule and hit count, to decide with.
    pub fn rule(&self, id: BreakpointId) -> Option<(BreakpointRule, Rc<Cell<u64>>)> {
        let b = self.set.iter().find(|b| b.id == id)?;
        Some((b.rule.clone(), Rc::clone(&b.hits)))
    }

    /// What the instruction at a code unit writes of what a breakpoint watches, if that is simple.
    pub fn write_at(&self, code: &PyCode, unit: u32, id: BreakpointId) -> Option<Write> {
        let b = self.set.iter().find(|b| b.id == id)?;
        let whose = match &self.watched(b.watched)?.datum {
            Datum::Local { call, code, .. } if code.code().is_generator_like() => Whose::Generator(call.number),
            Datum::Local { call, .. } => Whose::Call(Rc::clone(call)),
            Datum::Cell { cell, name } => {
                let mut slots = 0..code.nlocalsplus as usize;
                let shared = |slot: &usize| code.kind(*slot) & (kinds::CELL | kinds::FREE) != 0;
                let slot = slots.find(|slot| shared(slot) && code.localsplus_names[*slot].is(*name))?;
                Whose::Cell(cell.value(), slot as u32)
            }
            Datum::Item { .. } | Datum::Attribute { .. } => return None,
        };
        Write::at(code, unit, whose)
    }

    /// Takes away the breakpoints on variables of activations that have ended.
    pub fn forget_ended(&mut self, codes: &Codes, places: &mut Places) -> Vec<BreakpointStatus> {
        let ended = |b: &DataBreakpoint| match self.watched(b.watched).map(|w| &w.datum) {
            Some(Datum::Local { code, call, .. }) => !code.code().is_generator_like() && call.ended.get(),
            _ => false,
        };
        let gone: Vec<BreakpointId> = self.set.iter().filter(|b| ended(b)).map(|b| b.id).collect();
        if gone.is_empty() {
            return Vec::new();
        }
        self.set.retain(|b| !gone.contains(&b.id));
        for (place, ids) in &mut self.sites {
            ids.retain(|id| !gone.contains(id));
            places.clear_data_at(codes, *place, ids);
        }
        self.sites.retain(|_, ids| !ids.is_empty());
        let reason = "the call whose variable it watched has ended";
        let status = |id| BreakpointStatus { id, state: BreakpointState::Failed(reason.to_owned()) };
        gone.into_iter().map(status).collect()
    }

    /// Whether a variable of an activation is watched.
    pub fn watches_locals(&self) -> bool {
        !self.sites.is_empty()
    }
}

fn shown(vm: &Vm, value: Option<&Ref>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |v| values::short_text(vm, v.value()))
}

/// By which what an item or an attribute held is told from what it holds: nothing, or which object.
pub(super) fn held(value: Option<&Ref>) -> Option<u64> {
    value.map(|v| v.value().borrow().bits())
}

/// The slots of `localsplus` that an instruction writes.
fn written_slots(raw: &RawInstruction) -> [Option<usize>; 2] {
    let oparg = raw.oparg as usize;
    match raw.base {
        Opcode::STORE_FAST | Opcode::DELETE_FAST | Opcode::STORE_DEREF | Opcode::DELETE_DEREF => [Some(oparg), None],
        Opcode::STORE_FAST_LOAD_FAST => [Some(oparg >> 4), None],
        Opcode::STORE_FAST_STORE_FAST => [Some(oparg >> 4), Some(oparg & 15)],
        _ => [None, None],
    }
}

/// What an instruction that stores an attribute, an item or a name stores it in, and under what.
///
/// # Safety
/// As for `DataBreakpoints::named_by`.
pub(super) unsafe fn destination(frame: Frame, unit: u32, oparg: u32, sp: *mut Value) -> Option<(Value, Value)> {
    // SAFETY: promised by the caller: the operands are on the stack.
    unsafe {
        let code = frame.code();
        let name = |i: u32| code.names.get(i as usize).copied();
        let operand = |depth: usize| (*sp.sub(depth)).borrow();
        match code.base_opcode(unit as usize) {
            Opcode::STORE_ATTR | Opcode::DELETE_ATTR => Some((operand(1), name(oparg)?)),
            Opcode::STORE_SUBSCR | Opcode::DELETE_SUBSCR => Some((operand(2), operand(1))),
            Opcode::STORE_GLOBAL | Opcode::DELETE_GLOBAL => Some((frame.globals().as_value(), name(oparg)?)),
            Opcode::STORE_NAME | Opcode::DELETE_NAME => Some((frame.mapping()?, name(oparg)?)),
            _ => None,
        }
    }
}

impl Datum {
    fn is(&self, other: &Datum) -> bool {
        let same = |a: &Ref, b: &Ref| a.value().is(b.value());
        match (self, other) {
            (Datum::Local { call: a, slot: s, .. }, Datum::Local { call: b, slot: t, .. }) => a.number == b.number && s == t,
            (Datum::Cell { cell: a, .. }, Datum::Cell { cell: b, .. }) => same(a, b),
            (Datum::Item { container: a, key: k }, Datum::Item { container: b, key: l })
            | (Datum::Attribute { owner: a, name: k }, Datum::Attribute { owner: b, name: l }) => {
                same(a, b) && (same(k, l) || k.value().bits() == l.value().bits())
            }
            _ => false,
        }
    }

    /// Whether any instruction may write it: an item, an attribute or a global.
    fn is_in_object(&self) -> bool {
        matches!(self, Datum::Item { .. } | Datum::Attribute { .. })
    }

    /// Whether an item or attribute is the one that an instruction names.
    pub(super) fn is_named(&self, container: Value, key: Value) -> bool {
        match self {
            Datum::Item { container: c, key: k } | Datum::Attribute { owner: c, name: k } => {
                c.value().is(container) && (k.value().is(key) || k.value().bits() == key.bits())
            }
            Datum::Local { .. } | Datum::Cell { .. } => false,
        }
    }

    /// Whether [`Datum::value`] runs no code of the program's, as a key of its own type would.
    pub(super) fn runs_no_code(&self) -> bool {
        match self {
            Datum::Item { container, key } => {
                container.value().cast::<PyDict>().is_none() || key.value().cast_exact::<PyStr>().is_some()
            }
            Datum::Local { .. } | Datum::Cell { .. } | Datum::Attribute { .. } => true,
        }
    }

    /// Whether a slot of frames that run a code object may be this variable.
    fn may_be(&self, code: &PyCode, slot: usize) -> bool {
        match self {
            Datum::Local { slot: s, .. } => *s == slot,
            Datum::Cell { name, .. } => code.localsplus_names.get(slot).is_some_and(|n| n.is(*name)),
            Datum::Item { .. } | Datum::Attribute { .. } => false,
        }
    }

    /// Whether the variable is one that this frame writes.
    ///
    /// # Safety
    /// The frame must be live.
    unsafe fn is_of(&self, vm: &Vm, frame: Frame) -> bool {
        match self {
            Datum::Local { call, .. } => {
                // SAFETY: promised by the caller.
                let object = unsafe { frame_object::made_for(vm, frame) };
                object.is_some_and(|f| f.cast::<PyFrame>().is_some_and(|f| f.watched.get() == call.number))
            }
            Datum::Cell { cell, name } => {
                // SAFETY: promised by the caller; frames have all their variables.
                let code = unsafe { frame.code() };
                (0..code.nlocalsplus as usize)
                    .filter(|slot| code.kind(*slot) & (kinds::CELL | kinds::FREE) != 0)
                    .filter(|slot| code.localsplus_names[*slot].is(*name))
                    // SAFETY: as above.
                    .any(|slot| unsafe { (*frame.0.add(slot)).borrow() }.is(cell.value()))
            }
            Datum::Item { .. } | Datum::Attribute { .. } => false,
        }
    }

    /// The value now, as far as it can be had without a frame and without running code of the
    /// program's.
    pub(super) fn value(&self, vm: &Vm) -> Option<Ref> {
        match self {
            Datum::Local { .. } => None,
            Datum::Cell { cell, .. } => cell.value().cast_exact::<PyCell>()?.content.get_ref(),
            Datum::Item { container, key } => {
                let (container, key) = (container.value(), key.value());
                if let Some(d) = container.cast::<PyDict>() {
                    return match key.cast_exact::<PyStr>() {
                        Some(_) => d.get_str(key).map(Value::to_ref),
                        None => d.get(vm, key).ok().flatten(),
                    };
                }
                let list = container.cast::<PyList>()?;
                let index = usize::try_from(crate::types::int::to_i64(key)?).ok()?;
                list.as_slice().get(index).map(|v| v.to_ref())
            }
            Datum::Attribute { owner, name } => values::own_attribute(vm, owner.value(), name.value()),
        }
    }
}

fn frame_slot(f: &PyFrame, slot: usize) -> Option<Ref> {
    f.slot(slot).non_null().map(Value::to_ref)
}

/// What a variable of a frame is watched as.
pub(super) fn variable(vm: &Vm, data: &mut DataBreakpoints, codes: &mut Codes, f: &PyFrame, name: &str) -> Option<Datum> {
    let code = f.code();
    let slot = (0..code.nlocalsplus as usize)
        .filter(|slot| code.kind(*slot) & kinds::HIDDEN == 0)
        .find(|slot| obj::text(code.localsplus_names[*slot]) == name)?;
    if code.kind(slot) & (kinds::CELL | kinds::FREE) != 0
        && let Some(cell) = f.slot(slot).non_null().filter(|v| v.cast_exact::<PyCell>().is_some())
    {
        return Some(Datum::Cell { cell: cell.to_ref(), name: code.localsplus_names[slot] });
    }
    Some(Datum::Local { code: codes.know(code), call: data.call(vm, f), slot })
}
