//! What the regular expression engine asks about characters, answered by `tailscope-unicode`.
//!
//! The published crate of this name brings the tables of ICU: a newer version of Unicode than
//! CPython 3.14's, so that `\w` would match other characters than `str.isalnum` approves, and a
//! large tree of crates. The workspace puts this one in its place (`[patch.crates-io]`).

/// Classes of characters.
pub mod classify {
    /// Whether the character is a decimal digit of any script.
    pub fn is_decimal(c: char) -> bool {
        tailscope_unicode::decimal(c.into()).is_some()
    }

    /// Whether the character is white space.
    pub fn is_space(c: char) -> bool {
        tailscope_unicode::is_space(c.into())
    }

    /// Whether the character is a letter or a number.
    pub fn is_alnum(c: char) -> bool {
        tailscope_unicode::is_alnum(c.into())
    }
}

/// Mappings of one character to one character.
pub mod case {
    /// The lower case form.
    pub fn simple_lowercase(c: char) -> char {
        char::from_u32(tailscope_unicode::simple_lower(c.into())).unwrap_or(c)
    }

    /// The upper case form.
    pub fn simple_uppercase(c: char) -> char {
        char::from_u32(tailscope_unicode::simple_upper(c.into())).unwrap_or(c)
    }
}
