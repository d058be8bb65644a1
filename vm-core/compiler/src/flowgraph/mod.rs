//! The flow graph: instruction sequences are cut into basic blocks, optimized, ordered and
//! lowered to what the machine executes. Source: CPython 3.14 `Python/flowgraph.c`.
//!
//! Each pass is a module; [`optimize`] and [`lower`] hold their order, which matters: code
//! objects are compared with CPython's bit by bit. A pass visits the blocks alone that may have
//! something for it: what a block may hold, single instructions and pairs of neighbours, is known from
//! when it is built, and passes note what they add.

mod borrow;
mod build;
mod cells;
mod cold;
mod consts;
mod eval;
mod except;
mod folding;
mod graph;
mod jumps;
mod lines;
mod nops;
mod ops;
mod peephole;
mod reach;
mod stackdepth;
mod superinstructions;
mod swaps;
mod uninitialized;

#[cfg(test)]
mod oracle;
#[cfg(test)]
pub(crate) mod testing;

use tailscope_bytecode::opcode::Opcode;

pub(crate) use build::from_sequence;
pub(crate) use cells::CellSlots;
pub(crate) use consts::ConstPool;
pub(crate) use graph::{BlockId, Cfg};
pub(crate) use ops::{cache_units, ends_flow, has_jump, has_target, is_terminator, shapes_blocks};

use crate::instr::Unit;

/// Why a unit cannot be assembled. Code generation never causes these, short of a mistake.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("malformed control flow graph")]
    Malformed,
    #[error("invalid control flow graph: stack underflow")]
    StackUnderflow,
    #[error("invalid control flow graph: two ways into a block leave different stack depths")]
    InconsistentDepth,
    #[error("{0} is not an instruction that the compiler emits")]
    NotForCompiling(Opcode),
    #[error("{0} has no target")]
    NoTarget(Opcode),
    #[error("label {0} is used but stands before no instruction")]
    UnplacedLabel(u32),
    #[error("a jump goes past the last instruction")]
    JumpToNowhere,
    #[error("LOAD_CONST index {index} is out of range: there are {len} constants")]
    NoSuchConst { index: u32, len: usize },
    #[error("there is no cell or free variable number {0}")]
    NoSuchCell(u32),
    #[error("there are more parameters than local variables")]
    TooFewLocals,
    #[error("control can run past the last instruction")]
    FallsOffTheEnd,
    #[error("the code is too large")]
    TooLarge,
}

/// Optimizes a graph (`_PyCfg_OptimizeCodeUnit`).
///
/// `nlocals` counts the local variables, `nparams` those among them that are parameters.
pub(crate) fn optimize(
    g: &mut Cfg,
    pool: &mut ConstPool,
    nlocals: usize,
    nparams: usize,
) -> Result<(), Error> {
    let guarded = g.seen.has(ops::Kinds::BLOCK_PUSH.or(ops::Kinds::POP_BLOCK));
    if guarded {
        build::mark_except_handlers(g);
        except::label_exception_targets(g)?;
    }

    reach::inline_small_or_no_line_blocks(g);
    reach::remove_unreachable(g);
    lines::resolve_line_numbers(g);
    peephole::optimize_load_const(g, pool)?;
    peephole::optimize_blocks(g, pool)?;
    nops::remove_redundant_nops_and_pairs(g);
    if g.rewired {
        reach::remove_unreachable(g);
    }
    nops::remove_redundant_nops_and_jumps(g)?;

    uninitialized::add_checks_for_loads_of_uninitialized_variables(g, nlocals, nparams);
    consts::remove_unused_consts(g, pool)?;
    superinstructions::insert_superinstructions(g);
    if guarded {
        cold::push_cold_blocks_to_end(g)?;
    }
    lines::resolve_line_numbers(g);
    Ok(())
}

/// Lowers an optimized graph to real instructions in their final order
/// (`_PyCfg_OptimizedCfgToInstructionSequence`). Returns the deepest stack in slots.
pub(crate) fn lower(g: &mut Cfg, unit: &Unit, cells: &CellSlots) -> Result<u32, Error> {
    jumps::convert_pseudo_conditional_jumps(g);
    // How deep the stack is in handlers, block pushes tell, and loads of locals alone borrow. In most
    // units it takes one pass to see to both.
    let in_one = g.seen.has(ops::Kinds::LOADS_LOCAL) && !g.seen.has(ops::Kinds::BLOCK_PUSH);
    let measured = if in_one { None } else { Some(stackdepth::calculate_stackdepth(g)?) };
    cells::prepare_localsplus(g, unit, cells)?;
    jumps::convert_pseudo_ops(g)?;
    jumps::normalize_jumps(g);
    let stack_size = match measured {
        Some(measured) => {
            borrow::optimize_load_fast(g)?;
            measured
        }
        None => borrow::optimize_load_fast_and_measure(g)?,
    };
    Ok(stack_size)
}
