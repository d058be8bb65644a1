//! Numbers that stand for frames and for things with variables. They mean something for the
//! duration of one stop.

use crate::protocol::Variable;

/// Set in the number of a frame that is a handler's; the rest is its place in the list of handlers.
pub const HANDLER: u64 = 1 << 63;

/// Something with variables.
#[derive(Clone, Debug, PartialEq)]
pub enum Holder {
    /// A frame's locals.
    Locals { frame: u64 },
    /// A frame's globals.
    Globals { frame: u64 },
    /// A frame's value stack.
    Stack { frame: u64 },
    /// The instruction that a frame is at.
    Instruction { frame: u64 },
    /// The entry of the exception table that is in force there.
    Handler { frame: u64 },
    /// The basic block around it.
    Block { frame: u64 },
    /// The inside of a value, with the expression that reaches it, and the frame that the
    /// expression means something in.
    Value {
        handle: u64,
        frame: Option<u64>,
        expression: Option<String>,
    },
    /// Variables that are known already.
    Known(Vec<Variable>),
}

/// The handles of the current stop. Their numbers are never used again, so that one of an
/// earlier stop is found out.
#[derive(Debug, Default)]
pub struct Handles {
    /// Handles of earlier stops have numbers up to this.
    base: u32,
    frames: Vec<u64>,
    holders: Vec<Holder>,
    /// Instructions that steps and jumps can go to.
    targets: Vec<u64>,
    /// Files and lines where things were defined.
    locations: Vec<(String, u32)>,
    /// Counts the stops.
    epoch: u64,
}

/// Where numbers begin again; nobody keeps a handle over a billion others.
const LIMIT: u32 = 1 << 30;

impl Handles {
    /// Forgets all handles: the program goes on.
    pub fn reset(&mut self) {
        let used = self
            .frames
            .len()
            .max(self.holders.len())
            .max(self.targets.len())
            .max(self.locations.len());
        self.base = self
            .base
            .saturating_add(u32::try_from(used).unwrap_or(u32::MAX));
        if self.base > LIMIT {
            self.base = 0;
        }
        self.frames.clear();
        self.holders.clear();
        self.targets.clear();
        self.locations.clear();
        self.epoch += 1;
    }

    /// Which stop this is; an answer that belongs to another one is of no use.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The number of a frame.
    pub fn frame(&mut self, frame: u64) -> u64 {
        let index = self
            .frames
            .iter()
            .position(|&known| known == frame)
            .unwrap_or_else(|| {
                self.frames.push(frame);
                self.frames.len() - 1
            });
        u64::from(self.number(index))
    }

    /// The frame that a number stands for.
    pub fn find_frame(&self, number: u64) -> Option<u64> {
        let index = self.index(u32::try_from(number).ok()?)?;
        self.frames.get(index).copied()
    }

    /// A number for an instruction that a step or a jump can go to.
    pub fn target(&mut self, address: u64) -> u64 {
        self.targets.push(address);
        self.number(self.targets.len() - 1).into()
    }

    /// The instruction that a number stands for.
    pub fn find_target(&self, number: u64) -> Option<u64> {
        let index = self.index(u32::try_from(number).ok()?)?;
        self.targets.get(index).copied()
    }

    /// A number for a place in a file.
    pub fn location(&mut self, place: (String, u32)) -> u64 {
        self.locations.push(place);
        self.number(self.locations.len() - 1).into()
    }

    /// The place that a number stands for.
    pub fn find_location(&self, number: u64) -> Option<(String, u32)> {
        let index = self.index(u32::try_from(number).ok()?)?;
        self.locations.get(index).cloned()
    }

    /// A number for something with variables.
    pub fn hold(&mut self, holder: Holder) -> u32 {
        self.holders.push(holder);
        self.number(self.holders.len() - 1)
    }

    /// What a number stands for.
    pub fn find(&self, number: u32) -> Option<&Holder> {
        self.holders.get(self.index(number)?)
    }

    fn number(&self, index: usize) -> u32 {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        self.base.saturating_add(index).saturating_add(1)
    }

    fn index(&self, number: u32) -> Option<usize> {
        usize::try_from(number.checked_sub(self.base)?.checked_sub(1)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_live_for_one_stop() {
        let mut handles = Handles::default();
        let frame = handles.frame(77);
        assert_eq!(handles.frame(77), frame, "a frame has one number");
        assert_ne!(handles.frame(78), frame);
        let locals = handles.hold(Holder::Locals { frame: 77 });
        assert!(locals > 0, "0 means that there is nothing to see");
        assert_eq!(handles.find_frame(frame), Some(77));
        assert_eq!(handles.find(locals), Some(&Holder::Locals { frame: 77 }));

        handles.reset();
        let globals = handles.hold(Holder::Globals { frame: 1 });
        let other = handles.frame(1);
        assert_eq!(
            (handles.find_frame(frame), handles.find(locals)),
            (None, None)
        );
        assert!(handles.find(globals).is_some() && handles.find_frame(other).is_some());
        for wild in [0, u32::MAX] {
            assert_eq!(
                (handles.find(wild), handles.find_frame(wild.into())),
                (None, None)
            );
        }
    }
}
