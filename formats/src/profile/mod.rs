//! Execution profiles: counters per instruction, as `tailscope profile` records them and
//! the editor shows them. The file is JSON (`docs/profile-format.md`).

mod matching;
pub mod store;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use tailscope_bytecode::code::Code;

use crate::hash::{CodeHash, bytecode_hash, layout_hash};
use crate::history::BranchHistory;

pub use matching::{Match, align};

/// What the `format` field of a profile says.
pub const FORMAT: &str = "tailscope-profile";
/// The version that is written. Readers accept this one only.
pub const VERSION: u32 = 1;
/// A profile larger than this is refused: it could not have come from a real program.
const MAX_FILE_BYTES: u64 = 512 << 20;

/// Why a profile could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    #[error("The profile {path} could not be read: {source}.")]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("The profile {path} could not be written: {source}.")]
    Write {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{path} is not a tailscope profile: {reason}. Record one with `tailscope profile`.")]
    NotAProfile { path: PathBuf, reason: String },
    #[error(
        "The profile {path} has format version {found}, and this tailscope reads version {VERSION}. \
         Record it again with `tailscope profile`."
    )]
    Version { path: PathBuf, found: u64 },
    #[error("The profile {path} is damaged: {reason}. Record it again with `tailscope profile`.")]
    Damaged { path: PathBuf, reason: String },
}

/// One recording: a program's run, and what each of its instructions did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Always [`FORMAT`].
    pub format: String,
    /// Always [`VERSION`].
    pub version: u32,
    pub producer: Producer,
    /// The program as it was named on the command line.
    pub program: String,
    #[serde(default)]
    pub arguments: Vec<String>,
    /// UTC, RFC 3339, seconds: `2026-01-31T12:00:00Z`.
    pub recorded_at: String,
    /// Instructions executed in the whole run, those of code not listed included.
    #[serde(default)]
    pub instructions_executed: u64,
    /// Code objects that ran at least one instruction.
    pub codes: Vec<CodeProfile>,
}

/// Which implementation recorded a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Producer {
    /// `tailscope`, or `CPython` for a probe in a CPython process.
    pub name: String,
    pub version: String,
}

/// What the instructions of one code object did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CodeProfile {
    /// Absolute path of the source file, or a name in angle brackets.
    pub file: String,
    pub qualname: String,
    pub first_line: i32,
    /// [`bytecode_hash`] of the code that ran.
    pub hash: CodeHash,
    /// [`layout_hash`] of the code that ran.
    pub layout: CodeHash,
    /// The code units that ran, unspecialized, inline caches zero.
    #[serde(with = "hex")]
    pub code: Vec<u8>,
    /// Executed instructions, by rising offset.
    pub instructions: Vec<InstructionProfile>,
}

/// What one instruction did. Counters that are zero, or do not apply, are left out of the file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct InstructionProfile {
    /// Bytes from the start of the code, as `dis` prints them.
    pub offset: u32,
    /// Name of the opcode at the end of the run, specialized or not.
    pub opcode: String,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub executions: u64,
    /// Executions of a specialized form whose guards held.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub hits: u64,
    /// Executions of a specialized form whose guards failed, so that the general form ran.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub misses: u64,
    /// How many times the instruction went back from a specialized form to the adaptive one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub deopts: u64,
    /// Times that a conditional jump jumped.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub taken: u64,
    /// Times that a conditional jump fell through.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub not_taken: u64,
    /// A conditional jump's newest outcomes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<BranchHistory>,
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// Bytes as a string of hexadecimal digits.
mod hex {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = String::with_capacity(bytes.len() * 2);
        for byte in bytes {
            for nibble in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
        }
        serializer.serialize_str(&text)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
        let digit = |byte: u8| char::from(byte).to_digit(16).map(|value| value as u8);
        let pairs = text.as_bytes().chunks(2).map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        });
        pairs.collect::<Option<Vec<u8>>>().ok_or_else(|| {
            serde::de::Error::custom("code is a string of pairs of hexadecimal digits")
        })
    }
}

impl Profile {
    /// A profile without code, recorded now by this tailscope.
    pub fn new(program: impl Into<String>, arguments: Vec<String>) -> Profile {
        Profile {
            format: FORMAT.into(),
            version: VERSION,
            producer: Producer {
                name: "tailscope".into(),
                version: env!("CARGO_PKG_VERSION").into(),
            },
            program: program.into(),
            arguments,
            recorded_at: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
            instructions_executed: 0,
            codes: Vec::new(),
        }
    }

    /// Adds what `code`, which came from `file`, did. `instructions` need not be sorted;
    /// those that were never executed are dropped, and so is code that never ran.
    pub fn add(
        &mut self,
        file: impl Into<String>,
        code: &Code,
        mut instructions: Vec<InstructionProfile>,
    ) {
        instructions.retain(|instruction| instruction.executions > 0);
        if instructions.is_empty() {
            return;
        }
        instructions.sort_by_key(|instruction| instruction.offset);
        self.codes.push(CodeProfile {
            file: file.into(),
            qualname: code.qualname.to_string(),
            first_line: code.firstlineno,
            hash: bytecode_hash(code),
            layout: layout_hash(code),
            code: code.code.clone(),
            instructions,
        });
    }

    /// Reads and checks a profile. A file that is not one, or is damaged, is refused with a
    /// sentence that names it.
    pub fn read(path: &Path) -> Result<Profile, ProfileError> {
        let failed = |source| ProfileError::Read {
            path: path.into(),
            source,
        };
        let length = std::fs::metadata(path).map_err(failed)?.len();
        if length > MAX_FILE_BYTES {
            return Err(ProfileError::NotAProfile {
                path: path.into(),
                reason: format!("it has {length} bytes, more than any profile"),
            });
        }
        Profile::parse(&std::fs::read(path).map_err(failed)?, path)
    }

    /// Parses and checks the bytes of a profile; `path` is only used in messages.
    pub fn parse(bytes: &[u8], path: &Path) -> Result<Profile, ProfileError> {
        #[derive(Deserialize)]
        struct Head {
            format: String,
            version: u64,
        }
        // The head first: what a later version changed must not be called damage.
        let head: Head =
            serde_json::from_slice(bytes).map_err(|error| ProfileError::NotAProfile {
                path: path.into(),
                reason: plain(&error),
            })?;
        if head.format != FORMAT {
            return Err(ProfileError::NotAProfile {
                path: path.into(),
                reason: format!("its format is {:?}", head.format),
            });
        }
        if head.version != u64::from(VERSION) {
            return Err(ProfileError::Version {
                path: path.into(),
                found: head.version,
            });
        }
        let damaged = |reason| ProfileError::Damaged {
            path: path.into(),
            reason,
        };
        let profile: Profile =
            serde_json::from_slice(bytes).map_err(|error| damaged(plain(&error)))?;
        profile.check().map_err(damaged)?;
        Ok(profile)
    }

    /// What the types do not say: offsets lie inside the code, on a code unit, and rise.
    fn check(&self) -> Result<(), String> {
        for code in &self.codes {
            let mut next = 0;
            for instruction in &code.instructions {
                let offset = instruction.offset;
                let inside = (offset as usize) < code.code.len() && offset % 2 == 0;
                if !inside || offset < next {
                    return Err(format!(
                        "{} of {} has an instruction at offset {offset}, which cannot be",
                        code.qualname, code.file
                    ));
                }
                next = offset + 2;
            }
        }
        Ok(())
    }

    /// Writes the profile to `path`, whole or not at all: a reader never sees half of it.
    pub fn write(&self, path: &Path) -> Result<(), ProfileError> {
        let failed = |source| ProfileError::Write {
            path: path.into(),
            source,
        };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let part = PathBuf::from(name);
        let written = (|| {
            let mut out = std::io::BufWriter::new(std::fs::File::create(&part)?);
            serde_json::to_writer(&mut out, self)?;
            out.write_all(b"\n")?;
            out.flush()?;
            std::fs::rename(&part, path)
        })();
        written.map_err(|source| {
            // The part file is of no use to anyone; the error that matters is the first one.
            let _ = std::fs::remove_file(&part);
            failed(source)
        })
    }

    /// The entries of `file`.
    pub fn codes_of<'a, 'f>(
        &'a self,
        file: &'f str,
    ) -> impl Iterator<Item = &'a CodeProfile> + use<'a, 'f> {
        self.codes.iter().filter(move |code| code.file == file)
    }
}

impl CodeProfile {
    /// What the instruction at `offset` did, if it ran.
    pub fn at(&self, offset: u32) -> Option<&InstructionProfile> {
        let index = self
            .instructions
            .binary_search_by_key(&offset, |i| i.offset)
            .ok()?;
        self.instructions.get(index)
    }
}

/// A parser's complaint without the full stop, which our sentences bring along.
fn plain(error: &serde_json::Error) -> String {
    error.to_string().trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::tests::sample;

    fn profile() -> Profile {
        let mut profile = Profile::new("a.py", vec!["-x".into()]);
        profile.add(
            "/src/a.py",
            &sample(),
            vec![
                InstructionProfile {
                    offset: 4,
                    opcode: "RETURN_VALUE".into(),
                    executions: 7,
                    ..Default::default()
                },
                InstructionProfile {
                    offset: 0,
                    opcode: "RESUME_CHECK".into(),
                    executions: 7,
                    hits: 6,
                    history: Some(BranchHistory(3)),
                    ..Default::default()
                },
                InstructionProfile {
                    offset: 2,
                    opcode: "LOAD_CONST".into(),
                    ..Default::default()
                },
            ],
        );
        profile
    }

    #[test]
    fn what_is_written_reads_back_equal() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("deep/er/a.json");
        let profile = profile();
        profile.write(&path).expect("writes");
        let back = Profile::read(&path).expect("reads");
        assert_eq!(back, profile);
        assert_eq!(
            back.codes[0].instructions.len(),
            2,
            "what never ran is not stored"
        );
        assert_eq!(back.codes[0].at(0).map(|i| i.hits), Some(6));
        assert_eq!(back.codes[0].at(2), None);
        let left: Vec<_> = std::fs::read_dir(path.parent().expect("a parent"))
            .expect("lists")
            .collect();
        assert_eq!(left.len(), 1, "no part file stays");
    }

    #[test]
    fn zero_counters_are_not_written() {
        let text = serde_json::to_string(&profile()).expect("serializes");
        assert!(
            text.contains(r#"{"offset":4,"opcode":"RETURN_VALUE","executions":7}"#),
            "{text}"
        );
    }

    fn refusal(text: &str) -> String {
        match Profile::parse(text.as_bytes(), Path::new("p.json")) {
            Ok(_) => panic!("accepted: {text}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn bad_files_are_refused_with_a_sentence() {
        let good = serde_json::to_string(&profile()).expect("serializes");
        let cases = [
            (
                "",
                "p.json is not a tailscope profile: EOF while parsing a value",
            ),
            ("[1]", "p.json is not a tailscope profile: "),
            (
                r#"{"format":"pstats","version":1}"#,
                "its format is \"pstats\". Record one with",
            ),
            (
                r#"{"format":"tailscope-profile","version":9}"#,
                "has format version 9, and this tailscope reads version 1",
            ),
            (&good[..good.len() - 20], "is not a tailscope profile: EOF"),
            (
                &good.replace("\"offset\":4", "\"offset\":6"),
                "is damaged: f of /src/a.py has an instruction at offset 6",
            ),
            (
                &good.replace("\"offset\":4", "\"offset\":3"),
                "offset 3, which cannot be",
            ),
            (
                &good.replace("\"offset\":4", "\"offset\":0"),
                "offset 0, which cannot be",
            ),
            (
                &good.replace("\"offset\":4", "\"offset\":-4"),
                "is damaged: invalid value",
            ),
            (
                &good.replace("0000000000000011", "2"),
                "a branch history is 16 binary digits",
            ),
            (
                &good.replace("\"code\":\"80", "\"code\":\"8"),
                "pairs of hexadecimal digits",
            ),
        ];
        for (text, expected) in cases {
            let message = refusal(text);
            assert!(message.contains(expected), "{message}\nlacks {expected}");
            assert!(message.ends_with('.'), "{message}");
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = Profile::read(Path::new("/nowhere/p.json")).expect_err("is missing");
        assert!(
            error
                .to_string()
                .starts_with("The profile /nowhere/p.json could not be read: ")
        );
    }
}
