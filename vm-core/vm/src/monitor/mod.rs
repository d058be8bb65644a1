//! Events of the running program for tools written in Python: `sys.monitoring`, and `sys.settrace`
//! and `sys.setprofile`, which are two tools more.
//!
//! While any tool wants an event, the observed dispatch table runs: [`before::before_instruction`]
//! is called before every instruction and tells from it what the instruction is about to do. The
//! unwinder tells of exceptions. While no tool wants any, the plain table runs and nothing here
//! is called.
//!
//! | file | holds |
//! |---|---|
//! | `event.rs` | the events and sets of them |
//! | `codes.rs` | what is known per code object: who wants what of it, where lines start |
//! | `activations.rs` | where each running frame was before |
//! | `before.rs` | events of instructions |
//! | `raising.rs` | events of exceptions |
//! | `legacy.rs` | trace and profile functions |
//! | `jump.rs` | going on at another line: `frame.f_lineno = n` |

mod activations;
pub(crate) mod before;
mod codes;
mod event;
pub mod jump;
pub mod legacy;
pub(crate) mod raising;

use std::cell::{Cell, RefCell};

pub use codes::CodeMonitor;
pub use event::{Event, EventSet, Tools};

use activations::Activations;

use crate::code::PyCode;
use crate::error::PyResult;
use crate::frame::Frame;
use crate::interp;
use crate::owned_cell::OwnedCell;
use crate::protocol::call;
use crate::types::object_type;
use crate::value::{Ref, Value};
use crate::vm::Vm;

/// Tools that Python code may register.
pub const USER_TOOLS: usize = 6;
/// The tool behind `sys.setprofile`.
pub const PROFILE_TOOL: usize = 6;
/// The tool behind `sys.settrace`.
pub const TRACE_TOOL: usize = 7;

/// The tools, and what they want.
#[derive(Default)]
pub struct Monitor {
    /// Names of the tools that are in use.
    pub names: [OwnedCell; USER_TOOLS],
    callbacks: [[OwnedCell; Event::COUNT]; USER_TOOLS],
    /// The functions of `sys.settrace` and `sys.setprofile`.
    pub(crate) trace: OwnedCell,
    pub(crate) profile: OwnedCell,
    /// Who wants which events of all code.
    global: Cell<Tools>,
    /// Counts changes, for code objects to notice them.
    version: Cell<u64>,
    /// Version of the last `restart_events()`.
    restarted: Cell<u64>,
    /// Code objects that somebody wants events of in particular.
    local_codes: Cell<usize>,
    active: Cell<bool>,
    /// Callbacks under way: what they run is not told of.
    busy: Cell<u32>,
    /// The event that is being told, and of which frame.
    told: Cell<Option<(Event, *mut Value)>>,
    /// Where that frame is to go on.
    jump: RefCell<Option<jump::Jump>>,
    disable: OwnedCell,
    missing: OwnedCell,
    activations: RefCell<Activations>,
}

/// What of the monitor belongs to one thread, while that does not run.
#[derive(Default)]
pub(crate) struct ThreadState {
    pub trace: Option<Ref>,
    pub profile: Option<Ref>,
    busy: u32,
    told: Option<(Event, *mut Value)>,
    jump: Option<jump::Jump>,
    activations: Activations,
}

impl Monitor {
    /// Puts a thread's state in the place of the one that is in force, and keeps that one.
    pub(crate) fn exchange(&self, other: &mut ThreadState) {
        other.trace = self.trace.replace(other.trace.take());
        other.profile = self.profile.replace(other.profile.take());
        other.busy = self.busy.replace(other.busy);
        other.told = self.told.replace(other.told);
        std::mem::swap(&mut *self.jump.borrow_mut(), &mut other.jump);
        std::mem::swap(&mut *self.activations.borrow_mut(), &mut other.activations);
    }

    /// Whether any tool wants any event.
    #[inline(always)]
    pub fn is_active(&self) -> bool {
        self.active.get()
    }

    /// Whether events are told now: somebody wants some, and no callback runs.
    fn is_telling(&self) -> bool {
        self.active.get() && self.busy.get() == 0
    }

    /// Runs `f` without telling of anything.
    pub fn unobserved<R>(&self, f: impl FnOnce() -> R) -> R {
        self.with_busy(self.busy.get() + 1, f)
    }

    /// Runs `f` telling of it, even from within a callback: `sys.call_tracing`.
    pub fn observed<R>(&self, f: impl FnOnce() -> R) -> R {
        self.with_busy(0, f)
    }

    fn with_busy<R>(&self, busy: u32, f: impl FnOnce() -> R) -> R {
        let before = self.busy.replace(busy);
        let result = f();
        self.busy.set(before);
        result
    }

    /// `sys.monitoring.DISABLE`.
    pub fn disable(&self, vm: &Vm) -> Value {
        sentinel(vm, &self.disable)
    }

    /// `sys.monitoring.MISSING`.
    pub fn missing(&self, vm: &Vm) -> Value {
        sentinel(vm, &self.missing)
    }

    /// The events that a tool wants of all code.
    pub fn events(&self, tool: usize) -> EventSet {
        self.global.get().events(tool)
    }

    /// The tools that want an event of all code.
    pub fn global_tools(&self, event: Event) -> u8 {
        self.global.get().of(event)
    }

    /// Puts in a callback; gives back the one before. One for BRANCH is called for both ways.
    pub fn register(&self, tool: usize, event: Event, callback: Option<Ref>) -> Option<Ref> {
        let callbacks = &self.callbacks[tool];
        if event == Event::Branch {
            for way in [Event::BranchLeft, Event::BranchRight] {
                drop(callbacks[way as usize].replace(callback.clone()));
            }
        }
        callbacks[event as usize].replace(callback)
    }

    /// Forgets all that a tool wants.
    pub fn clear_tool(&self, vm: &Vm, tool: usize) {
        for callback in &self.callbacks[tool] {
            callback.clear();
        }
        self.set_events(vm, tool, EventSet::NONE);
        vm.interp.for_each_code(|code| {
            if let Some(c) = code.monitor.get() {
                c.set_local(self, tool, EventSet::NONE);
            }
        });
        refresh(vm);
    }

    /// Sets which events a tool wants of all code.
    pub fn set_events(&self, vm: &Vm, tool: usize, events: EventSet) {
        let mut global = self.global.get();
        if global.events(tool) != events {
            global.set(tool, events);
            self.global.set(global);
            self.version.set(self.version.get() + 1);
            refresh(vm);
        }
    }

    /// Sets which events a tool wants of one code object.
    pub fn set_local_events(&self, vm: &Vm, code: &PyCode, tool: usize, events: EventSet) {
        code.monitor().set_local(self, tool, events);
        refresh(vm);
    }

    /// Tells events again whose callbacks asked to be spared.
    pub fn restart(&self, vm: &Vm) {
        self.restarted.set(self.version.get() + 1);
        self.version.set(self.version.get() + 2);
        refresh(vm);
    }

    /// The code unit that a callback has moved a frame to, before the frame goes on there.
    pub fn jump_target(&self, frame: Frame) -> Option<u32> {
        self.told.get().filter(|(_, fp)| *fp == frame.0)?;
        self.jump.borrow().as_ref().map(|jump| jump.unit)
    }

    /// Looks up or changes where frames were.
    fn with_activations<R>(&self, f: impl FnOnce(&mut Activations) -> R) -> R {
        let mut activations = self.activations.borrow_mut();
        let result = f(&mut activations);
        let gone = std::mem::take(&mut activations.gone);
        drop(activations);
        drop(gone);
        result
    }

    pub(crate) fn add_local_codes(&self, change: isize) {
        self.local_codes.set(self.local_codes.get().saturating_add_signed(change));
    }
}

fn sentinel(vm: &Vm, cell: &OwnedCell) -> Value {
    if cell.is_null() {
        cell.set(object_type::new_plain(vm));
    }
    cell.get()
}

/// After a change of what is wanted: chooses the dispatch table, and takes the change in for the
/// code that runs.
fn refresh(vm: &Vm) {
    let m = &vm.interp.monitor;
    let active = m.global.get().any() || m.local_codes.get() > 0;
    if m.active.replace(active) != active {
        interp::choose_table(vm);
    }
    if !active {
        let gone = m.activations.take();
        drop(gone);
    }
    let mut at = vm.interp.current_frame();
    while let Some(frame) = at {
        // SAFETY: frames on the stack are live.
        unsafe {
            if let Some(c) = frame.code().monitor.get() {
                c.sync(m);
            }
            at = frame.caller().map(|(f, _)| f);
        }
    }
}

/// An instruction that something is told of.
#[derive(Clone, Copy)]
struct Place<'a> {
    vm: &'a Vm,
    frame: Frame,
    code: &'a PyCode,
    unit: u32,
}

impl<'a> Place<'a> {
    /// # Safety
    /// The frame must be live, and stay so while the place is used.
    unsafe fn new(vm: &'a Vm, frame: Frame, unit: u32) -> Place<'a> {
        // SAFETY: promised by the caller.
        let code = unsafe { frame.code() };
        Place { vm, frame, code, unit }
    }

    fn monitor(&self) -> &'a Monitor {
        &self.vm.interp.monitor
    }

    /// The tools that want an event of an instruction.
    fn tools(&self, event: Event, unit: u32) -> u8 {
        self.code.monitor().tools(event, unit)
    }

    /// Tells an event of this instruction with its offset in bytes and what else belongs to it.
    fn tell(&self, event: Event, extra: &[Value]) -> PyResult<()> {
        let tools = self.tools(event, self.unit);
        self.tell_tools(event, tools, i64::from(self.unit) * 2, extra)
    }

    /// Calls tools, the highest number first. `second` is the offset or the line.
    fn tell_tools(&self, event: Event, tools: u8, second: i64, extra: &[Value]) -> PyResult<()> {
        let mut left = tools;
        while left != 0 {
            let tool = 7 - left.leading_zeros() as usize;
            left &= !(1 << tool);
            if self.call(tool, event, second, extra)? {
                self.disable(tool, event)?;
            }
        }
        Ok(())
    }

    /// Calls one tool; whether it asks to be spared from now on.
    fn call(&self, tool: usize, event: Event, second: i64, extra: &[Value]) -> PyResult<bool> {
        let m = self.monitor();
        let s = &self.vm.interp;
        let told = m.told.replace(Some((event, self.frame.0)));
        let reraise_unit = s.reraise_unit.take();
        let result = m.unobserved(|| match tool {
            TRACE_TOOL => legacy::trace(self, event, second, extra),
            PROFILE_TOOL => legacy::profile(self, event, extra),
            _ => self.call_back(&m.callbacks[tool][event as usize], second, extra),
        });
        s.reraise_unit.set(reraise_unit);
        m.told.set(told);
        let jump = m.jump.take();
        if let (Ok(_), Some(jump)) = (&result, jump) {
            // SAFETY: callbacks are told of the innermost frame, with the registers spilled.
            unsafe { jump.carry_out(self.vm, self.frame) }
        }
        result
    }

    fn call_back(&self, callback: &OwnedCell, second: i64, extra: &[Value]) -> PyResult<bool> {
        let Some(callback) = callback.get_ref() else { return Ok(false) };
        let mut args = vec![self.code.as_value(), Value::small_int(second)];
        args.extend_from_slice(extra);
        let result = call::call_args(self.vm, callback.value(), &args)?;
        Ok(result.is(self.monitor().disable(self.vm)))
    }

    /// A callback has returned DISABLE.
    fn disable(&self, tool: usize, event: Event) -> PyResult<()> {
        if !event.is_local() {
            self.monitor().callbacks[tool][event as usize].clear();
            let name = event.name();
            return Err(self.vm.value_error(format!("Cannot disable {name} events. Callback removed.")));
        }
        let events: &[Event] = match event {
            // A callback for BRANCH does not tell the two ways apart.
            Event::BranchLeft | Event::BranchRight if self.is_for_both_ways(tool, event) => {
                &[Event::BranchLeft, Event::BranchRight]
            }
            _ => &[event],
        };
        for event in events {
            self.code.monitor().disable(*event, self.unit, tool);
        }
        Ok(())
    }

    fn is_for_both_ways(&self, tool: usize, event: Event) -> bool {
        let callbacks = self.monitor().callbacks.get(tool);
        let is = |c: &[OwnedCell; Event::COUNT]| c[event as usize].get().is(c[Event::Branch as usize].get());
        callbacks.is_some_and(is)
    }
}
