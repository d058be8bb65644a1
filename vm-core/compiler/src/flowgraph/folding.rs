//! Instructions on constants: what can be computed now becomes one constant.

use tailscope_bytecode::code::Const;
use tailscope_bytecode::opcode::Opcode;

use super::Error;
use super::consts::ConstPool;
use super::eval;
use super::graph::{BlockId, Cfg};
use super::ops::{self, Kinds};
use crate::instr::{Instr, Loc};

/// Sequences of more items than this are not folded (`_PY_STACK_USE_GUIDELINE`).
const MAX_ITEMS: u32 = 30;
/// Lists and sets of fewer constants are built item by item.
const MIN_CONST_SEQUENCE_SIZE: u32 = 3;
/// `CALL_INTRINSIC_1` with this oparg makes a tuple of a list.
pub(crate) const INTRINSIC_UNARY_POSITIVE: u32 = 5;
pub(crate) const INTRINSIC_LIST_TO_TUPLE: u32 = 6;

/// The indices of the `count` instructions right before `end` that push constants, NOPs
/// left out; `None` if there is another instruction among them.
fn const_loads(code: &[Instr], end: usize, count: usize) -> Option<Vec<usize>> {
    // Mostly there is none.
    let last = code[..end].iter().rfind(|instr| instr.op != Opcode::NOP);
    if count > 0 && !last.is_some_and(|last| ops::loads_const(last.op)) {
        return None;
    }
    let mut loads = Vec::with_capacity(count);
    for i in (0..end).rev() {
        if loads.len() == count {
            break;
        }
        if code[i].op == Opcode::NOP {
            continue;
        }
        if !ops::loads_const(code[i].op) {
            return None;
        }
        loads.push(i);
    }
    loads.reverse();
    (loads.len() == count).then_some(loads)
}

fn loaded_consts(
    code: &[Instr],
    loads: &[usize],
    pool: &ConstPool,
) -> Result<Vec<Const>, Error> {
    loads.iter().map(|&i| pool.loaded(&code[i])).collect()
}

/// Makes instructions NOPs that nothing depends on.
fn nop_out(code: &mut [Instr], indices: &[usize]) {
    for &i in indices {
        code[i].set_nop();
        code[i].loc = Loc::NONE;
    }
}

/// What may be in a block where instructions on constants were folded.
const FOLDED: Kinds = Kinds::NOP.or(Kinds::LOADS_CONST).or(Kinds::NO_LINE);

/// Folds a BUILD_TUPLE of constants.
pub(crate) fn fold_tuple(
    g: &mut Cfg,
    b: BlockId,
    i: usize,
    pool: &mut ConstPool,
) -> Result<(), Error> {
    let code = g.code_mut(b);
    let count = code[i].arg;
    if count > MAX_ITEMS {
        return Ok(());
    }
    let Some(loads) = const_loads(code, i, count as usize) else {
        return Ok(());
    };
    let items = loaded_consts(code, &loads, pool)?;
    nop_out(code, &loads);
    pool.load(&mut code[i], Const::Tuple(items.into()));
    g.note(b, FOLDED);
    Ok(())
}

/// Folds a display that is built constant by constant, as long ones are: a list that is then
/// converted to a tuple (`i` is the conversion), or a list or set that is only iterated or
/// searched (`i` is the last append). Returns whether it did.
pub(crate) fn fold_appended(
    g: &mut Cfg,
    b: BlockId,
    i: usize,
    pool: &mut ConstPool,
) -> Result<bool, Error> {
    let code = g.code_mut(b);
    let converted = code[i].op == Opcode::CALL_INTRINSIC_1;
    let is_set = code[i].op == Opcode::SET_ADD;
    let (build, append) = if is_set {
        (Opcode::BUILD_SET, Opcode::SET_ADD)
    } else {
        (Opcode::BUILD_LIST, Opcode::LIST_APPEND)
    };
    let mut loads = Vec::new();
    // The last append does not keep its location, while a conversion does.
    let mut parts = if converted { Vec::new() } else { vec![i] };
    let mut expect_append = converted;
    let mut complete = false;
    for at in (0..i).rev() {
        let instr = code[at];
        if instr.op == Opcode::NOP {
            continue;
        }
        parts.push(at);
        if instr.op == build && instr.arg == 0 {
            complete = expect_append;
            break;
        }
        if expect_append {
            if instr.op != append || instr.arg != 1 {
                break;
            }
        } else {
            if !ops::loads_const(instr.op) {
                break;
            }
            loads.push(at);
        }
        expect_append = !expect_append;
    }
    if !complete {
        return Ok(false);
    }
    loads.reverse();
    let items = loaded_consts(code, &loads, pool)?;
    nop_out(code, &parts);
    let value = if is_set {
        eval::frozenset(items)
    } else {
        Const::Tuple(items.into())
    };
    pool.load(&mut code[i], value);
    g.note(b, FOLDED);
    Ok(true)
}

/// Makes a list or set of constants one constant where it is only iterated or searched;
/// elsewhere an empty one that is extended by a constant.
pub(crate) fn optimize_list_or_set(
    g: &mut Cfg,
    b: BlockId,
    i: usize,
    pool: &mut ConstPool,
) -> Result<(), Error> {
    let only_read = matches!(g.op_at(b, i + 1), Opcode::GET_ITER | Opcode::CONTAINS_OP);
    let code = g.code_mut(b);
    let Instr {
        op,
        arg: count,
        loc,
        ..
    } = code[i];
    if count > MAX_ITEMS || (count < MIN_CONST_SEQUENCE_SIZE && !only_read) {
        return Ok(());
    }
    let Some(loads) = const_loads(code, i, count as usize) else {
        if only_read && op == Opcode::BUILD_LIST {
            code[i].op = Opcode::BUILD_TUPLE;
        }
        return Ok(());
    };
    let items = loaded_consts(code, &loads, pool)?;
    let value = if op == Opcode::BUILD_SET {
        eval::frozenset(items)
    } else {
        Const::Tuple(items.into())
    };
    let index = pool.add(value);
    nop_out(code, &loads);
    if only_read {
        code[i].set(Opcode::LOAD_CONST, index);
        g.note(b, FOLDED);
        return Ok(());
    }
    // At least three constants came before, so there is room.
    code[i - 2].loc = loc;
    code[i - 2].set(op, 0);
    code[i - 1].set(Opcode::LOAD_CONST, index);
    let extend = if op == Opcode::BUILD_LIST {
        Opcode::LIST_EXTEND
    } else {
        Opcode::SET_UPDATE
    };
    code[i].set(extend, 1);
    g.note(b, FOLDED);
    Ok(())
}

/// Folds a BINARY_OP on two constants, if it has a value.
pub(crate) fn fold_binary(
    g: &mut Cfg,
    b: BlockId,
    i: usize,
    pool: &mut ConstPool,
) -> Result<(), Error> {
    let code = g.code_mut(b);
    let Some(loads) = const_loads(code, i, 2) else {
        return Ok(());
    };
    let left = pool.loaded(&code[loads[0]])?;
    let right = pool.loaded(&code[loads[1]])?;
    if let Some(value) = eval::binary(code[i].arg, &left, &right) {
        nop_out(code, &loads);
        pool.load(&mut code[i], value);
        g.note(b, FOLDED);
    }
    Ok(())
}

/// Folds a unary operation on a constant, if it has a value.
pub(crate) fn fold_unary(
    g: &mut Cfg,
    b: BlockId,
    i: usize,
    pool: &mut ConstPool,
) -> Result<(), Error> {
    let code = g.code_mut(b);
    let Some(loads) = const_loads(code, i, 1) else {
        return Ok(());
    };
    let operand = pool.loaded(&code[loads[0]])?;
    let value = match code[i].op {
        Opcode::UNARY_NEGATIVE => eval::negative(&operand),
        Opcode::UNARY_INVERT => eval::invert(&operand),
        Opcode::UNARY_NOT => Some(if eval::is_true(&operand) {
            Const::False
        } else {
            Const::True
        }),
        _ => eval::positive(&operand),
    };
    if let Some(value) = value {
        nop_out(code, &loads);
        pool.load(&mut code[i], value);
        g.note(b, FOLDED);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use super::*;

    fn optimized(source: &str) -> (String, Vec<Const>) {
        let mut g = graph(source);
        let entry = g.entry;
        let consts = ["a", "b", "c"].map(|text| Const::Str(text.into()));
        let mut pool = ConstPool::new(consts.to_vec());
        super::super::peephole::optimize_block(&mut g, entry, &mut pool).unwrap();
        (text(&g), pool.into_consts().split_off(3))
    }

    fn strings(items: &[&str]) -> Vec<Const> {
        items.iter().map(|&text| Const::Str(text.into())).collect()
    }

    #[test]
    fn a_list_of_three_constants_is_extended_by_a_tuple() {
        let (code, consts) = optimized(
            "1 LOAD_CONST 0\n1 LOAD_CONST 1\n1 LOAD_CONST 2\n2 BUILD_LIST 3\n2 STORE_NAME 0",
        );
        assert_eq!(
            code,
            "- NOP | 2 BUILD_LIST 0 | - LOAD_CONST 3 | 2 LIST_EXTEND 1 | 2 STORE_NAME 0"
        );
        assert_eq!(consts, [Const::Tuple(strings(&["a", "b", "c"]).into())]);
    }

    #[test]
    fn a_list_of_names_that_is_iterated_is_a_tuple() {
        let (code, consts) = optimized("1 LOAD_NAME 0\n1 LOAD_NAME 1\n1 BUILD_LIST 2\n1 GET_ITER");
        assert_eq!(
            code,
            "1 LOAD_NAME 0 | 1 LOAD_NAME 1 | 1 BUILD_TUPLE 2 | 1 GET_ITER"
        );
        assert_eq!(consts, []);
    }

    #[test]
    fn displays_built_item_by_item_are_folded() {
        let items = "1 LOAD_CONST 0\n1 LIST_APPEND 1\n1 LOAD_CONST 1\n1 LIST_APPEND 1";
        let tuple = Const::Tuple(strings(&["a", "b"]).into());
        let (code, consts) = optimized(&format!("1 BUILD_LIST 0\n{items}\n1 CALL_INTRINSIC_1 6"));
        assert_eq!(
            code,
            "- NOP | - NOP | - NOP | - NOP | - NOP | 1 LOAD_CONST 3"
        );
        assert_eq!(consts.first(), Some(&tuple));
        let (code, consts) = optimized(&format!("1 BUILD_LIST 0\n{items}\n1 GET_ITER"));
        assert_eq!(
            code,
            "- NOP | - NOP | - NOP | - NOP | - LOAD_CONST 3 | 1 GET_ITER"
        );
        assert_eq!(consts, [tuple]);
        let set =
            format!("1 BUILD_SET 0\n{items}\n1 CONTAINS_OP 0").replace("LIST_APPEND", "SET_ADD");
        assert_eq!(
            optimized(&set).1,
            [Const::FrozenSet(strings(&["a", "b"]).into())]
        );
        // Not if something else comes before.
        let (code, _) = optimized(&format!("1 BUILD_LIST 1\n{items}\n1 GET_ITER"));
        assert!(code.starts_with("1 BUILD_LIST 1 | 1 LOAD_CONST 0 | 1 LIST_APPEND 1"));
    }

    #[test]
    fn what_raises_is_left_to_run_time() {
        let source = "1 LOAD_CONST 0\n1 LOAD_SMALL_INT 0\n1 BINARY_OP 11";
        assert_eq!(optimized(source).0, text(&graph(source)));
        let (code, _) = optimized("1 LOAD_SMALL_INT 7\n1 LOAD_SMALL_INT 2\n1 BINARY_OP 2");
        assert_eq!(code, "- NOP | - NOP | 1 LOAD_SMALL_INT 3");
    }
}
