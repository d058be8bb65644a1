//! Table page: constants and the stack itself. The row grammar is explained in `table/mod.rs`.

#[doc(hidden)]
#[macro_export]
macro_rules! opcodes_constants {
    ({ $($callback:tt)* } [ $($pages:ident)* ] { $($rows:tt)* }) => {
        $crate::for_each_opcode! { @page { $($callback)* } [ $($pages)* ] { $($rows)*
            /// Does nothing; keeps a line alive for tracing and as a jump target.
            NOP = 27 => NOP, (-- ), [], {HAS_PURE};
            /// A code unit of inline cache, never executed as an instruction of its own. As an entry point it marks where the interpreter was called from native code.
            CACHE = 0 => CACHE, (-- ), [], {};
            /// Number kept free by CPython; never emitted.
            RESERVED = 17 => RESERVED, (-- ), [], {};
            /// Prefix: shifts its oparg left by 8 bits into the oparg of the next instruction.
            EXTENDED_ARG = 69 => EXTENDED_ARG, (-- ), [], {HAS_ARG};
            /// Pushes `co_consts[oparg]`. Rewrites itself, when first run, to the form that fits how the constant is counted.
            LOAD_CONST = 82 => LOAD_CONST, (-- value), [], {HAS_ARG HAS_CONST};
            /// Pushes `co_consts[oparg]`, known to be immortal: no reference is counted.
            LOAD_CONST_IMMORTAL = 190 => LOAD_CONST, (-- value), [], {HAS_ARG HAS_CONST};
            /// Pushes `co_consts[oparg]`, known to be an ordinary counted object.
            LOAD_CONST_MORTAL = 191 => LOAD_CONST, (-- value), [], {HAS_ARG HAS_CONST};
            /// Pushes the int `oparg` (0 to 255) without a look at `co_consts`.
            LOAD_SMALL_INT = 94 => LOAD_SMALL_INT, (-- value), [], {HAS_ARG};
            /// Pushes one of a few builtin objects that compiled code needs whatever the program rebinds: `oparg` indexes `COMMON_CONSTANTS`.
            LOAD_COMMON_CONSTANT = 81 => LOAD_COMMON_CONSTANT, (-- value), [], {HAS_ARG};
            /// Drops the top value.
            POP_TOP = 31 => POP_TOP, (value --), [], {HAS_ESCAPES HAS_PURE};
            /// Pushes NULL, the absent `self` of a plain call.
            PUSH_NULL = 33 => PUSH_NULL, (-- null), [], {HAS_PURE};
            /// Pushes another reference to the value `oparg` places from the top (1 is the top).
            COPY = 59 => COPY, (bottom, others[oparg - 1] -- bottom, others[oparg - 1], top), [], {HAS_ARG HAS_PURE};
            /// Exchanges the top value with the one `oparg` places from the top.
            SWAP = 117 => SWAP, (bottom, others[oparg - 2], top -- top, others[oparg - 2], bottom), [], {HAS_ARG HAS_PURE};
        } }
    };
}
