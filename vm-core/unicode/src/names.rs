//! Names of characters.

/// The name of a character, if it has one.
pub fn name(c: u32) -> Option<String> {
    unicode_names2::name(char::from_u32(c)?).map(|n| n.to_string())
}

/// The character with this name or alias, in any case; no named sequences.
pub fn lookup_character(name: &str) -> Option<u32> {
    unicode_names2::character(name).map(u32::from)
}
