//! Properties of opcodes that only the flow graph asks for.

use tailscope_bytecode::opcode::Opcode;

/// Whether the instruction opens a protected region: its target is the handler.
pub(crate) fn is_block_push(op: Opcode) -> bool {
    matches!(
        op,
        Opcode::SETUP_FINALLY | Opcode::SETUP_WITH | Opcode::SETUP_CLEANUP
    )
}

/// Whether the instruction jumps, conditionally or not.
pub(crate) fn has_jump(op: Opcode) -> bool {
    op.has_jump()
}

/// Whether the instruction's argument is a block.
pub(crate) fn has_target(op: Opcode) -> bool {
    has_jump(op) || is_block_push(op)
}

/// Whether the instruction leaves the scope.
pub(crate) fn is_scope_exit(op: Opcode) -> bool {
    matches!(
        op,
        Opcode::RETURN_VALUE | Opcode::RAISE_VARARGS | Opcode::RERAISE
    )
}

pub(crate) fn is_unconditional_jump(op: Opcode) -> bool {
    use Opcode::*;
    matches!(
        op,
        JUMP | JUMP_NO_INTERRUPT | JUMP_FORWARD | JUMP_BACKWARD | JUMP_BACKWARD_NO_INTERRUPT
    )
}

/// Whether the instruction must be the last of its block.
pub(crate) fn is_terminator(op: Opcode) -> bool {
    has_jump(op) || is_scope_exit(op)
}

/// The conditional jumps of the finished code; `JUMP_IF_*` have been lowered to them.
pub(crate) fn is_conditional_jump(op: Opcode) -> bool {
    use Opcode::*;
    matches!(
        op,
        POP_JUMP_IF_FALSE | POP_JUMP_IF_TRUE | POP_JUMP_IF_NONE | POP_JUMP_IF_NOT_NONE
    )
}

/// Whether the instruction pushes a constant that is known here.
pub(crate) fn loads_const(op: Opcode) -> bool {
    matches!(op, Opcode::LOAD_CONST | Opcode::LOAD_SMALL_INT)
}
