//! Table page: local, cell, global and plain names. The row grammar is explained in `table/mod.rs`.

#[doc(hidden)]
#[macro_export]
macro_rules! opcodes_variables {
    ({ $($callback:tt)* } [ $($pages:ident)* ] { $($rows:tt)* }) => {
        $crate::for_each_opcode! { @page { $($callback)* } [ $($pages)* ] { $($rows)*
            /// Pushes local `oparg`, which is known to be bound.
            LOAD_FAST = 84 => LOAD_FAST, (-- value), [], {HAS_ARG HAS_LOCAL HAS_PURE};
            /// Pushes local `oparg` without counting a reference: the local outlives the use, as the compiler has proved.
            LOAD_FAST_BORROW = 86 => LOAD_FAST_BORROW, (-- value), [], {HAS_ARG HAS_LOCAL HAS_PURE};
            /// Pushes local `oparg`; raises UnboundLocalError if it is unbound.
            LOAD_FAST_CHECK = 88 => LOAD_FAST_CHECK, (-- value), [], {HAS_ARG HAS_LOCAL HAS_ERROR HAS_ESCAPES};
            /// Pushes local `oparg`, NULL if unbound, and unbinds it; comprehensions save outer variables with it.
            LOAD_FAST_AND_CLEAR = 85 => LOAD_FAST_AND_CLEAR, (-- value), [], {HAS_ARG HAS_LOCAL};
            /// Two LOAD_FAST in one: local `oparg >> 4`, then local `oparg & 15`.
            LOAD_FAST_LOAD_FAST = 89 => LOAD_FAST_LOAD_FAST, (-- value1, value2), [], {HAS_ARG HAS_LOCAL};
            /// Two LOAD_FAST_BORROW in one: local `oparg >> 4`, then local `oparg & 15`.
            LOAD_FAST_BORROW_LOAD_FAST_BORROW = 87 => LOAD_FAST_BORROW_LOAD_FAST_BORROW, (-- value1, value2), [], {HAS_ARG HAS_LOCAL};
            /// Pops the top value into local `oparg`.
            STORE_FAST = 112 => STORE_FAST, (value --), [], {HAS_ARG HAS_LOCAL HAS_ESCAPES};
            /// STORE_FAST into local `oparg >> 4`, then LOAD_FAST of local `oparg & 15`.
            STORE_FAST_LOAD_FAST = 113 => STORE_FAST_LOAD_FAST, (value1 -- value2), [], {HAS_ARG HAS_LOCAL HAS_ESCAPES};
            /// Two STORE_FAST in one: the top into local `oparg >> 4`, the next into local `oparg & 15`.
            STORE_FAST_STORE_FAST = 114 => STORE_FAST_STORE_FAST, (value2, value1 --), [], {HAS_ARG HAS_LOCAL HAS_ESCAPES};
            /// Unbinds local `oparg`; raises UnboundLocalError if it is unbound already.
            DELETE_FAST = 63 => DELETE_FAST, (-- ), [], {HAS_ARG HAS_LOCAL HAS_ERROR HAS_ESCAPES};
            /// Puts a new cell into slot `oparg`, holding what the slot held (an argument, or nothing).
            MAKE_CELL = 97 => MAKE_CELL, (-- ), [], {HAS_ARG HAS_FREE HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
            /// Copies the `oparg` cells of the function's closure into the frame's last slots.
            COPY_FREE_VARS = 60 => COPY_FREE_VARS, (-- ), [], {HAS_ARG};
            /// Pushes the content of the cell in slot `oparg`; raises NameError if it is empty.
            LOAD_DEREF = 83 => LOAD_DEREF, (-- value), [], {HAS_ARG HAS_LOCAL HAS_ERROR HAS_ESCAPES};
            /// Pops the top value into the cell in slot `oparg`.
            STORE_DEREF = 111 => STORE_DEREF, (v --), [], {HAS_ARG HAS_FREE HAS_ESCAPES};
            /// Empties the cell in slot `oparg`; raises NameError if it is empty already.
            DELETE_DEREF = 62 => DELETE_DEREF, (-- ), [], {HAS_ARG HAS_FREE HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
            /// Pops a mapping; pushes the variable from it, or else the content of the cell in slot `oparg`. For free variables in class bodies.
            LOAD_FROM_DICT_OR_DEREF = 90 => LOAD_FROM_DICT_OR_DEREF, (class_dict -- value), [], {HAS_ARG HAS_FREE HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
            /// Pushes the mapping of local names of a class or module body.
            LOAD_LOCALS = 22 => LOAD_LOCALS, (-- locals), [], {HAS_ERROR HAS_ESCAPES};
            /// Pushes the value of `co_names[oparg]`, looked up in locals, globals and builtins.
            LOAD_NAME = 93 => LOAD_NAME, (-- value), [], {HAS_ARG HAS_NAME HAS_ERROR HAS_ESCAPES};
            /// Pops the top value and binds it to `co_names[oparg]` in the mapping of local names.
            STORE_NAME = 116 => STORE_NAME, (value --), [], {HAS_ARG HAS_NAME HAS_ERROR HAS_ESCAPES};
            /// Removes `co_names[oparg]` from the mapping of local names.
            DELETE_NAME = 65 => DELETE_NAME, (-- ), [], {HAS_ARG HAS_NAME HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
            /// Pops a mapping; pushes `co_names[oparg]` from it, or else from globals or builtins.
            LOAD_FROM_DICT_OR_GLOBALS = 91 => LOAD_FROM_DICT_OR_GLOBALS, (mod_or_class_dict -- value), [], {HAS_ARG HAS_NAME HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
            /// Pushes the global or builtin `co_names[oparg >> 1]`; then NULL if the low bit of oparg is set, ready for a call.
            LOAD_GLOBAL = 92 => LOAD_GLOBAL, (-- res, null[oparg & 1]), [counter: 1, module_keys_version: 1, builtin_keys_version: 1, index: 1], {HAS_ARG HAS_NAME HAS_ERROR HAS_ESCAPES};
            /// LOAD_GLOBAL of a builtin: neither the module's keys nor the builtins' keys have changed, so the cached slot of the builtins is read.
            LOAD_GLOBAL_BUILTIN = 192 => LOAD_GLOBAL, (-- res, null[oparg & 1]), [counter: 1, module_keys_version: 1, builtin_keys_version: 1, index: 1], {HAS_ARG HAS_DEOPT};
            /// LOAD_GLOBAL of a module global: the module's keys have not changed, so the cached slot is read.
            LOAD_GLOBAL_MODULE = 193 => LOAD_GLOBAL, (-- res, null[oparg & 1]), [counter: 1, module_keys_version: 1, builtin_keys_version: 1, index: 1], {HAS_ARG HAS_DEOPT};
            /// Pops the top value and binds it to the global `co_names[oparg]`.
            STORE_GLOBAL = 115 => STORE_GLOBAL, (value --), [], {HAS_ARG HAS_NAME HAS_ERROR HAS_ESCAPES};
            /// Removes the global `co_names[oparg]`; raises NameError if there is none.
            DELETE_GLOBAL = 64 => DELETE_GLOBAL, (-- ), [], {HAS_ARG HAS_NAME HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
        } }
    };
}
