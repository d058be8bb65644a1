//! Table page: jumps, loops and the frame. The row grammar is explained in `table/mod.rs`.

#[doc(hidden)]
#[macro_export]
macro_rules! opcodes_control {
    ({ $($callback:tt)* } [ $($pages:ident)* ] { $($rows:tt)* }) => {
        $crate::for_each_opcode! { @page { $($callback)* } [ $($pages)* ] { $($rows)*
            /// Start of a function (oparg 0), or the continuation after a yield (1), yield from (2) or await (3): looks after instrumentation and pending events. Bit 2 says that an exception handler of the generator is around it.
            RESUME = 128 => RESUME, (-- ), [], {HAS_ARG HAS_EVAL_BREAK HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
            /// RESUME with nothing to look after: one comparison of versions.
            RESUME_CHECK = 196 => RESUME, (-- ), [], {HAS_DEOPT};
            /// Jumps `oparg` code units forward.
            JUMP_FORWARD = 77 => JUMP_FORWARD, (-- ), [], {HAS_ARG HAS_JUMP};
            /// Jumps `oparg` code units back and looks after pending events; closes loops.
            JUMP_BACKWARD = 75 => JUMP_BACKWARD, (-- ), [counter: 1], {HAS_ARG HAS_JUMP HAS_EVAL_BREAK HAS_ERROR HAS_ESCAPES};
            /// JUMP_BACKWARD that counts towards tier 2.
            JUMP_BACKWARD_JIT = 175 => JUMP_BACKWARD, (-- ), [counter: 1], {HAS_ARG HAS_JUMP HAS_EVAL_BREAK HAS_ERROR HAS_ESCAPES};
            /// JUMP_BACKWARD in an interpreter without tier 2.
            JUMP_BACKWARD_NO_JIT = 176 => JUMP_BACKWARD, (-- ), [counter: 1], {HAS_ARG HAS_JUMP HAS_EVAL_BREAK HAS_ERROR HAS_ESCAPES};
            /// Jumps `oparg` code units back without a look at pending events; for yield from and await.
            JUMP_BACKWARD_NO_INTERRUPT = 76 => JUMP_BACKWARD_NO_INTERRUPT, (-- ), [], {HAS_ARG HAS_JUMP};
            /// Pops a bool; jumps `oparg` code units forward if it is False. Its cache is the history of its last 16 outcomes.
            POP_JUMP_IF_FALSE = 100 => POP_JUMP_IF_FALSE, (cond --), [counter: 1], {HAS_ARG HAS_JUMP};
            /// Pops a bool; jumps `oparg` code units forward if it is True. Its cache is the history of its last 16 outcomes.
            POP_JUMP_IF_TRUE = 103 => POP_JUMP_IF_TRUE, (cond --), [counter: 1], {HAS_ARG HAS_JUMP};
            /// Pops a value; jumps `oparg` code units forward if it is None. Its cache is the history of its last 16 outcomes.
            POP_JUMP_IF_NONE = 101 => POP_JUMP_IF_NONE, (value --), [counter: 1], {HAS_ARG HAS_JUMP};
            /// Pops a value; jumps `oparg` code units forward unless it is None. Its cache is the history of its last 16 outcomes.
            POP_JUMP_IF_NOT_NONE = 102 => POP_JUMP_IF_NOT_NONE, (value --), [counter: 1], {HAS_ARG HAS_JUMP};
            /// Does nothing; marks the way on of a conditional jump that did not jump, for branch monitoring.
            NOT_TAKEN = 28 => NOT_TAKEN, (-- ), [], {HAS_PURE};
            /// `iter(iterable)`.
            GET_ITER = 16 => GET_ITER, (iterable -- iter), [], {HAS_ERROR HAS_ESCAPES};
            /// Pushes the next item of an iterator; when there is none, jumps `oparg` code units forward and past the END_FOR there.
            FOR_ITER = 70 => FOR_ITER, (iter -- iter, next), [counter: 1], {HAS_ARG HAS_JUMP HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
            /// FOR_ITER over a generator: enters its frame without a native call.
            FOR_ITER_GEN = 171 => FOR_ITER, (iter -- iter, next), [counter: 1], {HAS_ARG HAS_DEOPT};
            /// FOR_ITER over a list.
            FOR_ITER_LIST = 172 => FOR_ITER, (iter -- iter, next), [counter: 1], {HAS_ARG HAS_JUMP HAS_DEOPT HAS_EXIT HAS_ESCAPES};
            /// FOR_ITER over a range.
            FOR_ITER_RANGE = 173 => FOR_ITER, (iter -- iter, next), [counter: 1], {HAS_ARG HAS_JUMP HAS_EXIT HAS_ERROR};
            /// FOR_ITER over a tuple.
            FOR_ITER_TUPLE = 174 => FOR_ITER, (iter -- iter, next), [counter: 1], {HAS_ARG HAS_JUMP HAS_EXIT HAS_ESCAPES};
            /// Drops the value that an exhausted iterator left; FOR_ITER skips it.
            END_FOR = 9 => END_FOR, (value --), [], {HAS_ESCAPES HAS_NO_SAVE_IP};
            /// Drops the iterator at the end of a loop.
            POP_ITER = 30 => POP_ITER, (iter --), [], {HAS_ESCAPES HAS_PURE};
            /// Returns the top value to the caller's frame; in the caller's terms it pushes it there.
            RETURN_VALUE = 35 => RETURN_VALUE, (retval -- res), [], {HAS_ESCAPES};
            /// Leaves the interpreter with the top value: the end of a call from native code.
            INTERPRETER_EXIT = 20 => INTERPRETER_EXIT, (retval --), [], {HAS_ESCAPES};
            /// Stands in place of a JUMP_BACKWARD (or of what begins a trace) that tier 2 has taken over; `oparg` numbers its executor.
            ENTER_EXECUTOR = 255 => ENTER_EXECUTOR, (-- ), [], {HAS_ARG};
        } }
    };
}
