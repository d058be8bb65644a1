//! Inputs: code objects with something changed.

use std::sync::Arc;

use tailscope_bytecode::code::{Code, Const, flags};
use tailscope_bytecode::exceptiontable::{self, ExceptionEntry};
use tailscope_bytecode::opcode::Opcode;
use tailscope_bytecode::pyc::{self, Validation};

use crate::random::Random;

pub struct Seed {
    pub code: Code,
    /// Marshalled.
    pub bytes: Vec<u8>,
}

pub enum Input {
    /// A file as it would be read.
    File(Vec<u8>),
    /// What a file would hold: past the reader, more mutations reach the verifier.
    Code(Box<Code>),
}

/// The input that these random numbers make.
pub fn input(seeds: &[Seed], random: &mut Random) -> Input {
    let seed = &seeds[random.below(seeds.len())];
    if random.one_in(2) {
        let mut bytes = pyc::header(Validation::Timestamp { mtime: 1, size: 2 }).to_vec();
        bytes.extend_from_slice(&seed.bytes);
        for _ in 0..1 + random.below(4) {
            let other = &seeds[random.below(seeds.len())].bytes;
            change_bytes(&mut bytes, other, random);
        }
        return Input::File(bytes);
    }
    let mut code = seed.code.clone();
    for _ in 0..1 + random.below(3) {
        let other = &seeds[random.below(seeds.len())].code;
        let mut which = random.below(count(&code));
        change_nested(&mut code, &mut which, other, random);
    }
    Input::Code(Box::new(code))
}

/// Numbers at which something may go wrong.
const NUMBERS: [u32; 14] = [
    0,
    1,
    2,
    0x7F,
    0x80,
    0xFF,
    0x100,
    0x7FFF,
    0xFFFF,
    0x10000,
    0x00FF_FFFF,
    0x7FFF_FFFF,
    0x8000_0000,
    0xFFFF_FFFF,
];

/// Type bytes of marshal, with and without the flag of numbered objects.
const TYPES: &[u8] = b"0NFTS.gfyxiIlstuaAzZ()[{<>:cr\xe3\xa9\xfa\xda\xf3\xe9\xdb\xbe\xbc\xba";

fn change_bytes(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    if bytes.is_empty() {
        bytes.push(random.byte());
    }
    // Rarely in the header: it is checked soon.
    let first = if random.one_in(20) { 0 } else { 16.min(bytes.len() - 1) };
    let at = first + random.below(bytes.len() - first);
    let rest = bytes.len() - at;
    match random.below(9) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at] = random.byte(),
        2 => bytes[at] = random.of_list(TYPES),
        3 => {
            let number = random.of_list(&NUMBERS).to_le_bytes();
            let length = rest.min(1 << random.below(3));
            bytes[at..at + length].copy_from_slice(&number[..length]);
        }
        4 => drop(bytes.drain(at..at + 1 + random.below(rest.min(40)))),
        5 => {
            let copied = bytes[at..at + 1 + random.below(rest.min(40))].to_vec();
            let to = random.below(bytes.len());
            bytes.splice(to..to, copied);
        }
        6 => {
            let from = random.below(other.len());
            let length = 1 + random.below((other.len() - from).min(200));
            let end = at + random.below(rest.min(200));
            bytes.splice(at..end, other[from..from + length].iter().copied());
        }
        7 => bytes.truncate(at),
        _ => {
            bytes.insert(at, random.of_list(TYPES));
        }
    }
}

/// Number of code objects, the outermost included.
fn count(code: &Code) -> usize {
    let inner = code.consts.iter().map(|constant| match constant {
        Const::Code(inner) => count(inner),
        _ => 0,
    });
    1 + inner.sum::<usize>()
}

fn change_nested(code: &mut Code, which: &mut usize, other: &Code, random: &mut Random) {
    if *which == 0 {
        *which = usize::MAX;
        return change_code(code, other, random);
    }
    *which -= 1;
    for constant in &mut code.consts {
        if let Const::Code(inner) = constant {
            change_nested(Arc::make_mut(inner), which, other, random);
            if *which == usize::MAX {
                return;
            }
        }
    }
}

fn change_code(code: &mut Code, other: &Code, random: &mut Random) {
    match random.below(16) {
        0..=6 => change_instructions(code, other, random),
        7 | 8 => change_exceptions(code, random),
        9 => change_table(&mut code.linetable, random),
        10 => change_table(&mut code.exceptiontable, random),
        11 => change_counts(code, random),
        12 => change_variables(code, random),
        13 => code.flags ^= 1 << random.below(28),
        14 => change_lists(code, random),
        _ => code.exceptiontable = other.exceptiontable.clone(),
    }
}

fn change_instructions(code: &mut Code, other: &Code, random: &mut Random) {
    let units = code.code.len() / 2;
    if units == 0 {
        code.code.extend([random.byte(), random.byte()]);
        return;
    }
    let at = 2 * random.below(units);
    match random.below(10) {
        0 => code.code[at] = random.byte(),
        1 | 2 => {
            // An instruction that a compiler might have written there.
            let opcode = Opcode::from_u8(random.byte() % 121).unwrap_or(Opcode::NOP);
            code.code[at] = opcode.number() as u8;
        }
        3 => code.code[at + 1] = random.byte(),
        4 | 5 => code.code[at + 1] = code.code[at + 1].wrapping_add(random.of_list(&[1, 255, 2, 254])),
        6 => drop(code.code.drain(at..at + 2)),
        7 => {
            let unit = [random.byte() % 121, random.byte() % 4];
            code.code.splice(at..at, unit);
        }
        8 => {
            let to = 2 * random.below(units);
            code.code.swap(at, to);
            code.code.swap(at + 1, to + 1);
        }
        _ => {
            let from = 2 * random.below((other.code.len() / 2).max(1));
            let length = (other.code.len() - from.min(other.code.len())).min(2 + 2 * random.below(12));
            let end = (at + length).min(code.code.len());
            let piece = other.code.get(from..from + length).unwrap_or(&[]).to_vec();
            code.code.splice(at..end, piece);
        }
    }
}

fn change_exceptions(code: &mut Code, random: &mut Random) {
    let mut entries: Vec<ExceptionEntry> = code.exception_entries().collect();
    let units = code.code.len() as u32 / 2 + 2;
    let mut unit = || random.next() as u32 % units.max(1);
    let (start, end, target) = (unit(), unit(), unit());
    let mut number = || random.next() as u32;
    let depth = number() % 4;
    let lasti = number() % 2 == 0;
    if entries.is_empty() || number() % 4 == 0 {
        let entry = ExceptionEntry { start: start.min(end), end: start.max(end), target, depth, lasti };
        entries.insert(number() as usize % (entries.len() + 1), entry);
    } else {
        let index = number() as usize % entries.len();
        let entry = &mut entries[index];
        match number() % 6 {
            0 => entry.start = start,
            1 => entry.end = end,
            2 => entry.target = target,
            3 => entry.depth = depth,
            4 => entry.lasti = !entry.lasti,
            _ => drop(entries.remove(index)),
        }
    }
    // Ranges that end before they begin have no encoding.
    entries.retain(|entry| entry.start <= entry.end);
    code.exceptiontable = exceptiontable::encode(&entries);
}

fn change_table(table: &mut Vec<u8>, random: &mut Random) {
    if table.is_empty() {
        table.push(random.byte());
        return;
    }
    let at = random.below(table.len());
    match random.below(5) {
        0 => table.truncate(at),
        1 => table[at] = random.byte(),
        2 => table[at] ^= 1 << random.below(8),
        3 => table.insert(at, random.byte()),
        _ => drop(table.remove(at)),
    }
}

fn change_counts(code: &mut Code, random: &mut Random) {
    let number = if random.one_in(2) { random.of_list(&NUMBERS) >> 1 } else { random.next() as u32 % 8 };
    match random.below(5) {
        0 => code.argcount = number,
        1 => code.posonlyargcount = number,
        2 => code.kwonlyargcount = number,
        3 => code.firstlineno = number as i32,
        _ => code.stacksize = if random.one_in(2) { number } else { code.stacksize.saturating_sub(1) },
    }
}

fn change_variables(code: &mut Code, random: &mut Random) {
    let length = code.localspluskinds.len();
    match random.below(5) {
        0 if length > 0 => code.localspluskinds[random.below(length)] = random.byte(),
        1 if length > 0 => code.localspluskinds[random.below(length)] ^= 1 << random.below(8),
        2 if length > 0 => drop(code.localspluskinds.remove(random.below(length))),
        3 if !code.localsplusnames.is_empty() => {
            let at = random.below(code.localsplusnames.len());
            code.localsplusnames.remove(at);
        }
        _ => {
            code.localsplusnames.push("wild".into());
            code.localspluskinds.push(random.byte());
        }
    }
}

fn change_lists(code: &mut Code, random: &mut Random) {
    match random.below(6) {
        0 => drop(code.consts.pop()),
        1 if !code.consts.is_empty() => {
            let at = random.below(code.consts.len());
            code.consts[at] = match random.below(4) {
                0 => Const::None,
                1 => Const::Tuple([Const::Str("k".into())].into()),
                2 => Const::Str("s".into()),
                _ => Const::True,
            };
        }
        2 if code.consts.len() > 1 => {
            let (a, b) = (random.below(code.consts.len()), random.below(code.consts.len()));
            code.consts.swap(a, b);
        }
        3 => drop(code.names.pop()),
        4 => code.flags |= random.of_list(&[flags::GENERATOR, flags::COROUTINE, flags::ASYNC_GENERATOR]),
        _ => code.flags &= !flags::OPTIMIZED,
    }
}
