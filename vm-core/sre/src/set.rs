//! Sets of characters: IN and its relatives, also single characters regardless of case.
//!
//! Whether a character below 256 belongs to a set is looked up; for other ones the code words are
//! read, as CPython does for all.

use crate::chars::{self, Fold};
use crate::table::{Category, Op};

/// Characters whose membership is tabled.
pub(crate) const LOW: usize = 256;
/// Words of the bitmap of one block of 256 characters.
pub(crate) const BITMAP: usize = 256 / 32;
/// Words of the table that gives each of 256 blocks its bitmap.
pub(crate) const BLOCK_TABLE: usize = 256 / 4;

/// What a set is made of; sets made alike are one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Recipe {
    /// The words between IN's skip count and its FAILURE, that one included.
    pub words: Vec<u32>,
    pub fold: Fold,
    /// The set of all other characters.
    pub inverted: bool,
}

impl Recipe {
    /// What most sets are, seen at once.
    fn kind(&self) -> Kind {
        const LITERAL: u32 = Op::LITERAL as u32;
        const CATEGORY: u32 = Op::CATEGORY as u32;
        const NEGATE: u32 = Op::NEGATE as u32;
        let category = |k, negated| Category::from_word(k).map_or(Kind::Other, |k| Kind::Category(k, negated));
        match (&self.words[..], self.fold) {
            (_, Fold::Locale) => Kind::Other,
            ([LITERAL, c, _], _) => Kind::Literal(*c),
            ([CATEGORY, k, _], Fold::None) => category(*k, self.inverted),
            ([NEGATE, CATEGORY, k, _], Fold::None) => category(*k, !self.inverted),
            _ => Kind::Other,
        }
    }

    fn contains(&self, c: u32) -> bool {
        let lower = self.fold.lower(c);
        let other = if self.fold == Fold::Locale { chars::upper_ascii(c) } else { lower };
        is_member(&self.words, lower, other) != self.inverted
    }
}

/// How a character of 256 or more is looked for.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// The set is one character, perhaps inverted.
    Literal(u32),
    /// It is one category, perhaps negated.
    Category(Category, bool),
    /// By its words.
    Other,
}

/// A set, ready for questions.
#[derive(Debug)]
pub(crate) struct Set {
    low: [bool; LOW],
    kind: Kind,
    recipe: Recipe,
}

impl Set {
    pub(crate) fn new(recipe: Recipe) -> Set {
        Set { low: std::array::from_fn(|c| recipe.contains(c as u32)), kind: recipe.kind(), recipe }
    }

    #[inline]
    pub(crate) fn contains(&self, c: u32) -> bool {
        match self.low.get(c as usize) {
            Some(is_in) => *is_in,
            None => match self.kind {
                Kind::Literal(literal) => (self.recipe.fold.lower(c) == literal) != self.recipe.inverted,
                Kind::Category(Category::CATEGORY_UNI_WORD, false) => chars::is_word_unicode(c),
                Kind::Category(category, negated) => chars::is_in(category, c) != negated,
                Kind::Other => self.recipe.contains(c),
            },
        }
    }

    /// The answers for characters below 256.
    #[inline]
    pub(crate) fn low(&self) -> &[bool; LOW] {
        &self.low
    }
}

/// Whether a character, its case already folded, is in the set that the words describe. `other`: the
/// character itself, or its other case, which is as good for each member.
fn is_member(words: &[u32], c: u32, other: u32) -> bool {
    let mut found = true;
    let mut rest = words;
    while let Some((word, after)) = rest.split_first() {
        match Op::from_word(*word) {
            Some(Op::FAILURE) => return !found,
            Some(Op::NEGATE) => {
                found = !found;
                rest = after;
            }
            op => {
                let (is_in, operands) = member(op, after, c);
                if is_in || other != c && member(op, after, other).0 {
                    return found;
                }
                rest = after.get(operands..).unwrap_or_default();
            }
        }
    }
    false
}

/// Whether a character is in one part of a set, and how many operands that has.
#[inline]
fn member(op: Option<Op>, operands: &[u32], c: u32) -> (bool, usize) {
    let operand = |i: usize| operands.get(i).copied().unwrap_or_default();
    let within = |c: u32| (operand(0)..=operand(1)).contains(&c);
    let in_bitmap = |bits: &[u32], c: u32| bits.get(c as usize / 32).is_some_and(|w| w >> (c % 32) & 1 != 0);
    match op {
        Some(Op::LITERAL) => (c == operand(0), 1),
        Some(Op::CATEGORY) => (Category::from_word(operand(0)).is_some_and(|k| chars::is_in(k, c)), 1),
        Some(Op::RANGE) => (within(c), 2),
        Some(Op::RANGE_UNI_IGNORE) => (within(c) || within(chars::upper_unicode(c)), 2),
        Some(Op::CHARSET) => (c < 256 && in_bitmap(operands, c), BITMAP),
        Some(Op::BIGCHARSET) => {
            let bitmaps = operands.get(1 + BLOCK_TABLE..).unwrap_or_default();
            let is_in = c < 0x10000 && {
                let (word, byte) = ((c >> 8) as usize / 4, (c >> 8) as usize % 4);
                let block = operand(1 + word).to_ne_bytes()[byte];
                in_bitmap(bitmaps, u32::from(block) * 256 + (c & 255))
            };
            (is_in, 1 + BLOCK_TABLE + operand(0) as usize * BITMAP)
        }
        // The assembler lets nothing else pass.
        _ => (false, operands.len()),
    }
}
