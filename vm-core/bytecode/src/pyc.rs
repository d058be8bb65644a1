//! `.pyc` files: 16 bytes of header, then a marshalled code object.
//!
//! Sources: PEP 552, CPython 3.14 `Lib/importlib/_bootstrap_external.py`.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use crate::code::Code;
use crate::marshal::{self, MarshalError};
use crate::opcode::MAGIC_NUMBER;

/// Size of the header in bytes.
pub const HEADER_SIZE: usize = 16;

/// The first four bytes of CPython 3.14's files.
pub const MAGIC: [u8; 4] = {
    let [low, high] = MAGIC_NUMBER.to_le_bytes();
    [low, high, b'\r', b'\n']
};

const FLAG_HASHED: u32 = 1;
const FLAG_CHECK_SOURCE: u32 = 2;

/// How the file is known to belong to its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validation {
    /// By the source's time of modification, in seconds since 1970, and its size, both
    /// modulo 2**32.
    Timestamp { mtime: u32, size: u32 },
    /// By the source's hash ([`source_hash`]); whether it is compared at each import.
    Hash { hash: [u8; 8], check_source: bool },
}

/// A `.pyc` file.
#[derive(Clone, Debug, PartialEq)]
pub struct Pyc {
    pub validation: Validation,
    pub code: Code,
}

impl Pyc {
    /// Reads a file. Everything is checked but what `verify` checks.
    pub fn read(bytes: &[u8]) -> Result<Pyc, PycError> {
        let (validation, body) = split_header(bytes)?;
        let code = marshal::read_code(body).map_err(PycError::Body)?;
        Ok(Pyc { validation, code })
    }

    /// The file as CPython 3.14 writes it.
    pub fn write(&self) -> Result<Vec<u8>, MarshalError> {
        let mut bytes = header(self.validation).to_vec();
        bytes.extend(marshal::write_code(&self.code)?);
        Ok(bytes)
    }
}

/// Why a file is no `.pyc` file of CPython 3.14.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PycError {
    #[error("this is no .pyc file: it has {0} bytes, and a header alone has 16")]
    TooShort(usize),
    #[error("this is no .pyc file: it does not begin with a magic number")]
    NoMagic,
    #[error(
        "this .pyc file was made by {version} (magic number {magic}); only those of CPython 3.14 \
         (magic number 3627) can be read. Compile the source again"
    )]
    OtherVersion { magic: u16, version: String },
    #[error("this .pyc file has unknown flags in its header ({0:#x}); it is damaged or too new")]
    UnknownFlags(u32),
    #[error("this .pyc file is damaged: {0}")]
    Body(MarshalError),
}

/// Checks and takes off the header; gives what it says and the marshalled code object.
pub fn split_header(bytes: &[u8]) -> Result<(Validation, &[u8]), PycError> {
    let word = |at: usize| -> [u8; 4] { std::array::from_fn(|i| bytes[at + i]) };
    if bytes.len() >= 4 && bytes[2..4] != *b"\r\n" {
        return Err(PycError::NoMagic);
    }
    if bytes.len() >= 4 && word(0) != MAGIC {
        let magic = u16::from_le_bytes([bytes[0], bytes[1]]);
        let version = version_of(magic);
        return Err(PycError::OtherVersion { magic, version });
    }
    if bytes.len() < HEADER_SIZE {
        return Err(PycError::TooShort(bytes.len()));
    }
    let flags = u32::from_le_bytes(word(4));
    if flags & !(FLAG_HASHED | FLAG_CHECK_SOURCE) != 0 {
        return Err(PycError::UnknownFlags(flags));
    }
    let validation = if flags & FLAG_HASHED != 0 {
        Validation::Hash {
            hash: std::array::from_fn(|i| bytes[8 + i]),
            check_source: flags & FLAG_CHECK_SOURCE != 0,
        }
    } else {
        Validation::Timestamp {
            mtime: u32::from_le_bytes(word(8)),
            size: u32::from_le_bytes(word(12)),
        }
    };
    Ok((validation, &bytes[HEADER_SIZE..]))
}

/// The header of a file.
pub fn header(validation: Validation) -> [u8; HEADER_SIZE] {
    let mut header = [0; HEADER_SIZE];
    header[..4].copy_from_slice(&MAGIC);
    let flags = match validation {
        Validation::Timestamp { mtime, size } => {
            header[8..12].copy_from_slice(&mtime.to_le_bytes());
            header[12..].copy_from_slice(&size.to_le_bytes());
            0
        }
        Validation::Hash { hash, check_source } => {
            header[8..].copy_from_slice(&hash);
            FLAG_HASHED | if check_source { FLAG_CHECK_SOURCE } else { 0 }
        }
    };
    header[4..8].copy_from_slice(&flags.to_le_bytes());
    header
}

/// The hash of a source file that hash-based files hold (`importlib.util.source_hash`).
pub fn source_hash(source: &[u8]) -> [u8; 8] {
    let key = u64::from(u32::from_le_bytes(MAGIC));
    let mut hasher = SipHasher13::new_with_keys(key, 0);
    hasher.write(source);
    hasher.finish().to_le_bytes()
}

/// The Python that uses a magic number, as far as it can be told (source: the list in CPython's
/// `Include/internal/pycore_magic_number.h`, by the first number of each version).
fn version_of(magic: u16) -> String {
    const FIRST: &[(u16, u32)] = &[
        (3000, 0),
        (3141, 1),
        (3160, 2),
        (3190, 3),
        (3250, 4),
        (3320, 5),
        (3360, 6),
        (3390, 7),
        (3400, 8),
        (3420, 9),
        (3430, 10),
        (3450, 11),
        (3500, 12),
        (3550, 13),
        (3600, 14),
        (3650, 15),
        (3700, 16),
    ];
    let known = FIRST.iter().rev().find(|(first, _)| *first <= magic);
    match known {
        Some((_, 14)) => "a pre-release of Python 3.14".into(),
        Some((_, minor)) if *minor < 16 => format!("Python 3.{minor}"),
        Some(_) if magic < 20_000 => "a later Python".into(),
        _ => "another Python".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(bytes: &[u8]) -> String {
        Pyc::read(bytes).map_or_else(|error| error.to_string(), |_| "no error".into())
    }

    #[test]
    fn headers_are_read_back() {
        for validation in [
            Validation::Timestamp {
                mtime: 1_700_000_000,
                size: 1234,
            },
            Validation::Hash {
                hash: *b"12345678",
                check_source: true,
            },
            Validation::Hash {
                hash: [0; 8],
                check_source: false,
            },
        ] {
            let bytes = header(validation);
            assert_eq!(split_header(&bytes), Ok((validation, &[][..])));
        }
    }

    #[test]
    fn source_hashes_are_cpythons() {
        // importlib.util.source_hash(b"print(1)\n")
        assert_eq!(
            source_hash(b"print(1)\n"),
            0xad9d_0dec_7352_48fc_u64.to_be_bytes()
        );
    }

    #[test]
    fn foreign_files_are_refused_with_a_reason() {
        assert_eq!(
            error(b""),
            "this is no .pyc file: it has 0 bytes, and a header alone has 16"
        );
        assert_eq!(
            error(b"print(1)\n"),
            "this is no .pyc file: it does not begin with a magic number"
        );
        let mut old = header(Validation::Timestamp { mtime: 0, size: 0 });
        old[..2].copy_from_slice(&3571u16.to_le_bytes());
        assert!(
            error(&old).contains("made by Python 3.13 (magic number 3571)"),
            "{}",
            error(&old)
        );
        let mut odd = header(Validation::Timestamp { mtime: 0, size: 0 });
        odd[4] = 0x10;
        assert!(error(&odd).contains("unknown flags in its header (0x10)"));
        let empty = header(Validation::Timestamp { mtime: 0, size: 0 });
        assert!(error(&empty).contains("the data ends where an object must begin"));
    }
}
