//! The numbers of `re._constants`: operations, positions, categories, flags of the INFO block.
//!
//! A code's number is its place in the table.

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident: $($code:ident)*) => {
        $(#[$doc])*
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u32)]
        pub enum $name { $($code),* }

        impl $name {
            /// All codes, by number.
            pub const ALL: &[$name] = &[$($name::$code),*];
            /// Their names in `re._constants`.
            pub const NAMES: &[&str] = &[$(stringify!($code)),*];

            /// The code that a word of the program stands for.
            #[inline]
            pub fn from_word(word: u32) -> Option<$name> {
                $name::ALL.get(word as usize).copied()
            }

            /// The name in `re._constants`.
            pub fn name(self) -> &'static str {
                $name::NAMES[self as usize]
            }
        }
    };
}

codes! {
    /// Operations (`OPCODES`).
    Op:
    FAILURE SUCCESS ANY ANY_ALL ASSERT ASSERT_NOT AT BRANCH CATEGORY CHARSET BIGCHARSET GROUPREF
    GROUPREF_EXISTS IN INFO JUMP LITERAL MARK MAX_UNTIL MIN_UNTIL NOT_LITERAL NEGATE RANGE REPEAT
    REPEAT_ONE SUBPATTERN MIN_REPEAT_ONE ATOMIC_GROUP POSSESSIVE_REPEAT POSSESSIVE_REPEAT_ONE
    GROUPREF_IGNORE IN_IGNORE LITERAL_IGNORE NOT_LITERAL_IGNORE
    GROUPREF_LOC_IGNORE IN_LOC_IGNORE LITERAL_LOC_IGNORE NOT_LITERAL_LOC_IGNORE
    GROUPREF_UNI_IGNORE IN_UNI_IGNORE LITERAL_UNI_IGNORE NOT_LITERAL_UNI_IGNORE RANGE_UNI_IGNORE
}

codes! {
    /// Positions, the operand of AT (`ATCODES`).
    At:
    AT_BEGINNING AT_BEGINNING_LINE AT_BEGINNING_STRING AT_BOUNDARY AT_NON_BOUNDARY
    AT_END AT_END_LINE AT_END_STRING AT_LOC_BOUNDARY AT_LOC_NON_BOUNDARY
    AT_UNI_BOUNDARY AT_UNI_NON_BOUNDARY
}

codes! {
    /// Categories of characters, the operand of CATEGORY (`CHCODES`).
    Category:
    CATEGORY_DIGIT CATEGORY_NOT_DIGIT CATEGORY_SPACE CATEGORY_NOT_SPACE CATEGORY_WORD CATEGORY_NOT_WORD
    CATEGORY_LINEBREAK CATEGORY_NOT_LINEBREAK CATEGORY_LOC_WORD CATEGORY_LOC_NOT_WORD
    CATEGORY_UNI_DIGIT CATEGORY_UNI_NOT_DIGIT CATEGORY_UNI_SPACE CATEGORY_UNI_NOT_SPACE
    CATEGORY_UNI_WORD CATEGORY_UNI_NOT_WORD CATEGORY_UNI_LINEBREAK CATEGORY_UNI_NOT_LINEBREAK
}

/// Flags of the INFO block: it has a literal prefix.
pub const INFO_PREFIX: u32 = 1;
/// The prefix is all of the pattern.
pub const INFO_LITERAL: u32 = 2;
/// A match begins with a character of the block's set.
pub const INFO_CHARSET: u32 = 4;
