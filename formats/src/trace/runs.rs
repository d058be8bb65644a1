//! Records as bytes: runs of instructions that follow each other as their code says.
//!
//! A block's payload is where it starts (varints: thread, code object, unit) and then a
//! sequence of runs. Each is a head, `(count - 1) << 3 | notes << 2 | kind` as a varint; then
//! its notes if the bit is set; then, by kind, where the next run starts:
//!
//! | kind | the next run starts |
//! |---|---|
//! | 0 | where the conditional jump that ended this run goes; nothing follows. Also the last run |
//! | 1 | in the same code object; zigzag varint: its unit less the unit that was predicted |
//! | 2 | varint code object, varint unit |
//! | 3 | varint thread, varint code object, varint unit |
//!
//! A note says that an instruction ran in another form than it last did in this block (at
//! first: than the compiler wrote). Notes are a varint count, then for each a varint of how
//! many instructions of the run lie between it and the last note, and one byte, the opcode.
//! So a block stands on its own, and specialization costs its changes only.

use super::Step;
use super::layout::{MAX_RECORDS, put_varint, take_varint, unzigzag, zigzag};
use super::shape::Shape;

const JUMP: u64 = 0;
const SAME_CODE: u64 = 1;
const OTHER_CODE: u64 = 2;
const THREAD: u64 = 3;

/// In a key, and in the VM's words, the opcode lies above the address.
pub const OPCODE_SHIFT: u32 = 48;
/// No key: it can equal no instruction's.
const NO_KEY: u64 = u64::MAX;

/// An instruction as it ran, in one word: its byte offset, and its opcode above that. It is
/// the VM's word for it less the address of the code.
#[inline(always)]
fn key(unit: u32, opcode: u8) -> u64 {
    u64::from(unit) << 1 | u64::from(opcode) << OPCODE_SHIFT
}

/// What the encoder knows of a code object.
struct CodeState {
    shape: Shape,
    /// The block that the fields below belong to.
    block: u64,
    /// The opcode of each unit when it last ran in the block.
    opcodes: Vec<u8>,
    /// For each unit, the key that is expected after it.
    follow: Vec<u64>,
}

impl CodeState {
    /// Forgets what it knows of an earlier block.
    fn prepare(&mut self, block: u64) {
        if self.block == block {
            return;
        }
        self.block = block;
        let shape = &self.shape;
        self.opcodes.clear();
        self.opcodes
            .extend((0..shape.len()).map(|unit| shape.opcode(unit)));
        self.follow.clear();
        self.follow
            .extend((0..shape.len()).map(|unit| match shape.next(unit) {
                next if next < shape.len() => key(next, shape.opcode(next)),
                _ => NO_KEY,
            }));
    }

    fn opcode(&self, unit: u32) -> u8 {
        self.opcodes.get(unit as usize).copied().unwrap_or(0)
    }

    fn follow(&self, unit: u32) -> u64 {
        self.follow.get(unit as usize).copied().unwrap_or(NO_KEY)
    }
}

/// Collects the records of one block.
///
/// A traced program makes hundreds of millions of records a second, so the common case, an
/// instruction that follows the last one in the form it last had, costs one comparison and one
/// load ([`Encoder::push_words`]).
pub struct Encoder {
    bytes: Vec<u8>,
    codes: Vec<CodeState>,
    block: u64,
    /// Records of the block before the open run.
    before: u32,
    /// Instructions in the open run; 0 when none is open.
    count: u32,
    /// In the open run: which instruction, and its opcode.
    notes: Vec<(u32, u8)>,
    thread: u32,
    code: u32,
    /// Unit of the last instruction.
    last: u32,
    /// The key that continues the run.
    expected: u64,
}

impl Encoder {
    pub fn new() -> Encoder {
        Encoder {
            bytes: Vec::new(),
            codes: Vec::new(),
            block: 1,
            before: 0,
            count: 0,
            notes: Vec::new(),
            thread: 0,
            code: 0,
            last: 0,
            expected: NO_KEY,
        }
    }

    /// Makes a code object known and returns its number.
    pub fn add(&mut self, shape: Shape) -> u32 {
        let state = CodeState {
            shape,
            block: 0,
            opcodes: Vec::new(),
            follow: Vec::new(),
        };
        self.codes.push(state);
        self.codes.len() as u32 - 1
    }

    /// How many code objects there are.
    pub fn codes(&self) -> u32 {
        self.codes.len() as u32
    }

    /// How many code units code object `code` has; 0 if there is none of this number.
    pub fn units(&self, code: u32) -> u32 {
        self.codes
            .get(code as usize)
            .map_or(0, |state| state.shape.len())
    }

    /// Records in the block so far.
    pub fn records(&self) -> u32 {
        self.before + self.count
    }

    /// Bytes of the block so far, the open run not counted.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Takes the words (keys plus `base`, the address of the code) at the front of `words`
    /// that stay in the current code object and only follow it or jump as it says. Returns
    /// how many these are.
    pub fn push_words(&mut self, base: u64, words: &[u64]) -> usize {
        let Some(state) = self.codes.get(self.code as usize) else {
            return 0;
        };
        if self.count == 0 {
            return 0;
        }
        let (mut expected, mut last, mut run_at) = (self.expected, self.last, 0);
        let mut index = 0;
        let unit_of = |key: u64| ((key & ((1 << OPCODE_SHIFT) - 1)) >> 1) as u32;
        while let Some(word) = words.get(index) {
            let key = word.wrapping_sub(base);
            if key != expected {
                let unit = unit_of(key);
                let jumps = state.shape.jump(last) == Some(unit)
                    && unit < state.shape.len()
                    && key == self::key(unit, state.opcode(unit))
                    && self.notes.is_empty();
                if !jumps {
                    break;
                }
                self.count += (index - run_at) as u32;
                put_varint(&mut self.bytes, u64::from(self.count - 1) << 3 | JUMP);
                self.before += self.count;
                (self.count, run_at) = (0, index);
            }
            last = unit_of(key);
            expected = state.follow(last);
            index += 1;
        }
        self.count += (index - run_at) as u32;
        (self.expected, self.last) = (expected, last);
        index
    }

    /// Adds an executed instruction. `code` is known and `unit` lies within it.
    #[inline]
    pub fn push(&mut self, thread: u32, code: u32, unit: u32, opcode: u8) {
        let key = key(unit, opcode);
        if key != self.expected || code != self.code || thread != self.thread {
            self.depart(thread, code, unit, opcode);
        }
        self.count += 1;
        self.last = unit;
        self.expected = self
            .codes
            .get(code as usize)
            .map_or(NO_KEY, |state| state.follow(unit));
    }

    /// Makes room for an instruction that is not the expected one: a note, or another run.
    fn depart(&mut self, thread: u32, code: u32, unit: u32, opcode: u8) {
        let here = self.count > 0 && code == self.code && thread == self.thread;
        let predicted = match self.codes.get(code as usize) {
            Some(state) if here => state.shape.next(self.last),
            _ => u32::MAX,
        };
        if !here || unit != predicted {
            self.close(thread, code, unit, predicted);
        }
        let block = self.block;
        let Some(state) = self.codes.get_mut(code as usize) else {
            return;
        };
        state.prepare(block);
        if state.opcode(unit) != opcode {
            self.notes.push((self.count, opcode));
            if let Some(entry) = state.opcodes.get_mut(unit as usize) {
                *entry = opcode;
            }
        }
        if unit == predicted
            && let Some(entry) = state.follow.get_mut(self.last as usize)
        {
            *entry = key(unit, opcode);
        }
    }

    /// Ends the open run, or begins the block, and says where the next run starts.
    fn close(&mut self, thread: u32, code: u32, unit: u32, predicted: u32) {
        let mut kind = THREAD;
        if self.count > 0 {
            let here = thread == self.thread && code == self.code;
            let shape = self.codes.get(code as usize).map(|state| &state.shape);
            if here && shape.and_then(|shape| shape.jump(self.last)) == Some(unit) {
                kind = JUMP;
            } else if here {
                kind = SAME_CODE;
            } else if thread == self.thread {
                kind = OTHER_CODE;
            }
            self.put_run(kind);
        }
        match kind {
            JUMP => {}
            SAME_CODE => {
                put_varint(
                    &mut self.bytes,
                    zigzag(i64::from(unit) - i64::from(predicted)),
                );
            }
            _ => {
                if kind == THREAD {
                    put_varint(&mut self.bytes, u64::from(thread));
                }
                put_varint(&mut self.bytes, u64::from(code));
                put_varint(&mut self.bytes, u64::from(unit));
            }
        }
        (self.thread, self.code) = (thread, code);
    }

    /// Writes the head and the notes of the open run.
    fn put_run(&mut self, kind: u64) {
        let has_notes = u64::from(!self.notes.is_empty());
        put_varint(
            &mut self.bytes,
            u64::from(self.count - 1) << 3 | has_notes << 2 | kind,
        );
        if has_notes != 0 {
            put_varint(&mut self.bytes, self.notes.len() as u64);
            let mut from = 0;
            for &(index, opcode) in &self.notes {
                put_varint(&mut self.bytes, u64::from(index - from));
                self.bytes.push(opcode);
                from = index + 1;
            }
            self.notes.clear();
        }
        self.before += self.count;
        self.count = 0;
    }

    /// Ends the block: its payload and how many records it holds. The next record starts another.
    pub fn finish(&mut self, payload: &mut Vec<u8>) -> u32 {
        if self.count > 0 {
            self.put_run(JUMP);
        }
        payload.clear();
        payload.append(&mut self.bytes);
        self.block += 1;
        self.expected = NO_KEY;
        std::mem::take(&mut self.before)
    }
}

/// The opcodes last seen in the current block, by code object and unit, for the decoder.
#[derive(Default)]
struct LastOpcodes {
    /// `block << 8 | opcode`; an entry of an earlier block counts as none.
    codes: Vec<Vec<u64>>,
    block: u64,
}

impl LastOpcodes {
    fn set(&mut self, code: u32, unit: u32, opcode: u8, shape: &Shape) {
        let index = code as usize;
        if self.codes.len() <= index {
            self.codes.resize_with(index + 1, Vec::new);
        }
        if let Some(units) = self.codes.get_mut(index) {
            units.resize(shape.len() as usize, 0);
            if let Some(entry) = units.get_mut(unit as usize) {
                *entry = self.block << 8 | u64::from(opcode);
            }
        }
    }

    #[inline]
    fn get(&self, code: u32, unit: u32, shape: &Shape) -> u8 {
        match self
            .codes
            .get(code as usize)
            .and_then(|units| units.get(unit as usize))
        {
            Some(entry) if entry >> 8 == self.block => *entry as u8,
            _ => shape.opcode(unit),
        }
    }
}

/// Where a run goes on: the unit that is next, in which code object, on which thread.
#[derive(Clone, Copy, Default)]
struct Place {
    thread: u32,
    code: u32,
    unit: u32,
}

/// Turns a block's payload into steps again. It refuses what no encoder makes, with the reason.
#[derive(Default)]
pub struct Decoder {
    payload: Vec<u8>,
    at: usize,
    position: u64,
    /// Records of the block that are still to come, those of the open run included.
    left: u32,
    opcodes: LastOpcodes,
    place: Place,
    /// Instructions left in the open run, and how it ends.
    run: u32,
    kind: u64,
    /// Notes of the open run: instructions until each, and its opcode; the nearest one last.
    notes: Vec<(u32, u8)>,
    started: bool,
}

const CUT: &str = "a run of records is cut short";
const TOO_LARGE: &str = "a number is too large";
const OUTSIDE: &str = "a record lies outside of its code object";

impl Decoder {
    /// Starts a block of `count` records, the first at `position`.
    pub fn start(&mut self, payload: Vec<u8>, position: u64, count: u32) {
        self.payload = payload;
        self.at = 0;
        self.position = position;
        self.left = count.min(MAX_RECORDS);
        self.run = 0;
        self.notes.clear();
        self.started = false;
        self.opcodes.block += 1;
    }

    fn number(&mut self) -> Result<u64, &'static str> {
        let mut rest = self.payload.get(self.at..).unwrap_or_default();
        let before = rest.len();
        let value = take_varint(&mut rest).ok_or(CUT)?;
        self.at += before - rest.len();
        Ok(value)
    }

    fn small(&mut self) -> Result<u32, &'static str> {
        u32::try_from(self.number()?).map_err(|_| TOO_LARGE)
    }

    /// The next step of the block, `None` at its end. `shape` gives the shape of a code object.
    pub fn next<'s>(
        &mut self,
        shape: impl Fn(u32) -> Option<&'s Shape>,
    ) -> Result<Option<Step>, &'static str> {
        if self.left == 0 {
            return Ok(None);
        }
        if !self.started {
            self.place = Place {
                thread: self.small()?,
                code: self.small()?,
                unit: self.small()?,
            };
            self.started = true;
        }
        if self.run == 0 {
            self.open_run()?;
        }
        let Place { thread, code, unit } = self.place;
        let own = shape(code).ok_or("a record names a code object that the trace lacks")?;
        if unit >= own.len() {
            return Err(OUTSIDE);
        }
        match self.notes.last_mut() {
            Some((0, opcode)) => {
                self.opcodes.set(code, unit, *opcode, own);
                self.notes.pop();
            }
            Some((until, _)) => *until -= 1,
            None => {}
        }
        let opcode = self.opcodes.get(code, unit, own);
        let step = Step {
            position: self.position,
            thread,
            code,
            unit,
            opcode,
        };
        self.position += 1;
        self.left -= 1;
        self.run -= 1;
        self.place.unit = own.next(unit);
        if self.run == 0 && self.left > 0 {
            self.end_run(own, unit)?;
        }
        Ok(Some(step))
    }

    fn open_run(&mut self) -> Result<(), &'static str> {
        let head = self.number()?;
        self.kind = head & 3;
        self.run = u32::try_from((head >> 3) + 1)
            .ok()
            .filter(|run| *run <= self.left)
            .ok_or("a run is longer than its block")?;
        self.notes.clear();
        if head & 4 != 0 {
            let count = self.number()?;
            if count > u64::from(self.run) {
                return Err("a run has more notes than instructions");
            }
            for _ in 0..count {
                let until = self.small()?;
                let opcode = *self.payload.get(self.at).ok_or(CUT)?;
                self.at += 1;
                self.notes.push((until, opcode));
            }
            self.notes.reverse();
        }
        Ok(())
    }

    /// Moves to where the next run starts, after one that ended with `last`.
    fn end_run(&mut self, shape: &Shape, last: u32) -> Result<(), &'static str> {
        match self.kind {
            JUMP => {
                self.place.unit = shape
                    .jump(last)
                    .ok_or("a jump is recorded where there is none")?;
            }
            SAME_CODE => {
                let departure = unzigzag(self.number()?);
                let unit = i64::from(self.place.unit).checked_add(departure);
                self.place.unit = unit
                    .and_then(|unit| u32::try_from(unit).ok())
                    .ok_or(OUTSIDE)?;
            }
            kind => {
                if kind == THREAD {
                    self.place.thread = self.small()?;
                }
                self.place.code = self.small()?;
                self.place.unit = self.small()?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tailscope_bytecode::opcode::Opcode;

    fn shapes() -> Vec<Shape> {
        let op = |opcode: Opcode| opcode.number() as u8;
        let looped = [
            op(Opcode::RESUME),
            0, // 0
            op(Opcode::LOAD_FAST),
            0, // 1
            op(Opcode::POP_JUMP_IF_TRUE),
            3,
            0,
            0, // 2, 3
            op(Opcode::LOAD_FAST),
            1, // 4
            op(Opcode::JUMP_BACKWARD),
            6,
            0,
            0, // 5, 6: to 1
            op(Opcode::RETURN_VALUE),
            0, // 7
        ];
        let leaf = [op(Opcode::RESUME), 0, op(Opcode::RETURN_VALUE), 0];
        vec![Shape::new(&looped), Shape::new(&leaf)]
    }

    fn encode(blocks: &[&[(u32, u32, u32, u8)]]) -> Vec<(Vec<u8>, u32)> {
        let mut encoder = Encoder::new();
        for shape in shapes() {
            encoder.add(shape);
        }
        blocks
            .iter()
            .map(|steps| {
                for &(thread, code, unit, opcode) in *steps {
                    encoder.push(thread, code, unit, opcode);
                }
                let mut payload = Vec::new();
                let count = encoder.finish(&mut payload);
                (payload, count)
            })
            .collect()
    }

    fn decode(payload: &[u8], count: u32) -> Result<Vec<(u32, u32, u32, u8)>, &'static str> {
        let shapes = shapes();
        let mut decoder = Decoder::default();
        decoder.start(payload.to_vec(), 0, count);
        let mut steps = Vec::new();
        while let Some(step) = decoder.next(|code| shapes.get(code as usize))? {
            assert_eq!(step.position, steps.len() as u64);
            steps.push((step.thread, step.code, step.unit, step.opcode));
        }
        Ok(steps)
    }

    /// A loop, a call out of it, a change of thread and back, a specialization that comes and goes.
    fn walk() -> Vec<(u32, u32, u32, u8)> {
        let shapes = shapes();
        let plain =
            |thread, code: u32, unit| (thread, code, unit, shapes[code as usize].opcode(unit));
        let mut steps = vec![plain(0, 0, 0)];
        for turn in 0..50u32 {
            steps.push(if (10..30).contains(&turn) {
                (0, 0, 1, 200)
            } else {
                plain(0, 0, 1)
            });
            steps.push(plain(0, 0, 2));
            steps.push(plain(0, 0, 4));
            if turn % 7 == 0 {
                steps.extend([plain(0, 1, 0), plain(0, 1, 1)]);
            }
            if turn == 25 {
                steps.extend([plain(3, 1, 0), plain(3, 1, 1)]);
            }
            steps.push(plain(0, 0, 5));
        }
        steps.extend([plain(0, 0, 1), plain(0, 0, 2), plain(0, 0, 7)]);
        steps
    }

    #[test]
    fn every_step_comes_back_and_each_block_stands_alone() {
        let steps = walk();
        let (first, second) = steps.split_at(70);
        let blocks = encode(&[first, second]);
        assert_eq!(decode(&blocks[0].0, blocks[0].1).expect("decodes"), first);
        assert_eq!(decode(&blocks[1].0, blocks[1].1).expect("decodes"), second);
    }

    #[test]
    fn a_plain_loop_is_one_run() {
        let shapes = shapes();
        let turn = [1, 2, 4, 5].map(|unit| (0, 0, unit, shapes[0].opcode(unit)));
        let steps: Vec<_> = std::iter::repeat_n(turn, 10_000).flatten().collect();
        let blocks = encode(&[&steps]);
        assert_eq!(blocks[0].1, 40_000);
        assert!(blocks[0].0.len() < 10, "{} bytes", blocks[0].0.len());
        assert_eq!(decode(&blocks[0].0, 40_000).expect("decodes"), steps);
    }

    #[test]
    fn words_give_the_same_bytes_as_single_steps() {
        let base = [0x7f00_0000_1000u64, 0x7f00_0000_2000];
        let steps = walk();
        let mut encoder = Encoder::new();
        for shape in shapes() {
            encoder.add(shape);
        }
        let words: Vec<u64> = steps
            .iter()
            .map(|&(_, code, unit, opcode)| base[code as usize] + key(unit, opcode))
            .collect();
        let (mut at, mut in_words) = (0, 0);
        while at < steps.len() {
            let (thread, code, unit, opcode) = steps[at];
            // Only while the thread and the code stay the same may the encoder take words.
            let same = at > 0 && (steps[at - 1].0, steps[at - 1].1) == (thread, code);
            let end = (at..steps.len())
                .find(|&i| (steps[i].0, steps[i].1) != (thread, code))
                .unwrap_or(steps.len());
            let taken = if same {
                encoder.push_words(base[code as usize], &words[at..end])
            } else {
                0
            };
            if taken == 0 {
                encoder.push(thread, code, unit, opcode);
                at += 1;
            }
            at += taken;
            in_words += taken;
        }
        let mut payload = Vec::new();
        let count = encoder.finish(&mut payload);
        assert!(in_words > steps.len() / 2, "{in_words}");
        assert_eq!((payload, count), encode(&[&steps]).remove(0));
    }

    #[test]
    fn damaged_payloads_are_refused_and_never_panic() {
        let (payload, count) = encode(&[&walk()]).remove(0);
        for cut in 0..payload.len() {
            assert!(decode(&payload[..cut], count).is_err(), "cut at {cut}");
        }
        // A flipped bit may give other, possible records; what counts is that it ends well.
        for bit in 0..payload.len() * 8 {
            let mut bad = payload.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            let _ = decode(&bad, count);
        }
    }
}
