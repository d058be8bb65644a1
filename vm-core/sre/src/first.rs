//! Which characters the rest of a program can begin with: what cannot match is not tried.

use crate::program::{Arm, Guard, Inst, Next};
use crate::scan::Single;
use crate::set::{LOW, Set};

/// Tests above this number are not worth while.
const MOST: usize = 64;
/// Branches within branches that are looked into.
const DEPTH: usize = 4;
/// Instructions that are looked at: what is known must not cost more than it is worth.
const STEPS: usize = 256;

/// A union of tests of one character.
#[derive(Debug)]
pub(crate) struct First {
    low: [bool; LOW],
    items: Box<[Single]>,
}

impl First {
    #[inline(always)]
    pub(crate) fn accepts(&self, sets: &[Set], c: u32) -> bool {
        match self.low.get(c as usize) {
            Some(is_in) => *is_in,
            None => self.items.iter().any(|i| i.accepts(sets, c)),
        }
    }
}

/// Looks through a program.
pub(crate) struct Finder<'a> {
    pub insts: &'a [Inst],
    pub arms: &'a [Arm],
    pub sets: &'a [Set],
    pub firsts: Vec<First>,
    /// Marks are set in front of what cannot match, too: that is to be seen.
    pub asks_open_groups: bool,
}

impl Finder<'_> {
    /// What a match of the instructions from `at` on must begin with.
    pub(crate) fn guard(&mut self, at: usize) -> Guard {
        let (mut items, mut left) = (Vec::new(), STEPS);
        if self.collect(at, DEPTH, &mut left, &mut items).is_none() || items.contains(&Single::AnyAll) {
            return Guard::None;
        }
        match items[..] {
            [Single::Literal(c)] => Guard::Literal(c),
            [Single::Set(s)] => Guard::Set(s),
            _ => {
                let low = std::array::from_fn(|c| items.iter().any(|i| i.accepts(self.sets, c as u32)));
                self.firsts.push(First { low, items: items.into_boxed_slice() });
                Guard::First(self.firsts.len() as u32 - 1)
            }
        }
    }

    /// What must be so behind a repeat for the rest to match.
    pub(crate) fn next(&mut self, mut at: usize) -> Next {
        while !self.asks_open_groups
            && let Some(Inst::Mark(_)) = self.insts.get(at)
        {
            at += 1;
        }
        match self.insts.get(at) {
            Some(Inst::At(place)) => Next::At(*place),
            _ => Next::Guard(self.guard(at)),
        }
    }

    /// Adds the tests of which one must pass; `None` if nothing is known, or a match may be empty.
    fn collect(&self, mut at: usize, depth: usize, left: &mut usize, items: &mut Vec<Single>) -> Option<()> {
        loop {
            *left = left.checked_sub(1)?;
            let (single, goes_on) = match self.insts.get(at)? {
                Inst::Literal(c) => (Single::Literal(*c), false),
                Inst::NotLiteral(c) => (Single::NotLiteral(*c), false),
                Inst::Set(s) => (Single::Set(*s), false),
                Inst::Any => (Single::Any, false),
                Inst::AnyAll => (Single::AnyAll, false),
                Inst::Failure => return Some(()),
                Inst::RepeatOne(r) | Inst::MinRepeatOne(r) | Inst::PossessiveRepeatOne(r) => (r.item, r.times.min == 0),
                Inst::Branch { first, end, .. } => {
                    let depth = depth.checked_sub(1)?;
                    return self.arms.get(*first as usize..*end as usize)?.iter().try_for_each(|arm| {
                        self.collect(arm.at as usize, depth, left, items)
                    });
                }
                other => {
                    at = match other {
                        Inst::Mark(_) if !self.asks_open_groups => at + 1,
                        Inst::At(_) | Inst::Atomic { .. } => at + 1,
                        Inst::Jump(to) => *to as usize,
                        Inst::Assert { end, .. } | Inst::AssertNot { end, .. } => *end as usize + 1,
                        Inst::PossessiveRepeat { times, .. } if times.min > 0 => at + 1,
                        Inst::Repeat { until } => match self.insts.get(*until as usize)? {
                            Inst::MaxUntil(r) | Inst::MinUntil(r) if r.times.min > 0 => at + 1,
                            _ => return None,
                        },
                        _ => return None,
                    };
                    continue;
                }
            };
            if !items.contains(&single) {
                if items.len() == MOST {
                    return None;
                }
                items.push(single);
            }
            if !goes_on {
                return Some(());
            }
            at += 1;
        }
    }
}
