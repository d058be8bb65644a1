//! Table page: generators, coroutines and async iteration. The row grammar is explained in `table/mod.rs`.

#[doc(hidden)]
#[macro_export]
macro_rules! opcodes_generators {
    ({ $($callback:tt)* } [ $($pages:ident)* ] { $($rows:tt)* }) => {
        $crate::for_each_opcode! { @page { $($callback)* } [ $($pages)* ] { $($rows)*
            /// Makes the generator, coroutine or async generator of this frame and returns it to the caller.
            RETURN_GENERATOR = 34 => RETURN_GENERATOR, (-- res), [], {HAS_ERROR HAS_ESCAPES};
            /// Suspends the generator and hands the top value to its caller; oparg is 1 in a yield from or await. When resumed, the value sent in is on the stack.
            YIELD_VALUE = 120 => YIELD_VALUE, (retval -- value), [], {HAS_ARG HAS_ESCAPES};
            /// Sends a value into a sub-iterator; pushes what it yields, or when it returns, pushes that value and jumps `oparg` code units forward.
            SEND = 106 => SEND, (receiver, value -- receiver, retval), [counter: 1], {HAS_ARG HAS_JUMP HAS_ERROR HAS_ESCAPES};
            /// SEND to a generator or coroutine: enters its frame without a native call.
            SEND_GEN = 197 => SEND, (receiver, value -- receiver, retval), [counter: 1], {HAS_ARG HAS_DEOPT};
            /// Drops the sub-iterator from below the value that it returned.
            END_SEND = 10 => END_SEND, (receiver, value -- value), [], {HAS_ESCAPES HAS_PURE};
            /// Makes the iterator for `yield from`.
            GET_YIELD_FROM_ITER = 19 => GET_YIELD_FROM_ITER, (iterable -- iter), [], {HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
            /// Makes the iterator for `await`; oparg says what for: 0 an expression, 1 `__aenter__`, 2 `__aexit__`.
            GET_AWAITABLE = 71 => GET_AWAITABLE, (iterable -- iter), [], {HAS_ARG HAS_ERROR HAS_ESCAPES};
            /// Calls `__aiter__` of the top value.
            GET_AITER = 14 => GET_AITER, (obj -- iter), [], {HAS_ERROR HAS_ESCAPES};
            /// Pushes the awaitable that `__anext__` of the async iterator gives.
            GET_ANEXT = 15 => GET_ANEXT, (aiter -- aiter, awaitable), [], {HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
            /// End of `async for`: drops the iterator if the exception on top is StopAsyncIteration, else raises it again.
            END_ASYNC_FOR = 68 => END_ASYNC_FOR, (awaitable, exc --), [], {HAS_ARG HAS_JUMP HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
        } }
    };
}
