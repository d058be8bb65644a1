//! Records as bytes: runs of instructions that follow each other as their code says.
//!
//! A block's payload is a sequence of runs. Each is a head, `(count - 1) << 3 | notes << 2 |
//! kind` as a varint; then, by kind, where the run starts; then its notes if the bit is set.
//!
//! | kind | start |
//! |---|---|
//! | 0 | where the conditional jump that ended the last run goes; nothing follows |
//! | 1 | the same code object; zigzag varint: unit less the unit that was predicted |
//! | 2 | varint code object, varint unit |
//! | 3 | varint thread, varint code object, varint unit; the first run of each block is one |
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

/// The opcodes last seen in the current block, by code object and unit.
#[derive(Default)]
struct LastOpcodes {
    /// `block << 8 | opcode`; an entry of an earlier block counts as none.
    codes: Vec<Vec<u32>>,
    block: u32,
}

impl LastOpcodes {
    fn next_block(&mut self) {
        self.block += 1;
        if self.block == 1 << 24 {
            // The number no longer fits: forget everything instead of mistaking old for new.
            self.codes.clear();
            self.block = 1;
        }
    }

    /// Makes room for code object `code`.
    fn prepare(&mut self, code: u32, shape: &Shape) {
        let index = code as usize;
        if self.codes.len() <= index {
            self.codes.resize_with(index + 1, Vec::new);
        }
        if self.codes[index].is_empty() {
            self.codes[index] = vec![0; shape.len() as usize];
        }
    }

    /// Sets the opcode at a unit of a prepared code object and returns whether it is news.
    #[inline]
    fn set(&mut self, code: u32, unit: u32, opcode: u8, shape: &Shape) -> bool {
        let entry = self
            .codes
            .get_mut(code as usize)
            .and_then(|units| units.get_mut(unit as usize));
        let Some(entry) = entry else {
            return opcode != shape.opcode(unit);
        };
        let value = self.block << 8 | u32::from(opcode);
        if *entry == value {
            return false;
        }
        let last = if *entry >> 8 == self.block {
            *entry as u8
        } else {
            shape.opcode(unit)
        };
        *entry = value;
        last != opcode
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

/// Where execution stands: the last instruction, and the unit predicted after it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Place {
    thread: u32,
    code: u32,
    last: u32,
    next: u32,
}

/// Collects the records of one block.
pub struct Encoder {
    bytes: Vec<u8>,
    records: u32,
    opcodes: LastOpcodes,
    place: Place,
    /// Where the open run starts; its kind and operands are encoded here already.
    start_kind: u64,
    start: Vec<u8>,
    /// Instructions in the open run; 0 when none is open.
    count: u32,
    notes: Vec<(u32, u8)>,
}

impl Encoder {
    pub fn new() -> Encoder {
        let mut encoder = Encoder {
            bytes: Vec::new(),
            records: 0,
            opcodes: LastOpcodes::default(),
            place: Place::default(),
            start_kind: THREAD,
            start: Vec::new(),
            count: 0,
            notes: Vec::new(),
        };
        encoder.opcodes.next_block();
        encoder
    }

    /// Records in the block so far.
    pub fn records(&self) -> u32 {
        self.records
    }

    /// Bytes of the block so far, the open run not counted.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Adds an executed instruction. `shape` is that of `code`, and `unit` lies within it.
    #[inline]
    pub fn push(&mut self, thread: u32, code: u32, unit: u32, opcode: u8, shape: &Shape) {
        let place = self.place;
        let follows =
            self.count > 0 && unit == place.next && code == place.code && thread == place.thread;
        if !follows {
            self.open(thread, code, unit, shape);
        }
        if self.opcodes.set(code, unit, opcode, shape) {
            self.notes.push((self.count, opcode));
        }
        self.count += 1;
        self.records += 1;
        self.place = Place {
            thread,
            code,
            last: unit,
            next: shape.next(unit),
        };
    }

    /// Ends the open run and starts one at `unit`.
    #[cold]
    #[inline(never)]
    fn open(&mut self, thread: u32, code: u32, unit: u32, shape: &Shape) {
        self.close();
        self.start.clear();
        let place = self.place;
        if self.records == 0 || thread != place.thread {
            self.start_kind = THREAD;
            put_varint(&mut self.start, u64::from(thread));
            put_varint(&mut self.start, u64::from(code));
            put_varint(&mut self.start, u64::from(unit));
        } else if code != place.code {
            self.start_kind = OTHER_CODE;
            put_varint(&mut self.start, u64::from(code));
            put_varint(&mut self.start, u64::from(unit));
        } else if shape.jump(place.last) == Some(unit) {
            self.start_kind = JUMP;
        } else {
            self.start_kind = SAME_CODE;
            let departure = i64::from(unit) - i64::from(place.next);
            put_varint(&mut self.start, zigzag(departure));
        }
        self.opcodes.prepare(code, shape);
    }

    fn close(&mut self) {
        if self.count == 0 {
            return;
        }
        let has_notes = u64::from(!self.notes.is_empty());
        let head = u64::from(self.count - 1) << 3 | has_notes << 2 | self.start_kind;
        put_varint(&mut self.bytes, head);
        self.bytes.extend_from_slice(&self.start);
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
        self.count = 0;
    }

    /// Ends the block: its payload and how many records it holds. The next record starts another.
    pub fn finish(&mut self, payload: &mut Vec<u8>) -> u32 {
        self.close();
        payload.clear();
        payload.append(&mut self.bytes);
        self.opcodes.next_block();
        std::mem::take(&mut self.records)
    }
}

/// Turns a block's payload into steps again. It refuses what no encoder makes, with the reason.
pub struct Decoder {
    payload: Vec<u8>,
    at: usize,
    position: u64,
    /// Records of the block that are still to come, those of the open run included.
    left: u32,
    opcodes: LastOpcodes,
    place: Place,
    /// Instructions left in the open run.
    run: u32,
    /// Notes of the open run: instructions until each, and its opcode; the nearest one last.
    notes: Vec<(u32, u8)>,
    started: bool,
}

impl Default for Decoder {
    fn default() -> Self {
        Decoder {
            payload: Vec::new(),
            at: 0,
            position: 0,
            left: 0,
            opcodes: LastOpcodes::default(),
            place: Place::default(),
            run: 0,
            notes: Vec::new(),
            started: false,
        }
    }
}

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
        self.opcodes.next_block();
    }

    /// The next step of the block, `None` at its end. `shape` gives the shape of a code object.
    pub fn next<'s>(
        &mut self,
        shape: impl Fn(u32) -> Option<&'s Shape>,
    ) -> Result<Option<Step>, &'static str> {
        if self.left == 0 {
            return Ok(None);
        }
        let unit = if self.run == 0 {
            self.open_run(&shape)?
        } else {
            self.place.next
        };
        let code = self.place.code;
        let shape = shape(code).ok_or("a record names a code object that the trace lacks")?;
        if unit >= shape.len() {
            return Err("a record lies outside of its code object");
        }
        if let Some((until, opcode)) = self.notes.last_mut() {
            if *until == 0 {
                let opcode = *opcode;
                self.notes.pop();
                self.opcodes.set(code, unit, opcode, shape);
            } else {
                *until -= 1;
            }
        }
        let step = Step {
            position: self.position,
            thread: self.place.thread,
            code,
            unit,
            opcode: self.opcodes.get(code, unit, shape),
        };
        self.place.last = unit;
        self.place.next = shape.next(unit);
        self.position += 1;
        self.left -= 1;
        self.run -= 1;
        Ok(Some(step))
    }

    fn open_run<'s>(
        &mut self,
        shape: &impl Fn(u32) -> Option<&'s Shape>,
    ) -> Result<u32, &'static str> {
        const CUT: &str = "a run of records is cut short";
        let mut rest = self.payload.get(self.at..).unwrap_or_default();
        let before = rest.len();
        let head = take_varint(&mut rest).ok_or(CUT)?;
        let mut number = || take_varint(&mut rest).ok_or(CUT);
        let small = |value: u64| u32::try_from(value).map_err(|_| "a number is too large");
        let kind = head & 3;
        if !self.started && kind != THREAD {
            return Err("a block does not start with a thread");
        }
        let unit = match kind {
            JUMP => shape(self.place.code)
                .and_then(|shape| shape.jump(self.place.last))
                .ok_or("a jump is recorded where there is none")?,
            SAME_CODE => {
                let target = i64::from(self.place.next).checked_add(unzigzag(number()?));
                target
                    .and_then(|unit| u32::try_from(unit).ok())
                    .ok_or("a record lies outside of its code object")?
            }
            _ => {
                if kind == THREAD {
                    self.place.thread = small(number()?)?;
                }
                self.place.code = small(number()?)?;
                small(number()?)?
            }
        };
        self.run = u32::try_from((head >> 3) + 1)
            .ok()
            .filter(|run| *run <= self.left)
            .ok_or("a run is longer than its block")?;
        self.notes.clear();
        if head & 4 != 0 {
            let count = number()?;
            if count > u64::from(self.run) {
                return Err("a run has more notes than instructions");
            }
            for _ in 0..count {
                let until = small(take_varint(&mut rest).ok_or(CUT)?)?;
                let (&opcode, after) = rest.split_first().ok_or(CUT)?;
                rest = after;
                self.notes.push((until, opcode));
            }
            self.notes.reverse();
        }
        if let Some(shape) = shape(self.place.code) {
            self.opcodes.prepare(self.place.code, shape);
        }
        self.at += before - rest.len();
        self.started = true;
        Ok(unit)
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
        let shapes = shapes();
        let mut encoder = Encoder::new();
        blocks
            .iter()
            .map(|steps| {
                for &(thread, code, unit, opcode) in *steps {
                    encoder.push(thread, code, unit, opcode, &shapes[code as usize]);
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
