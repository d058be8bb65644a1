//! When a step is over.
//!
//! A state machine over positions, without a VM: the VM tells it each instruction that is
//! about to run in the stepping thread, and it says whether to stop there. [`Stepper::watches`]
//! says which frames it wants to hear of, so that the VM may run the others at full speed.
//!
//! A step by line ends where the next line of the same frame begins, or right after a return
//! in the frame that control came back to, in the middle of its line: what is left of that line
//! can then be stepped into. A loop on one line is one line. An instruction of another line does
//! not always begin it: those that end an inner loop of a comprehension belong to lines which
//! they only pass.

use super::types::{CodeId, ThreadId};

/// Where a thread is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The frame: a number that no other activation of the run has.
    pub frame: u64,
    /// Depth of the frame's stack; 1 is the outermost.
    pub depth: u32,
    /// Its code object.
    pub code: CodeId,
    /// Byte offset of the instruction that is about to run.
    pub offset: u32,
    /// The instruction's line; None where the line table names none.
    pub line: Option<u32>,
    /// The line begins here, as for CPython's LINE events: what comes before or jumps here is of
    /// another one.
    pub begins: bool,
    /// The instruction prepares the frame (up to and including `RESUME`): no line of the
    /// program has begun.
    pub prologue: bool,
    /// The code is not the user's, and steps by line should not end in it.
    pub skipped: bool,
}

/// How far to step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// To the next line, into calls.
    LineInto,
    /// To the next line, over calls.
    LineOver,
    /// As `LineOver`, but into the call that the instruction at this byte offset of the start
    /// frame makes.
    IntoCall { offset: u32 },
    /// To the caller.
    Out,
    /// One instruction, into calls.
    InstructionInto,
    /// One instruction, over calls.
    InstructionOver,
}

/// What the VM does before an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Runs it.
    Go,
    /// Stops.
    Stop,
}

/// A step under way.
#[derive(Clone, Debug)]
pub struct Stepper {
    thread: ThreadId,
    kind: StepKind,
    start: Position,
    /// The line that the start frame is on; lines without a number leave it as it is.
    line: Option<u32>,
    /// Control has left the start frame for code that steps skip (an event loop, a sort
    /// with callbacks): the step now ends at the next line of the user's code, anywhere.
    escaped: bool,
    /// The wanted call is being made.
    calling: bool,
}

impl Stepper {
    /// A step of `thread`, which is about to run the instruction at `start`.
    pub fn new(thread: ThreadId, kind: StepKind, start: Position) -> Self {
        Stepper {
            thread,
            kind,
            start,
            line: start.line,
            escaped: false,
            calling: matches!(kind, StepKind::IntoCall { offset } if offset == start.offset),
        }
    }

    /// The thread that steps.
    pub fn thread(&self) -> ThreadId {
        self.thread
    }

    /// Whether `before_instruction` wants to hear of frames at this depth.
    pub fn watches(&self, depth: u32) -> bool {
        match self.kind {
            StepKind::LineInto | StepKind::InstructionInto => true,
            StepKind::IntoCall { .. } if self.calling => true,
            StepKind::LineOver | StepKind::IntoCall { .. } | StepKind::InstructionOver | StepKind::Out => {
                self.escaped || depth <= self.start.depth
            }
        }
    }

    /// An instruction is about to run in the stepping thread.
    pub fn before_instruction(&mut self, at: &Position) -> Verdict {
        let stop = match self.kind {
            StepKind::InstructionInto => true,
            StepKind::InstructionOver => at.depth <= self.start.depth,
            StepKind::LineInto => self.line_step(at, true),
            StepKind::LineOver => self.line_step(at, false),
            StepKind::IntoCall { offset } => {
                if at.frame == self.start.frame {
                    self.calling = at.offset == offset;
                }
                self.line_step(at, self.calling)
            }
            StepKind::Out => self.left_for(at, false),
        };
        if stop { Verdict::Stop } else { Verdict::Go }
    }

    fn line_step(&mut self, at: &Position, into: bool) -> bool {
        if at.frame != self.start.frame {
            return self.left_for(at, into);
        }
        let Some(line) = at.line else { return false };
        if at.prologue || self.line == Some(line) {
            return false;
        }
        self.line = Some(line);
        at.begins && (!at.skipped || self.start.skipped)
    }

    /// Whether a step ends in a frame that is not the start frame. A frame further in
    /// counts only when stepping into; so does another activation at the same depth, which
    /// native code may call before the caller runs on.
    fn left_for(&mut self, at: &Position, into: bool) -> bool {
        let returned = at.depth < self.start.depth;
        if returned && at.skipped && !self.start.skipped {
            self.escaped = true;
            return false;
        }
        if at.prologue || at.line.is_none() || (at.skipped && !self.start.skipped) {
            return false;
        }
        returned || into || self.escaped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A position: frame number, depth and line; `offset` does not matter to the machine.
    fn at(frame: u64, depth: u32, line: u32) -> Position {
        Position {
            frame,
            depth,
            code: CodeId(frame as u32),
            offset: 0,
            line: Some(line),
            begins: true,
            prologue: false,
            skipped: false,
        }
    }

    fn prologue(frame: u64, depth: u32, line: u32) -> Position {
        Position {
            prologue: true,
            ..at(frame, depth, line)
        }
    }

    fn library(frame: u64, depth: u32, line: u32) -> Position {
        Position {
            skipped: true,
            ..at(frame, depth, line)
        }
    }

    /// Index of the position of `run` at which a step from `start` ends.
    fn stops(kind: StepKind, start: Position, run: &[Position]) -> Option<usize> {
        let mut stepper = Stepper::new(ThreadId(1), kind, start);
        run.iter()
            .position(|at| stepper.before_instruction(at) == Verdict::Stop)
    }

    /// `f` (frame 1, line 10) calls `g` (frame 2, lines 21 and 22) and goes on to line 11.
    fn call() -> Vec<Position> {
        vec![
            at(1, 1, 10),
            prologue(2, 2, 20),
            at(2, 2, 21),
            at(2, 2, 21),
            at(2, 2, 22),
            at(1, 1, 10),
            at(1, 1, 11),
        ]
    }

    #[test]
    fn into_a_call_past_its_prologue() {
        assert_eq!(stops(StepKind::LineInto, at(1, 1, 10), &call()), Some(2));
    }

    #[test]
    fn over_a_call_to_the_next_line() {
        assert_eq!(stops(StepKind::LineOver, at(1, 1, 10), &call()), Some(6));
    }

    #[test]
    fn into_one_call_of_several() {
        let caller = |offset| Position {
            offset,
            ..at(1, 1, 10)
        };
        // f(g()): g's activation is 2, f's is 3.
        let run = [
            caller(4),
            prologue(2, 2, 20),
            at(2, 2, 21),
            caller(8),
            prologue(3, 2, 30),
            at(3, 2, 31),
            caller(12),
            at(1, 1, 11),
        ];
        let stop = |offset| stops(StepKind::IntoCall { offset }, caller(0), &run);
        assert_eq!(stop(4), Some(2));
        assert_eq!(stop(8), Some(5));
        assert_eq!(stop(12), Some(7), "native: there is nothing to step into");
        let there = stops(StepKind::IntoCall { offset: 4 }, caller(4), &run[1..]);
        assert_eq!(there, Some(1), "already at the call");
    }

    #[test]
    fn out_of_a_call_into_the_middle_of_the_callers_line() {
        let run = call();
        assert_eq!(stops(StepKind::Out, at(2, 2, 21), &run[3..]), Some(2));
        assert_eq!(stops(StepKind::LineOver, at(2, 2, 22), &run[4..]), Some(1));
        assert_eq!(stops(StepKind::LineInto, at(2, 2, 22), &run[4..]), Some(1));
    }

    #[test]
    fn by_instruction_into_and_over() {
        let run = call();
        assert_eq!(
            stops(StepKind::InstructionInto, at(1, 1, 10), &run[1..]),
            Some(0),
            "prologues too"
        );
        assert_eq!(
            stops(StepKind::InstructionOver, at(1, 1, 10), &run[1..]),
            Some(4)
        );
    }

    #[test]
    fn a_loop_on_one_line_is_one_line() {
        let run = [at(1, 1, 5), at(1, 1, 5), at(1, 1, 5), at(1, 1, 6)];
        assert_eq!(stops(StepKind::LineOver, at(1, 1, 5), &run), Some(3));
    }

    #[test]
    fn a_line_that_is_only_passed_does_not_end_a_step() {
        let passed = Position {
            begins: false,
            ..at(1, 1, 2)
        };
        let run = [at(1, 1, 7), passed, at(1, 1, 6)];
        assert_eq!(stops(StepKind::LineOver, at(1, 1, 7), &run), Some(2));
        let back = [passed, at(1, 1, 7)];
        assert_eq!(stops(StepKind::LineOver, at(1, 1, 7), &back), Some(1));
    }

    #[test]
    fn instructions_without_a_line_do_not_end_a_step() {
        let nowhere = Position {
            line: None,
            ..at(1, 1, 0)
        };
        let run = [nowhere, at(1, 1, 5), nowhere, at(1, 1, 6)];
        assert_eq!(stops(StepKind::LineOver, at(1, 1, 5), &run), Some(3));
    }

    #[test]
    fn over_a_recursive_call_stays_in_its_own_activation() {
        let run = [
            prologue(2, 2, 1),
            at(2, 2, 2),
            at(2, 2, 3),
            at(1, 1, 2),
            at(1, 1, 3),
        ];
        assert_eq!(stops(StepKind::LineOver, at(1, 1, 2), &run), Some(4));
    }

    #[test]
    fn another_activation_from_native_code_is_not_the_caller() {
        // map(f, xs): f's activations 2 and 3, then the caller.
        let run = [at(2, 2, 8), prologue(3, 2, 7), at(3, 2, 8), at(1, 1, 4)];
        assert_eq!(stops(StepKind::LineOver, at(2, 2, 8), &run), Some(3));
        assert_eq!(stops(StepKind::LineInto, at(2, 2, 8), &run), Some(2));
    }

    #[test]
    fn an_exception_that_leaves_the_frame_ends_the_step_where_it_is_caught() {
        let run = [at(3, 3, 31), at(1, 1, 12)];
        assert_eq!(stops(StepKind::LineOver, at(3, 3, 30), &run), Some(0));
        assert_eq!(stops(StepKind::LineOver, at(3, 3, 31), &run), Some(1));
    }

    #[test]
    fn library_code_is_passed_through_but_its_callbacks_are_not() {
        let run = [
            library(2, 2, 100),
            prologue(3, 3, 20),
            at(3, 3, 21),
            library(2, 2, 101),
            at(1, 1, 11),
        ];
        assert_eq!(stops(StepKind::LineInto, at(1, 1, 10), &run), Some(2));
        assert_eq!(stops(StepKind::LineOver, at(1, 1, 10), &run), Some(4));
    }

    #[test]
    fn returning_into_library_code_ends_at_the_next_callback() {
        let run = [
            library(2, 2, 100),
            prologue(4, 3, 20),
            at(4, 3, 21),
            at(1, 1, 11),
        ];
        assert_eq!(stops(StepKind::LineOver, at(3, 3, 25), &run), Some(2));
        assert_eq!(stops(StepKind::Out, at(3, 3, 25), &run), Some(2));
    }

    #[test]
    fn a_step_that_starts_in_library_code_steps_in_it() {
        let run = [library(2, 2, 100), library(2, 2, 101)];
        assert_eq!(stops(StepKind::LineOver, library(2, 2, 100), &run), Some(1));
    }

    #[test]
    fn only_the_frames_that_matter_are_watched() {
        let over = Stepper::new(ThreadId(1), StepKind::LineOver, at(2, 2, 5));
        assert!(over.watches(1) && over.watches(2) && !over.watches(3));
        let into = Stepper::new(ThreadId(1), StepKind::LineInto, at(2, 2, 5));
        assert!(into.watches(99));
        let mut out = Stepper::new(ThreadId(1), StepKind::Out, at(3, 3, 5));
        assert!(!out.watches(4));
        assert_eq!(out.before_instruction(&library(2, 2, 9)), Verdict::Go);
        assert!(
            out.watches(4),
            "control is in an event loop: any frame may be the next stop"
        );
    }
}
