//! What the engine knows of characters.
//!
//! ASCII rules apply below 128, Unicode rules are those of `tailscope-unicode`. The locale is always
//! one whose only letters are ASCII's, like C.UTF-8.

use tailscope_unicode as unicode;

use crate::table::Category;

pub(crate) const LINE_FEED: u32 = '\n' as u32;
const UNDERSCORE: u32 = '_' as u32;

fn ascii(c: u32) -> Option<u8> {
    u8::try_from(c).ok().filter(u8::is_ascii)
}

/// Lower case of an ASCII letter; any other character as it is.
#[inline]
pub fn lower_ascii(c: u32) -> u32 {
    ascii(c).map_or(c, |b| b.to_ascii_lowercase().into())
}

#[inline]
pub(crate) fn upper_ascii(c: u32) -> u32 {
    ascii(c).map_or(c, |b| b.to_ascii_uppercase().into())
}

/// Lower case of a character, if that is a single one.
#[inline]
pub fn lower_unicode(c: u32) -> u32 {
    unicode::simple_lower(c)
}

#[inline]
pub(crate) fn upper_unicode(c: u32) -> u32 {
    unicode::simple_upper(c)
}

/// Whether an ASCII letter has another case: `_sre.ascii_iscased`.
pub fn is_cased_ascii(c: u32) -> bool {
    ascii(c).is_some_and(|b| b.is_ascii_alphabetic())
}

/// Whether a character has another case: `_sre.unicode_iscased`.
pub fn is_cased_unicode(c: u32) -> bool {
    c != lower_unicode(c) || c != upper_unicode(c)
}

pub(crate) fn is_word_ascii(c: u32) -> bool {
    c == UNDERSCORE || ascii(c).is_some_and(|b| b.is_ascii_alphanumeric())
}

pub(crate) fn is_word_unicode(c: u32) -> bool {
    c == UNDERSCORE || unicode::is_alnum(c)
}

fn is_space_ascii(c: u32) -> bool {
    matches!(c, 9..=13 | 32)
}

fn is_digit_ascii(c: u32) -> bool {
    ascii(c).is_some_and(|b| b.is_ascii_digit())
}

/// Whether a character belongs to a category.
pub(crate) fn is_in(category: Category, c: u32) -> bool {
    use Category::*;
    match category {
        CATEGORY_DIGIT => is_digit_ascii(c),
        CATEGORY_NOT_DIGIT => !is_digit_ascii(c),
        CATEGORY_SPACE => is_space_ascii(c),
        CATEGORY_NOT_SPACE => !is_space_ascii(c),
        CATEGORY_WORD | CATEGORY_LOC_WORD => is_word_ascii(c),
        CATEGORY_NOT_WORD | CATEGORY_LOC_NOT_WORD => !is_word_ascii(c),
        CATEGORY_LINEBREAK => c == LINE_FEED,
        CATEGORY_NOT_LINEBREAK => c != LINE_FEED,
        CATEGORY_UNI_DIGIT => unicode::decimal(c).is_some(),
        CATEGORY_UNI_NOT_DIGIT => unicode::decimal(c).is_none(),
        CATEGORY_UNI_SPACE => unicode::is_space(c),
        CATEGORY_UNI_NOT_SPACE => !unicode::is_space(c),
        CATEGORY_UNI_WORD => is_word_unicode(c),
        CATEGORY_UNI_NOT_WORD => !is_word_unicode(c),
        CATEGORY_UNI_LINEBREAK => unicode::is_line_break(c),
        CATEGORY_UNI_NOT_LINEBREAK => !unicode::is_line_break(c),
    }
}

/// How characters are made comparable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Fold {
    /// As they are.
    None,
    Ascii,
    Unicode,
    /// Of the locale.
    Locale,
}

impl Fold {
    #[inline]
    pub(crate) fn lower(self, c: u32) -> u32 {
        match self {
            Fold::None => c,
            Fold::Ascii | Fold::Locale => lower_ascii(c),
            Fold::Unicode => lower_unicode(c),
        }
    }
}
