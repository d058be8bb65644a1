//! The machine that matches at one place: instructions go forward, and when one fails, the last
//! choice is taken back.

use crate::chars::{self, Fold, LINE_FEED};
use crate::program::{Arm, Guard, Inst, Next, Program, RepeatOne, Times, Until};
use crate::scan::{self, Char};
use crate::set::Set;
use crate::state::{Barrier, Frame, Kind, NO_REPEAT, Repeat, Request, State, Stop, UNSET};
use crate::table::At;

/// Called every [`crate::TICK`] steps.
pub(crate) type Tick<'a, E> = &'a mut dyn FnMut() -> Result<(), E>;

/// Where to go on: an instruction, and a position in the subject. `None`: it failed.
type Go = Option<(usize, usize)>;

pub(crate) struct Machine<'a, T, E> {
    state: &'a mut State,
    pub(crate) program: &'a Program,
    /// The subject up to where it ends for the pattern.
    pub(crate) chars: &'a [T],
    /// The whole subject: CPython looks around also behind the end, if a match begins there.
    all: &'a [T],
    /// A whole match must reach the end.
    fullmatch: bool,
    /// Where a whole match must not end.
    not_at: Option<usize>,
    /// The innermost repeat context.
    repeat: u32,
    tick: Tick<'a, E>,
    /// Steps until the next tick.
    left: u32,
}

/// Characters that are tested in a tight loop in the time of a step.
const PER_STEP: usize = 64;

fn push<T, E>(stack: &mut Vec<T>, item: T) -> Result<(), Stop<E>> {
    if stack.len() == stack.capacity() {
        grow(stack)?;
    }
    stack.push(item);
    Ok(())
}

#[cold]
#[inline(never)]
fn grow<T, E>(stack: &mut Vec<T>) -> Result<(), Stop<E>> {
    stack.try_reserve(16).map_err(|_| Stop::Memory)
}

impl<'a, T: Char, E> Machine<'a, T, E> {
    pub(crate) fn new(state: &'a mut State, r: &Request<'a, T>, tick: Tick<'a, E>) -> Self {
        state.forget_groups();
        let (program, all, chars) = (r.program, r.chars, r.chars.get(..r.end).unwrap_or_default());
        let (fullmatch, not_at, repeat, left) = (false, None, NO_REPEAT, crate::TICK);
        Machine { state, program, chars, all, fullmatch, not_at, repeat, tick, left }
    }

    /// Tries the request's start, with what it says about the match's end.
    pub(crate) fn first_try(&mut self, r: &Request<'_, T>) -> Result<bool, Stop<E>> {
        self.fullmatch = r.fullmatch;
        self.not_at = r.must_advance.then_some(r.start);
        let found = self.try_at(r.start, 0);
        self.not_at = None;
        found
    }

    /// Tries a place where the program's prefix was found.
    pub(crate) fn try_behind_prefix(&mut self, pos: usize) -> Result<bool, Stop<E>> {
        let info = &self.program.info;
        if info.is_literal {
            self.state.span = (pos, pos + info.prefix_skip);
            return Ok(true);
        }
        self.try_at(pos, info.prefix_skip)
    }

    /// Tries a place, of which as many instructions and characters have matched.
    pub(crate) fn try_at(&mut self, pos: usize, matched: usize) -> Result<bool, Stop<E>> {
        self.state.forget_groups();
        self.step()?;
        let end = self.run(matched, pos + matched)?;
        if let Some(end) = end {
            self.state.span = (pos, end);
        }
        Ok(end.is_some())
    }

    /// Counts a step.
    #[inline]
    fn step(&mut self) -> Result<(), Stop<E>> {
        self.left -= 1;
        if self.left == 0 { self.call_tick() } else { Ok(()) }
    }

    /// Counts what a repeat of one character took in one step: many are as long as several steps.
    #[inline]
    fn passed(&mut self, chars: usize) {
        let steps = u32::try_from(chars / PER_STEP).unwrap_or(u32::MAX);
        self.left = self.left.saturating_sub(steps).max(1);
    }

    #[cold]
    #[inline(never)]
    fn call_tick(&mut self) -> Result<(), Stop<E>> {
        self.left = crate::TICK;
        (self.tick)().map_err(Stop::Interrupted)
    }

    /// Runs from an instruction on, with empty stacks; where the match ends, if there is one.
    fn run(&mut self, mut at: usize, mut pos: usize) -> Result<Option<usize>, Stop<E>> {
        let (insts, chars) = (&*self.program.insts, self.chars);
        self.repeat = NO_REPEAT;
        self.state.repeats.clear();
        loop {
            let Some(inst) = insts.get(at) else { return Err(Stop::Internal) };
            let c = || chars.get(pos).map(|c| (*c).into());
            // Tests of one character go on behind it, all else where it says.
            let passed = match inst {
                Inst::Literal(l) => c() == Some(*l),
                Inst::Set(s) => c().is_some_and(|c| is_in(&self.program.sets, *s, c)),
                Inst::NotLiteral(l) => c().is_some_and(|c| c != *l),
                Inst::Any => c().is_some_and(|c| c != LINE_FEED),
                Inst::AnyAll => c().is_some(),
                Inst::Success if self.state.barriers.is_empty() => {
                    if !(self.fullmatch && pos != chars.len() || self.not_at == Some(pos)) {
                        return Ok(Some(pos));
                    }
                    false
                }
                other => {
                    let go = match other {
                        Inst::Mark(mark) => {
                            self.mark(*mark, pos)?;
                            Some((at + 1, pos))
                        }
                        Inst::Jump(to) => Some((*to as usize, pos)),
                        Inst::Branch { first, end, saves } => self.branch(*first, *end, at, pos, *saves)?,
                        Inst::RepeatOne(r) => self.repeat_one(r, at, pos)?,
                        Inst::MaxUntil(r) => self.max_until(r, at, pos)?,
                        other => self.other(other, at, pos)?,
                    };
                    if let Some(go) = go {
                        (at, pos) = go;
                        continue;
                    }
                    false
                }
            };
            if passed {
                at += 1;
                pos += 1;
                continue;
            }
            match self.backtrack()? {
                Some(go) => (at, pos) = go,
                None => return Ok(None),
            }
        }
    }

    /// One of the less frequent instructions.
    fn other(&mut self, inst: &Inst, at: usize, pos: usize) -> Result<Go, Stop<E>> {
        Ok(match inst {
            Inst::MinRepeatOne(r) => self.min_repeat_one(r, at, pos)?,
            Inst::PossessiveRepeatOne(r) => self.take(r, pos).map(|(_, pos)| (at + 1, pos)),
            Inst::At(place) => self.is_at(*place, pos).then_some((at + 1, pos)),
            Inst::Repeat { until } => {
                let prev = self.repeat;
                let context = u32::try_from(self.state.repeats.len()).map_err(|_| Stop::Memory)?;
                push(&mut self.state.repeats, Repeat { count: -1, last_pos: UNSET, prev })?;
                self.push(Kind::Context, at, pos, 0, false)?;
                self.repeat = context;
                Some((*until as usize, pos))
            }
            Inst::MinUntil(r) => self.min_until(r, at, pos)?,
            Inst::GroupRef { group, fold } => self.group_ref(*group, *fold, pos).map(|pos| (at + 1, pos)),
            Inst::GroupExists { group, no } => {
                let exists = self.state.group(*group as usize).is_some_and(|(from, to)| from <= to);
                Some((if exists { at + 1 } else { *no as usize }, pos))
            }
            Inst::Success => self.end_barrier(pos)?,
            Inst::Assert { back, .. } => match pos.checked_sub(*back as usize) {
                Some(from) => {
                    self.barrier(at, pos, 0, None)?;
                    Some((at + 1, from))
                }
                None => None,
            },
            Inst::AssertNot { back, end, saves } => match pos.checked_sub(*back as usize) {
                Some(from) => {
                    self.barrier(at, pos, 0, Some(*saves))?;
                    Some((at + 1, from))
                }
                None => Some((*end as usize + 1, pos)),
            },
            Inst::Atomic { .. } => {
                self.barrier(at, pos, 0, None)?;
                Some((at + 1, pos))
            }
            Inst::PossessiveRepeat { times, end } => self.possessive(*times, *end, at, pos, 0, UNSET)?,
            // The others are the caller's.
            _ => None,
        })
    }

    // Choices.

    /// Notes something that is to be put right when the match goes back. `saves`: with all marks.
    #[inline]
    fn push(&mut self, kind: Kind, at: usize, pos: usize, extra: usize, saves: bool) -> Result<(), Stop<E>> {
        let has_marks = saves && self.state.last_mark >= 0;
        if has_marks {
            self.save_marks()?;
        }
        let frame = Frame::new(Frame::tag(kind, has_marks, at), self.repeat, self.state, pos, extra);
        push(&mut self.state.frames, frame)
    }

    /// Another possibility of the last choice is taken; it stays, with what is left then.
    #[inline]
    fn keep(&mut self, pos: usize, extra: usize) {
        if let Some(frame) = self.state.frames.last_mut() {
            frame.pos = pos;
            frame.extra = extra;
        }
    }

    #[inline(never)]
    fn save_marks(&mut self) -> Result<(), Stop<E>> {
        let s = &mut *self.state;
        let valid = s.marks.get(..(s.last_mark + 1) as usize).unwrap_or_default();
        s.saved.try_reserve(valid.len()).map_err(|_| Stop::Memory)?;
        s.saved.extend_from_slice(valid);
        Ok(())
    }

    /// Puts the marks back as they were; `keep`: they will be needed again.
    #[inline]
    fn restore(&mut self, frame: &Frame, keep: bool) {
        self.state.last_mark = frame.last_mark;
        self.state.last_index = frame.last_index;
        if frame.has_marks() {
            self.restore_marks(keep);
        }
    }

    /// Puts the marks back that were saved last, all that are valid.
    #[inline(never)]
    fn restore_marks(&mut self, keep: bool) {
        let s = &mut *self.state;
        let n = (s.last_mark + 1) as usize;
        let from = s.saved.len().saturating_sub(n);
        for (mark, saved) in s.marks.iter_mut().zip(&s.saved[from..]) {
            *mark = *saved;
        }
        if !keep {
            s.saved.truncate(from);
        }
    }

    /// Whether the last possibility of a choice needs no frame. What is beneath puts the marks back
    /// in any case; only a question for an open group can see the difference.
    #[inline]
    fn is_last_free(&self) -> bool {
        !self.program.asks_open_groups
    }

    /// Goes back to the last choice that has another possibility.
    fn backtrack(&mut self) -> Result<Go, Stop<E>> {
        loop {
            self.step()?;
            let Some(frame) = self.state.frames.last().copied() else { return Ok(None) };
            self.repeat = frame.repeat;
            let (go, keeps) = match frame.kind() {
                Kind::Branch => self.branch_again(&frame)?,
                Kind::RepeatOne => self.repeat_one_again(&frame)?,
                Kind::MinRepeatOne => self.min_repeat_one_again(&frame)?,
                _ => (None, false),
            };
            if !keeps {
                self.state.frames.pop();
            }
            let go = match frame.kind() {
                Kind::Branch | Kind::RepeatOne | Kind::MinRepeatOne => go,
                Kind::Context => {
                    self.state.repeats.pop();
                    None
                }
                Kind::Again => {
                    self.context()?.count -= 1;
                    None
                }
                Kind::MaxUntil => {
                    self.restore(&frame, false);
                    let context = self.context()?;
                    context.last_pos = frame.extra;
                    context.count -= 1;
                    self.repeat = context.prev;
                    Some((frame.at() + 1, frame.pos))
                }
                Kind::MinUntil => self.min_until_again(&frame)?,
                Kind::Sure => {
                    let context = self.context()?;
                    context.last_pos = frame.extra;
                    context.count -= 1;
                    None
                }
                Kind::Barrier => self.barrier_failed()?,
            };
            if go.is_some() {
                return Ok(go);
            }
        }
    }

    // Marks.

    #[inline]
    fn mark(&mut self, mark: u32, pos: usize) -> Result<(), Stop<E>> {
        let s = &mut *self.state;
        let (i, n) = (mark as usize, mark as i32);
        if i >= s.marks.len() {
            let more = i + 1 - s.marks.len();
            s.marks.try_reserve(more).map_err(|_| Stop::Memory)?;
            s.marks.resize(i + 1, UNSET);
        }
        if mark % 2 == 1 {
            s.last_index = n / 2 + 1;
        }
        if n > s.last_mark {
            // Those in between are left from something else.
            s.marks[(s.last_mark + 1) as usize..i].fill(UNSET);
            s.last_mark = n;
        }
        s.marks[i] = pos;
        Ok(())
    }

    fn group_ref(&self, group: u32, fold: Fold, pos: usize) -> Option<usize> {
        let (from, to) = self.state.group(group as usize)?;
        let group = self.all.get(from..to)?;
        if group.is_empty() {
            return Some(pos);
        }
        let here = self.chars.get(pos..pos.checked_add(group.len())?)?;
        let same = match fold {
            Fold::None => group == here,
            _ => group.iter().zip(here).all(|(a, b)| fold.lower((*a).into()) == fold.lower((*b).into())),
        };
        same.then_some(pos + group.len())
    }

    // Alternatives.

    /// Whether what begins so can match at a character.
    #[inline(always)]
    fn is_possible(&self, guard: Guard, c: Option<&T>) -> bool {
        let c = c.map(|c| (*c).into());
        match guard {
            Guard::None => true,
            Guard::Literal(l) => c == Some(l),
            Guard::Set(s) => c.is_some_and(|c| is_in(&self.program.sets, s, c)),
            Guard::First(f) => match (self.program.firsts.get(f as usize), c) {
                (Some(first), Some(c)) => first.accepts(&self.program.sets, c),
                _ => false,
            },
        }
    }

    /// Whether what comes next can match at a position.
    #[inline]
    fn can_follow(&self, next: Next, pos: usize) -> bool {
        match next {
            Next::Guard(guard) => self.is_possible(guard, self.chars.get(pos)),
            Next::At(place) => self.is_at(place, pos),
        }
    }

    /// The first position from `pos` on where the program can match.
    pub(crate) fn next_possible(&self, pos: usize) -> Option<usize> {
        let rest = self.chars.get(pos..)?;
        let i = match self.program.first {
            Guard::None => Some(0),
            Guard::Literal(l) => scan::find(rest, T::from_word(l)?),
            guard => rest.iter().position(|c| self.is_possible(guard, Some(c))),
        };
        i.map(|i| pos + i)
    }

    /// The first alternative from `from` on that can match.
    #[inline]
    fn arm(&self, arms: &[Arm], from: usize, pos: usize) -> Option<usize> {
        let c = self.chars.get(pos);
        arms.get(from..)?.iter().position(|arm| self.is_possible(arm.guard, c)).map(|i| from + i)
    }

    /// Takes the first alternative that can match.
    #[inline]
    fn branch(&mut self, first: u32, end: u32, at: usize, pos: usize, saves: bool) -> Result<Go, Stop<E>> {
        let arms = self.program.arms.get(..end as usize).unwrap_or_default();
        let Some(arm) = self.arm(arms, first as usize, pos) else { return Ok(None) };
        let next = self.arm(arms, arm + 1, pos);
        if next.is_some() || !self.is_last_free() {
            self.push(Kind::Branch, at, pos, next.unwrap_or(arms.len()), saves)?;
        }
        Ok(arms.get(arm).map(|arm| arm.enter(pos)))
    }

    #[inline]
    fn branch_again(&mut self, frame: &Frame) -> Result<(Go, bool), Stop<E>> {
        let (arm, pos) = (frame.extra, frame.pos);
        let Some(Inst::Branch { end, .. }) = self.program.insts.get(frame.at()) else { return Err(Stop::Internal) };
        let arms = self.program.arms.get(..*end as usize).unwrap_or_default();
        let Some(taken) = arms.get(arm) else {
            self.restore(frame, false);
            return Ok((None, false));
        };
        let next = self.arm(arms, arm + 1, pos);
        let keeps = next.is_some() || !self.is_last_free();
        self.restore(frame, keeps);
        if keeps {
            self.keep(pos, next.unwrap_or(arms.len()));
        }
        Ok((Some(taken.enter(pos)), keeps))
    }

    // Repeats of one character.

    /// As many characters as the repeat can take: the positions behind its fewest and its most.
    #[inline]
    fn take(&self, r: &RepeatOne, pos: usize) -> Option<(usize, usize)> {
        let rest = self.chars.get(pos..)?;
        let most = if r.times.max == crate::MAX_REPEAT { rest.len() } else { rest.len().min(r.times.max as usize) };
        let count = r.item.count(&self.program.sets, &rest[..most]);
        let min = r.times.min as usize;
        (count >= min).then_some((pos + min, pos + count))
    }

    /// The last position from `pos` down to `least` where what follows the repeat can match.
    #[inline]
    fn last_possible(&self, r: &RepeatOne, least: usize, pos: usize) -> Option<usize> {
        // Behind the last character nothing begins.
        let rest = || self.chars.get(least..(pos + 1).min(self.chars.len()));
        let i = match r.next {
            Next::Guard(Guard::None) => return (pos >= least).then_some(pos),
            Next::Guard(Guard::Literal(l)) => {
                let next = T::from_word(l)?;
                scan::find_last(rest()?, next)
            }
            Next::Guard(guard) => rest()?.iter().rposition(|c| self.is_possible(guard, Some(c))),
            Next::At(place) => return (least..=pos).rev().find(|pos| self.is_at(place, *pos)),
        };
        i.map(|i| least + i)
    }

    #[inline]
    fn repeat_one(&mut self, r: &RepeatOne, at: usize, pos: usize) -> Result<Go, Stop<E>> {
        let from = pos;
        let Some((least, most)) = self.take(r, pos) else { return Ok(None) };
        self.passed(most - from);
        let Some(pos) = self.last_possible(r, least, most) else { return Ok(None) };
        if pos > least || !self.is_last_free() {
            self.push(Kind::RepeatOne, at, pos, least, r.saves)?;
        }
        Ok(Some((at + 1, pos)))
    }

    #[inline]
    fn repeat_one_again(&mut self, frame: &Frame) -> Result<(Go, bool), Stop<E>> {
        let at = frame.at();
        let Some(Inst::RepeatOne(r)) = self.program.insts.get(at) else { return Err(Stop::Internal) };
        let least = frame.extra;
        let pos = if frame.pos > least { self.last_possible(r, least, frame.pos - 1) } else { None };
        let keeps = pos.is_some_and(|pos| pos > least || !self.is_last_free());
        self.restore(frame, keeps);
        if keeps {
            self.keep(pos.unwrap_or(least), least);
        }
        Ok((pos.map(|pos| (at + 1, pos)), keeps))
    }

    /// From a position on, of which the repeat took `count` characters before: the first where what
    /// follows can match, with the count there.
    #[inline]
    fn first_possible(&self, r: &RepeatOne, mut pos: usize, mut count: usize) -> Option<(usize, usize)> {
        let sets = &*self.program.sets;
        if let Next::Guard(Guard::Literal(l)) = r.next {
            let rest = self.chars.get(pos..)?;
            let most = match r.times.max {
                crate::MAX_REPEAT => rest.len(),
                max => rest.len().min((max as usize).saturating_sub(count).saturating_add(1)),
            };
            let i = scan::find_behind(r.item, sets, &rest[..most], T::from_word(l)?)?;
            return Some((pos + i, count + i));
        }
        loop {
            let c = self.chars.get(pos);
            if self.can_follow(r.next, pos) {
                return Some((pos, count));
            }
            if !r.times.allows_more_than(count as u64) || !r.item.accepts(sets, (*c?).into()) {
                return None;
            }
            pos += 1;
            count += 1;
        }
    }

    #[inline]
    fn min_repeat_one(&mut self, r: &RepeatOne, at: usize, pos: usize) -> Result<Go, Stop<E>> {
        let fewest = RepeatOne { times: Times { min: r.times.min, max: r.times.min }, ..*r };
        let Some((pos, _)) = self.take(&fewest, pos) else { return Ok(None) };
        let from = pos;
        let Some((pos, count)) = self.first_possible(r, pos, r.times.min as usize) else { return Ok(None) };
        self.passed(pos - from);
        self.push(Kind::MinRepeatOne, at, pos, count, r.saves)?;
        Ok(Some((at + 1, pos)))
    }

    #[inline]
    fn min_repeat_one_again(&mut self, frame: &Frame) -> Result<(Go, bool), Stop<E>> {
        let at = frame.at();
        let Some(Inst::MinRepeatOne(r)) = self.program.insts.get(at) else { return Err(Stop::Internal) };
        let (pos, count) = (frame.pos, frame.extra);
        let takes = r.times.allows_more_than(count as u64)
            && self.chars.get(pos).is_some_and(|c| r.item.accepts(&self.program.sets, (*c).into()));
        let next = if takes { self.first_possible(r, pos + 1, count + 1) } else { None };
        self.restore(frame, next.is_some());
        if let Some((pos, count)) = next {
            self.keep(pos, count);
        }
        Ok((next.map(|(pos, _)| (at + 1, pos)), next.is_some()))
    }

    // Repeats of anything.

    #[inline]
    fn context(&mut self) -> Result<&mut Repeat, Stop<E>> {
        self.state.repeats.get_mut(self.repeat as usize).ok_or(Stop::Internal)
    }

    /// Begins another repetition. The frame says what the context was.
    #[inline]
    fn again(&mut self, r: &Until, was: Repeat, kind: Kind, at: usize, pos: usize) -> Result<Go, Stop<E>> {
        self.push(kind, at, pos, was.last_pos, kind == Kind::MaxUntil)?;
        let last_pos = if kind == Kind::Again { was.last_pos } else { pos };
        *self.context()? = Repeat { count: was.count + 1, last_pos, prev: was.prev };
        Ok(Some((r.body as usize, pos)))
    }

    /// At the end of a repetition, or (count 0) before the first: one more if possible.
    #[inline]
    fn max_until(&mut self, r: &Until, at: usize, pos: usize) -> Result<Go, Stop<E>> {
        self.step()?;
        let context = *self.context()?;
        let count = (context.count + 1) as u64;
        let can_enter = self.is_possible(r.enter, self.chars.get(pos));
        if count < u64::from(r.times.min) {
            return if can_enter { self.again(r, context, Kind::Again, at, pos) } else { Ok(None) };
        }
        // A repetition that would begin where the last one did matches nothing.
        if can_enter && r.times.allows_more_than(count) && pos != context.last_pos {
            // Without groups the one costs as much as the other.
            let is_sure = self.state.last_mark >= 0 && self.is_last_free() && !self.can_follow(r.next, pos);
            return self.again(r, context, if is_sure { Kind::Sure } else { Kind::MaxUntil }, at, pos);
        }
        self.repeat = context.prev;
        Ok(Some((at + 1, pos)))
    }

    /// At the end of a repetition, or (count 0) before the first: what follows if possible.
    #[inline]
    fn min_until(&mut self, r: &Until, at: usize, pos: usize) -> Result<Go, Stop<E>> {
        self.step()?;
        let context = *self.context()?;
        let can_enter = self.is_possible(r.enter, self.chars.get(pos));
        if ((context.count + 1) as u64) < u64::from(r.times.min) {
            return if can_enter { self.again(r, context, Kind::Again, at, pos) } else { Ok(None) };
        }
        if self.can_follow(r.next, pos) {
            self.push(Kind::MinUntil, at, pos, 0, r.saves)?;
            self.repeat = context.prev;
            return Ok(Some((at + 1, pos)));
        }
        self.min_until_body(r, at, pos)
    }

    /// What follows did not match: one more repetition.
    fn min_until_again(&mut self, frame: &Frame) -> Result<Go, Stop<E>> {
        self.restore(frame, false);
        let Some(Inst::MinUntil(r)) = self.program.insts.get(frame.at()) else { return Err(Stop::Internal) };
        self.min_until_body(r, frame.at(), frame.pos)
    }

    #[inline]
    fn min_until_body(&mut self, r: &Until, at: usize, pos: usize) -> Result<Go, Stop<E>> {
        let context = *self.context()?;
        let can_enter = self.is_possible(r.enter, self.chars.get(pos));
        if !can_enter || !r.times.allows_more_than((context.count + 1) as u64) || pos == context.last_pos {
            return Ok(None);
        }
        self.again(r, context, Kind::Sure, at, pos)
    }

    // What forgets its choices when it has matched.

    /// Begins it at `pos`. `restores`: the marks are put back if it does not match, all of them or
    /// only the later ones.
    fn barrier(&mut self, at: usize, pos: usize, count: u64, restores: Option<bool>) -> Result<(), Stop<E>> {
        let s = &mut *self.state;
        let mut barrier = Barrier {
            at: at as u32,
            repeat: self.repeat,
            frames: s.frames.len(),
            saved: s.saved.len(),
            repeats: s.repeats.len(),
            pos,
            count,
            last_mark: s.last_mark,
            last_index: s.last_index,
            restores: restores.is_some(),
            has_marks: false,
        };
        if restores == Some(true) && s.last_mark >= 0 {
            barrier.has_marks = true;
            self.save_marks()?;
        }
        push(&mut self.state.barriers, barrier)?;
        self.push(Kind::Barrier, at, pos, 0, false)
    }

    /// The innermost one has matched, up to `pos`.
    fn end_barrier(&mut self, pos: usize) -> Result<Go, Stop<E>> {
        let Some(barrier) = self.state.barriers.pop() else { return Err(Stop::Internal) };
        let s = &mut *self.state;
        s.frames.truncate(barrier.frames);
        s.saved.truncate(barrier.saved);
        s.repeats.truncate(barrier.repeats);
        self.repeat = barrier.repeat;
        let at = barrier.at as usize;
        match self.program.insts.get(at) {
            Some(Inst::Atomic { end }) => Ok(Some((*end as usize + 1, pos))),
            Some(Inst::Assert { end, .. }) => Ok(Some((*end as usize + 1, barrier.pos))),
            Some(Inst::AssertNot { .. }) => Ok(None),
            Some(Inst::PossessiveRepeat { times, end }) => {
                self.step()?;
                // Only repetitions beyond the fewest are asked whether they matched something.
                let last = if barrier.restores { barrier.pos } else { UNSET };
                self.possessive(*times, *end, at, pos, barrier.count + 1, last)
            }
            _ => Err(Stop::Internal),
        }
    }

    /// After `count` repetitions of a possessive repeat, of which the last began at `last`.
    fn possessive(
        &mut self,
        times: Times,
        end: u32,
        at: usize,
        pos: usize,
        count: u64,
        last: usize,
    ) -> Result<Go, Stop<E>> {
        let restores = if count < u64::from(times.min) {
            None
        } else if times.allows_more_than(count) && pos != last {
            Some(true)
        } else {
            return Ok(Some((end as usize + 1, pos)));
        };
        self.barrier(at, pos, count, restores)?;
        Ok(Some((at + 1, pos)))
    }

    /// The innermost one has not matched.
    fn barrier_failed(&mut self) -> Result<Go, Stop<E>> {
        let Some(barrier) = self.state.barriers.pop() else { return Err(Stop::Internal) };
        if !barrier.restores {
            return Ok(None);
        }
        self.state.last_mark = barrier.last_mark;
        self.state.last_index = barrier.last_index;
        if barrier.has_marks {
            self.restore_marks(false);
        }
        match self.program.insts.get(barrier.at as usize) {
            Some(Inst::AssertNot { end, .. } | Inst::PossessiveRepeat { end, .. }) => {
                Ok(Some((*end as usize + 1, barrier.pos)))
            }
            _ => Err(Stop::Internal),
        }
    }

    // Positions.

    fn is_at(&self, at: At, pos: usize) -> bool {
        let (here, end) = (self.chars.get(pos), self.chars.len());
        let before = pos.checked_sub(1).and_then(|i| self.all.get(i));
        let is_line_feed = |c: Option<&T>| c.is_some_and(|c| (*c).into() == LINE_FEED);
        let at_boundary = |is_word: fn(u32) -> bool| {
            let [a, b] = [before, here].map(|c| c.is_some_and(|c| is_word((*c).into())));
            a != b
        };
        match at {
            At::AT_BEGINNING | At::AT_BEGINNING_STRING => pos == 0,
            At::AT_BEGINNING_LINE => pos == 0 || is_line_feed(before),
            At::AT_END => pos == end || pos + 1 == end && is_line_feed(here),
            At::AT_END_LINE => pos == end || is_line_feed(self.all.get(pos)),
            At::AT_END_STRING => pos == end,
            At::AT_BOUNDARY | At::AT_LOC_BOUNDARY => at_boundary(chars::is_word_ascii),
            At::AT_NON_BOUNDARY | At::AT_LOC_NON_BOUNDARY => !at_boundary(chars::is_word_ascii),
            At::AT_UNI_BOUNDARY => at_boundary(chars::is_word_unicode),
            At::AT_UNI_NON_BOUNDARY => !at_boundary(chars::is_word_unicode),
        }
    }
}

impl Arm {
    /// Where to go on in an alternative that can match.
    #[inline]
    fn enter(&self, pos: usize) -> (usize, usize) {
        let passed = usize::from(self.passes_first);
        (self.at as usize + passed, pos + passed)
    }
}

#[inline]
fn is_in(sets: &[Set], set: u32, c: u32) -> bool {
    sets.get(set as usize).is_some_and(|s| s.contains(c))
}
