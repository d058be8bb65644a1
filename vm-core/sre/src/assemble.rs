//! From code words to instructions. What is passed here, the engine runs without leaving the program
//! or meeting an instruction in the wrong place.
//!
//! Code comes from `re._compiler`, but a program may pass any list to `_sre.compile`. Parts within
//! parts are kept on a stack of our own: however deep they are, the native stack does not grow.

use std::collections::{HashMap, HashSet};

use crate::chars::Fold;
use crate::first::Finder;
use crate::program::{Arm, Guard, Info, Inst, Next, Program, RepeatOne, Times, Until};
use crate::scan::Single;
use crate::set::{BITMAP, BLOCK_TABLE, Recipe, Set};
use crate::table::{At, Category, INFO_CHARSET, INFO_LITERAL, INFO_PREFIX, Op};

/// The index of a code word at which no instruction begins.
const NOWHERE: u32 = u32::MAX;

/// Longer programs are refused: an instruction's index must fit beside what a choice keeps.
const MOST_WORDS: usize = 1 << 27;

/// The program that the words are; `None` for what is not well-formed.
pub(crate) fn assemble(code: &[u32], groups: usize) -> Option<Program> {
    let (last, body) = code.split_last()?;
    if *last != Op::SUCCESS as u32 || code.len() > MOST_WORDS {
        return None;
    }
    let mut a = Assembler::new(code, groups);
    a.parts.push(Part { end: body.len(), close: Close::All });
    a.leading_info()?;
    a.run()?;
    a.finish()
}

/// A part of the code: where it ends, and what that means.
#[derive(Clone, Copy)]
struct Part {
    end: usize,
    close: Close,
}

/// What follows a part's last instruction.
#[derive(Clone, Copy)]
enum Close {
    /// The code's last SUCCESS.
    All,
    /// The SUCCESS of a group, an assertion or (one more level of saving) a possessive repeat,
    /// which is the instruction of that index.
    Success { inst: u32, is_repeat: bool },
    Until { inst: u32, times: Times },
    /// The alternative's JUMP, then the next one. `target`: where the ones before lead.
    Arm { branch: u32, target: Option<usize> },
    /// Nothing, or (when it ended with a JUMP) the part for "no". `jump`: that instruction.
    Yes { jump: Option<u32> },
    No,
}

struct Assembler<'a> {
    code: &'a [u32],
    at: usize,
    groups: usize,
    /// Those we are in, the innermost last.
    parts: Vec<Part>,
    insts: Vec<Inst>,
    arms: Vec<Arm>,
    /// The alternatives of the branches we are in, each with the length it had before.
    open_arms: Vec<Arm>,
    sets: Vec<Set>,
    set_indices: HashMap<Recipe, u32>,
    info: Info,
    /// The instruction that begins at a code word. Operands are code words until the end.
    index: Vec<u32>,
    /// How many repeats we are in.
    repeats: usize,
    /// Groups that were opened and not closed yet.
    open: HashSet<u32>,
    asks_open_groups: bool,
}

impl<'a> Assembler<'a> {
    fn new(code: &'a [u32], groups: usize) -> Assembler<'a> {
        Assembler {
            code,
            at: 0,
            groups,
            parts: Vec::new(),
            insts: Vec::new(),
            arms: Vec::new(),
            open_arms: Vec::new(),
            sets: Vec::new(),
            set_indices: HashMap::new(),
            info: Info::default(),
            index: vec![NOWHERE; code.len()],
            repeats: 0,
            open: HashSet::new(),
            asks_open_groups: false,
        }
    }

    fn end(&self) -> usize {
        self.parts.last().map_or(0, |p| p.end)
    }

    fn word(&mut self) -> Option<u32> {
        if self.at >= self.end() {
            return None;
        }
        self.at += 1;
        self.code.get(self.at - 1).copied()
    }

    fn op(&mut self) -> Option<Op> {
        Op::from_word(self.word()?)
    }

    fn expect(&mut self, op: Op) -> Option<()> {
        (self.op()? == op).then_some(())
    }

    /// A skip count at the current word: where it leads, relative to that word, must lie within
    /// the part (`slack` words behind it are allowed).
    fn skip(&mut self, slack: usize) -> Option<usize> {
        let room = self.end().checked_sub(self.at)?;
        let skip = self.word()? as usize;
        (skip.checked_sub(slack)? <= room).then_some(skip)
    }

    fn advance(&mut self, words: usize) -> Option<&'a [u32]> {
        let to = self.at.checked_add(words)?;
        if to > self.end() {
            return None;
        }
        let passed = self.code.get(self.at..to);
        self.at = to;
        passed
    }

    /// Enters a part that ends `back` words before `at + len`.
    fn enter(&mut self, len: usize, back: usize, close: Close) -> Option<()> {
        let end = self.at.checked_add(len)?.checked_sub(back)?;
        if self.at > end || end > self.end() {
            return None;
        }
        self.parts.push(Part { end, close });
        Some(())
    }

    /// The next instruction begins at the current word.
    fn here(&mut self) {
        if let Some(index) = self.index.get_mut(self.at) {
            *index = self.insts.len() as u32;
        }
    }

    fn emit(&mut self, inst: Inst) -> u32 {
        self.insts.push(inst);
        self.insts.len() as u32 - 1
    }

    fn run(&mut self) -> Option<()> {
        while let Some(part) = self.parts.last().copied() {
            self.here();
            if self.at == part.end {
                self.close(part.close)?;
                continue;
            }
            match (self.op()?, part.close) {
                (Op::JUMP, Close::Yes { .. }) => self.jump_over_no(part.end)?,
                (op, _) => self.instruction(op)?,
            }
        }
        Some(())
    }

    fn instruction(&mut self, op: Op) -> Option<()> {
        let saves = self.repeats > 0;
        match op {
            Op::SUCCESS => drop(self.emit(Inst::Success)),
            Op::MARK => self.mark()?,
            Op::AT => {
                let at = At::from_word(self.word()?)?;
                self.emit(Inst::At(at));
            }
            Op::INFO => {
                let skip = self.skip(0)?;
                let at = self.at - 1;
                self.info_block(at + skip)?;
            }
            Op::BRANCH => {
                let branch = self.emit(Inst::Branch { first: self.open_arms.len() as u32, end: 0, saves });
                self.arm(branch, None)?;
            }
            Op::REPEAT_ONE | Op::MIN_REPEAT_ONE | Op::POSSESSIVE_REPEAT_ONE => self.repeat_one(op, saves)?,
            Op::REPEAT => {
                let (skip, times) = self.repeat_head()?;
                let inst = self.emit(Inst::Repeat { until: 0 });
                self.repeats += 1;
                self.enter(skip, 3, Close::Until { inst, times })?;
            }
            Op::POSSESSIVE_REPEAT => {
                let (skip, times) = self.repeat_head()?;
                let inst = self.emit(Inst::PossessiveRepeat { times, end: 0 });
                self.repeats += 1;
                self.enter(skip, 3, Close::Success { inst, is_repeat: true })?;
            }
            Op::ATOMIC_GROUP => {
                let skip = self.skip(0)?;
                let inst = self.emit(Inst::Atomic { end: 0 });
                self.enter(skip, 2, Close::Success { inst, is_repeat: false })?;
            }
            Op::ASSERT | Op::ASSERT_NOT => {
                let skip = self.skip(0)?;
                let back = self.word()?;
                let inst = self.emit(match op {
                    Op::ASSERT => Inst::Assert { back, end: 0 },
                    _ => Inst::AssertNot { back, end: 0, saves },
                });
                self.enter(skip, 3, Close::Success { inst, is_repeat: false })?;
            }
            Op::GROUPREF => self.group_ref(Fold::None)?,
            Op::GROUPREF_IGNORE => self.group_ref(Fold::Ascii)?,
            Op::GROUPREF_UNI_IGNORE => self.group_ref(Fold::Unicode)?,
            Op::GROUPREF_LOC_IGNORE => self.group_ref(Fold::Locale)?,
            Op::GROUPREF_EXISTS => self.conditional()?,
            _ => {
                let single = self.single(op)?;
                self.emit(match single {
                    Single::Never => Inst::Failure,
                    Single::Any => Inst::Any,
                    Single::AnyAll => Inst::AnyAll,
                    Single::Literal(c) => Inst::Literal(c),
                    Single::NotLiteral(c) => Inst::NotLiteral(c),
                    Single::Set(s) => Inst::Set(s),
                });
            }
        }
        Some(())
    }

    fn mark(&mut self) -> Option<()> {
        let mark = self.word()?;
        if mark as usize >= self.groups.checked_mul(2)? {
            return None;
        }
        if mark % 2 == 0 {
            self.open.insert(mark / 2);
        } else {
            self.open.remove(&(mark / 2));
        }
        self.emit(Inst::Mark(mark));
        Some(())
    }

    fn group(&mut self) -> Option<u32> {
        self.word().filter(|g| (*g as usize) < self.groups)
    }

    fn group_ref(&mut self, fold: Fold) -> Option<()> {
        let group = self.group()?;
        self.emit(Inst::GroupRef { group, fold });
        Some(())
    }

    /// `<group> <skip>`, then what is done if the group took part.
    fn conditional(&mut self) -> Option<()> {
        let group = self.group()?;
        self.asks_open_groups |= self.open.contains(&group);
        let at = self.at;
        let skip = self.skip(1)?;
        // The skip count is relative to the word before it.
        self.emit(Inst::GroupExists { group, no: (at + skip - 1) as u32 });
        self.enter(skip, 2, Close::Yes { jump: None })
    }

    /// An operation that tests one character.
    fn single(&mut self, op: Op) -> Option<Single> {
        let folded = |a: &mut Self, fold, inverted| {
            let words = vec![Op::LITERAL as u32, a.word()?, Op::FAILURE as u32];
            Some(a.set(Recipe { words, fold, inverted }))
        };
        Some(match op {
            Op::FAILURE => Single::Never,
            Op::ANY => Single::Any,
            Op::ANY_ALL => Single::AnyAll,
            Op::LITERAL => Single::Literal(self.word()?),
            Op::NOT_LITERAL => Single::NotLiteral(self.word()?),
            Op::LITERAL_IGNORE => folded(self, Fold::Ascii, false)?,
            Op::LITERAL_UNI_IGNORE => folded(self, Fold::Unicode, false)?,
            Op::LITERAL_LOC_IGNORE => folded(self, Fold::Locale, false)?,
            Op::NOT_LITERAL_IGNORE => folded(self, Fold::Ascii, true)?,
            Op::NOT_LITERAL_UNI_IGNORE => folded(self, Fold::Unicode, true)?,
            Op::NOT_LITERAL_LOC_IGNORE => folded(self, Fold::Locale, true)?,
            Op::IN => self.in_set(Fold::None)?,
            Op::IN_IGNORE => self.in_set(Fold::Ascii)?,
            Op::IN_UNI_IGNORE => self.in_set(Fold::Unicode)?,
            Op::IN_LOC_IGNORE => self.in_set(Fold::Locale)?,
            _ => return None,
        })
    }

    /// `<skip> <set> FAILURE`
    fn in_set(&mut self, fold: Fold) -> Option<Single> {
        let at = self.at;
        let skip = self.skip(0)?;
        self.charset(at + skip, fold)
    }

    /// A set whose FAILURE is the last word before `end`.
    fn charset(&mut self, end: usize, fold: Fold) -> Option<Single> {
        let start = self.at;
        let last = end.checked_sub(1).filter(|l| *l >= start && end <= self.end())?;
        while self.at < last {
            match self.op()? {
                Op::NEGATE => {}
                Op::LITERAL => drop(self.word()?),
                Op::RANGE | Op::RANGE_UNI_IGNORE => drop(self.advance(2)?),
                Op::CHARSET => drop(self.advance(BITMAP)?),
                Op::BIGCHARSET => {
                    let blocks = self.word()?;
                    let table = self.advance(BLOCK_TABLE)?;
                    if table.iter().flat_map(|w| w.to_ne_bytes()).any(|i| u32::from(i) >= blocks) {
                        return None;
                    }
                    self.advance((blocks as usize).checked_mul(BITMAP)?)?;
                }
                Op::CATEGORY => drop(Category::from_word(self.word()?)?),
                _ => return None,
            }
        }
        if self.at != last {
            return None;
        }
        self.expect(Op::FAILURE)?;
        let words = self.code.get(start..end)?.to_vec();
        Some(self.set(Recipe { words, fold, inverted: false }))
    }

    fn set(&mut self, recipe: Recipe) -> Single {
        let next = self.sets.len() as u32;
        let index = *self.set_indices.entry(recipe.clone()).or_insert(next);
        if index == next {
            self.sets.push(Set::new(recipe));
        }
        Single::Set(index)
    }

    /// `<skip> <min> <max>`
    fn repeat_head(&mut self) -> Option<(usize, Times)> {
        let skip = self.skip(0)?;
        let times = Times { min: self.word()?, max: self.word()? };
        (times.min <= times.max).then_some((skip, times))
    }

    /// `<skip> <min> <max>`, a test of one character, SUCCESS.
    fn repeat_one(&mut self, op: Op, saves: bool) -> Option<()> {
        let at = self.at;
        let (skip, times) = self.repeat_head()?;
        let item = self.op()?;
        let item = self.single(item)?;
        self.expect(Op::SUCCESS)?;
        if self.at != at.checked_add(skip)? {
            return None;
        }
        let repeat = RepeatOne { item, times, next: Next::Guard(Guard::None), saves };
        self.emit(match op {
            Op::REPEAT_ONE => Inst::RepeatOne(repeat),
            Op::MIN_REPEAT_ONE => Inst::MinRepeatOne(repeat),
            _ => Inst::PossessiveRepeatOne(repeat),
        });
        Some(())
    }

    /// The INFO block that the code begins with is one to be used.
    fn leading_info(&mut self) -> Option<()> {
        if self.end() == 0 || self.code.first() != Some(&(Op::INFO as u32)) {
            return Some(());
        }
        self.here();
        self.at = 1;
        let skip = self.skip(0)?;
        self.info = self.info_block(1 + skip)?;
        let (skipped, start) = (self.info.prefix_skip, self.at);
        let literals = self.code.get(start..)?.chunks_exact(2).take(skipped);
        let is_prefix = literals.zip(&self.info.prefix).filter(|(w, p)| **w == [Op::LITERAL as u32, **p]).count();
        // What is not matched again must be there.
        (is_prefix == skipped || self.info.is_literal).then_some(())
    }

    /// `<flags> <min> <max>`, then a prefix with its overlap table, or a set; up to `end`.
    fn info_block(&mut self, end: usize) -> Option<Info> {
        if end > self.end() {
            return None;
        }
        let flags = self.word()?;
        let has = |flag| flags & flag != 0;
        if flags & !(INFO_PREFIX | INFO_LITERAL | INFO_CHARSET) != 0
            || has(INFO_PREFIX) && has(INFO_CHARSET)
            || has(INFO_LITERAL) && !has(INFO_PREFIX)
        {
            return None;
        }
        let mut info = Info { min: self.word()? as usize, is_literal: has(INFO_LITERAL), ..Info::default() };
        self.word()?;
        if has(INFO_PREFIX) {
            let (len, skip) = (self.word()? as usize, self.word()? as usize);
            info.prefix = self.advance(len)?.to_vec();
            info.overlaps = self.advance(len)?.to_vec();
            info.prefix_skip = skip;
            // An overlap is shorter than what it is an overlap of.
            let are_shorter = info.overlaps.iter().enumerate().all(|(i, o)| *o as usize <= i);
            if !are_shorter || skip > len || len == 0 {
                return None;
            }
        }
        if has(INFO_CHARSET)
            && let Single::Set(s) = self.charset(end, Fold::None)?
        {
            info.charset = Some(s);
        }
        (self.at == end).then_some(info)
    }

    /// An alternative, or the end of them.
    fn arm(&mut self, branch: u32, target: Option<usize>) -> Option<()> {
        let skip = self.skip(0)?;
        if skip == 0 {
            return self.end_branch(branch, target);
        }
        let at = self.at as u32;
        self.open_arms.push(Arm { at, guard: Guard::None, passes_first: false });
        self.enter(skip, 3, Close::Arm { branch, target })
    }

    fn end_branch(&mut self, branch: u32, target: Option<usize>) -> Option<()> {
        if Some(self.at) != target {
            return None;
        }
        let Inst::Branch { first: start, end, .. } = self.insts.get_mut(branch as usize)? else { return None };
        let mine = self.open_arms.drain(*start as usize..);
        *start = self.arms.len() as u32;
        self.arms.extend(mine);
        *end = self.arms.len() as u32;
        Some(())
    }

    /// The JUMP at the end of what a conditional does if the group took part.
    fn jump_over_no(&mut self, end: usize) -> Option<()> {
        if self.at + 1 != end {
            return None;
        }
        let jump = self.emit(Inst::Jump(0));
        self.at = end;
        self.parts.last_mut()?.close = Close::Yes { jump: Some(jump) };
        Some(())
    }

    /// The innermost part has ended.
    fn close(&mut self, close: Close) -> Option<()> {
        self.parts.pop();
        match close {
            Close::All => drop(self.emit(Inst::Success)),
            Close::Success { inst, is_repeat } => {
                self.expect(Op::SUCCESS)?;
                let at = self.emit(Inst::Success);
                self.repeats -= usize::from(is_repeat);
                match self.insts.get_mut(inst as usize)? {
                    Inst::Atomic { end }
                    | Inst::Assert { end, .. }
                    | Inst::AssertNot { end, .. }
                    | Inst::PossessiveRepeat { end, .. } => *end = at,
                    _ => return None,
                }
            }
            Close::Until { inst, times } => {
                self.repeats -= 1;
                let (enter, saves) = (Guard::None, self.repeats > 0);
                let repeat = Until { times, body: inst + 1, enter, next: Next::Guard(Guard::None), saves };
                let at = match self.op()? {
                    Op::MAX_UNTIL => self.emit(Inst::MaxUntil(repeat)),
                    Op::MIN_UNTIL => self.emit(Inst::MinUntil(repeat)),
                    _ => return None,
                };
                let Inst::Repeat { until } = self.insts.get_mut(inst as usize)? else { return None };
                *until = at;
            }
            Close::Arm { branch, target } => {
                self.expect(Op::JUMP)?;
                let at = self.at;
                let jump = at.checked_add(self.skip(0)?)?;
                if target.is_some_and(|t| t != jump) {
                    return None;
                }
                self.emit(Inst::Jump(jump as u32));
                self.arm(branch, Some(jump))?;
            }
            Close::Yes { jump: None } | Close::No => {}
            Close::Yes { jump: Some(jump) } => {
                // Back to the operand of the jump.
                self.at -= 1;
                let at = self.at;
                let skip = self.skip(0)?;
                *self.insts.get_mut(jump as usize)? = Inst::Jump((at + skip) as u32);
                self.enter(skip, 1, Close::No)?;
            }
        }
        Some(())
    }

    /// Makes code words that are operands to instructions, and finds what can be known before.
    fn finish(mut self) -> Option<Program> {
        let find = |word: u32| self.index.get(word as usize).copied().filter(|i| *i != NOWHERE);
        for arm in &mut self.arms {
            arm.at = find(arm.at)?;
        }
        for inst in &mut self.insts {
            match inst {
                Inst::Jump(to) | Inst::GroupExists { no: to, .. } => *to = find(*to)?,
                _ => {}
            }
        }
        // Jumps to jumps, or to the end, are saved: from the last on, each leads to what is done already.
        for i in (0..self.insts.len()).rev() {
            if let Inst::Jump(to) = self.insts[i]
                && let Some(inst @ (Inst::Jump(_) | Inst::Success)) = self.insts.get(to as usize)
            {
                self.insts[i] = *inst;
            }
        }
        let (insts, arms, asks_open_groups) = (&self.insts, &self.arms, self.asks_open_groups);
        let mut finder = Finder { insts, arms, sets: &self.sets, firsts: Vec::new(), asks_open_groups };
        let guards: Vec<Guard> = arms.iter().map(|arm| finder.guard(arm.at as usize)).collect();
        let mut decided = self.insts.clone();
        for (i, inst) in decided.iter_mut().enumerate() {
            match inst {
                Inst::RepeatOne(r) | Inst::MinRepeatOne(r) => r.next = finder.next(i + 1),
                Inst::MaxUntil(r) | Inst::MinUntil(r) => {
                    r.next = finder.next(i + 1);
                    // Alternatives look for themselves.
                    if !matches!(insts.get(r.body as usize), Some(Inst::Branch { .. })) {
                        r.enter = finder.guard(r.body as usize);
                    }
                }
                _ => {}
            }
        }
        let first = finder.guard(0);
        let firsts = finder.firsts;
        for (arm, guard) in self.arms.iter_mut().zip(guards) {
            arm.guard = guard;
            arm.passes_first = match (guard, insts.get(arm.at as usize)) {
                (Guard::Literal(c), Some(Inst::Literal(first))) => c == *first,
                (Guard::Set(s), Some(Inst::Set(first))) => s == *first,
                _ => false,
            };
        }
        Some(Program {
            insts: decided.into_boxed_slice(),
            arms: self.arms.into_boxed_slice(),
            sets: self.sets.into_boxed_slice(),
            firsts: firsts.into_boxed_slice(),
            info: self.info,
            first,
            asks_open_groups: self.asks_open_groups,
        })
    }
}
