//! Adaptive counters: when an instruction tries to specialize, and when it tries again.
//!
//! 16 bits: a value in the upper 12, an exponent in the lower 4 (CPython 3.14,
//! `pycore_backoff.h`). A counter counts down at each run; at zero the instruction tries to
//! specialize. A failure starts it again with the next power of two.

use tailscope_bytecode::opcode::Opcode;

const BACKOFF_BITS: u16 = 4;
const MAX_BACKOFF: u16 = 12;
/// Exponent of a counter that never triggers.
const UNREACHABLE: u16 = 15;

/// History of a conditional jump that has not run yet: alternating.
pub const FRESH_BRANCH_HISTORY: u16 = 0x5555;

const fn make(value: u16, backoff: u16) -> u16 {
    value << BACKOFF_BITS | backoff
}

/// Of an instruction that has not specialized yet.
pub const WARMUP: u16 = make(1, 1);
/// Of an instruction that has just specialized: how many misses it takes to try again.
pub const COOLDOWN: u16 = make(52, 0);
/// Of a backward jump that no trace starts from yet.
pub const JUMP_BACKWARD: u16 = make(4095, 12);

/// First content of the first cache entry of an instruction.
pub fn initial(op: Opcode) -> u16 {
    use Opcode::*;
    match op {
        POP_JUMP_IF_FALSE | POP_JUMP_IF_TRUE | POP_JUMP_IF_NONE | POP_JUMP_IF_NOT_NONE => {
            FRESH_BRANCH_HISTORY
        }
        JUMP_BACKWARD => self::JUMP_BACKWARD,
        _ => WARMUP,
    }
}

/// Whether the instruction should try to specialize now.
#[inline(always)]
pub const fn triggers(counter: u16) -> bool {
    counter < UNREACHABLE
}

/// One run later.
#[inline(always)]
pub const fn advance(counter: u16) -> u16 {
    counter.wrapping_sub(1 << BACKOFF_BITS)
}

/// After a failure: twice as long as last time.
pub const fn restart(counter: u16) -> u16 {
    let backoff = counter & 15;
    if backoff < MAX_BACKOFF {
        make((1 << (backoff + 1)) - 1, backoff + 1)
    } else {
        make((1 << MAX_BACKOFF) - 1, MAX_BACKOFF)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_instruction_specializes_at_its_second_run() {
        assert!(!triggers(WARMUP));
        assert!(triggers(advance(WARMUP)));
    }

    #[test]
    fn failures_double_the_distance_up_to_a_limit() {
        let mut c = advance(WARMUP);
        for expected in [3, 7, 15, 31] {
            c = restart(c);
            assert_eq!(c >> 4, expected);
            while !triggers(c) {
                c = advance(c);
            }
        }
        for _ in 0..20 {
            c = restart(c);
        }
        assert_eq!(c, make(4095, 12));
    }

    #[test]
    fn misses_lead_to_a_new_try() {
        let mut c = COOLDOWN;
        let mut misses = 0;
        while !triggers(c) {
            c = advance(c);
            misses += 1;
        }
        assert_eq!(misses, 52);
    }
}
