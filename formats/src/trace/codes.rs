//! Code objects in a trace: the bytes of a codes block.
//!
//! Each code object is a varint length and then its marshal form (CPython 3.14's), in which
//! code objects among the constants are shells: they keep what prints them (name, qualified
//! name, file, first line) and nothing of their own, since each has its own entry.

use std::sync::Arc;

use tailscope_bytecode::code::{Code, Const};
use tailscope_bytecode::dis::{ArgValue, instructions};
use tailscope_bytecode::marshal::{self, MarshalError};
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

/// Appends a code object.
pub fn put_code(out: &mut Vec<u8>, code: &Code) -> Result<(), MarshalError> {
    let bytes = if code.consts.iter().any(holds_code) {
        let mut flat = code.clone();
        flat.consts = code.consts.iter().map(shell).collect();
        marshal::write_code(&flat)?
    } else {
        marshal::write_code(code)?
    };
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(&bytes);
    Ok(())
}

fn holds_code(constant: &Const) -> bool {
    matches!(constant, Const::Code(_))
}

/// A constant, a code object as a shell. (Code objects lie in no tuple or set.)
fn shell(constant: &Const) -> Const {
    let Const::Code(code) = constant else {
        return constant.clone();
    };
    // No variables, so no parameters either: a code object that contradicts itself is not read.
    Const::Code(Arc::new(Code {
        argcount: 0,
        posonlyargcount: 0,
        kwonlyargcount: 0,
        stacksize: code.stacksize,
        flags: 0,
        code: Vec::new(),
        consts: Vec::new(),
        names: Vec::new(),
        localsplusnames: Vec::new(),
        localspluskinds: Vec::new(),
        filename: code.filename.clone(),
        name: code.name.clone(),
        qualname: code.qualname.clone(),
        firstlineno: code.firstlineno,
        linetable: Vec::new(),
        exceptiontable: Vec::new(),
    }))
}

/// The code objects of a block; `None` if these are not `count` code objects.
pub fn take_codes(mut bytes: &[u8], count: u32) -> Option<Vec<Code>> {
    let mut codes = Vec::new();
    for _ in 0..count {
        let length = usize::try_from(take_varint(&mut bytes)?).ok()?;
        let (one, rest) = bytes.split_at_checked(length)?;
        bytes = rest;
        codes.push(marshal::read_code(one).ok()?);
    }
    bytes.is_empty().then_some(codes)
}

/// Every instruction of `code` in words, by code unit.
pub fn render(code: &Code) -> Vec<Option<Rendered>> {
    let mut all = vec![None; code.code.len() / 2];
    for instruction in instructions(code) {
        let Some(entry) = all.get_mut(instruction.offset / 2) else {
            continue;
        };
        *entry = Some(Rendered {
            opcode: instruction.base,
            oparg: instruction.oparg,
            // Offsets stand in the text; the labels of a listing and addresses do not.
            argument: match (instruction.jump_target, &instruction.argval) {
                (Some(target), _) => format!("to {target}"),
                (_, ArgValue::Const(Const::Code(code))) => format!("code of {}", code.qualname),
                _ => instruction.argrepr,
            },
            line: instruction.line.and_then(|line| u32::try_from(line).ok()),
        });
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::tests::sample;

    #[test]
    fn code_objects_come_back_with_shells_of_those_inside() {
        let mut inner = sample();
        (inner.argcount, inner.kwonlyargcount, inner.flags) = (2, 1, 0x0f);
        inner.localsplusnames = ["a", "b", "c", "args", "rest"].map(Into::into).to_vec();
        inner.localspluskinds = vec![0x26, 0x26, 0x24, 0x22, 0x22];
        inner.qualname = "f.<locals>.g".into();
        let mut outer = sample();
        outer.consts = vec![Const::None, Const::Code(Arc::new(inner.clone()))];
        let mut bytes = Vec::new();
        put_code(&mut bytes, &outer).expect("is written");
        put_code(&mut bytes, &inner).expect("is written");
        let codes = take_codes(&bytes, 2).expect("is read");
        assert_eq!(codes[1], inner);
        assert_eq!(codes[0].code, outer.code);
        let Const::Code(shell) = &codes[0].consts[1] else {
            panic!("{:?}", codes[0].consts)
        };
        assert_eq!((&*shell.qualname, shell.code.len()), ("f.<locals>.g", 0));
        assert!(
            take_codes(&bytes, 3).is_none() && take_codes(&bytes[..bytes.len() - 1], 2).is_none()
        );
    }
}
