//! What is known per code object: who wants which events of it, at which instructions callbacks
//! asked to be spared, and where lines start.

use std::cell::{Cell, OnceCell, RefCell};

use rustc_hash::FxHashMap;
use tailscope_bytecode::dis::raw_instructions;
use tailscope_bytecode::opcode::Opcode;

use super::event::{Event, EventSet, Tools};
use super::Monitor;
use crate::code::PyCode;
use crate::vm::Vm;

/// A code object's part of the monitoring, made when something first asks for it.
#[derive(Default)]
pub struct CodeMonitor {
    /// Who wants which events of this code in particular.
    local: Cell<Tools>,
    /// That and what is wanted of all code, as of `version`.
    wanted: Cell<Tools>,
    version: Cell<u64>,
    /// Tools whose callbacks returned DISABLE, by code unit and event.
    disabled: RefCell<FxHashMap<(u32, Event), u8>>,
    /// Line of each code unit where one starts, else [`NO_LINE`].
    line_starts: OnceCell<Box<[i32]>>,
}

const NO_LINE: i32 = -1;

impl CodeMonitor {
    /// The events that a tool wants of this code in particular.
    pub fn local_events(&self, tool: usize) -> EventSet {
        self.local.get().events(tool)
    }

    pub(super) fn set_local(&self, m: &Monitor, tool: usize, events: EventSet) {
        let before = self.local.get();
        let mut local = before;
        local.set(tool, events);
        if local == before {
            return;
        }
        self.local.set(local);
        m.add_local_codes(isize::from(local.any()) - isize::from(before.any()));
        self.take_in(m, m.restarted.get() > self.version.get());
    }

    /// Takes in what has changed since this was last asked.
    pub(super) fn sync(&self, m: &Monitor) {
        if self.version.get() != m.version.get() {
            self.take_in(m, m.restarted.get() > self.version.get());
        }
    }

    fn take_in(&self, m: &Monitor, restarted: bool) {
        let wanted = m.global.get().or(self.local.get());
        let fresh = if restarted { wanted } else { wanted.without(self.wanted.get()) };
        if fresh.any() {
            self.disabled.borrow_mut().retain(|(_, event), tools| {
                *tools &= !fresh.of(*event);
                *tools != 0
            });
        }
        self.wanted.set(wanted);
        self.version.set(m.version.get());
    }

    /// The tools that want an event of an instruction, as of the last `sync`.
    #[inline]
    pub(super) fn tools(&self, event: Event, unit: u32) -> u8 {
        let wanted = self.wanted.get().of(event);
        if wanted == 0 {
            return 0;
        }
        let key = if event.is_local() { event } else { Event::Call };
        wanted & !self.disabled.borrow().get(&(unit, key)).copied().unwrap_or(0)
    }

    /// Whether anybody wants anything of this code.
    pub(super) fn any(&self) -> bool {
        self.wanted.get().any()
    }

    pub(super) fn disable(&self, event: Event, unit: u32, tool: usize) {
        *self.disabled.borrow_mut().entry((unit, event)).or_default() |= 1 << tool;
    }

    /// The line that starts at a code unit.
    pub(crate) fn line_start(&self, code: &PyCode, unit: u32) -> Option<i32> {
        let starts = self.line_starts.get_or_init(|| line_starts(code));
        starts.get(unit as usize).copied().filter(|line| *line != NO_LINE)
    }
}

impl Drop for CodeMonitor {
    fn drop(&mut self) {
        if self.local.get().any() {
            Vm::current().interp.monitor.add_local_codes(-1);
        }
    }
}

/// Where lines start for LINE events: at instructions of another line than the one before, at
/// the targets of jumps and at handlers. (Breakpoints are on fewer instructions: only where a
/// person would say that the line begins.)
fn line_starts(code: &PyCode) -> Box<[i32]> {
    let mut starts = vec![NO_LINE; code.len()].into_boxed_slice();
    let all: Vec<_> = raw_instructions(&code.code.code).collect();
    let line = |unit: usize| code.line_at(unit).unwrap_or(NO_LINE);
    let mut current = NO_LINE;
    for raw in &all {
        let unit = raw.offset / 2;
        // Those that other instructions skip cannot start a line.
        let skipped = matches!(
            raw.base,
            Opcode::END_ASYNC_FOR | Opcode::END_FOR | Opcode::END_SEND | Opcode::RESUME | Opcode::POP_ITER
        );
        if unit < code.first_traceable as usize || skipped {
            continue;
        }
        let here = line(unit);
        if here != current && here != NO_LINE {
            starts[unit] = here;
        }
        current = here;
    }
    let targets = all.iter().filter(|raw| raw.base != Opcode::END_ASYNC_FOR).filter_map(|raw| {
        let target = raw.jump_target()? / 2;
        // Past the END_FOR or END_SEND.
        let past = usize::from(matches!(raw.base, Opcode::FOR_ITER | Opcode::SEND));
        Some(target + past)
    });
    let handlers = code.handlers.iter().map(|h| h.target as usize);
    let never = |unit: usize, ops: &[Opcode]| ops.contains(&code.base_opcode(unit));
    for unit in targets.filter(|unit| !never(*unit, &[Opcode::POP_ITER])) {
        mark(&mut starts, unit, line(unit));
    }
    for unit in handlers.filter(|unit| !never(*unit, &[Opcode::END_ASYNC_FOR])) {
        mark(&mut starts, unit, line(unit));
    }
    starts
}

fn mark(starts: &mut [i32], unit: usize, line: i32) {
    if let Some(start) = starts.get_mut(unit) {
        *start = line;
    }
}
