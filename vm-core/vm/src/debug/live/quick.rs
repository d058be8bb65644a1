//! What decides about most hits of breakpoints at once, without the debugger: counts and conditions
//! that need no Python code, writes in calls that are not watched.
//!
//! Each instruction that carries breakpoints keeps its own [`Quick`] beside the opcode that was
//! replaced (`interp::breakpoint`). It is made at the instruction's first hit and thrown away when
//! the instruction's breakpoints change. Whatever it does not decide goes to the debugger, to which
//! it leaves everything as it was.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use tailscope_bytecode::dis::raw_instructions;
use tailscope_bytecode::opcode::Opcode;

use super::condition::{Condition, Simple, Written};
use super::function::Function;
use super::vigil::Vigil;
use crate::code::PyCode;
use crate::debug::breakpoints::HitCondition;
use crate::debug::types::CodeId;
use crate::frame::Frame;
use crate::interp::breakpoint::Passed;
use crate::types::frame_object::PyFrame;
use crate::value::Value;
use crate::vm::Vm;

/// The interpreter's part: whether anything is decided at once, and for whom.
pub struct Quickly {
    /// A debugger is there, and is not at work now.
    on: Cell<bool>,
    /// The store that passed last.
    pub(crate) passed: Passed,
    /// Clock of an instruction that was decided about and may be met again; `u64::MAX`: none.
    pub settled: Cell<u64>,
    /// What looks after items, attributes and globals that are watched.
    pub(crate) vigil: Vigil,
    /// The calls whose variables are watched.
    calls: RefCell<Vec<Rc<Call>>>,
    /// The number of the last of them.
    last: Cell<u64>,
    /// One of them has ended.
    ended: Cell<bool>,
}

impl Default for Quickly {
    fn default() -> Quickly {
        Quickly {
            on: Cell::new(false),
            passed: Passed::default(),
            settled: Cell::new(u64::MAX),
            vigil: Vigil::default(),
            calls: RefCell::default(),
            last: Cell::new(0),
            ended: Cell::new(false),
        }
    }
}

impl Quickly {
    pub fn is_on(&self) -> bool {
        self.on.get()
    }

    /// Switches it on or off; gives back what it was. Breakpoints change only while it is off.
    pub fn switch(&self, on: bool) -> bool {
        self.passed.forget();
        self.on.replace(on)
    }

    /// Numbers a call, whose frame object keeps the number from now on.
    pub(super) fn watch_call(&self, f: &PyFrame) -> Rc<Call> {
        self.last.set(self.last.get() + 1);
        f.watched.set(self.last.get());
        let call = Rc::new(Call { number: self.last.get(), frame: Cell::new(f.place_on_stack()), ended: Cell::new(false) });
        self.calls.borrow_mut().push(Rc::clone(&call));
        call
    }

    /// The frame of a watched call is left.
    pub fn call_ended(&self, number: u64) {
        self.passed.forget();
        self.calls.borrow_mut().retain(|call| {
            if call.number == number {
                call.frame.set(std::ptr::null_mut());
                call.ended.set(true);
                self.ended.set(true);
            }
            call.number != number
        });
    }

    /// Whether a watched call has ended since this was last asked.
    pub(super) fn take_ended(&self) -> bool {
        self.ended.take()
    }
}

/// An activation of a function.
pub(crate) struct Call {
    pub number: u64,
    /// Where its frame lies; null for a generator's, which moves, and when it has ended.
    frame: Cell<*mut Value>,
    /// Never of a generator's.
    pub ended: Cell<bool>,
}

/// An entry of a line that a frame has reached.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Reached {
    /// Where the frame lies on the stack.
    pub frame: usize,
    pub code: CodeId,
    pub unit: u32,
    pub line: u32,
}

/// The entry that was last reached in each frame that has reached one.
#[derive(Default)]
pub(super) struct Trail {
    /// The innermost frame is last.
    all: RefCell<Vec<Reached>>,
    /// The last of them.
    last: Cell<Option<Reached>>,
}

impl Trail {
    /// Whether a frame comes to an entry from an earlier one of the same line, without having left
    /// the line.
    pub fn is_within(&self, to: Reached) -> bool {
        let all = self.all.borrow();
        let before = all.iter().rev().find(|r| r.frame <= to.frame);
        before.is_some_and(|b| b.frame == to.frame && b.code == to.code && b.unit < to.unit && b.line == to.line)
    }

    /// Notes that a frame has reached an entry.
    #[inline(always)]
    pub fn reach(&self, to: Reached) {
        if self.last.get() != Some(to) {
            self.note(to);
        }
    }

    #[inline(never)]
    fn note(&self, to: Reached) {
        let mut all = self.all.borrow_mut();
        while all.last().is_some_and(|r| r.frame >= to.frame) {
            all.pop();
        }
        all.push(to);
        self.last.set(Some(to));
    }

    pub fn forget(&self) {
        self.all.borrow_mut().clear();
        self.last.set(None);
    }
}

/// Where execution enters a line.
pub(super) struct Entry {
    pub code: CodeId,
    pub unit: u32,
    pub line: u32,
    /// Control also comes here from an earlier entry of the line.
    pub within: bool,
    pub trail: Rc<Trail>,
}

impl Entry {
    fn reached(&self, frame: Frame) -> Reached {
        Reached { frame: frame.0.addr(), code: self.code, unit: self.unit, line: self.line }
    }

    fn is_within(&self, frame: Frame) -> bool {
        self.within && self.trail.is_within(self.reached(frame))
    }
}

/// A breakpoint's condition, in the forms that it has.
pub(super) struct Test {
    /// Decides at once, for most values.
    pub steps: Option<Condition>,
    /// Decides where the steps do not, when the debugger calls it.
    pub function: Option<Function>,
}

/// One breakpoint of an instruction.
pub(super) struct Check {
    /// For a data breakpoint: what is written.
    pub write: Option<Write>,
    /// It is one on a line, which is not hit where a line is entered from within.
    pub on_line: bool,
    /// None: it holds always.
    pub test: Option<Test>,
    pub hits: Option<(HitCondition, Rc<Cell<u64>>)>,
}

/// A write of a watched variable.
pub(super) struct Write {
    pub of: Watched,
    /// The slots that the instruction writes, and how deep below the top of the stack the values are.
    slots: [Option<(u32, usize)>; 2],
}

/// Whose variable is watched.
pub(super) enum Watched {
    Call(Rc<Call>),
    Generator(u64),
    /// The cell, and the slot that it is in.
    Cell(Value, u32),
}

enum Mine {
    Yes,
    No,
    /// Something has changed that the debugger has to see to.
    Unclear,
}

impl Write {
    /// What the instruction at a code unit writes, if it only writes variables. A cell is written in
    /// slots of its kind alone.
    pub fn at(code: &PyCode, unit: u32, of: Watched) -> Option<Write> {
        let raw = raw_instructions(&code.code.code).find(|raw| {
            raw.base != Opcode::EXTENDED_ARG && raw.start_offset == unit as usize * 2
        })?;
        let is_cell = matches!(of, Watched::Cell(..));
        let slots = match raw.base {
            Opcode::STORE_FAST if !is_cell => [Some((raw.oparg, 1)), None],
            Opcode::STORE_FAST_LOAD_FAST if !is_cell => [Some((raw.oparg >> 4, 1)), None],
            // The second one is written last.
            Opcode::STORE_FAST_STORE_FAST if !is_cell => [Some((raw.oparg & 15, 2)), Some((raw.oparg >> 4, 1))],
            Opcode::STORE_DEREF if is_cell => [Some((raw.oparg, 1)), None],
            _ => return None,
        };
        Some(Write { of, slots })
    }

    #[inline]
    unsafe fn is_mine(&self, frame: Frame) -> Mine {
        let mine = match &self.of {
            Watched::Call(call) if call.frame.get().is_null() => return Mine::Unclear,
            Watched::Call(call) => call.frame.get() == frame.0,
            // SAFETY: promised by the caller; code of generators alone has this.
            Watched::Generator(number) => unsafe { frame.generator() }.is_some_and(|g| {
                g.frame_object.get().non_null().and_then(|f| f.cast::<PyFrame>()).is_some_and(|f| f.watched.get() == *number)
            }),
            // SAFETY: promised by the caller: the frame has the slot.
            Watched::Cell(cell, slot) => unsafe { (*frame.0.add(*slot as usize)).borrow() }.is(*cell),
        };
        if mine { Mine::Yes } else { Mine::No }
    }

    /// How deep below the top of the stack the value is that a slot of a call is about to get.
    fn depth_of(&self, slot: u32) -> Option<usize> {
        let is_call = matches!(self.of, Watched::Call(_));
        self.slots.iter().flatten().find(|(s, _)| is_call && *s == slot).map(|(_, depth)| *depth)
    }

    /// The slots with what is about to be written.
    #[inline]
    unsafe fn written(&self, sp: *mut Value) -> Written {
        // SAFETY: promised by the caller: the operands are on the stack.
        let value = |(slot, depth)| (slot, unsafe { *sp.sub(depth) });
        Written::new(self.slots.map(|slot| slot.map(value)))
    }
}

/// What there is to decide about an instruction.
pub(crate) struct Quick {
    pub(super) entry: Option<Entry>,
    /// Only one, if hits are counted.
    pub(super) checks: Box<[Check]>,
}

impl Quick {
    /// Whether nothing is to be done about an instruction that is about to run.
    ///
    /// # Safety
    /// The frame is about to run the instruction that this was made for, with its stack up to `sp`.
    #[inline]
    pub unsafe fn passes(&self, vm: &Vm, frame: Frame, sp: *mut Value) -> bool {
        let within = self.entry.as_ref().is_some_and(|entry| entry.is_within(frame));
        for check in &self.checks {
            if check.on_line && within {
                continue;
            }
            let written = match &check.write {
                None => Written::NOTHING,
                // SAFETY: promised by the caller.
                Some(write) => match unsafe { write.is_mine(frame) } {
                    Mine::No => continue,
                    Mine::Unclear => return false,
                    // SAFETY: as above.
                    Mine::Yes => unsafe { write.written(sp) },
                },
            };
            let holds = match &check.test {
                None => true,
                // SAFETY: as above.
                Some(Test { steps: Some(steps), .. }) => match unsafe { steps.holds(vm, frame, &written) } {
                    Some(holds) => holds,
                    None => return false,
                },
                Some(_) => return false,
            };
            if holds && !check.counts_for_nothing() {
                return false;
            }
        }
        self.pass(frame);
        true
    }

    /// What alone there is to look at when the same call comes here again, if it is no more than the
    /// value it writes, which is compared with a small int.
    ///
    /// # Safety
    /// As for [`Quick::passes`], which has just said so.
    pub unsafe fn look_at(&self, frame: Frame) -> Option<(usize, Simple)> {
        let [Check { write: Some(write), test: Some(Test { steps: Some(steps), .. }), hits: None, .. }] = &*self.checks else {
            return None;
        };
        // SAFETY: promised by the caller.
        if self.entry.is_some() || !matches!(unsafe { write.is_mine(frame) }, Mine::Yes) {
            return None;
        }
        let simple = steps.simple()?;
        Some((write.depth_of(simple.slot)?, simple))
    }

    /// Notes that a frame has passed.
    pub(super) fn pass(&self, frame: Frame) {
        if let Some(entry) = &self.entry {
            entry.trail.reach(entry.reached(frame));
        }
    }

    /// The function that decides, where one alone does.
    pub(super) fn function(&self, frame: Frame) -> Option<(&Check, &Function)> {
        let [check] = &*self.checks else { return None };
        let function = check.test.as_ref()?.function.as_ref().filter(|_| check.write.is_none())?;
        let within = self.entry.as_ref().is_some_and(|entry| entry.is_within(frame));
        (!(check.on_line && within)).then_some((check, function))
    }
}

impl Check {
    /// Counts a hit that does nothing. False, and nothing is counted, if it does something.
    pub fn counts_for_nothing(&self) -> bool {
        match &self.hits {
            Some((condition, hits)) if !condition.admits(hits.get() + 1) => {
                hits.set(hits.get() + 1);
                true
            }
            _ => false,
        }
    }
}
