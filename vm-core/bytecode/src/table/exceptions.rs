//! Table page: exceptions and with. The row grammar is explained in `table/mod.rs`.

#[doc(hidden)]
#[macro_export]
macro_rules! opcodes_exceptions {
    ({ $($callback:tt)* } [ $($pages:ident)* ] { $($rows:tt)* }) => {
        $crate::for_each_opcode! { @page { $($callback)* } [ $($pages)* ] { $($rows)*
            /// `raise` (oparg 0), `raise exc` (1), `raise exc from cause` (2).
            RAISE_VARARGS = 104 => RAISE_VARARGS, (args[oparg] --), [], {HAS_ARG HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
            /// Raises the exception on top again; if oparg is not 0, the instruction's offset is first restored from the value `oparg` places below.
            RERAISE = 105 => RERAISE, (values[oparg], exc -- values[oparg]), [], {HAS_ARG HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
            /// Start of a handler: makes the exception on top the one being handled, and pushes the one handled before under it.
            PUSH_EXC_INFO = 32 => PUSH_EXC_INFO, (exc -- prev_exc, exc), [], {};
            /// End of a handler: makes the popped value the exception being handled again.
            POP_EXCEPT = 29 => POP_EXCEPT, (exc_value --), [], {HAS_ESCAPES};
            /// `except type`: pushes whether the exception below is an instance of it.
            CHECK_EXC_MATCH = 6 => CHECK_EXC_MATCH, (left, right -- left, res), [], {HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
            /// `except* type`: splits the exception group into the rest and the matching part, each None if empty.
            CHECK_EG_MATCH = 5 => CHECK_EG_MATCH, (exc_value, match_type -- rest, match), [], {HAS_ERROR HAS_ESCAPES};
            /// Calls the `__exit__` below with the exception's type, value and traceback; pushes what it returns.
            WITH_EXCEPT_START = 43 => WITH_EXCEPT_START, (exit_func, exit_self, lasti, prev_exc, exc -- exit_func, exit_self, lasti, prev_exc, exc, res), [], {HAS_ERROR HAS_ESCAPES};
            /// After an exception thrown into a sub-iterator: if it is StopIteration, goes on with its value, else raises it again.
            CLEANUP_THROW = 7 => CLEANUP_THROW, (sub_iter, last_sent_val, exc_value -- none, value), [], {HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
        } }
    };
}
