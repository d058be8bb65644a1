//! What a profile says of a conditional jump, in terms of the source.

use tailscope_bytecode::opcode::Opcode;
use tailscope_formats::history::{bar, grouped, percent};
use tailscope_formats::profile::InstructionProfile;

use crate::analysis::Instruction;

/// What a conditional jump asks, from the reader's side of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// Is the condition true?
    True,
    /// Is the value None?
    None,
    /// Does the loop have another item?
    Item,
    /// Does what is awaited or delegated to go on?
    GoesOn,
}

/// A conditional jump's outcomes, as answers to its question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Branch {
    pub question: Question,
    pub yes: u64,
    pub no: u64,
    /// The counts are of the 16-bit history only, exact totals were not recorded.
    pub estimated: bool,
}

impl Branch {
    /// The outcomes of `instruction`; `None` if it is no branch or they were not recorded.
    pub fn new(instruction: &Instruction, profile: &InstructionProfile) -> Option<Branch> {
        if !instruction.is_branch() {
            return None;
        }
        let (question, yes_jumps) = match instruction.opcode {
            Opcode::POP_JUMP_IF_FALSE => (Question::True, false),
            Opcode::POP_JUMP_IF_TRUE => (Question::True, true),
            Opcode::POP_JUMP_IF_NONE => (Question::None, true),
            Opcode::POP_JUMP_IF_NOT_NONE => (Question::None, false),
            Opcode::FOR_ITER => (Question::Item, false),
            Opcode::SEND => (Question::GoesOn, false),
            _ => return None,
        };
        let exact = profile.taken + profile.not_taken > 0;
        let (taken, not_taken) = match profile.history {
            _ if exact => (profile.taken, profile.not_taken),
            Some(history) => {
                let taken = history
                    .outcomes(profile.executions)
                    .filter(|taken| *taken)
                    .count();
                (taken as u64, profile.executions.min(16) - taken as u64)
            }
            None => return None,
        };
        let (yes, no) = if yes_jumps {
            (taken, not_taken)
        } else {
            (not_taken, taken)
        };
        Some(Branch {
            question,
            yes,
            no,
            estimated: !exact,
        })
    }

    /// The outcomes of two places together (code that the compiler wrote twice).
    #[must_use]
    pub fn with(self, other: Branch) -> Branch {
        Branch {
            yes: self.yes + other.yes,
            no: self.no + other.no,
            estimated: self.estimated || other.estimated,
            ..self
        }
    }

    pub fn total(&self) -> u64 {
        self.yes + self.no
    }

    /// In a few characters, for the editor's line.
    pub fn label(&self) -> String {
        let about = if self.estimated { "~" } else { "" };
        match self.question {
            Question::True => format!("{about}{} true", percent(self.yes, self.total())),
            Question::None => format!("{about}{} None", percent(self.yes, self.total())),
            Question::Item => format!("{about}{}×", grouped(self.yes)),
            Question::GoesOn => format!("{about}{} waits", grouped(self.yes)),
        }
    }

    /// In a sentence.
    pub fn sentence(&self) -> String {
        let of = format!("{} of {} times", grouped(self.yes), grouped(self.total()));
        let of = if self.estimated {
            format!("about {of}, as the last outcomes show")
        } else {
            of
        };
        match self.question {
            Question::True => format!("The condition was true {of}."),
            Question::None => format!("The value was None {of}."),
            Question::Item => {
                let loops = match self.no {
                    1 => "once".to_owned(),
                    n => format!("{} times", grouped(n)),
                };
                format!(
                    "{} iterations; the loop ran to its end {loops}.",
                    grouped(self.yes)
                )
            }
            Question::GoesOn => format!("It waited {of}."),
        }
    }
}

/// What a listing says of an instruction beside its count: how likely a branch jumps, and how
/// often a specialized form failed.
pub fn notes(instruction: &Instruction, profile: &InstructionProfile) -> Vec<String> {
    let mut notes = Vec::new();
    if instruction.is_branch() {
        notes.extend(jumps(profile));
    }
    let counted = |count: u64, one: &str, many: &str| {
        (count > 0).then(|| format!("{} {}", grouped(count), if count == 1 { one } else { many }))
    };
    notes.extend(counted(profile.misses, "miss", "misses"));
    notes.extend(counted(profile.deopts, "deopt", "deopts"));
    notes
}

/// How likely a conditional jump jumps, as a number, as a bar, and its newest outcomes.
fn jumps(profile: &InstructionProfile) -> Option<String> {
    let total = profile.taken + profile.not_taken;
    let (share, text) = match profile.history {
        _ if total > 0 => (
            profile.taken as f64 / total as f64,
            percent(profile.taken, total),
        ),
        Some(history) => (
            history.likelihood(),
            format!("~{:.0}%", history.likelihood() * 100.0),
        ),
        None => return None,
    };
    let mut row = format!("{text} jumps ▕{}▏", bar(share, 8));
    let outcomes = profile
        .history
        .map(|history| history.strip(profile.executions));
    if let Some(outcomes) = outcomes.filter(|outcomes| !outcomes.is_empty()) {
        row.push(' ');
        row.push_str(&outcomes);
    }
    Some(row)
}
