//! Optimizations within a block: constants into conditions, short sequences into shorter ones.

use tailscope_bytecode::code::Const;
use tailscope_bytecode::opcode::Opcode;

use super::Error;
use super::consts::{ConstPool, small_int};
use super::eval;
use super::folding::{self, INTRINSIC_LIST_TO_TUPLE, INTRINSIC_UNARY_POSITIVE};
use super::graph::{BlockId, Cfg};
use super::ops::{self, Kinds};
use super::swaps::optimize_swaps;
use crate::instr::Instr;

/// Bit of COMPARE_OP's oparg: the result must be a bool.
const COMPARE_TO_BOOL: u32 = 16;

/// Resolves conditions on constants, and on the way makes small ints LOAD_SMALL_INT.
///
/// In blocks without such a condition, the latter waits until all loads of constants are looked at
/// anyway, in [`remove_unused_consts`](super::consts::remove_unused_consts): no pass before sees a
/// difference.
pub(crate) fn optimize_load_const(g: &mut Cfg, pool: &mut ConstPool) -> Result<(), Error> {
    let mut cursor = g.first_with(Kinds::CONST_USED);
    while let Some(b) = cursor {
        let made = optimize_block_load_const(g.code_mut(b), pool)?;
        g.note(b, made);
        g.rewired |= made.has(Kinds::UNCONDITIONAL_JUMP);
        cursor = g.next_with(b, Kinds::CONST_USED);
    }
    Ok(())
}

/// Returns what there may be in the block now that was not there before.
fn optimize_block_load_const(code: &mut [Instr], pool: &mut ConstPool) -> Result<Kinds, Error> {
    let mut made = Kinds::NONE;
    let mut i = 0;
    while let Some(next) = code[i..].iter().position(|instr| ops::loads_const(instr.op)) {
        i = optimize_from_const(code, i + next, &mut made, pool)?;
    }
    Ok(made)
}

/// Goes from the load of a constant at `first` over what follows as long as that constant is on top of
/// the stack. Returns where to go on.
fn optimize_from_const(code: &mut [Instr], first: usize, made: &mut Kinds, pool: &mut ConstPool) -> Result<usize, Error> {
    let mut load = code[first];
    let mut i = first;
    loop {
        let instr = &mut code[i];
        if instr.op == Opcode::LOAD_CONST
            && let Some(small) = small_int(pool.get(instr.arg)?)
        {
            instr.set(Opcode::LOAD_SMALL_INT, small);
        }
        if ops::loads_const(instr.op) {
            load = *instr;
        } else if !(load.op == Opcode::LOAD_CONST && instr.op == Opcode::COPY && instr.arg == 1) {
            // A COPY of a constant counts as its load.
            return Ok(i + 1);
        }
        let Some(next) = code.get(i + 1).map(|next| next.op) else { return Ok(i + 1) };
        made.insert(optimize_loaded_const(code, i, &load, next, pool)?);
        i += 1;
    }
}

/// `next`, after instruction `i`, finds the constant of `load` on the stack. Returns what is made.
fn optimize_loaded_const(
    code: &mut [Instr],
    i: usize,
    load: &Instr,
    next: Opcode,
    pool: &mut ConstPool,
) -> Result<Kinds, Error> {
    use Opcode::*;
    match next {
        POP_JUMP_IF_FALSE | POP_JUMP_IF_TRUE | JUMP_IF_FALSE | JUMP_IF_TRUE => {
            resolve_jump(code, i, eval::is_true(&pool.loaded(load)?));
            Ok(Kinds::NOP.or(Kinds::UNCONDITIONAL_JUMP))
        }
        IS_OP if pool.loaded(load)? == Const::None => {
            join_none_test(code, i);
            Ok(Kinds::NOP)
        }
        TO_BOOL => {
            let value = eval::bool_const(eval::is_true(&pool.loaded(load)?));
            code[i].set_nop();
            code[i + 1].set(LOAD_CONST, pool.add(value));
            Ok(Kinds::NOP)
        }
        _ => Ok(Kinds::NONE),
    }
}

/// The conditional jump after `i` depends on a constant: makes it a jump or nothing.
fn resolve_jump(code: &mut [Instr], i: usize, is_true: bool) {
    let jump = code[i + 1].op;
    if matches!(jump, Opcode::POP_JUMP_IF_FALSE | Opcode::POP_JUMP_IF_TRUE) {
        code[i].set_nop();
    }
    let jump_if_true = matches!(jump, Opcode::POP_JUMP_IF_TRUE | Opcode::JUMP_IF_TRUE);
    if is_true == jump_if_true {
        code[i + 1].op = Opcode::JUMP;
    } else {
        code[i + 1].set_nop();
    }
}

/// None is compared by IS_OP at `i + 1`: joins both with the jump on the result.
fn join_none_test(code: &mut [Instr], i: usize) {
    let mut jump = i + 2;
    if code
        .get(jump)
        .is_some_and(|instr| instr.op == Opcode::TO_BOOL)
    {
        code[jump].set_nop();
        jump += 1;
    }
    let is_not = code[i + 1].arg != 0;
    let if_not_none = match code.get(jump).map(|instr| instr.op) {
        Some(Opcode::POP_JUMP_IF_TRUE) => is_not,
        Some(Opcode::POP_JUMP_IF_FALSE) => !is_not,
        _ => return,
    };
    code[i].set_nop();
    code[i + 1].set_nop();
    code[jump].op = if if_not_none {
        Opcode::POP_JUMP_IF_NOT_NONE
    } else {
        Opcode::POP_JUMP_IF_NONE
    };
}

/// Folds constants, threads jumps and shortens sequences in all blocks.
pub(crate) fn optimize_blocks(g: &mut Cfg, pool: &mut ConstPool) -> Result<(), Error> {
    let kinds = Kinds::PEEPHOLE.or(Kinds::SHORTENED).or(Kinds::JUMP);
    let mut cursor = g.first_with(kinds);
    while let Some(b) = cursor {
        optimize_block(g, b, pool)?;
        cursor = g.next_with(b, kinds);
    }
    Ok(())
}

pub(crate) fn optimize_block(g: &mut Cfg, b: BlockId, pool: &mut ConstPool) -> Result<(), Error> {
    let kinds = g[b].kinds;
    let swaps = kinds.has(Kinds::PEEPHOLE.or(Kinds::SHORTENED)) && optimize_instrs(g, b, pool)?;
    if kinds.has(Kinds::JUMP) {
        thread_jumps(g, b);
    }
    if swaps {
        optimize_swaps(g, b);
        // Stores may stand behind others now.
        g.note(b, Kinds::NOP.or(Kinds::JOINED));
    }
    Ok(())
}

/// Optimizes the instructions that are no jumps. Returns whether there are SWAPs.
fn optimize_instrs(g: &mut Cfg, b: BlockId, pool: &mut ConstPool) -> Result<bool, Error> {
    let mut swaps = false;
    let mut from = 0;
    while let Some((i, count)) = ops::next_optimizable(g.code(b), from) {
        swaps |= g.code(b)[i].op == Opcode::SWAP;
        if optimize_instr(g, b, i, pool)? {
            g.note(b, Kinds::NOP);
        }
        from = i + count;
    }
    Ok(swaps)
}

/// Sends the jump at the end of the block to where it leads in the end.
fn thread_jumps(g: &mut Cfg, b: BlockId) {
    // Following more jumps than there are blocks would be going in circles.
    for _ in 0..=g.block_count() {
        let Some(last) = g.len(b).checked_sub(1) else { return };
        if !ops::has_jump(g.code(b)[last].op) || !thread_jump(g, b, last) {
            return;
        }
        g.rewired = true;
        g.note(b, Kinds::NOP);
    }
}

/// Optimizes what begins, or for constants ends, with instruction `i`, which is no jump. Returns
/// whether there may be a NOP now, unless by folding.
#[inline(never)]
fn optimize_instr(g: &mut Cfg, b: BlockId, i: usize, pool: &mut ConstPool) -> Result<bool, Error> {
    use Opcode::*;
    let Instr { op, arg, .. } = g.code(b)[i];
    let is_read = |g: &Cfg| matches!(g.op_at(b, i + 1), GET_ITER | CONTAINS_OP);
    match op {
        BUILD_TUPLE => {
            if unpack_built_tuple(g.code_mut(b), i) {
                return Ok(true);
            }
            folding::fold_tuple(g, b, i, pool)?;
        }
        BUILD_LIST | BUILD_SET => folding::optimize_list_or_set(g, b, i, pool)?,
        LIST_APPEND | SET_ADD if arg == 1 && is_read(g) => {
            folding::fold_appended(g, b, i, pool)?;
        }
        SWAP if arg == 1 => {
            g.code_mut(b)[i].set_nop();
            return Ok(true);
        }
        UNARY_NOT | UNARY_INVERT | UNARY_NEGATIVE => {
            if shorten_pair(g.code_mut(b), i) {
                return Ok(true);
            }
            folding::fold_unary(g, b, i, pool)?;
        }
        CALL_INTRINSIC_1 if arg == INTRINSIC_LIST_TO_TUPLE => {
            let folded = folding::fold_appended(g, b, i, pool)?;
            if !folded && g.op_at(b, i + 1) == GET_ITER {
                g.code_mut(b)[i].set_nop();
                return Ok(true);
            }
        }
        CALL_INTRINSIC_1 if arg == INTRINSIC_UNARY_POSITIVE => {
            folding::fold_unary(g, b, i, pool)?;
        }
        BINARY_OP => folding::fold_binary(g, b, i, pool)?,
        STORE_FAST if shorten_pair(g.code_mut(b), i) => g.note(b, Kinds::POP_TOP),
        LOAD_GLOBAL | COMPARE_OP | CONTAINS_OP | IS_OP | TO_BOOL => {
            return Ok(shorten_pair(g.code_mut(b), i));
        }
        _ => {}
    }
    Ok(false)
}

/// A tuple that is built and unpacked again at once: swaps at most. Returns whether it was.
fn unpack_built_tuple(code: &mut [Instr], i: usize) -> bool {
    let count = code[i].arg;
    let unpacks = code
        .get(i + 1)
        .is_some_and(|next| next.op == Opcode::UNPACK_SEQUENCE && next.arg == count);
    if !unpacks || !(1..=3).contains(&count) {
        return false;
    }
    code[i].set_nop();
    if count == 1 {
        code[i + 1].set_nop();
    } else {
        code[i + 1].op = Opcode::SWAP;
    }
    true
}

/// Two instructions that can be one. Returns whether they were.
fn shorten_pair(code: &mut [Instr], i: usize) -> bool {
    use Opcode::*;
    let [first, second, ..] = &mut code[i..] else {
        return false;
    };
    match (first.op, second.op) {
        (STORE_FAST, STORE_FAST) if first.arg == second.arg => {
            if first.loc.line != second.loc.line {
                return false;
            }
            first.set(POP_TOP, 0);
        }
        (LOAD_GLOBAL, PUSH_NULL) if first.arg & 1 == 0 => {
            first.arg |= 1;
            second.set_nop();
        }
        (COMPARE_OP, TO_BOOL) => {
            second.set(COMPARE_OP, first.arg | COMPARE_TO_BOOL);
            first.set_nop();
        }
        (CONTAINS_OP | IS_OP, TO_BOOL) => {
            second.set(first.op, first.arg);
            first.set_nop();
        }
        (CONTAINS_OP | IS_OP, UNARY_NOT) => {
            second.set(first.op, first.arg ^ 1);
            first.set_nop();
        }
        (TO_BOOL, TO_BOOL) => first.set_nop(),
        (UNARY_NOT, TO_BOOL) => {
            second.set(UNARY_NOT, 0);
            first.set_nop();
        }
        (UNARY_NOT, UNARY_NOT) => {
            first.set_nop();
            second.set_nop();
        }
        _ => return false,
    }
    true
}

/// Sends the jump at `i`, the last instruction of the block, past a jump that it goes to.
/// Returns whether there is something at `i` to look at again.
fn thread_jump(g: &mut Cfg, b: BlockId, i: usize) -> bool {
    use Opcode::*;
    let Some(target) = g.code(b)[i].target else {
        return false;
    };
    // Mostly no jump is there.
    if !g[target].kinds.has(Kinds::UNCONDITIONAL_JUMP.or(Kinds::KEEPING_JUMP)) {
        return false;
    }
    let jump = g.code(b)[i];
    let Some(landing) = g.code(target).first().copied() else {
        return false;
    };
    let op = match (jump.op, landing.op) {
        (JUMP | JUMP_NO_INTERRUPT, JUMP) => JUMP,
        (JUMP | JUMP_NO_INTERRUPT, JUMP_NO_INTERRUPT) => jump.op,
        (JUMP_IF_FALSE, JUMP_IF_TRUE) | (JUMP_IF_TRUE, JUMP_IF_FALSE) => {
            // The value decides the second jump too: it is not taken.
            let after = g[target].next;
            if after.is_none() {
                return false;
            }
            g.code_mut(b)[i].target = after;
            return true;
        }
        (JUMP_IF_FALSE, JUMP | JUMP_IF_FALSE) | (JUMP_IF_TRUE, JUMP | JUMP_IF_TRUE) => jump.op,
        (POP_JUMP_IF_NOT_NONE | POP_JUMP_IF_NONE | POP_JUMP_IF_FALSE | POP_JUMP_IF_TRUE, JUMP) => {
            jump.op
        }
        _ => return false,
    };
    if landing.target == jump.target {
        return false;
    }
    // The NOP keeps the line of the jump.
    g.code_mut(b)[i].set_nop();
    g.add_jump(b, op, landing.target, landing.loc);
    true
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    fn optimized(source: &str, consts: Vec<Const>) -> (String, Vec<Const>) {
        let mut g = graph(source);
        let mut pool = ConstPool::new(consts);
        optimize_load_const(&mut g, &mut pool).unwrap();
        optimize_blocks(&mut g, &mut pool).unwrap();
        (text(&g), pool.into_consts())
    }

    fn int(n: i64) -> Const {
        Const::Int(n.into())
    }

    #[test]
    fn constants_are_folded_from_the_inside_out() {
        let (code, consts) = optimized(
            "1 LOAD_CONST 0
             1 LOAD_CONST 1
             1 BINARY_OP 5
             1 LOAD_CONST 0
             1 BUILD_TUPLE 2
             1 RETURN_VALUE",
            vec![int(1000), int(3)],
        );
        assert_eq!(
            code,
            "- NOP | - NOP | - NOP | - NOP | 1 LOAD_CONST 3 | 1 RETURN_VALUE"
        );
        let tuple = Const::Tuple([int(3000), int(1000)].into());
        assert_eq!(consts, [int(1000), int(3), int(3000), tuple]);
    }

    #[test]
    fn a_set_that_is_searched_becomes_a_frozenset() {
        let (code, consts) = optimized(
            "1 LOAD_FAST 0
             1 LOAD_CONST 0
             1 LOAD_CONST 1
             1 BUILD_SET 2
             1 CONTAINS_OP 0
             1 TO_BOOL",
            vec![Const::True, int(1)],
        );
        assert_eq!(
            code,
            "1 LOAD_FAST 0 | - NOP | - NOP | 1 LOAD_CONST 2 | 1 NOP | 1 CONTAINS_OP 0"
        );
        assert_eq!(consts[2], Const::FrozenSet([Const::True].into()));
    }

    #[test]
    fn conditions_on_constants_are_resolved() {
        let (code, _) = optimized(
            "1 LOAD_CONST 0
             1 POP_JUMP_IF_FALSE @end
             2 LOAD_FAST 0
             2 LOAD_CONST 0
             2 IS_OP 1
             2 TO_BOOL
             2 POP_JUMP_IF_FALSE @end
             3 NOP
             end:
             4 NOP",
            vec![Const::None],
        );
        assert_eq!(
            code,
            "1 NOP | 1 JUMP @3; 2 LOAD_FAST 0 | 2 NOP | 2 NOP | 2 NOP | 2 POP_JUMP_IF_NONE @3; \
             3 NOP; 4 NOP"
        );
    }

    #[test]
    fn jumps_to_jumps_are_threaded() {
        let (code, _) = optimized(
            "1 LOAD_FAST 0
             1 JUMP_IF_FALSE @middle
             1 POP_TOP
             1 LOAD_FAST 1
             middle:
             2 JUMP_IF_TRUE @end
             2 POP_TOP
             end:
             3 RETURN_VALUE",
            vec![],
        );
        assert_eq!(
            code,
            "1 LOAD_FAST 0 | 1 JUMP_IF_FALSE @3; 1 POP_TOP | 1 LOAD_FAST 1; \
             2 JUMP_IF_TRUE @4; 2 POP_TOP; 3 RETURN_VALUE"
        );
    }
}
