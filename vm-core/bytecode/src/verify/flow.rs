//! All paths through the code, with what is on the stack and in the variables on each.
//!
//! Code is walked from each place where paths meet (a leader: jump target or handler) to the
//! next. What is known there is joined over all paths, and walked again when it has grown, until
//! nothing grows any more.

use super::form::{Form, parameters};
use super::values::{Kind, Slot, State};
use super::*;
use crate::opcode::Opcode;

/// Most variables and stack slots, summed over leaders, and most steps for each code unit.
/// Compiled code stays far below; a file made to be slow does not.
const MAX_SLOTS: usize = 1 << 25;
const MAX_STEPS_PER_UNIT: usize = 2000;

/// How much larger than needed `co_stacksize` may be: frames of that size are made.
const STACK_SLACK: usize = 1000;

pub(super) fn check(code: &Code, form: &Form) -> Result<(), Refusal> {
    follow(code, form, |_, _| {})
}

/// Follows all paths; `seen` gets what is known before each instruction, again when it has grown.
pub(super) fn follow(
    code: &Code,
    form: &Form,
    mut seen: impl FnMut(usize, &State),
) -> Result<(), Refusal> {
    let count = form.instructions.len();
    let mut flow = Flow {
        code,
        form,
        known: vec![Known::Inner; count],
        states: Vec::new(),
        work: Vec::new(),
        handler_of: vec![None; count],
        deepest: 0,
        steps: (count + 64) * MAX_STEPS_PER_UNIT,
    };
    flow.find_leaders()?;
    let mut locals = vec![Kind::NULL; code.localsplusnames.len()];
    locals[..parameters(code)].fill(Kind::OBJECT);
    let entry = State::new(Vec::new(), locals);
    flow.join(0, &entry)
        .map_err(|reason| Refusal::at(0, reason))?;
    while let Some(index) = flow.work.pop() {
        flow.walk(index, &mut seen)?;
    }
    let needed = flow.deepest;
    if code.stacksize as usize > needed + STACK_SLACK {
        let reason = format!(
            "its stack has {} slots where {needed} are needed",
            code.stacksize
        );
        return Err(Refusal::new(reason));
    }
    Ok(())
}

/// What is known of an instruction as a place where paths meet.
#[derive(Clone, Copy)]
enum Known {
    /// Paths do not meet here.
    Inner,
    /// They do, but none has come yet.
    Leader,
    /// Number of the joined state, and whether it waits to be walked from.
    Reached(u32, bool),
}

struct Flow<'a> {
    code: &'a Code,
    form: &'a Form,
    known: Vec<Known>,
    states: Vec<State>,
    work: Vec<usize>,
    /// The guarded range that an instruction is in.
    handler_of: Vec<Option<u32>>,
    deepest: usize,
    steps: usize,
}

impl Flow<'_> {
    fn find_leaders(&mut self) -> Result<(), Refusal> {
        let jumps = self.form.instructions.iter();
        let jumps = jumps.filter_map(|raw| raw.jump_target());
        let handlers = self
            .form
            .handlers
            .iter()
            .map(|entry| entry.target as usize * 2);
        let mut leaders = 0;
        for offset in jumps.chain(handlers).chain([0]) {
            if let Some(index) = self.form.beginning(offset)
                && matches!(self.known[index], Known::Inner)
            {
                self.known[index] = Known::Leader;
                leaders += 1;
            }
        }
        let slots = self.code.localsplusnames.len() + self.code.stacksize as usize;
        if leaders * slots.min(self.code.code.len() + 1000) > MAX_SLOTS {
            return Err(Refusal::new("it is too large to be verified"));
        }
        let instructions = &self.form.instructions;
        for (number, entry) in self.form.handlers.iter().enumerate() {
            let (start, end) = (entry.start as usize * 2, entry.end as usize * 2);
            let first = instructions.partition_point(|raw| raw.offset < start);
            let covered = instructions[first..]
                .iter()
                .take_while(|raw| raw.offset < end);
            let last = first + covered.count();
            self.handler_of[first..last].fill(Some(number as u32));
        }
        Ok(())
    }

    /// Adds what is known on one path to what is known at a leader.
    fn join(&mut self, index: usize, state: &State) -> Result<(), String> {
        if let Some(slot) = state.stack.iter().find(|slot| slot.borrowed.is_some()) {
            let name = self.borrowed_name(slot);
            return Err(format!("a value borrowed from {name} outlives its place"));
        }
        match self.known[index] {
            Known::Reached(number, waiting) => {
                let grown = self.states[number as usize].join(state)?;
                if grown && !waiting {
                    self.known[index] = Known::Reached(number, true);
                    self.work.push(index);
                }
            }
            Known::Inner | Known::Leader => {
                self.known[index] = Known::Reached(self.states.len() as u32, true);
                self.states.push(state.clone());
                self.work.push(index);
            }
        }
        Ok(())
    }

    fn borrowed_name(&self, slot: &Slot) -> &str {
        let name = slot
            .borrowed
            .and_then(|local| self.code.localsplusnames.get(local as usize));
        name.map_or("a variable", |name| name)
    }

    /// Follows the code from a leader to the next one, or to its end.
    fn walk(
        &mut self,
        leader: usize,
        seen: &mut impl FnMut(usize, &State),
    ) -> Result<(), Refusal> {
        let Known::Reached(number, _) = self.known[leader] else {
            return Ok(());
        };
        self.known[leader] = Known::Reached(number, false);
        let mut state = self.states[number as usize].clone();
        let mut index = leader;
        loop {
            let Some(&raw) = self.form.instructions.get(index) else {
                return Err(Refusal::new("it runs past the end of its code"));
            };
            let refuse = |reason: String| Refusal::at(raw.offset, reason);
            if index != leader && !matches!(self.known[index], Known::Inner) {
                return self.join(index, &state).map_err(refuse);
            }
            self.steps = self
                .steps
                .checked_sub(1)
                .ok_or_else(|| Refusal::new("it is too involved to be verified"))?;
            seen(index, &state);
            if raw.base != Opcode::EXTENDED_ARG {
                self.raise_to_handler(index, &state).map_err(refuse)?;
                state.step(self.code, &raw).map_err(refuse)?;
                self.deepest = self.deepest.max(state.stack.len());
                if state.stack.len() > self.code.stacksize as usize {
                    let size = self.code.stacksize;
                    let reason = format!("the stack grows beyond its {size} slots");
                    return Err(Refusal::at(raw.offset, reason));
                }
                self.jump(&raw, &state).map_err(refuse)?;
                if raw.base.is_unconditional_transfer() {
                    return Ok(());
                }
            }
            index += 1;
        }
    }

    fn jump(&mut self, raw: &crate::dis::RawInstruction, state: &State) -> Result<(), String> {
        // For END_ASYNC_FOR the place only says which loop it belongs to.
        if !raw.base.has_jump() || raw.base == Opcode::END_ASYNC_FOR {
            return Ok(());
        }
        let target = raw
            .jump_target()
            .and_then(|target| self.form.beginning(target));
        let Some(target) = target else {
            return Err("a jump leads nowhere".into());
        };
        // The handler jumps behind it without looking.
        if raw.base == Opcode::FOR_ITER && self.form.instructions[target].base != Opcode::END_FOR {
            return Err("FOR_ITER does not lead to an END_FOR".into());
        }
        self.join(target, state)
    }

    /// The path that an exception takes.
    fn raise_to_handler(&mut self, index: usize, state: &State) -> Result<(), String> {
        let raw = self.form.instructions[index];
        let Some(number) = self.handler_of[index] else {
            return Ok(());
        };
        let op = raw.base;
        if !op.has_error() && !op.flags().contains(crate::opcode::OpcodeFlags::HAS_ESCAPES) {
            return Ok(());
        }
        let entry = self.form.handlers[number as usize];
        let depth = entry.depth as usize;
        let kept = state.stack.len() as i64 - values::consumed(op, raw.oparg);
        if kept < depth as i64 {
            return Err(format!(
                "{op} takes values from the stack that its handler, at offset {}, needs",
                entry.target * 2
            ));
        }
        let Some(target) = self.form.beginning(entry.target as usize * 2) else {
            return Err("a handler is nowhere".into());
        };
        // Without a copy of all variables where nothing new is known.
        if let Known::Reached(known, _) = self.known[target]
            && self.states[known as usize].covers_raise(state, depth, entry.lasti)
        {
            return Ok(());
        }
        let mut raised = State::new(state.stack[..depth].to_vec(), state.locals.clone());
        if entry.lasti {
            raised.stack.push(Slot::of(Kind::LASTI));
        }
        raised.stack.push(Slot::of(Kind::EXCEPTION));
        self.deepest = self.deepest.max(raised.stack.len());
        if raised.stack.len() > self.code.stacksize as usize {
            return Err("its handler has no room on the stack for the exception".into());
        }
        self.join(target, &raised)
    }
}
