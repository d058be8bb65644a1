//! The tight loops over characters.

use crate::chars::LINE_FEED;
use crate::set::{LOW, Set};

/// A character of a subject: a byte or a code point.
pub trait Char: Copy + Eq + Into<u32> {
    /// The character of a code word, if it is one of this width.
    fn from_word(word: u32) -> Option<Self>;
}

impl Char for u8 {
    #[inline]
    fn from_word(word: u32) -> Option<u8> {
        u8::try_from(word).ok()
    }
}

impl Char for u32 {
    #[inline]
    fn from_word(word: u32) -> Option<u32> {
        Some(word)
    }
}

/// A test of one character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Single {
    Never,
    Any,
    AnyAll,
    Literal(u32),
    NotLiteral(u32),
    /// Index of a set.
    Set(u32),
}

impl Single {
    #[inline]
    pub(crate) fn accepts(self, sets: &[Set], c: u32) -> bool {
        match self {
            Single::Never => false,
            Single::Any => c != LINE_FEED,
            Single::AnyAll => true,
            Single::Literal(l) => c == l,
            Single::NotLiteral(l) => c != l,
            Single::Set(s) => sets.get(s as usize).is_some_and(|s| s.contains(c)),
        }
    }

    /// How many of the first characters pass the test.
    #[inline]
    pub(crate) fn count<T: Char>(self, sets: &[Set], chars: &[T]) -> usize {
        let len = chars.len();
        match self {
            Single::Never => 0,
            Single::AnyAll => len,
            Single::Any => T::from_word(LINE_FEED).and_then(|c| find(chars, c)).unwrap_or(len),
            Single::Literal(l) => match T::from_word(l) {
                Some(c) => chars.iter().position(|x| *x != c).unwrap_or(len),
                None => 0,
            },
            Single::NotLiteral(l) => T::from_word(l).and_then(|c| find(chars, c)).unwrap_or(len),
            Single::Set(s) => match sets.get(s as usize) {
                Some(set) => count_in(set, chars),
                None => 0,
            },
        }
    }
}

#[inline]
fn count_in<T: Char>(set: &Set, chars: &[T]) -> usize {
    let low: &[bool; LOW] = set.low();
    let outside = |c: &T| {
        let c: u32 = (*c).into();
        !if c < LOW as u32 { low[c as usize] } else { set.contains(c) }
    };
    chars.iter().position(outside).unwrap_or(chars.len())
}

/// How many characters are compared at once.
const CHUNK: usize = 16;

/// Index of the first `c`.
#[inline]
pub(crate) fn find<T: Char>(chars: &[T], c: T) -> Option<usize> {
    // The nearest ones alone: a call for a few characters must cost little.
    let near = chars.len().min(CHUNK);
    if let Some(i) = chars[..near].iter().position(|x| *x == c) {
        return Some(i);
    }
    find_far(&chars[near..], c).map(|i| near + i)
}

/// Whole chunks are compared without a branch for each character, which compiles to vector code.
#[inline(never)]
fn find_far<T: Char>(chars: &[T], c: T) -> Option<usize> {
    let (chunks, rest) = chars.as_chunks::<CHUNK>();
    for (i, chunk) in chunks.iter().enumerate() {
        if chunk.iter().fold(false, |any, x| any | (*x == c)) {
            return chunk.iter().position(|x| *x == c).map(|k| i * CHUNK + k);
        }
    }
    rest.iter().position(|x| *x == c).map(|k| chunks.len() * CHUNK + k)
}

/// Index of the last `c`.
#[inline]
pub(crate) fn find_last<T: Char>(chars: &[T], c: T) -> Option<usize> {
    let (rest, chunks) = chars.as_rchunks::<CHUNK>();
    for (i, chunk) in chunks.iter().enumerate().rev() {
        if chunk.iter().fold(false, |any, x| any | (*x == c)) {
            return chunk.iter().rposition(|x| *x == c).map(|k| rest.len() + i * CHUNK + k);
        }
    }
    rest.iter().rposition(|x| *x == c)
}

/// Index of the first `a` or `b`.
#[inline]
fn find_either<T: Char>(chars: &[T], a: T, b: T) -> Option<usize> {
    let near = chars.len().min(CHUNK);
    let is_one = |x: &T| (*x == a) | (*x == b);
    if let Some(i) = chars[..near].iter().position(is_one) {
        return Some(i);
    }
    let (chunks, rest) = chars[near..].as_chunks::<CHUNK>();
    for (i, chunk) in chunks.iter().enumerate() {
        if chunk.iter().fold(false, |any, x| any | is_one(x)) {
            return chunk.iter().position(is_one).map(|k| near + i * CHUNK + k);
        }
    }
    rest.iter().position(is_one).map(|k| near + chunks.len() * CHUNK + k)
}

/// Index of the first `c`, before which all characters pass the test.
pub(crate) fn find_behind<T: Char>(single: Single, sets: &[Set], chars: &[T], c: T) -> Option<usize> {
    let until = |other: u32| match T::from_word(other) {
        Some(other) => find_either(chars, c, other),
        None => find(chars, c),
    };
    let i = match single {
        Single::AnyAll => find(chars, c),
        Single::Any => until(LINE_FEED),
        Single::NotLiteral(l) => until(l),
        Single::Set(s) => {
            let set = sets.get(s as usize)?;
            chars.iter().position(|x| *x == c || !set.contains((*x).into()))
        }
        Single::Never | Single::Literal(_) => chars.iter().position(|x| *x == c || !single.accepts(sets, (*x).into())),
    };
    i.filter(|i| chars.get(*i) == Some(&c))
}

/// Index of the first place where two characters stand.
pub(crate) fn find_pair<T: Char>(chars: &[T], pair: [T; 2]) -> Option<usize> {
    let seconds = chars.get(1..)?;
    let ((a, rest), (b, _)) = (chars[..seconds.len()].as_chunks::<CHUNK>(), seconds.as_chunks::<CHUNK>());
    for (i, (a, b)) in a.iter().zip(b).enumerate() {
        let is_pair = |(x, y): (&T, &T)| (*x == pair[0]) & (*y == pair[1]);
        if a.iter().zip(b).fold(false, |any, xy| any | is_pair(xy)) {
            return a.iter().zip(b).position(is_pair).map(|k| i * CHUNK + k);
        }
    }
    let from = seconds.len() - rest.len();
    chars[from..].array_windows::<2>().position(|w| *w == pair).map(|k| from + k)
}
