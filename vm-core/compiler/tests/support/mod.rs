//! CPython 3.14 as the oracle of the differential tests: finding it, and asking it.

use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use tailscope_bytecode::code::Const;
use tailscope_bytecode::marshal::read;
use tailscope_compiler::Mode;

pub mod compare;
#[allow(dead_code, reason = "the example does not render")]
pub mod render;
#[allow(dead_code, reason = "for sources that come one by one")]
pub mod sources;

/// What the oracle makes of a file.
pub enum Answer {
    /// A code object, or scopes as nested tuples.
    Value(Const),
    /// Class, message, line, offset, end line, end offset and text of an exception.
    Error(#[allow(dead_code, reason = "only the example reads it")] Vec<Const>),
}

/// What the oracle is asked for.
#[derive(Clone, Copy)]
pub enum Question {
    Code {
        optimize: u8,
        mode: Mode,
        /// `PyCF_*` and `CO_FUTURE_*` bits.
        flags: u32,
    },
    #[allow(dead_code, reason = "only the example asks for it")]
    Symtable,
    /// The text of `dis`, with all addresses 0x0.
    #[allow(dead_code, reason = "only the example asks for it")]
    Dis {
        optimize: u8,
    },
    /// The warnings as tuples of category, message and line.
    #[allow(dead_code, reason = "only the example asks for it")]
    Warnings,
}

/// A running CPython that answers for one file after the other.
pub struct Oracle {
    child: Child,
    output: BufReader<ChildStdout>,
}

/// The interpreter: `PYTHON314`, else `python3.14` on the path, else the one in the cache.
pub fn find_python() -> Option<PathBuf> {
    let cached = || {
        let home = std::env::var_os("HOME")?;
        Some(Path::new(&home).join(".cache/tailscope-oracle/usr/bin/py314"))
    };
    let candidates = [
        std::env::var_os("PYTHON314").map(PathBuf::from),
        Some("python3.14".into()),
        cached(),
    ];
    candidates.into_iter().flatten().find(|python| {
        Command::new(python)
            .args([
                "-c",
                "import sys; sys.exit(sys.version_info[:2] != (3, 14))",
            ])
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    })
}

impl Oracle {
    /// Starts CPython and asks it about these files. The answers come in their order.
    pub fn ask(python: &Path, question: Question, paths: &[PathBuf]) -> std::io::Result<Oracle> {
        let (what, optimize) = match question {
            Question::Code { optimize, .. } => ("code", optimize),
            Question::Symtable => ("symtable", 0),
            Question::Warnings => ("warnings", 0),
            Question::Dis { optimize } => ("dis", optimize),
        };
        let flags = match question {
            Question::Code { flags, .. } => flags,
            _ => 0,
        };
        let mode = match question {
            Question::Code {
                mode: Mode::Eval, ..
            } => "eval",
            Question::Code {
                mode: Mode::Single, ..
            } => "single",
            _ => "exec",
        };
        let mut child = Command::new(python)
            .args(["-X", "utf8", "-c", include_str!("dump.py"), what])
            .args([&optimize.to_string(), mode, &flags.to_string()])
            // The order of a frozenset's items is that of their hashes.
            .env("PYTHONHASHSEED", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(std::io::Error::other("the oracle has no standard streams"));
        };
        let lines: Vec<u8> = paths
            .iter()
            .flat_map(|p| [p.as_os_str().as_encoded_bytes(), b"\n"].concat())
            .collect();
        // The oracle answers before it has read everything: a thread keeps both moving.
        std::thread::spawn(move || input.write_all(&lines));
        Ok(Oracle {
            child,
            output: BufReader::with_capacity(1 << 20, output),
        })
    }

    /// The answer for the next file.
    pub fn next_answer(&mut self) -> std::io::Result<Answer> {
        let mut head = [0; 5];
        self.output.read_exact(&mut head)?;
        let [tag, length @ ..] = head;
        let mut data = vec![0; u32::from_le_bytes(length) as usize];
        self.output.read_exact(&mut data)?;
        let value = read(&data)
            .and_then(|graph| graph.constant())
            .map_err(|e| std::io::Error::other(format!("cannot read the oracle's answer: {e}")))?;
        Ok(match (tag, value) {
            (b'X', Const::Tuple(fields)) => Answer::Error(fields.to_vec()),
            (_, value) => Answer::Value(value),
        })
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Python files under the given files and directories, in a stable order.
pub fn python_files(paths: &[PathBuf]) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        let path = std::path::absolute(path)?;
        if path.is_dir() {
            let mut entries: Vec<PathBuf> = std::fs::read_dir(&path)?
                .map(|entry| entry.map(|e| e.path()))
                .collect::<Result<_, _>>()?;
            entries.retain(|e| {
                e.is_dir() || (e.is_file() && e.extension().is_some_and(|x| x == "py"))
            });
            entries.sort();
            files.extend(python_files(&entries)?);
        } else {
            files.push(path);
        }
    }
    Ok(files)
}
