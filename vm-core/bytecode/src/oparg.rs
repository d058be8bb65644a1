//! What opargs stand for: the numbered operators, intrinsics, special methods and so on.
//!
//! Sources: CPython 3.14 `Include/opcode.h`, `Include/internal/pycore_intrinsics.h`,
//! `Include/internal/pycore_opcode_utils.h`, `Lib/opcode.py`.

macro_rules! oparg_table {
    (
        $(#[$meta:meta])*
        $enum:ident, $all:ident: $($variant:ident = $number:literal, $name:literal, $text:literal;)*
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum $enum {
            $($variant = $number,)*
        }

        /// All of them, in the order of their numbers.
        pub const $all: &[$enum] = &[$($enum::$variant),*];

        impl $enum {
            /// The one of that number.
            pub fn from_oparg(oparg: u32) -> Option<Self> {
                $all.iter().copied().find(|item| *item as u32 == oparg)
            }

            /// Its number.
            pub const fn oparg(self) -> u32 {
                self as u32
            }

            /// CPython's name for it.
            pub const fn name(self) -> &'static str {
                match self { $($enum::$variant => $name,)* }
            }

            /// As Python source or `dis` writes it.
            pub const fn text(self) -> &'static str {
                match self { $($enum::$variant => $text,)* }
            }
        }
    };
}

oparg_table! {
    /// Oparg of `BINARY_OP`.
    BinaryOp, BINARY_OPS:
    Add = 0, "NB_ADD", "+";
    And = 1, "NB_AND", "&";
    FloorDivide = 2, "NB_FLOOR_DIVIDE", "//";
    Lshift = 3, "NB_LSHIFT", "<<";
    MatrixMultiply = 4, "NB_MATRIX_MULTIPLY", "@";
    Multiply = 5, "NB_MULTIPLY", "*";
    Remainder = 6, "NB_REMAINDER", "%";
    Or = 7, "NB_OR", "|";
    Power = 8, "NB_POWER", "**";
    Rshift = 9, "NB_RSHIFT", ">>";
    Subtract = 10, "NB_SUBTRACT", "-";
    TrueDivide = 11, "NB_TRUE_DIVIDE", "/";
    Xor = 12, "NB_XOR", "^";
    InplaceAdd = 13, "NB_INPLACE_ADD", "+=";
    InplaceAnd = 14, "NB_INPLACE_AND", "&=";
    InplaceFloorDivide = 15, "NB_INPLACE_FLOOR_DIVIDE", "//=";
    InplaceLshift = 16, "NB_INPLACE_LSHIFT", "<<=";
    InplaceMatrixMultiply = 17, "NB_INPLACE_MATRIX_MULTIPLY", "@=";
    InplaceMultiply = 18, "NB_INPLACE_MULTIPLY", "*=";
    InplaceRemainder = 19, "NB_INPLACE_REMAINDER", "%=";
    InplaceOr = 20, "NB_INPLACE_OR", "|=";
    InplacePower = 21, "NB_INPLACE_POWER", "**=";
    InplaceRshift = 22, "NB_INPLACE_RSHIFT", ">>=";
    InplaceSubtract = 23, "NB_INPLACE_SUBTRACT", "-=";
    InplaceTrueDivide = 24, "NB_INPLACE_TRUE_DIVIDE", "/=";
    InplaceXor = 25, "NB_INPLACE_XOR", "^=";
    Subscript = 26, "NB_SUBSCR", "[]";
}

oparg_table! {
    /// Operator of `COMPARE_OP`: its oparg shifted right by 5.
    CompareOp, COMPARE_OPS:
    Lt = 0, "Py_LT", "<";
    Le = 1, "Py_LE", "<=";
    Eq = 2, "Py_EQ", "==";
    Ne = 3, "Py_NE", "!=";
    Gt = 4, "Py_GT", ">";
    Ge = 5, "Py_GE", ">=";
}

impl CompareOp {
    /// Bit of `COMPARE_OP`'s oparg that asks for a bool as result.
    pub const TO_BOOL: u32 = 16;

    /// Outcome bits of `COMPARE_OP`'s oparg: unordered, less, greater, equal.
    pub const UNORDERED: u32 = 1;
    pub const LESS: u32 = 2;
    pub const GREATER: u32 = 4;
    pub const EQUAL: u32 = 8;

    /// The outcomes for which the comparison is true; low four bits of the oparg.
    pub const fn mask(self) -> u32 {
        match self {
            CompareOp::Lt => Self::LESS,
            CompareOp::Le => Self::LESS | Self::EQUAL,
            CompareOp::Eq => Self::EQUAL,
            CompareOp::Ne => Self::UNORDERED | Self::LESS | Self::GREATER,
            CompareOp::Gt => Self::GREATER,
            CompareOp::Ge => Self::GREATER | Self::EQUAL,
        }
    }
}

oparg_table! {
    /// Oparg of `LOAD_SPECIAL`.
    SpecialMethod, SPECIAL_METHODS:
    Enter = 0, "SPECIAL___ENTER__", "__enter__";
    Exit = 1, "SPECIAL___EXIT__", "__exit__";
    Aenter = 2, "SPECIAL___AENTER__", "__aenter__";
    Aexit = 3, "SPECIAL___AEXIT__", "__aexit__";
}

oparg_table! {
    /// Oparg of `LOAD_COMMON_CONSTANT`.
    CommonConstant, COMMON_CONSTANTS:
    AssertionError = 0, "CONSTANT_ASSERTIONERROR", "AssertionError";
    NotImplementedError = 1, "CONSTANT_NOTIMPLEMENTEDERROR", "NotImplementedError";
    Tuple = 2, "CONSTANT_BUILTIN_TUPLE", "tuple";
    All = 3, "CONSTANT_BUILTIN_ALL", "all";
    Any = 4, "CONSTANT_BUILTIN_ANY", "any";
}

oparg_table! {
    /// Oparg of `CALL_INTRINSIC_1`.
    Intrinsic1, INTRINSICS_1:
    Invalid = 0, "INTRINSIC_1_INVALID", "INTRINSIC_1_INVALID";
    Print = 1, "INTRINSIC_PRINT", "INTRINSIC_PRINT";
    ImportStar = 2, "INTRINSIC_IMPORT_STAR", "INTRINSIC_IMPORT_STAR";
    StopIterationError = 3, "INTRINSIC_STOPITERATION_ERROR", "INTRINSIC_STOPITERATION_ERROR";
    AsyncGenWrap = 4, "INTRINSIC_ASYNC_GEN_WRAP", "INTRINSIC_ASYNC_GEN_WRAP";
    UnaryPositive = 5, "INTRINSIC_UNARY_POSITIVE", "INTRINSIC_UNARY_POSITIVE";
    ListToTuple = 6, "INTRINSIC_LIST_TO_TUPLE", "INTRINSIC_LIST_TO_TUPLE";
    TypeVar = 7, "INTRINSIC_TYPEVAR", "INTRINSIC_TYPEVAR";
    ParamSpec = 8, "INTRINSIC_PARAMSPEC", "INTRINSIC_PARAMSPEC";
    TypeVarTuple = 9, "INTRINSIC_TYPEVARTUPLE", "INTRINSIC_TYPEVARTUPLE";
    SubscriptGeneric = 10, "INTRINSIC_SUBSCRIPT_GENERIC", "INTRINSIC_SUBSCRIPT_GENERIC";
    TypeAlias = 11, "INTRINSIC_TYPEALIAS", "INTRINSIC_TYPEALIAS";
}

oparg_table! {
    /// Oparg of `CALL_INTRINSIC_2`.
    Intrinsic2, INTRINSICS_2:
    Invalid = 0, "INTRINSIC_2_INVALID", "INTRINSIC_2_INVALID";
    PrepReraiseStar = 1, "INTRINSIC_PREP_RERAISE_STAR", "INTRINSIC_PREP_RERAISE_STAR";
    TypeVarWithBound = 2, "INTRINSIC_TYPEVAR_WITH_BOUND", "INTRINSIC_TYPEVAR_WITH_BOUND";
    TypeVarWithConstraints = 3, "INTRINSIC_TYPEVAR_WITH_CONSTRAINTS", "INTRINSIC_TYPEVAR_WITH_CONSTRAINTS";
    SetFunctionTypeParams = 4, "INTRINSIC_SET_FUNCTION_TYPE_PARAMS", "INTRINSIC_SET_FUNCTION_TYPE_PARAMS";
    SetTypeParamDefault = 5, "INTRINSIC_SET_TYPEPARAM_DEFAULT", "INTRINSIC_SET_TYPEPARAM_DEFAULT";
}

oparg_table! {
    /// Oparg of `SET_FUNCTION_ATTRIBUTE`: one of these bits.
    FunctionAttribute, FUNCTION_ATTRIBUTES:
    Defaults = 1, "MAKE_FUNCTION_DEFAULTS", "defaults";
    KwDefaults = 2, "MAKE_FUNCTION_KWDEFAULTS", "kwdefaults";
    Annotations = 4, "MAKE_FUNCTION_ANNOTATIONS", "annotations";
    Closure = 8, "MAKE_FUNCTION_CLOSURE", "closure";
    Annotate = 16, "MAKE_FUNCTION_ANNOTATE", "annotate";
}

oparg_table! {
    /// Oparg of `CONVERT_VALUE`; also `oparg >> 2` of `BUILD_INTERPOLATION`.
    Conversion, CONVERSIONS:
    None = 0, "FVC_NONE", "";
    Str = 1, "FVC_STR", "str";
    Repr = 2, "FVC_REPR", "repr";
    Ascii = 3, "FVC_ASCII", "ascii";
}

/// Opargs of `RESUME`.
pub mod resume {
    /// Start of a function.
    pub const AT_FUNC_START: u32 = 0;
    /// After a yield.
    pub const AFTER_YIELD: u32 = 1;
    /// After a yield from.
    pub const AFTER_YIELD_FROM: u32 = 2;
    /// After an await.
    pub const AFTER_AWAIT: u32 = 3;
    /// The bits that hold one of the four above.
    pub const LOCATION_MASK: u32 = 3;
    /// The place is inside exactly one exception handler, the generator's own.
    pub const DEPTH1_MASK: u32 = 4;
}
