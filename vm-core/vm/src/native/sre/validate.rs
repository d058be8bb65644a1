//! Validation of regular expression code: what it lets pass, the engine runs without leaving the
//! code array or meeting an opcode in the wrong place.
//!
//! Code comes from `re._compiler`, but a program may pass any list to `_sre.compile`.

use rustpython_sre_engine::constants::{SreAtCode, SreCatCode, SreInfo, SreOpcode};

/// How deep groups may be nested; validation recurses natively.
const MAX_DEPTH: usize = 1000;

/// Words of the bitmap of one block of 256 characters.
const BITMAP: usize = 256 / 32;

/// Words of the table that gives each of 256 blocks its bitmap.
const BLOCK_TABLE: usize = 256 / 4;

/// Whether the engine can run `code`, which may refer to groups below `groups`.
pub fn is_valid(code: &[u32], groups: usize) -> bool {
    match code.split_last() {
        Some((last, body)) if *last == SreOpcode::SUCCESS as u32 => {
            let mut v = Validator { code, at: 0, end: body.len(), groups };
            v.sequence(0).is_some()
        }
        _ => false,
    }
}

/// How a sequence of instructions ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Plain,
    Jump,
}

/// Walks `code[at..end]`; every method gives `None` for what is not valid.
struct Validator<'a> {
    code: &'a [u32],
    at: usize,
    end: usize,
    groups: usize,
}

impl<'a> Validator<'a> {
    fn word(&mut self) -> Option<u32> {
        if self.at >= self.end {
            return None;
        }
        self.at += 1;
        self.code.get(self.at - 1).copied()
    }

    fn op(&mut self) -> Option<SreOpcode> {
        SreOpcode::try_from(self.word()?).ok()
    }

    /// A skip count at the current word: where it leads, relative to that word, must lie within
    /// the code (`slack` words behind it are allowed).
    fn skip(&mut self, slack: usize) -> Option<usize> {
        let room = self.end.checked_sub(self.at)?;
        let skip = self.word()? as usize;
        if skip.checked_sub(slack)? > room { None } else { Some(skip) }
    }

    fn advance(&mut self, words: usize) -> Option<()> {
        let at = self.at.checked_add(words)?;
        if at > self.end {
            return None;
        }
        self.at = at;
        Some(())
    }

    /// A part of the code that ends `back` words before `at + len`.
    fn part(&self, len: usize, back: usize) -> Option<Validator<'a>> {
        let end = self.at.checked_add(len)?.checked_sub(back)?;
        (self.at <= end && end <= self.end).then_some(Validator { end, ..*self })
    }

    /// The instructions in between `at` and the word that is `back` words before `at + len`, where
    /// it continues.
    fn inner(&mut self, len: usize, back: usize, depth: usize) -> Option<Ending> {
        let mut part = self.part(len, back)?;
        let ending = part.sequence(depth + 1)?;
        self.at = part.end;
        Some(ending)
    }

    fn expect(&mut self, ops: &[SreOpcode]) -> Option<()> {
        let op = self.op()?;
        ops.contains(&op).then_some(())
    }

    fn sequence(&mut self, depth: usize) -> Option<Ending> {
        if depth > MAX_DEPTH {
            return None;
        }
        while self.at < self.end {
            let op = self.op()?;
            if op == SreOpcode::JUMP {
                return (self.at + 1 == self.end).then_some(Ending::Jump);
            }
            self.instruction(op, depth)?;
        }
        Some(Ending::Plain)
    }

    fn instruction(&mut self, op: SreOpcode, depth: usize) -> Option<()> {
        use SreOpcode::*;
        match op {
            SUCCESS | FAILURE | ANY | ANY_ALL => Some(()),
            MARK => ((self.word()? as usize) < self.groups.checked_mul(2)?).then_some(()),
            LITERAL | NOT_LITERAL | LITERAL_IGNORE | NOT_LITERAL_IGNORE | LITERAL_UNI_IGNORE
            | NOT_LITERAL_UNI_IGNORE | LITERAL_LOC_IGNORE | NOT_LITERAL_LOC_IGNORE => self.word().map(drop),
            AT => SreAtCode::try_from(self.word()?).ok().map(drop),
            IN | IN_IGNORE | IN_UNI_IGNORE | IN_LOC_IGNORE => {
                let skip = self.skip(0)?;
                let mut set = self.part(skip, 2)?;
                set.charset()?;
                self.at = set.end;
                self.expect(&[FAILURE])
            }
            INFO => self.info(),
            BRANCH => self.branch(depth),
            REPEAT_ONE | MIN_REPEAT_ONE | POSSESSIVE_REPEAT_ONE => {
                let skip = self.repeat_head()?;
                self.plain_inner(skip, 4, depth)?;
                self.expect(&[SUCCESS])
            }
            REPEAT | POSSESSIVE_REPEAT => {
                let skip = self.repeat_head()?;
                self.plain_inner(skip, 3, depth)?;
                if op == POSSESSIVE_REPEAT { self.expect(&[SUCCESS]) } else { self.expect(&[MAX_UNTIL, MIN_UNTIL]) }
            }
            ATOMIC_GROUP => {
                let skip = self.skip(0)?;
                self.plain_inner(skip, 2, depth)?;
                self.expect(&[SUCCESS])
            }
            GROUPREF | GROUPREF_IGNORE | GROUPREF_UNI_IGNORE | GROUPREF_LOC_IGNORE => self.group(),
            GROUPREF_EXISTS => self.conditional(depth),
            ASSERT | ASSERT_NOT => {
                let skip = self.skip(0)?;
                self.word()?;
                self.plain_inner(skip, 3, depth)?;
                self.expect(&[SUCCESS])
            }
            _ => None,
        }
    }

    /// [`Validator::inner`] of what must not end in a jump.
    fn plain_inner(&mut self, len: usize, back: usize, depth: usize) -> Option<()> {
        (self.inner(len, back, depth)? == Ending::Plain).then_some(())
    }

    fn group(&mut self) -> Option<()> {
        ((self.word()? as usize) < self.groups).then_some(())
    }

    /// `<skip> <min> <max>`
    fn repeat_head(&mut self) -> Option<usize> {
        let skip = self.skip(0)?;
        let (min, max) = (self.word()?, self.word()?);
        (min <= max).then_some(skip)
    }

    /// `<skip> <flags> <min> <max>`, then a prefix with its overlap table, or a set.
    fn info(&mut self) -> Option<()> {
        let skip = self.skip(0)?;
        let mut part = self.part(skip, 1)?;
        let flags = SreInfo::from_bits(part.word()?)?;
        part.word()?;
        part.word()?;
        let (prefix, literal, set) =
            (flags.contains(SreInfo::PREFIX), flags.contains(SreInfo::LITERAL), flags.contains(SreInfo::CHARSET));
        if (prefix && set) || (literal && !prefix) {
            return None;
        }
        if prefix {
            let len = part.word()? as usize;
            let skip = part.word()? as usize;
            part.advance(len)?;
            let overlaps = part.at;
            part.advance(len)?;
            let all_below = self.code[overlaps..part.at].iter().all(|o| (*o as usize) < len);
            if !all_below || skip > len || len == 0 {
                return None;
            }
        }
        if set {
            part.end = part.end.checked_sub(1)?;
            part.charset()?;
            part.end += 1;
            part.expect(&[SreOpcode::FAILURE])?;
        }
        if part.at != part.end {
            return None;
        }
        self.at = part.end;
        Some(())
    }

    /// Alternatives, each ending with a jump to the same place; a zero skip ends them.
    fn branch(&mut self, depth: usize) -> Option<()> {
        let mut target = None;
        loop {
            let skip = self.skip(0)?;
            if skip == 0 {
                return (Some(self.at) == target).then_some(());
            }
            self.plain_inner(skip, 3, depth)?;
            self.expect(&[SreOpcode::JUMP])?;
            let jump = self.at.checked_add(self.skip(0)?)?;
            if target.is_some_and(|t| t != jump) {
                return None;
            }
            target = Some(jump);
        }
    }

    /// `(?(group)then|else)`: the part for "then" ends with a jump if there is one for "else".
    fn conditional(&mut self, depth: usize) -> Option<()> {
        self.group()?;
        let skip = self.skip(1)?;
        // The skip count is relative to the word before it.
        let ending = self.inner(skip, 2, depth)?;
        if ending == Ending::Plain {
            return Some(());
        }
        // Back to the operand of the jump.
        self.at -= 1;
        let skip = self.skip(0)?;
        self.plain_inner(skip, 1, depth)
    }

    fn charset(&mut self) -> Option<()> {
        while self.at < self.end {
            match self.op()? {
                SreOpcode::NEGATE => {}
                SreOpcode::LITERAL => drop(self.word()?),
                SreOpcode::RANGE | SreOpcode::RANGE_UNI_IGNORE => {
                    self.word()?;
                    self.word()?;
                }
                SreOpcode::CHARSET => self.advance(BITMAP)?,
                SreOpcode::BIGCHARSET => {
                    let blocks = self.word()?;
                    let table = self.at;
                    self.advance(BLOCK_TABLE)?;
                    let indices = self.code[table..self.at].iter().flat_map(|w| w.to_ne_bytes());
                    if indices.into_iter().any(|i| u32::from(i) >= blocks) {
                        return None;
                    }
                    self.advance((blocks as usize).checked_mul(BITMAP)?)?;
                }
                SreOpcode::CATEGORY => drop(SreCatCode::try_from(self.word()?).ok()?),
                _ => return None,
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUCCESS: u32 = SreOpcode::SUCCESS as u32;

    #[test]
    fn simple_code_passes() {
        assert!(is_valid(&[SUCCESS], 0));
        assert!(is_valid(&[SreOpcode::LITERAL as u32, 97, SUCCESS], 0));
        assert!(is_valid(&[SreOpcode::MARK as u32, 1, SUCCESS], 1));
    }

    #[test]
    fn broken_code_does_not() {
        assert!(!is_valid(&[], 0));
        assert!(!is_valid(&[SreOpcode::LITERAL as u32, SUCCESS], 0));
        assert!(!is_valid(&[SreOpcode::MARK as u32, 2, SUCCESS], 1));
        assert!(!is_valid(&[99, SUCCESS], 0));
        assert!(!is_valid(&[SreOpcode::MAX_UNTIL as u32, SUCCESS], 0));
        assert!(!is_valid(&[SreOpcode::IN as u32, 200, 0, SUCCESS], 0));
        assert!(!is_valid(&[SreOpcode::BRANCH as u32, u32::MAX, SUCCESS], 0));
    }

    #[test]
    fn deep_nesting_is_refused_without_overflow() {
        // ATOMIC_GROUP <skip> ... SUCCESS, nested.
        let mut code = vec![SUCCESS];
        for _ in 0..100_000u32 {
            let mut outer = vec![SreOpcode::ATOMIC_GROUP as u32, code.len() as u32 + 1];
            if outer[1] > 20_000 {
                break;
            }
            outer.append(&mut code);
            outer.push(SUCCESS);
            code = outer;
        }
        assert!(!is_valid(&code, 0));
    }
}
