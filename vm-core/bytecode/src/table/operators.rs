//! Table page: operators, truth and comparison. The row grammar is explained in `table/mod.rs`.

#[doc(hidden)]
#[macro_export]
macro_rules! opcodes_operators {
    ({ $($callback:tt)* } [ $($pages:ident)* ] { $($rows:tt)* }) => {
        $crate::for_each_opcode! { @page { $($callback)* } [ $($pages)* ] { $($rows)*
            /// `~value`.
            UNARY_INVERT = 40 => UNARY_INVERT, (value -- res), [], {HAS_ERROR HAS_ESCAPES};
            /// `-value`.
            UNARY_NEGATIVE = 41 => UNARY_NEGATIVE, (value -- res), [], {HAS_ERROR HAS_ESCAPES};
            /// `not value`, of a bool only: TO_BOOL comes before it.
            UNARY_NOT = 42 => UNARY_NOT, (value -- res), [], {HAS_PURE};
            /// Replaces the top value by its truth, True or False.
            TO_BOOL = 39 => TO_BOOL, (value -- res), [counter: 1, version: 2], {HAS_ERROR HAS_ESCAPES};
            /// TO_BOOL of an object whose type has neither `__bool__` nor `__len__`: always True.
            TO_BOOL_ALWAYS_TRUE = 203 => TO_BOOL, (value -- res), [counter: 1, version: 2], {HAS_EXIT HAS_ESCAPES};
            /// TO_BOOL of a bool: nothing to do.
            TO_BOOL_BOOL = 204 => TO_BOOL, (value -- value), [counter: 1, version: 2], {HAS_EXIT};
            /// TO_BOOL of an int: is it nonzero?
            TO_BOOL_INT = 205 => TO_BOOL, (value -- res), [counter: 1, version: 2], {HAS_EXIT HAS_ESCAPES};
            /// TO_BOOL of a list: has it items?
            TO_BOOL_LIST = 206 => TO_BOOL, (value -- res), [counter: 1, version: 2], {HAS_EXIT};
            /// TO_BOOL of None: False.
            TO_BOOL_NONE = 207 => TO_BOOL, (value -- res), [counter: 1, version: 2], {HAS_EXIT};
            /// TO_BOOL of a str: is it not empty?
            TO_BOOL_STR = 208 => TO_BOOL, (value -- res), [counter: 1, version: 2], {HAS_EXIT HAS_ESCAPES};
            /// Applies the binary operator number `oparg` (`BINARY_OPS`), in place or not, subscription included.
            BINARY_OP = 44 => BINARY_OP, (lhs, rhs -- res), [counter: 1, descr: 4], {HAS_ARG HAS_ERROR HAS_ERROR_NO_POP HAS_ESCAPES};
            /// `int + int`, both of one machine word.
            BINARY_OP_ADD_INT = 130 => BINARY_OP, (left, right -- res), [counter: 1, descr: 4], {HAS_EXIT HAS_ERROR HAS_ESCAPES};
            /// `int - int`, both of one machine word.
            BINARY_OP_SUBTRACT_INT = 142 => BINARY_OP, (left, right -- res), [counter: 1, descr: 4], {HAS_EXIT HAS_ERROR HAS_ESCAPES};
            /// `int * int`, both of one machine word.
            BINARY_OP_MULTIPLY_INT = 134 => BINARY_OP, (left, right -- res), [counter: 1, descr: 4], {HAS_EXIT HAS_ERROR HAS_ESCAPES};
            /// `float + float`.
            BINARY_OP_ADD_FLOAT = 129 => BINARY_OP, (left, right -- res), [counter: 1, descr: 4], {HAS_EXIT HAS_ERROR};
            /// `float - float`.
            BINARY_OP_SUBTRACT_FLOAT = 141 => BINARY_OP, (left, right -- res), [counter: 1, descr: 4], {HAS_EXIT HAS_ERROR};
            /// `float * float`.
            BINARY_OP_MULTIPLY_FLOAT = 133 => BINARY_OP, (left, right -- res), [counter: 1, descr: 4], {HAS_EXIT HAS_ERROR};
            /// `str + str`.
            BINARY_OP_ADD_UNICODE = 131 => BINARY_OP, (left, right -- res), [counter: 1, descr: 4], {HAS_EXIT HAS_ERROR};
            /// `s = s + str` of a local variable: grows the string in place if nobody else holds it, and does the STORE_FAST that follows as well.
            BINARY_OP_INPLACE_ADD_UNICODE = 3 => BINARY_OP, (left, right --), [counter: 1, descr: 4], {HAS_LOCAL HAS_DEOPT HAS_EXIT HAS_ERROR HAS_ESCAPES};
            /// A pair of operand types with a routine of its own (such as int with float): the guard and the action come from the cached descriptor.
            BINARY_OP_EXTEND = 132 => BINARY_OP, (left, right -- res), [counter: 1, descr: 4], {HAS_DEOPT HAS_ERROR HAS_ESCAPES};
            /// `dict[key]`.
            BINARY_OP_SUBSCR_DICT = 135 => BINARY_OP, (dict, key -- res), [counter: 1, descr: 4], {HAS_EXIT HAS_ERROR HAS_ESCAPES};
            /// Subscription of an object whose class defines `__getitem__` in Python: enters that function's frame without a native call.
            BINARY_OP_SUBSCR_GETITEM = 136 => BINARY_OP, (container, sub -- res), [counter: 1, descr: 4], {HAS_DEOPT};
            /// `list[int]`, index not negative and in range.
            BINARY_OP_SUBSCR_LIST_INT = 137 => BINARY_OP, (list, index -- res), [counter: 1, descr: 4], {HAS_DEOPT HAS_EXIT HAS_ESCAPES};
            /// `list[slice]`.
            BINARY_OP_SUBSCR_LIST_SLICE = 138 => BINARY_OP, (list, slice -- res), [counter: 1, descr: 4], {HAS_EXIT HAS_ERROR HAS_ESCAPES};
            /// `str[int]`, index in range, the character among the cached ones.
            BINARY_OP_SUBSCR_STR_INT = 139 => BINARY_OP, (str, index -- res), [counter: 1, descr: 4], {HAS_DEOPT HAS_EXIT HAS_ESCAPES};
            /// `tuple[int]`, index not negative and in range.
            BINARY_OP_SUBSCR_TUPLE_INT = 140 => BINARY_OP, (tuple, index -- res), [counter: 1, descr: 4], {HAS_DEOPT HAS_EXIT};
            /// `container[start:stop]`, without building a slice object.
            BINARY_SLICE = 1 => BINARY_SLICE, (container, start, stop -- res), [], {HAS_ERROR HAS_ESCAPES};
            /// `container[start:stop] = value`.
            STORE_SLICE = 37 => STORE_SLICE, (value, container, start, stop --), [], {HAS_ERROR HAS_ESCAPES};
            /// `container[sub] = value`.
            STORE_SUBSCR = 38 => STORE_SUBSCR, (value, container, sub --), [counter: 1], {HAS_ERROR HAS_ESCAPES};
            /// `dict[key] = value`.
            STORE_SUBSCR_DICT = 201 => STORE_SUBSCR, (value, dict, key --), [counter: 1], {HAS_EXIT HAS_ERROR HAS_ESCAPES};
            /// `list[int] = value`, index not negative and in range.
            STORE_SUBSCR_LIST_INT = 202 => STORE_SUBSCR, (value, list, index --), [counter: 1], {HAS_DEOPT HAS_EXIT HAS_ESCAPES};
            /// `del container[sub]`.
            DELETE_SUBSCR = 8 => DELETE_SUBSCR, (container, sub --), [], {HAS_ERROR HAS_ESCAPES};
            /// Compares with operator `oparg >> 5` (`COMPARE_OPS`); bit 4 asks for a bool as result; the low four bits are the mask of outcomes (greater, less, equal, unordered) that the specialized forms use.
            COMPARE_OP = 56 => COMPARE_OP, (left, right -- res), [counter: 1], {HAS_ARG HAS_ERROR HAS_ESCAPES};
            /// COMPARE_OP of two floats: one comparison, then a look at the mask.
            COMPARE_OP_FLOAT = 166 => COMPARE_OP, (left, right -- res), [counter: 1], {HAS_ARG HAS_EXIT};
            /// COMPARE_OP of two ints of one machine word: one comparison, then a look at the mask.
            COMPARE_OP_INT = 167 => COMPARE_OP, (left, right -- res), [counter: 1], {HAS_ARG HAS_DEOPT HAS_EXIT};
            /// `==` or `!=` of two str.
            COMPARE_OP_STR = 168 => COMPARE_OP, (left, right -- res), [counter: 1], {HAS_ARG HAS_EXIT};
            /// `left in right`; `left not in right` if oparg is 1.
            CONTAINS_OP = 57 => CONTAINS_OP, (left, right -- res), [counter: 1], {HAS_ARG HAS_ERROR HAS_ESCAPES};
            /// `key in dict`.
            CONTAINS_OP_DICT = 169 => CONTAINS_OP, (left, right -- res), [counter: 1], {HAS_ARG HAS_EXIT HAS_ERROR HAS_ESCAPES};
            /// `item in set` (or frozenset).
            CONTAINS_OP_SET = 170 => CONTAINS_OP, (left, right -- res), [counter: 1], {HAS_ARG HAS_DEOPT HAS_ERROR HAS_ESCAPES};
            /// `left is right`; `left is not right` if oparg is 1.
            IS_OP = 74 => IS_OP, (left, right -- res), [], {HAS_ARG};
        } }
    };
}
