//! Table page: instrumented forms, in place while something is monitored. The row grammar is explained in `table/mod.rs`.

#[doc(hidden)]
#[macro_export]
macro_rules! opcodes_instrumented {
    ({ $($callback:tt)* } [ $($pages:ident)* ] { $($rows:tt)* }) => {
        $crate::for_each_opcode! { @page { $($callback)* } [ $($pages)* ] { $($rows)*
            /// END_FOR while it is monitored: reports the StopIteration of a generator, then acts as END_FOR.
            INSTRUMENTED_END_FOR = 234 => INSTRUMENTED_END_FOR, (receiver, value -- receiver), [], {HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES HAS_NO_SAVE_IP};
            /// POP_ITER while it is monitored: reports the branch, then acts as POP_ITER.
            INSTRUMENTED_POP_ITER = 235 => INSTRUMENTED_POP_ITER, (iter --), [], {HAS_ESCAPES};
            /// END_SEND while it is monitored: reports the StopIteration of a sub-iterator, then acts as END_SEND.
            INSTRUMENTED_END_SEND = 236 => INSTRUMENTED_END_SEND, (receiver, value -- value), [], {HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
            /// FOR_ITER while it is monitored: reports the branch, then acts as FOR_ITER.
            INSTRUMENTED_FOR_ITER = 237 => INSTRUMENTED_FOR_ITER, (iter -- iter, next), [counter: 1], {HAS_ARG HAS_JUMP HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
            /// Stands in place of an instruction while instruction events are monitored; the true opcode is kept aside.
            INSTRUMENTED_INSTRUCTION = 238 => INSTRUMENTED_INSTRUCTION, (-- ), [], {HAS_ERROR HAS_ESCAPES};
            /// JUMP_FORWARD while it is monitored: reports the jump, then acts as JUMP_FORWARD.
            INSTRUMENTED_JUMP_FORWARD = 239 => INSTRUMENTED_JUMP_FORWARD, (-- ), [], {HAS_ARG};
            /// NOT_TAKEN while it is monitored: reports the branch, then acts as NOT_TAKEN.
            INSTRUMENTED_NOT_TAKEN = 240 => INSTRUMENTED_NOT_TAKEN, (-- ), [], {};
            /// POP_JUMP_IF_TRUE while it is monitored: reports the branch, then acts as POP_JUMP_IF_TRUE.
            INSTRUMENTED_POP_JUMP_IF_TRUE = 241 => INSTRUMENTED_POP_JUMP_IF_TRUE, (cond --), [counter: 1], {HAS_ARG};
            /// POP_JUMP_IF_FALSE while it is monitored: reports the branch, then acts as POP_JUMP_IF_FALSE.
            INSTRUMENTED_POP_JUMP_IF_FALSE = 242 => INSTRUMENTED_POP_JUMP_IF_FALSE, (cond --), [counter: 1], {HAS_ARG};
            /// POP_JUMP_IF_NONE while it is monitored: reports the branch, then acts as POP_JUMP_IF_NONE.
            INSTRUMENTED_POP_JUMP_IF_NONE = 243 => INSTRUMENTED_POP_JUMP_IF_NONE, (value --), [counter: 1], {HAS_ARG HAS_ESCAPES};
            /// POP_JUMP_IF_NOT_NONE while it is monitored: reports the branch, then acts as POP_JUMP_IF_NOT_NONE.
            INSTRUMENTED_POP_JUMP_IF_NOT_NONE = 244 => INSTRUMENTED_POP_JUMP_IF_NOT_NONE, (value --), [counter: 1], {HAS_ARG HAS_ESCAPES};
            /// RESUME while it is monitored: reports the start or the resumption, then acts as RESUME.
            INSTRUMENTED_RESUME = 245 => INSTRUMENTED_RESUME, (-- ), [], {HAS_ARG HAS_EVAL_BREAK HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
            /// RETURN_VALUE while it is monitored: reports the return, then acts as RETURN_VALUE.
            INSTRUMENTED_RETURN_VALUE = 246 => INSTRUMENTED_RETURN_VALUE, (retval -- res), [], {HAS_ERROR HAS_ESCAPES};
            /// YIELD_VALUE while it is monitored: reports the yield, then acts as YIELD_VALUE.
            INSTRUMENTED_YIELD_VALUE = 247 => INSTRUMENTED_YIELD_VALUE, (retval -- value), [], {HAS_ARG HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
            /// END_ASYNC_FOR while it is monitored: reports the branch, then acts as END_ASYNC_FOR.
            INSTRUMENTED_END_ASYNC_FOR = 248 => INSTRUMENTED_END_ASYNC_FOR, (awaitable, exc --), [], {HAS_ARG HAS_JUMP HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
            /// LOAD_SUPER_ATTR while it is monitored: reports the call of super, then acts as LOAD_SUPER_ATTR.
            INSTRUMENTED_LOAD_SUPER_ATTR = 249 => INSTRUMENTED_LOAD_SUPER_ATTR, (global_super, cls, self -- attr, self_or_null[oparg & 1]), [counter: 1], {HAS_ARG HAS_NAME HAS_ERROR HAS_ESCAPES};
            /// CALL while it is monitored: reports the call, then acts as CALL.
            INSTRUMENTED_CALL = 250 => INSTRUMENTED_CALL, (callable, self_or_null, args[oparg] -- res), [counter: 1, func_version: 2], {HAS_ARG HAS_EVAL_BREAK HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
            /// CALL_KW while it is monitored: reports the call, then acts as CALL_KW.
            INSTRUMENTED_CALL_KW = 251 => INSTRUMENTED_CALL_KW, (callable, self_or_null, args[oparg], kwnames -- res), [counter: 1, func_version: 2], {HAS_ARG HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
            /// CALL_FUNCTION_EX while it is monitored: reports the call, then acts as CALL_FUNCTION_EX.
            INSTRUMENTED_CALL_FUNCTION_EX = 252 => INSTRUMENTED_CALL_FUNCTION_EX, (func, null, callargs, kwargs_or_null -- res), [], {HAS_EVAL_BREAK HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
            /// JUMP_BACKWARD while it is monitored: reports the jump, then acts as JUMP_BACKWARD.
            INSTRUMENTED_JUMP_BACKWARD = 253 => INSTRUMENTED_JUMP_BACKWARD, (-- ), [counter: 1], {HAS_ARG HAS_EVAL_BREAK HAS_ERROR HAS_ESCAPES};
            /// Stands in place of the first instruction of a line while line events are monitored; the true opcode is kept aside.
            INSTRUMENTED_LINE = 254 => INSTRUMENTED_LINE, (-- ), [], {HAS_ESCAPES};
        } }
    };
}
