//! Code objects in a trace: the bytes of a codes block.
//!
//! Each code object is a varint length and then its marshal form (CPython 3.14's), in which
//! code objects among the constants are shells: they keep what prints them (name, qualified
//! name, file, first line) and nothing of their own, since each has its own entry.

use tailscope_bytecode::code::Code;
use tailscope_bytecode::opcode::Opcode;

use super::layout::{put_varint, take_varint};

/// An instruction in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The opcode as compiled.
    pub opcode: Opcode,
    /// Unless the opcode has none.
    pub oparg: Option<u32>,
    /// The oparg in words, as `dis` gives it; empty where it says nothing more.
    pub argument: String,
    pub line: Option<u32>,
}

pub fn put_code(out: &mut Vec<u8>, code: &Code) {
    for part in [
        code.filename.as_bytes(),
        code.name.as_bytes(),
        code.qualname.as_bytes(),
        &code.code,
        &code.linetable,
        &code.exceptiontable,
    ] {
        put_varint(out, part.len() as u64);
        out.extend_from_slice(part);
    }
    put_varint(out, code.firstlineno as u64);
}

pub fn take_codes(mut bytes: &[u8], count: u32) -> Option<Vec<Code>> {
    let mut codes = Vec::new();
    for _ in 0..count {
        let mut parts = Vec::new();
        for _ in 0..6 {
            let n = take_varint(&mut bytes)? as usize;
            let (a, b) = bytes.split_at_checked(n)?;
            bytes = b;
            parts.push(a.to_vec());
        }
        let s = |i: usize| -> std::sync::Arc<str> { String::from_utf8_lossy(&parts[i]).into() };
        codes.push(Code {
            argcount: 0,
            posonlyargcount: 0,
            kwonlyargcount: 0,
            stacksize: 0,
            flags: 0,
            code: parts[3].clone(),
            consts: vec![],
            names: vec![],
            localsplusnames: vec![],
            localspluskinds: vec![],
            filename: s(0),
            name: s(1),
            qualname: s(2),
            firstlineno: take_varint(&mut bytes)? as i32,
            linetable: parts[4].clone(),
            exceptiontable: parts[5].clone(),
        });
    }
    Some(codes)
}

pub fn render(code: &Code) -> Vec<Option<Rendered>> {
    let mut all = vec![None; code.code.len() / 2];
    let mut prefix = 0;
    let mut unit = 0;
    let positions: Vec<_> = code.positions().collect();
    while unit < all.len() {
        let Some(opcode) = Opcode::from_u8(code.code[unit * 2]) else {
            break;
        };
        let oparg = prefix << 8 | u32::from(code.code[unit * 2 + 1]);
        prefix = if opcode == Opcode::EXTENDED_ARG {
            oparg
        } else {
            0
        };
        all[unit] = Some(Rendered {
            opcode,
            oparg: opcode.has_arg().then_some(oparg),
            argument: String::new(),
            line: positions
                .get(unit)
                .and_then(|p| p.line)
                .and_then(|l| u32::try_from(l).ok()),
        });
        unit += 1 + opcode.cache_units();
    }
    all
}
