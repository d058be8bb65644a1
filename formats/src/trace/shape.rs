//! Which instruction follows which, as far as the code alone says it.
//!
//! The writer leaves out every step that this predicts, and the reader puts it back; both
//! must agree, so this file is part of the format (`docs/trace-format.md`, "Shape").

use tailscope_bytecode::opcode::Opcode;

/// What stands for "none" in the tables below.
const NONE: u32 = u32::MAX;

/// The static control flow of one code object.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The code as compiled: opcode of each code unit.
    opcodes: Box<[u8]>,
    /// For each code unit: the unit that follows unless something departs from the plain way.
    next: Box<[u32]>,
    /// For each code unit: where a conditional jump goes when it jumps, or [`NONE`].
    jump: Box<[u32]>,
}

impl Shape {
    /// Works out the shape of code units as the compiler wrote them (2 bytes each).
    pub fn new(code: &[u8]) -> Shape {
        let count = code.len() / 2;
        let mut shape = Shape {
            opcodes: code.chunks_exact(2).map(|unit| unit[0]).collect(),
            next: (0..count).map(|unit| unit as u32 + 1).collect(),
            jump: vec![NONE; count].into(),
        };
        let mut prefix = 0u32;
        let mut unit = 0;
        while unit < count {
            let oparg = prefix << 8 | u32::from(code[unit * 2 + 1]);
            let Some(opcode) = Opcode::from_u8(code[unit * 2]) else {
                (prefix, unit) = (0, unit + 1);
                continue;
            };
            let after = unit + 1 + opcode.cache_units();
            shape.next[unit] = after as u32;
            prefix = 0;
            match opcode {
                Opcode::EXTENDED_ARG => prefix = oparg,
                Opcode::JUMP_FORWARD => shape.next[unit] = (after as u32).wrapping_add(oparg),
                Opcode::JUMP_BACKWARD | Opcode::JUMP_BACKWARD_NO_INTERRUPT => {
                    shape.next[unit] = (after as u32).wrapping_sub(oparg);
                }
                // An exhausted loop goes on after the END_FOR that it jumps to.
                Opcode::FOR_ITER => shape.jump[unit] = (after as u32).wrapping_add(oparg + 1),
                _ if opcode.has_jump() => {
                    shape.jump[unit] = (after as u32).wrapping_add(oparg);
                    // One that does not jump steps over the mark that says so.
                    let mark = Opcode::NOT_TAKEN.number() as u8;
                    if code.get(after * 2) == Some(&mark) {
                        shape.next[unit] = after as u32 + 1;
                    }
                }
                _ => {}
            }
            unit = after;
        }
        shape
    }

    /// How many code units there are.
    pub fn len(&self) -> u32 {
        self.opcodes.len() as u32
    }

    /// The opcode at `unit` as the compiler wrote it; 0 outside of the code.
    pub fn opcode(&self, unit: u32) -> u8 {
        self.opcodes.get(unit as usize).copied().unwrap_or(0)
    }

    /// The unit that follows `unit` on the plain way; it may lie outside of a damaged code.
    pub fn next(&self, unit: u32) -> u32 {
        self.next.get(unit as usize).copied().unwrap_or(NONE)
    }

    /// Where the conditional jump at `unit` goes when it jumps.
    pub fn jump(&self, unit: u32) -> Option<u32> {
        self.jump
            .get(unit as usize)
            .copied()
            .filter(|target| *target != NONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jumps_caches_and_prefixes_are_followed() {
        use Opcode::*;
        let op = |opcode: Opcode| opcode.number() as u8;
        #[rustfmt::skip]
        let code = [
            op(RESUME), 0, // 0
            op(FOR_ITER), 5, 0, 0, // 1, cache 2
            op(EXTENDED_ARG), 1, // 3
            op(POP_JUMP_IF_FALSE), 2, 0, 0, // 4, cache 5
            op(NOT_TAKEN), 0, // 6
            op(JUMP_BACKWARD), 8, 0, 0, // 7, cache 8
            op(END_FOR), 0, // 9
            op(JUMP_FORWARD), 0, // 10
        ];
        let shape = Shape::new(&code);
        assert_eq!(
            (shape.next(0), shape.next(1), shape.jump(1)),
            (1, 3, Some(9))
        );
        assert_eq!((shape.next(4), shape.jump(4)), (7, Some(6 + 258)));
        assert_eq!((shape.next(7), shape.jump(7)), (1, None));
        assert_eq!(
            (shape.next(10), shape.next(11), shape.len()),
            (11, NONE, 11)
        );
    }
}
