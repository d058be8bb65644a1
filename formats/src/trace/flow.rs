//! Frames and branches, worked out from the records.
//!
//! A trace holds instructions only. Which frame each ran in follows from them: a call arrives
//! at a code object's first unit, a return leaves with `RETURN_VALUE`, an exception arrives
//! at a handler that guards where a frame stood. Which way a branch went is seen from the
//! next instruction of the same frame.

use std::collections::HashMap;

use tailscope_bytecode::opcode::Opcode;

use super::Step;
use super::reader::TracedCode;
use crate::history::BranchHistory;

/// What a conditional jump did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Branch {
    pub taken: u64,
    pub not_taken: u64,
    pub history: BranchHistory,
}

impl Branch {
    /// Outcomes so far.
    pub fn total(&self) -> u64 {
        self.taken + self.not_taken
    }

    /// Counts one more outcome.
    pub fn push(&mut self, taken: bool) {
        self.history.push(taken);
        *(if taken {
            &mut self.taken
        } else {
            &mut self.not_taken
        }) += 1;
    }
}

/// What a step says beyond itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Frames below the step's frame on its thread, as far as the trace shows them.
    pub depth: usize,
    /// The step starts its frame: a call, not the continuation of a generator.
    pub call: bool,
    /// The step may leave its frame: a return or a yield.
    pub leaves: bool,
    /// The step before it in the same frame was a branch, which went this way (taken or
    /// not), and the branch's totals with this outcome.
    pub outcome: Option<(bool, Branch)>,
}

struct Frame {
    code: u32,
    last: u32,
    /// `last` may leave the frame.
    leaves: bool,
}

/// Follows a trace, step by step.
#[derive(Default)]
pub struct Flow {
    threads: HashMap<u32, Vec<Frame>>,
    branches: HashMap<(u32, u32), Branch>,
}

impl Flow {
    /// Takes the next step. Steps must come without gaps, from any position on.
    pub fn advance(&mut self, step: &Step, codes: &[TracedCode]) -> Event {
        let Some(code) = codes.get(step.code as usize) else {
            return Event::default();
        };
        let frames = self.threads.entry(step.thread).or_default();
        if frames.last().is_some_and(|frame| frame.leaves) {
            frames.pop();
        }
        let call = step.unit == 0;
        let mut outcome = None;
        if call || resumes(step.unit, code) {
            frames.push(Frame {
                code: step.code,
                last: step.unit,
                leaves: false,
            });
        } else {
            let depth = depth_of(step, frames, codes);
            frames.truncate(depth + 1);
            match frames.get_mut(depth) {
                Some(frame) => {
                    if let Some(taken) = branch_outcome(frame.last, step.unit, code) {
                        let branch = self.branches.entry((step.code, frame.last)).or_default();
                        branch.push(taken);
                        outcome = Some((taken, *branch));
                    }
                    frame.last = step.unit;
                }
                None => frames.push(Frame {
                    code: step.code,
                    last: step.unit,
                    leaves: false,
                }),
            }
        }
        let leaves = leaves(code.base(step.unit));
        if let Some(frame) = frames.last_mut() {
            frame.leaves = leaves;
        }
        Event {
            depth: frames.len() - 1,
            call,
            leaves,
            outcome,
        }
    }

    /// The totals of every branch that was seen, by code object and unit.
    pub fn branches(&self) -> impl Iterator<Item = (u32, u32, &Branch)> {
        self.branches
            .iter()
            .map(|((code, unit), branch)| (*code, *unit, branch))
    }
}

fn leaves(opcode: Option<Opcode>) -> bool {
    use Opcode::*;
    matches!(
        opcode,
        Some(RETURN_VALUE | YIELD_VALUE | RETURN_GENERATOR | INTERPRETER_EXIT)
    )
}

/// Whether execution only gets to `unit` by continuing a generator or coroutine.
fn resumes(unit: u32, code: &TracedCode) -> bool {
    let before = unit.checked_sub(1).and_then(|unit| code.base(unit));
    matches!(before, Some(Opcode::YIELD_VALUE | Opcode::RETURN_GENERATOR))
}

fn branch_outcome(from: u32, to: u32, code: &TracedCode) -> Option<bool> {
    let target = code.jump(from)?;
    if to == target {
        return Some(true);
    }
    // An instrumented program stops at the NOT_TAKEN that others step over.
    let marked = code.base(to) == Some(Opcode::NOT_TAKEN) && to < code.next(from) && to > from;
    (to == code.next(from) || marked).then_some(false)
}

/// The index in `frames` of the frame that `step`, which is neither a call nor the
/// continuation of a generator, belongs to; their number if it belongs to none.
fn depth_of(step: &Step, frames: &[Frame], codes: &[TracedCode]) -> usize {
    let Some(code) = codes.get(step.code as usize) else {
        return frames.len();
    };
    let top = frames.len().wrapping_sub(1);
    if let Some(frame) = frames.last() {
        let goes_on = frame.code == step.code
            && (code.next(frame.last) == step.unit || code.jump(frame.last) == Some(step.unit));
        if goes_on {
            return top;
        }
    }
    // An exception: the nearest frame in which it is caught here.
    let caught = |frame: &Frame| {
        frame.code == step.code
            && code
                .code
                .exception_handler(frame.last)
                .is_some_and(|handler| handler.target == step.unit)
    };
    if let Some(depth) = frames.iter().rposition(caught) {
        return depth;
    }
    // A return into a frame that stood elsewhere (the trace has a gap, a debugger moved the
    // instruction pointer): the nearest frame of this code, or one that the trace did not show.
    frames
        .iter()
        .rposition(|frame| frame.code == step.code)
        .unwrap_or(frames.len())
}
