//! Where a match may begin.

use crate::matcher::{Machine, Tick};
use crate::program::Inst;
use crate::scan::{self, Char};
use crate::state::{Request, State, Stop};
use crate::table::At;

/// Matches at the start.
pub(crate) fn matches<T: Char, E>(state: &mut State, r: Request<'_, T>, tick: Tick<'_, E>) -> Result<bool, Stop<E>> {
    if r.end > r.chars.len() || r.start > r.chars.len() {
        return Ok(false);
    }
    // CPython lets a match begin behind the end, where little matches.
    if r.end.checked_sub(r.start).is_some_and(|room| r.program.info.min > room) {
        return Ok(false);
    }
    Machine::new(state, &r, tick).first_try(&r)
}

/// Finds the first match.
pub(crate) fn search<T: Char, E>(state: &mut State, r: Request<'_, T>, tick: Tick<'_, E>) -> Result<bool, Stop<E>> {
    let info = &r.program.info;
    if r.end > r.chars.len() || r.start > r.end || info.min > r.end - r.start {
        return Ok(false);
    }
    let mut machine = Machine::new(state, &r, tick);
    match (info.prefix.as_slice(), info.charset) {
        ([], None) => anywhere(&mut machine, &r),
        ([], Some(set)) => behind_set(&mut machine, r.start, set),
        ([first], _) => behind_literal(&mut machine, r.start, *first),
        (prefix, _) => {
            let words: Option<Vec<T>> = prefix.iter().map(|w| T::from_word(*w)).collect();
            // Else a character does not fit in the subject's width.
            words.map_or(Ok(false), |prefix| behind_prefix(&mut machine, r.start, &prefix))
        }
    }
}

/// A match that begins with one certain character.
fn behind_literal<T: Char, E>(m: &mut Machine<'_, T, E>, start: usize, word: u32) -> Result<bool, Stop<E>> {
    let Some(c) = T::from_word(word) else { return Ok(false) };
    let mut at = start;
    while let Some(i) = m.chars.get(at..).and_then(|rest| scan::find(rest, c)) {
        if m.try_behind_prefix(at + i)? {
            return Ok(true);
        }
        at += i + 1;
    }
    Ok(false)
}

/// A match that begins with several certain characters, found by the overlap table.
fn behind_prefix<T: Char, E>(m: &mut Machine<'_, T, E>, start: usize, prefix: &[T]) -> Result<bool, Stop<E>> {
    let chars = m.chars;
    let overlaps = &m.program.info.overlaps;
    let (mut at, mut matched) = (start, 0);
    loop {
        if matched == 0 {
            let pair = [prefix[0], prefix[1]];
            let Some(i) = chars.get(at..).and_then(|rest| scan::find_pair(rest, pair)) else { return Ok(false) };
            at += i + 1;
            matched = 1;
        }
        let Some(c) = chars.get(at) else { return Ok(false) };
        if *c == prefix[matched] {
            at += 1;
            matched += 1;
            if matched < prefix.len() {
                continue;
            }
            if m.try_behind_prefix(at - matched)? {
                return Ok(true);
            }
        }
        matched = overlaps.get(matched - 1).map_or(0, |o| *o as usize);
    }
}

/// A match whose first character is in a set.
fn behind_set<T: Char, E>(m: &mut Machine<'_, T, E>, start: usize, set: u32) -> Result<bool, Stop<E>> {
    let Some(set) = m.program.sets.get(set as usize) else { return Err(Stop::Internal) };
    let mut at = start;
    while let Some(i) = m.chars.get(at..).and_then(|r| r.iter().position(|c| set.contains((*c).into()))) {
        if m.try_at(at + i, 0)? {
            return Ok(true);
        }
        at += i + 1;
    }
    Ok(false)
}

/// A match that may begin anywhere.
fn anywhere<T: Char, E>(m: &mut Machine<'_, T, E>, r: &Request<'_, T>) -> Result<bool, Stop<E>> {
    if m.first_try(&Request { fullmatch: false, ..*r })? {
        return Ok(true);
    }
    if let Some(Inst::At(At::AT_BEGINNING | At::AT_BEGINNING_STRING)) = m.program.insts.first() {
        return Ok(false);
    }
    let last = r.end - m.program.info.min.saturating_sub(1).min(r.end - r.start);
    let mut at = r.start + 1;
    while let Some(possible) = m.next_possible(at).filter(|at| *at <= last) {
        if m.try_at(possible, 0)? {
            return Ok(true);
        }
        at = possible + 1;
    }
    Ok(false)
}
