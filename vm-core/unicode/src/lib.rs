//! Properties of code points, as Python's `str` methods, `unicodedata` and `re` use them.
//!
//! All answers are those of CPython 3.14 (Unicode 16): `generate.py` asks it for each code
//! point and writes `src/tables.rs`. The Unicode crates of the ecosystem follow newer versions of
//! the standard, each its own, so they would answer differently.

pub mod names;
pub mod normalize;
#[rustfmt::skip]
#[allow(clippy::unreadable_literal, clippy::excessive_precision, clippy::approx_constant)]
pub mod tables;

use tables::{INDEX, NUMBERS, PAGES, RECORDS};

/// The properties that many code points share.
pub struct Record {
    /// Bits of `tables` (`LOWER`, `SPACE`...).
    pub flags: u16,
    /// Index into [`tables::CATEGORIES`].
    pub category: u8,
    /// Index into [`tables::BIDIRECTIONAL`].
    pub bidirectional: u8,
    /// Canonical combining class.
    pub combining: u8,
    /// Index into [`tables::WIDTHS`].
    pub width: u8,
    /// Value as a decimal digit, or -1.
    pub decimal: i8,
    /// Value as a digit, or -1.
    pub digit: i8,
    /// One more than the index into [`tables::NUMBERS`], or 0.
    number: u8,
    /// Distances to the mappings to one character.
    lower: i32,
    upper: i32,
    title: i32,
    fold: i32,
}

/// Index of the first of the letter categories Lu, Ll, Lt; Lm and Lo follow the others.
const LU: u8 = 1;
const LT: u8 = 3;
const LM: u8 = 17;
const LO: u8 = 18;
/// Nothing, separators and controls: Cn, Zs, Zl, Zp, Cc, Cf, Cs, Co.
const CN: u8 = 0;
const ZS: u8 = 10;
const CO: u8 = 16;

impl Record {
    #[allow(clippy::too_many_arguments)] // One row of the generated table.
    const fn new(
        flags: u16,
        category: u8,
        bidirectional: u8,
        combining: u8,
        width: u8,
        decimal: i8,
        digit: i8,
        number: u8,
        lower: i32,
        upper: i32,
        title: i32,
        fold: i32,
    ) -> Record {
        Record {
            flags,
            category,
            bidirectional,
            combining,
            width,
            decimal,
            digit,
            number,
            lower,
            upper,
            title,
            fold,
        }
    }

    #[inline]
    pub fn has(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }

    #[inline]
    pub fn is_alpha(&self) -> bool {
        matches!(self.category, LU..=LT | LM | LO)
    }

    #[inline]
    pub fn is_numeric(&self) -> bool {
        self.number != 0
    }

    #[inline]
    pub fn is_printable(&self) -> bool {
        !matches!(self.category, CN | ZS..=CO)
    }
}

/// The properties of a code point; those of an unassigned one beyond the last.
#[inline]
pub fn record(c: u32) -> &'static Record {
    let c = c.min(0x10ffff) as usize;
    &RECORDS[PAGES[(INDEX[c >> 7] as usize) << 7 | (c & 127)] as usize]
}

macro_rules! flag_tests {
    ($($(#[$doc:meta])* $name:ident = $flag:ident;)*) => {
        $($(#[$doc])* #[inline] pub fn $name(c: u32) -> bool { record(c).has(tables::$flag) })*
    };
}

flag_tests! {
    /// `str.islower` of one character.
    is_lower = LOWER;
    /// `str.isupper` of one character.
    is_upper = UPPER;
    /// Category Lt.
    is_title = TITLE;
    /// A letter after it is not the first of a word for `str.title`.
    is_cased = CASED;
    /// Does not matter to the final sigma.
    is_case_ignorable = CASE_IGNORABLE;
    /// `str.isspace` of one character.
    is_space = SPACE;
    /// Ends a line for `str.splitlines`.
    is_line_break = LINE_BREAK;
    /// May start an identifier (also `_`).
    is_identifier_start = XID_START;
    is_identifier_continue = XID_CONTINUE;
    /// Has another case, as `re` sees it.
    is_re_cased = SRE_CASED;
    is_mirrored = MIRRORED;
}

/// `str.isalpha` of one character.
#[inline]
pub fn is_alpha(c: u32) -> bool {
    record(c).is_alpha()
}

/// `str.isalnum` of one character.
#[inline]
pub fn is_alnum(c: u32) -> bool {
    let r = record(c);
    r.is_alpha() || r.decimal >= 0 || r.digit >= 0 || r.is_numeric()
}

/// Whether `repr` shows the code point: neither a control, format, surrogate, private use or
/// unassigned character nor a separator other than the space.
#[inline]
pub fn is_printable(c: u32) -> bool {
    c == ' ' as u32 || record(c).is_printable()
}

/// The value of a decimal digit.
#[inline]
pub fn decimal(c: u32) -> Option<u32> {
    u32::try_from(record(c).decimal).ok()
}

/// The value of a digit (also superscripts and the like).
#[inline]
pub fn digit(c: u32) -> Option<u32> {
    u32::try_from(record(c).digit).ok()
}

/// The numeric value (also fractions and number words).
#[inline]
pub fn numeric(c: u32) -> Option<f64> {
    match record(c).number {
        0 => None,
        n => Some(NUMBERS[n as usize - 1]),
    }
}

/// General category: two letters.
pub fn category(c: u32) -> &'static str {
    tables::CATEGORIES[record(c).category as usize]
}

type Special = [(u32, [u32; 3])];

fn special(table: &'static Special, c: u32) -> Option<&'static [u32]> {
    let i = table.binary_search_by_key(&c, |e| e.0).ok()?;
    let m = &table[i].1;
    // Unused places are zero, at the end.
    let n = 3 - m.iter().rev().take_while(|x| **x == 0).count();
    Some(&m[..n])
}

macro_rules! mappings {
    ($($(#[$doc:meta])* $name:ident = $delta:ident, $table:ident;)*) => {
        $(
            $(#[$doc])*
            #[inline]
            pub fn $name(c: u32, mut out: impl FnMut(u32)) {
                let r = record(c);
                if r.has(tables::SPECIAL_CASE)
                    && let Some(all) = special(&tables::$table, c)
                {
                    return all.iter().for_each(|c| out(*c));
                }
                out(c.wrapping_add_signed(r.$delta));
            }
        )*
    };
}

mappings! {
    /// The full lower case of one character (the final sigma is the caller's business).
    to_lower = lower, SPECIAL_LOWER;
    /// The full upper case of one character.
    to_upper = upper, SPECIAL_UPPER;
    /// The full title case of one character.
    to_title = title, SPECIAL_TITLE;
    /// The full case folding of one character.
    to_fold = fold, SPECIAL_FOLD;
}

/// The lower case of one character that is a single one, as `re` uses it.
#[inline]
pub fn simple_lower(c: u32) -> u32 {
    c.wrapping_add_signed(record(c).lower)
}

/// The upper case of one character as `re` uses it: of several characters the first.
#[inline]
pub fn simple_upper(c: u32) -> u32 {
    let r = record(c);
    if r.has(tables::SPECIAL_CASE)
        && let Some([first, ..]) = special(&tables::SPECIAL_UPPER, c)
    {
        return *first;
    }
    c.wrapping_add_signed(r.upper)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapped(f: fn(u32, &mut dyn FnMut(u32)), c: char) -> String {
        let mut s = String::new();
        f(c as u32, &mut |c| s.extend(char::from_u32(c)));
        s
    }

    #[test]
    fn cases_map_to_several_characters() {
        assert_eq!(mapped(|c, o| to_upper(c, o), 'ß'), "SS");
        assert_eq!(mapped(|c, o| to_title(c, o), 'ß'), "Ss");
        assert_eq!(mapped(|c, o| to_fold(c, o), 'ß'), "ss");
        assert_eq!(mapped(|c, o| to_lower(c, o), 'İ'), "i\u{307}");
        assert_eq!(mapped(|c, o| to_lower(c, o), 'Ж'), "ж");
        assert_eq!(mapped(|c, o| to_upper(c, o), '\u{1f52}'), "\u{3a5}\u{313}\u{300}");
    }

    #[test]
    fn simple_mappings_agree_with_cased_characters() {
        for c in 0..0x110000 {
            let cased = simple_lower(c) != c || simple_upper(c) != c;
            assert_eq!(cased, record(c).has(tables::SRE_CASED), "{c:#x}");
        }
        assert_eq!(simple_upper('ß' as u32), 'S' as u32);
    }

    #[test]
    fn numbers_have_values() {
        assert_eq!(decimal('٣' as u32), Some(3));
        assert_eq!((decimal('²' as u32), digit('²' as u32)), (None, Some(2)));
        assert_eq!(numeric('½' as u32), Some(0.5));
        assert_eq!(numeric('x' as u32), None);
    }

    #[test]
    fn code_points_beyond_the_last_are_unassigned() {
        assert_eq!(category(0x110000), "Cn");
        assert!(!is_printable(u32::MAX));
    }
}
