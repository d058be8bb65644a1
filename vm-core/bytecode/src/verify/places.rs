//! What is on the stack and in the variables before each instruction: for tools that make a
//! frame go on at another one.

use super::values::{Kind, State};
use super::*;

/// What a value on the stack is there for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SlotKind {
    Object,
    /// NULL, or what may be.
    Null,
    /// The iterator of a loop.
    Iterator,
    /// An exception, or the one that was handled before it.
    Exception,
    /// The offset of an instruction that raised.
    Lasti,
}

/// What is known before each instruction of a code object.
pub struct Places {
    /// By code unit; `None` where no path leads, and within instructions.
    states: Vec<Option<State>>,
}

/// Finds out what is known before each instruction.
///
/// # Errors
/// If the code object cannot be verified.
pub fn places(code: &Code) -> Result<Places, VerifyError> {
    let refused = |refusal: Refusal| VerifyError {
        code: code.qualname.clone(),
        offset: refusal.offset,
        reason: refusal.reason,
    };
    let form = form::check(code).map_err(refused)?;
    let mut states = vec![None; code.code.len() / 2];
    flow::follow(code, &form, |index, state| {
        let unit = form.instructions[index].offset / 2;
        states[unit] = Some(state.clone());
    })
    .map_err(refused)?;
    Ok(Places { states })
}

impl Places {
    fn state(&self, unit: u32) -> Option<&State> {
        self.states.get(unit as usize)?.as_ref()
    }

    /// What is on the stack before the instruction at a code unit, the bottom first. `None` if
    /// no path leads there.
    pub fn stack(&self, unit: u32) -> Option<Vec<SlotKind>> {
        let state = self.state(unit)?;
        Some(state.stack.iter().map(|slot| slot_kind(slot.kind)).collect())
    }

    /// Whether the instruction at `to` can deal with the variables that there are at `from`,
    /// those without a value being None, and with the lower part of the stack there.
    pub fn fits(&self, from: u32, to: u32) -> bool {
        let (Some(from), Some(to)) = (self.state(from), self.state(to)) else {
            return false;
        };
        let stacks = from.stack.iter().zip(&to.stack);
        let locals = from.locals.iter().zip(&to.locals);
        from.stack.len() >= to.stack.len()
            && stacks
                .into_iter()
                .all(|(from, to)| from.is_no_more_than(to))
            && locals.into_iter().all(|(from, to)| stands_for(*from, *to))
    }
}

/// Whether a variable may be where another is expected: it matters for cells only, but there
/// much.
fn stands_for(from: Kind, to: Kind) -> bool {
    !to.within(Kind::CELL) || from.within(Kind::CELL)
}

fn slot_kind(kind: Kind) -> SlotKind {
    if !kind.within(Kind::ANY.without(Kind::NULL)) {
        SlotKind::Null
    } else if kind.within(Kind::ITERATOR) {
        SlotKind::Iterator
    } else if kind.within(Kind::EXCEPTION.or(Kind::PREVIOUS)) {
        SlotKind::Exception
    } else if kind.within(Kind::LASTI) {
        SlotKind::Lasti
    } else {
        SlotKind::Object
    }
}
