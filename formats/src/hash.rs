//! The identity of a code object: a hash of what it does, and one of where it lies.
//!
//! A profile belongs to code that executes the same instructions on the same constants and
//! names. Moving a function down by a comment does not change that, so lines, columns, the
//! file's name and code objects inside it (which have their own entries) are left out of the
//! bytecode hash; positions have a hash of their own, which tells twins apart (two equal
//! lambdas on one line).
//!
//! The byte string that is hashed is described in `docs/profile-format.md`, so that a probe
//! in another process, or in Python, can compute it.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use tailscope_bytecode::code::{Code, Const};

/// The first 8 bytes of a SHA-256, as 16 hexadecimal digits in text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CodeHash(pub u64);

impl fmt::Display for CodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for CodeHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CodeHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
        let digits = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
        match u64::from_str_radix(&text, 16) {
            Ok(value) if digits => Ok(CodeHash(value)),
            _ => Err(serde::de::Error::custom(format!(
                "a code hash is 16 hexadecimal digits, not {text:?}"
            ))),
        }
    }
}

/// Hashes what `code` does: instructions, constants, names, variables, exception table.
pub fn bytecode_hash(code: &Code) -> CodeHash {
    let mut bytes = Vec::with_capacity(code.code.len() + 256);
    bytes.extend_from_slice(b"tailscope-code-1\0");
    for number in [
        code.argcount,
        code.posonlyargcount,
        code.kwonlyargcount,
        code.flags,
    ] {
        bytes.extend_from_slice(&number.to_be_bytes());
    }
    put_bytes(&mut bytes, &code.code);
    put_bytes(&mut bytes, &code.exceptiontable);
    put_names(&mut bytes, &code.names);
    put_names(&mut bytes, &code.localsplusnames);
    put_len(&mut bytes, code.consts.len());
    for constant in &code.consts {
        put_const(&mut bytes, constant);
    }
    first_eight(&bytes)
}

/// Hashes where the instructions of `code` lie, relative to its first line.
pub fn layout_hash(code: &Code) -> CodeHash {
    first_eight(&code.linetable)
}

fn first_eight(bytes: &[u8]) -> CodeHash {
    let digest = Sha256::digest(bytes);
    CodeHash(
        digest
            .iter()
            .take(8)
            .fold(0, |value, byte| value << 8 | u64::from(*byte)),
    )
}

fn put_len(out: &mut Vec<u8>, len: usize) {
    // Nothing in a code object is longer than 4 GiB: marshal itself counts with 31 bits.
    out.extend_from_slice(&(len as u32).to_be_bytes());
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_len(out, bytes.len());
    out.extend_from_slice(bytes);
}

fn put_names(out: &mut Vec<u8>, names: &[std::sync::Arc<str>]) {
    put_len(out, names.len());
    for name in names {
        put_bytes(out, name.as_bytes());
    }
}

fn put_const(out: &mut Vec<u8>, constant: &Const) {
    match constant {
        Const::None => out.push(b'N'),
        Const::True => out.push(b'T'),
        Const::False => out.push(b'F'),
        Const::Ellipsis => out.push(b'.'),
        Const::Int(value) => {
            out.push(b'i');
            // Hexadecimal: linear in the length, and beyond the limit that Python has for decimal text.
            put_bytes(out, format!("{value:x}").as_bytes());
        }
        Const::Float(value) => {
            out.push(b'f');
            out.extend_from_slice(&value.to_bits().to_be_bytes());
        }
        Const::Complex(real, imaginary) => {
            out.push(b'c');
            out.extend_from_slice(&real.to_bits().to_be_bytes());
            out.extend_from_slice(&imaginary.to_bits().to_be_bytes());
        }
        Const::Str(value) => {
            out.push(b's');
            put_bytes(out, &value.0);
        }
        Const::Bytes(value) => {
            out.push(b'b');
            put_bytes(out, value);
        }
        Const::Tuple(items) => put_items(out, b'(', items),
        Const::Slice(parts) => put_items(out, b':', parts.as_slice()),
        Const::FrozenSet(items) => {
            // A set has no order of its own: CPython's depends on addresses and the hash seed.
            let mut encoded: Vec<Vec<u8>> = items
                .iter()
                .map(|item| {
                    let mut bytes = Vec::new();
                    put_const(&mut bytes, item);
                    bytes
                })
                .collect();
            encoded.sort();
            out.push(b'{');
            put_len(out, encoded.len());
            out.extend(encoded.into_iter().flatten());
        }
        Const::Code(code) => {
            out.push(b'C');
            put_bytes(out, code.qualname.as_bytes());
        }
    }
}

fn put_items(out: &mut Vec<u8>, tag: u8, items: &[Const]) {
    out.push(tag);
    put_len(out, items.len());
    for item in items {
        put_const(out, item);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Arc;

    use super::*;

    /// A small function: `RESUME 0; LOAD_CONST 0; RETURN_VALUE`.
    pub(crate) fn sample() -> Code {
        Code {
            argcount: 0,
            posonlyargcount: 0,
            kwonlyargcount: 0,
            stacksize: 1,
            flags: 3,
            code: vec![128, 0, 82, 0, 35, 0],
            consts: vec![Const::None],
            names: vec![],
            localsplusnames: vec![],
            localspluskinds: vec![],
            filename: "a.py".into(),
            name: "f".into(),
            qualname: "f".into(),
            firstlineno: 1,
            linetable: vec![0x80, 0x00, 0xd9, 0x0b, 0x0f],
            exceptiontable: vec![],
        }
    }

    #[test]
    fn a_move_keeps_the_hash_and_a_change_of_meaning_does_not() {
        let code = sample();
        let mut moved = code.clone();
        moved.firstlineno = 40;
        moved.filename = "b.py".into();
        moved.linetable = vec![0x80, 0x00];
        assert_eq!(bytecode_hash(&code), bytecode_hash(&moved));
        assert_ne!(layout_hash(&code), layout_hash(&moved));

        let mut changed = code.clone();
        changed.consts = vec![Const::True];
        assert_ne!(bytecode_hash(&code), bytecode_hash(&changed));
        changed = code.clone();
        changed.names = vec!["x".into()];
        assert_ne!(bytecode_hash(&code), bytecode_hash(&changed));
    }

    #[test]
    fn a_set_hashes_the_same_in_any_order() {
        let (mut a, mut b) = (sample(), sample());
        a.consts = vec![Const::FrozenSet(Arc::from([Const::True, Const::None]))];
        b.consts = vec![Const::FrozenSet(Arc::from([Const::None, Const::True]))];
        assert_eq!(bytecode_hash(&a), bytecode_hash(&b));
    }

    #[test]
    fn neighbouring_strings_do_not_run_together() {
        let (mut a, mut b) = (sample(), sample());
        a.names = vec!["ab".into(), "c".into()];
        b.names = vec!["a".into(), "bc".into()];
        assert_ne!(bytecode_hash(&a), bytecode_hash(&b));
    }
}
