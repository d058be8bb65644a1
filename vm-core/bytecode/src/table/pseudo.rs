//! Table page: pseudo-opcodes: they live in the compiler only and never reach a code object. The row grammar is explained in `table/mod.rs`.

#[doc(hidden)]
#[macro_export]
macro_rules! opcodes_pseudo {
    ({ $($callback:tt)* } [ $($pages:ident)* ] { $($rows:tt)* }) => {
        $crate::for_each_opcode! { @page { $($callback)* } [ $($pages)* ] { $($rows)*
            /// Where the code that makes annotations is put, once it is known to be needed.
            ANNOTATIONS_PLACEHOLDER = 256 => ANNOTATIONS_PLACEHOLDER, (-- ), [], {HAS_PURE};
            /// A jump whose direction is not known yet: becomes JUMP_FORWARD or JUMP_BACKWARD.
            JUMP = 257 => JUMP, (-- ), [], {HAS_ARG HAS_JUMP HAS_EVAL_BREAK HAS_ERROR HAS_ESCAPES};
            /// Jumps if the top value is false and keeps it: becomes COPY, TO_BOOL, POP_JUMP_IF_FALSE.
            JUMP_IF_FALSE = 258 => JUMP_IF_FALSE, (cond -- cond), [], {HAS_ARG HAS_JUMP HAS_ERROR HAS_ESCAPES};
            /// Jumps if the top value is true and keeps it: becomes COPY, TO_BOOL, POP_JUMP_IF_TRUE.
            JUMP_IF_TRUE = 259 => JUMP_IF_TRUE, (cond -- cond), [], {HAS_ARG HAS_JUMP HAS_ERROR HAS_ESCAPES};
            /// A jump without a look at pending events: becomes JUMP_FORWARD or JUMP_BACKWARD_NO_INTERRUPT.
            JUMP_NO_INTERRUPT = 260 => JUMP_NO_INTERRUPT, (-- ), [], {HAS_ARG HAS_JUMP};
            /// Pushes the cell in slot `oparg`: becomes LOAD_FAST.
            LOAD_CLOSURE = 261 => LOAD_CLOSURE, (-- cell), [], {HAS_ARG HAS_LOCAL HAS_PURE};
            /// Ends the innermost block that a SETUP_ opened; becomes a range of the exception table.
            POP_BLOCK = 262 => POP_BLOCK, (-- ), [], {HAS_PURE};
            /// Opens a block whose handler finds the instruction offset and the exception on the stack; becomes a range of the exception table.
            SETUP_CLEANUP = 263 => SETUP_CLEANUP, (-- lasti, exc), [], {HAS_PURE HAS_ARG HAS_EXC};
            /// Opens a block whose handler finds the exception on the stack; becomes a range of the exception table.
            SETUP_FINALLY = 264 => SETUP_FINALLY, (-- exc), [], {HAS_PURE HAS_ARG HAS_EXC};
            /// Opens the block of a with statement, whose handler finds the instruction offset and the exception above `__exit__`; becomes a range of the exception table.
            SETUP_WITH = 265 => SETUP_WITH, (-- lasti), [], {HAS_PURE HAS_ARG HAS_EXC};
            /// STORE_FAST of a value that may be NULL; becomes STORE_FAST.
            STORE_FAST_MAYBE_NULL = 266 => STORE_FAST_MAYBE_NULL, (value --), [], {HAS_ARG HAS_LOCAL HAS_ESCAPES};
        } }
    };
}
