//! Table page: calls. The row grammar is explained in `table/mod.rs`.

#[doc(hidden)]
#[macro_export]
macro_rules! opcodes_calls {
    ({ $($callback:tt)* } [ $($pages:ident)* ] { $($rows:tt)* }) => {
        $crate::for_each_opcode! { @page { $($callback)* } [ $($pages)* ] { $($rows)*
            /// Calls a callable with `oparg` positional arguments, and with self before them unless it is NULL.
            CALL = 52 => CALL, (callable, self_or_null, args[oparg] -- res), [counter: 1, func_version: 2], {HAS_ARG HAS_EVAL_BREAK HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
            /// Call of a class with an `__init__` in Python: makes the instance, then enters the frame of `__init__` without a native call.
            CALL_ALLOC_AND_ENTER_INIT = 143 => CALL, (callable, self_or_null, args[oparg] -- res), [counter: 1, type_version: 2], {HAS_ARG HAS_DEOPT HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
            /// Call of a bound method written in Python, with exactly its positional parameters.
            CALL_BOUND_METHOD_EXACT_ARGS = 144 => CALL, (callable, null, args[oparg] -- res), [counter: 1, func_version: 2], {HAS_ARG HAS_DEOPT HAS_EXIT HAS_ESCAPES};
            /// Call of a bound method written in Python, arguments to be matched with parameters.
            CALL_BOUND_METHOD_GENERAL = 145 => CALL, (callable, null, args[oparg] -- res), [counter: 1, func_version: 2], {HAS_ARG HAS_DEOPT HAS_EXIT HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
            /// Call of a builtin class through its vectorcall.
            CALL_BUILTIN_CLASS = 146 => CALL, (callable, self_or_null, args[oparg] -- res), [counter: 1, func_version: 2], {HAS_ARG HAS_EVAL_BREAK HAS_DEOPT HAS_ERROR HAS_ESCAPES};
            /// Call of a builtin function that takes positional arguments as an array.
            CALL_BUILTIN_FAST = 147 => CALL, (callable, self_or_null, args[oparg] -- res), [counter: 1, func_version: 2], {HAS_ARG HAS_EVAL_BREAK HAS_DEOPT HAS_ERROR HAS_ESCAPES};
            /// Call of a builtin function that takes arguments as an array, with keywords, here without any.
            CALL_BUILTIN_FAST_WITH_KEYWORDS = 148 => CALL, (callable, self_or_null, args[oparg] -- res), [counter: 1, func_version: 2], {HAS_ARG HAS_EVAL_BREAK HAS_DEOPT HAS_ERROR HAS_ESCAPES};
            /// Call of a builtin function of exactly one argument.
            CALL_BUILTIN_O = 149 => CALL, (callable, self_or_null, args[oparg] -- res), [counter: 1, func_version: 2], {HAS_ARG HAS_EVAL_BREAK HAS_EXIT HAS_ERROR HAS_ESCAPES};
            /// `isinstance(object, classes)`.
            CALL_ISINSTANCE = 150 => CALL, (callable, self_or_null, args[oparg] -- res), [counter: 1, func_version: 2], {HAS_ARG HAS_DEOPT HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
            /// `len(object)`.
            CALL_LEN = 154 => CALL, (callable, null, arg -- res), [counter: 1, func_version: 2], {HAS_DEOPT HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
            /// `list.append(item)` whose result is dropped; does the POP_TOP that follows as well.
            CALL_LIST_APPEND = 155 => CALL, (callable, self, arg --), [counter: 1, func_version: 2], {HAS_ARG HAS_DEOPT HAS_ERROR HAS_ESCAPES};
            /// Call of a builtin method that takes positional arguments as an array.
            CALL_METHOD_DESCRIPTOR_FAST = 156 => CALL, (callable, self_or_null, args[oparg] -- res), [counter: 1, func_version: 2], {HAS_ARG HAS_EVAL_BREAK HAS_EXIT HAS_ERROR HAS_ESCAPES};
            /// Call of a builtin method that takes arguments as an array, with keywords, here without any.
            CALL_METHOD_DESCRIPTOR_FAST_WITH_KEYWORDS = 157 => CALL, (callable, self_or_null, args[oparg] -- res), [counter: 1, func_version: 2], {HAS_ARG HAS_EVAL_BREAK HAS_EXIT HAS_ERROR HAS_ESCAPES};
            /// Call of a builtin method without arguments.
            CALL_METHOD_DESCRIPTOR_NOARGS = 158 => CALL, (callable, self_or_null, args[oparg] -- res), [counter: 1, func_version: 2], {HAS_ARG HAS_EVAL_BREAK HAS_EXIT HAS_ERROR HAS_ESCAPES};
            /// Call of a builtin method of exactly one argument.
            CALL_METHOD_DESCRIPTOR_O = 159 => CALL, (callable, self_or_null, args[oparg] -- res), [counter: 1, func_version: 2], {HAS_ARG HAS_EVAL_BREAK HAS_EXIT HAS_ERROR HAS_ESCAPES};
            /// Call of anything that is neither a Python function nor a method of one, through its vectorcall.
            CALL_NON_PY_GENERAL = 160 => CALL, (callable, self_or_null, args[oparg] -- res), [counter: 1, func_version: 2], {HAS_ARG HAS_EVAL_BREAK HAS_EXIT HAS_ERROR HAS_ESCAPES};
            /// Call of a Python function with exactly its positional parameters: enters its frame without a native call.
            CALL_PY_EXACT_ARGS = 161 => CALL, (callable, self_or_null, args[oparg] -- res), [counter: 1, func_version: 2], {HAS_ARG HAS_DEOPT HAS_EXIT};
            /// Call of a Python function, arguments to be matched with parameters: enters its frame without a native call.
            CALL_PY_GENERAL = 162 => CALL, (callable, self_or_null, args[oparg] -- res), [counter: 1, func_version: 2], {HAS_ARG HAS_DEOPT HAS_EXIT HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
            /// `str(object)`.
            CALL_STR_1 = 163 => CALL, (callable, null, arg -- res), [counter: 1, func_version: 2], {HAS_ARG HAS_EVAL_BREAK HAS_DEOPT HAS_ERROR HAS_ESCAPES};
            /// `tuple(iterable)`.
            CALL_TUPLE_1 = 164 => CALL, (callable, null, arg -- res), [counter: 1, func_version: 2], {HAS_ARG HAS_EVAL_BREAK HAS_DEOPT HAS_ERROR HAS_ESCAPES};
            /// `type(object)`.
            CALL_TYPE_1 = 165 => CALL, (callable, null, arg -- res), [counter: 1, func_version: 2], {HAS_ARG HAS_DEOPT HAS_ESCAPES};
            /// As CALL; the names of the last arguments, which are keywords, are the tuple on top.
            CALL_KW = 55 => CALL_KW, (callable, self_or_null, args[oparg], kwnames -- res), [counter: 1, func_version: 2], {HAS_ARG HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
            /// CALL_KW of a bound method written in Python.
            CALL_KW_BOUND_METHOD = 151 => CALL_KW, (callable, null, args[oparg], kwnames -- res), [counter: 1, func_version: 2], {HAS_ARG HAS_DEOPT HAS_EXIT HAS_ERROR HAS_ESCAPES};
            /// CALL_KW of anything that is neither a Python function nor a method of one.
            CALL_KW_NON_PY = 152 => CALL_KW, (callable, self_or_null, args[oparg], kwnames -- res), [counter: 1, func_version: 2], {HAS_ARG HAS_EVAL_BREAK HAS_EXIT HAS_ERROR HAS_ESCAPES};
            /// CALL_KW of a Python function: enters its frame without a native call.
            CALL_KW_PY = 153 => CALL_KW, (callable, self_or_null, args[oparg], kwnames -- res), [counter: 1, func_version: 2], {HAS_ARG HAS_DEOPT HAS_EXIT HAS_ERROR HAS_ESCAPES};
            /// `func(*callargs, **kwargs)`; kwargs is NULL if there are none.
            CALL_FUNCTION_EX = 4 => CALL_FUNCTION_EX, (func, null, callargs, kwargs_or_null -- res), [], {HAS_EVAL_BREAK HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
            /// Calls the interpreter's own function of one argument number `oparg` (`INTRINSICS_1`).
            CALL_INTRINSIC_1 = 53 => CALL_INTRINSIC_1, (value -- res), [], {HAS_ARG HAS_ERROR HAS_ESCAPES};
            /// Calls the interpreter's own function of two arguments number `oparg` (`INTRINSICS_2`).
            CALL_INTRINSIC_2 = 54 => CALL_INTRINSIC_2, (value2, value1 -- res), [], {HAS_ARG HAS_ERROR HAS_ESCAPES};
            /// Ends the frame that stands around `__init__`: raises TypeError unless `__init__` returned None.
            EXIT_INIT_CHECK = 11 => EXIT_INIT_CHECK, (should_be_none --), [], {HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
            /// Makes a function of a code object.
            MAKE_FUNCTION = 23 => MAKE_FUNCTION, (codeobj -- func), [], {HAS_ERROR HAS_ESCAPES};
            /// Gives a new function its defaults, keyword defaults, annotations, closure or `__annotate__`; which one is said by `oparg` (`FUNCTION_ATTRIBUTES`).
            SET_FUNCTION_ATTRIBUTE = 108 => SET_FUNCTION_ATTRIBUTE, (attr, func -- func), [], {HAS_ARG HAS_ERROR HAS_ESCAPES};
            /// Pushes `builtins.__build_class__`, which a class statement calls.
            LOAD_BUILD_CLASS = 21 => LOAD_BUILD_CLASS, (-- build_class), [], {HAS_ERROR HAS_ESCAPES};
            /// Makes sure that the namespace has an `__annotations__` dict.
            SETUP_ANNOTATIONS = 36 => SETUP_ANNOTATIONS, (-- ), [], {HAS_ERROR HAS_ESCAPES};
            /// `__import__(co_names[oparg])` with the level and the list of names to be taken from it.
            IMPORT_NAME = 73 => IMPORT_NAME, (level, fromlist -- module), [], {HAS_ARG HAS_NAME HAS_ERROR HAS_ESCAPES};
            /// Pushes the attribute `co_names[oparg]` of a module, or its submodule of that name.
            IMPORT_FROM = 72 => IMPORT_FROM, (module -- module, res), [], {HAS_ARG HAS_NAME HAS_ERROR HAS_ESCAPES};
        } }
    };
}
