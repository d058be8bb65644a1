//! Properties of code points, as Python's `str` methods use them (Unicode 16).

/// Whether `repr` shows the code point: neither a control, format, surrogate, private use or
/// unassigned character nor a separator other than the space.
pub fn is_printable(c: u32) -> bool {
    use unicode_general_category::{GeneralCategory as G, get_general_category};
    match char::from_u32(c) {
        Some(' ') => true,
        Some(c) => !matches!(
            get_general_category(c),
            G::Control
                | G::Format
                | G::Surrogate
                | G::PrivateUse
                | G::Unassigned
                | G::LineSeparator
                | G::ParagraphSeparator
                | G::SpaceSeparator
        ),
        None => false,
    }
}

/// The value of a decimal digit (category Nd).
pub fn decimal(c: u32) -> Option<u32> {
    use unicode_general_category::{GeneralCategory as G, get_general_category};
    let ch = char::from_u32(c)?;
    if ch.is_ascii() {
        return ch.to_digit(10);
    }
    if get_general_category(ch) != G::DecimalNumber {
        return None;
    }
    // Digits of a script are ten in a row, zero first.
    let run = run_start(c);
    Some((c - run) % 10)
}

fn run_start(c: u32) -> u32 {
    use unicode_general_category::{GeneralCategory as G, get_general_category};
    let mut s = c;
    while s > 0 && char::from_u32(s - 1).is_some_and(|p| get_general_category(p) == G::DecimalNumber) {
        s -= 1;
    }
    s
}
