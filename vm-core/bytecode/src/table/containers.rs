//! Table page: building, unpacking and matching. The row grammar is explained in `table/mod.rs`.

#[doc(hidden)]
#[macro_export]
macro_rules! opcodes_containers {
    ({ $($callback:tt)* } [ $($pages:ident)* ] { $($rows:tt)* }) => {
        $crate::for_each_opcode! { @page { $($callback)* } [ $($pages)* ] { $($rows)*
            /// Makes a list of the top `oparg` values.
            BUILD_LIST = 46 => BUILD_LIST, (values[oparg] -- list), [], {HAS_ARG HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
            /// Makes a dict of the top `oparg` pairs of key and value.
            BUILD_MAP = 47 => BUILD_MAP, (values[oparg * 2] -- map), [], {HAS_ARG HAS_ERROR HAS_ESCAPES};
            /// Makes a set of the top `oparg` values.
            BUILD_SET = 48 => BUILD_SET, (values[oparg] -- set), [], {HAS_ARG HAS_ERROR HAS_ESCAPES};
            /// Makes a slice of the top `oparg` values: start and stop, or start, stop and step.
            BUILD_SLICE = 49 => BUILD_SLICE, (args[oparg] -- slice), [], {HAS_ARG HAS_ERROR};
            /// Joins the top `oparg` strings.
            BUILD_STRING = 50 => BUILD_STRING, (pieces[oparg] -- str), [], {HAS_ARG HAS_ERROR};
            /// Makes a tuple of the top `oparg` values.
            BUILD_TUPLE = 51 => BUILD_TUPLE, (values[oparg] -- tuple), [], {HAS_ARG HAS_ERROR HAS_ERROR_NO_POP};
            /// Makes the Template of a t-string from the tuple of its strings and the tuple of its interpolations.
            BUILD_TEMPLATE = 2 => BUILD_TEMPLATE, (strings, interpolations -- template), [], {HAS_ERROR HAS_ESCAPES};
            /// Makes an Interpolation of a t-string; `oparg >> 2` is its conversion (`CONVERSIONS`), the low bit says that there is a format.
            BUILD_INTERPOLATION = 45 => BUILD_INTERPOLATION, (value, expression, format[oparg & 1] -- interpolation), [], {HAS_ARG HAS_ERROR HAS_ESCAPES};
            /// Appends the top value to the list `oparg` places below; for comprehensions.
            LIST_APPEND = 78 => LIST_APPEND, (list, others[oparg - 1], value -- list, others[oparg - 1]), [], {HAS_ARG HAS_ERROR};
            /// Extends the list `oparg` places below by an iterable.
            LIST_EXTEND = 79 => LIST_EXTEND, (list, others[oparg - 1], iterable -- list, others[oparg - 1]), [], {HAS_ARG HAS_ERROR HAS_ESCAPES};
            /// Adds the top value to the set `oparg` places below; for comprehensions.
            SET_ADD = 107 => SET_ADD, (set, others[oparg - 1], value -- set, others[oparg - 1]), [], {HAS_ARG HAS_ERROR HAS_ESCAPES};
            /// Adds the items of an iterable to the set `oparg` places below.
            SET_UPDATE = 109 => SET_UPDATE, (set, others[oparg - 1], iterable -- set, others[oparg - 1]), [], {HAS_ARG HAS_ERROR HAS_ESCAPES};
            /// Puts a key and its value into the dict `oparg` places below; for comprehensions.
            MAP_ADD = 98 => MAP_ADD, (dict, others[oparg - 1], key, value -- dict, others[oparg - 1]), [], {HAS_ARG HAS_ERROR HAS_ESCAPES};
            /// Updates the dict `oparg` places below from a mapping: `{**update}`.
            DICT_UPDATE = 67 => DICT_UPDATE, (dict, others[oparg - 1], update -- dict, others[oparg - 1]), [], {HAS_ARG HAS_ERROR HAS_ESCAPES};
            /// As DICT_UPDATE for the keyword arguments of a call: raises TypeError, naming the callable, for a key that is there already.
            DICT_MERGE = 66 => DICT_MERGE, (callable, null, callargs, dict, others[oparg - 1], update -- callable, null, callargs, dict, others[oparg - 1]), [], {HAS_ARG HAS_ERROR HAS_ESCAPES};
            /// Unpacks an iterable into exactly `oparg` values, the first on top.
            UNPACK_SEQUENCE = 119 => UNPACK_SEQUENCE, (seq -- values[oparg]), [counter: 1], {HAS_ARG HAS_ERROR HAS_ESCAPES};
            /// UNPACK_SEQUENCE of a list.
            UNPACK_SEQUENCE_LIST = 209 => UNPACK_SEQUENCE, (seq -- values[oparg]), [counter: 1], {HAS_ARG HAS_DEOPT HAS_EXIT};
            /// UNPACK_SEQUENCE of a tuple.
            UNPACK_SEQUENCE_TUPLE = 210 => UNPACK_SEQUENCE, (seq -- values[oparg]), [counter: 1], {HAS_ARG HAS_DEOPT HAS_EXIT};
            /// UNPACK_SEQUENCE of a tuple of two.
            UNPACK_SEQUENCE_TWO_TUPLE = 211 => UNPACK_SEQUENCE, (seq -- val1, val0), [counter: 1], {HAS_ARG HAS_DEOPT HAS_EXIT HAS_ESCAPES};
            /// Unpacks an iterable around a starred target: `oparg & 0xFF` values before it, a list, `oparg >> 8` values after it; the first on top.
            UNPACK_EX = 118 => UNPACK_EX, (seq -- right[oparg >> 8], rest, left[oparg & 0xFF]), [], {HAS_ARG HAS_ERROR HAS_ESCAPES};
            /// Pushes the length of the top value.
            GET_LEN = 18 => GET_LEN, (obj -- obj, len), [], {HAS_ERROR HAS_ESCAPES};
            /// `case type(names)`: pushes the tuple of the subject's attributes, `oparg` of them positional, or None if it does not match.
            MATCH_CLASS = 99 => MATCH_CLASS, (subject, type, names -- attrs), [], {HAS_ARG HAS_ERROR HAS_ESCAPES};
            /// `case {keys}`: pushes the tuple of the values for the keys, or None if one is missing.
            MATCH_KEYS = 24 => MATCH_KEYS, (subject, keys -- subject, keys, values_or_none), [], {HAS_ERROR HAS_ESCAPES};
            /// Pushes whether the subject is a mapping.
            MATCH_MAPPING = 25 => MATCH_MAPPING, (subject -- subject, res), [], {};
            /// Pushes whether the subject is a sequence (no str, bytes or bytearray).
            MATCH_SEQUENCE = 26 => MATCH_SEQUENCE, (subject -- subject, res), [], {};
            /// Applies the conversion of a format field, `!s`, `!r` or `!a`; `oparg` indexes `CONVERSIONS`.
            CONVERT_VALUE = 58 => CONVERT_VALUE, (value -- res), [], {HAS_ARG HAS_ERROR HAS_ESCAPES};
            /// `format(value)`; a str stays as it is.
            FORMAT_SIMPLE = 12 => FORMAT_SIMPLE, (value -- res), [], {HAS_ERROR HAS_ESCAPES};
            /// `format(value, fmt_spec)`.
            FORMAT_WITH_SPEC = 13 => FORMAT_WITH_SPEC, (value, fmt_spec -- res), [], {HAS_ERROR HAS_ESCAPES};
        } }
    };
}
