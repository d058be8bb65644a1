//! Opcodes that never run here: CPython's monitoring puts `INSTRUMENTED_*` into running code, and
//! pseudo-opcodes end in the compiler. Code objects that hold them are refused when they are
//! verified; a body for each keeps the tables complete.

use crate::interp::regs::{Flow, Regs};

macro_rules! unsupported {
    ($($name:ident)*) => {
        $(#[cold]
        #[inline(always)]
        pub unsafe fn $name(r: &mut Regs) -> Flow {
            crate::ops::bad_opcode(*r)
        })*
    };
}

unsupported! {
    INSTRUMENTED_END_FOR INSTRUMENTED_POP_ITER INSTRUMENTED_END_SEND INSTRUMENTED_FOR_ITER
    INSTRUMENTED_INSTRUCTION INSTRUMENTED_JUMP_FORWARD INSTRUMENTED_NOT_TAKEN
    INSTRUMENTED_POP_JUMP_IF_TRUE INSTRUMENTED_POP_JUMP_IF_FALSE INSTRUMENTED_POP_JUMP_IF_NONE
    INSTRUMENTED_POP_JUMP_IF_NOT_NONE INSTRUMENTED_RESUME INSTRUMENTED_RETURN_VALUE
    INSTRUMENTED_YIELD_VALUE INSTRUMENTED_END_ASYNC_FOR INSTRUMENTED_LOAD_SUPER_ATTR
    INSTRUMENTED_CALL INSTRUMENTED_CALL_KW INSTRUMENTED_CALL_FUNCTION_EX
    INSTRUMENTED_JUMP_BACKWARD INSTRUMENTED_LINE
    ANNOTATIONS_PLACEHOLDER JUMP JUMP_IF_FALSE JUMP_IF_TRUE JUMP_NO_INTERRUPT LOAD_CLOSURE
    POP_BLOCK SETUP_CLEANUP SETUP_FINALLY SETUP_WITH STORE_FAST_MAYBE_NULL
}
