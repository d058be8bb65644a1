//! Compares what this compiler and CPython 3.14 say of recorded sources, those that are refused
//! above all: class, message, place and line of the error.
//!
//! ```text
//! cargo run --release -p tailscope-compiler --example errors -- [--limit N] FILE
//! ```
//!
//! FILE is what `tests/errors/collect.py` has written. It ends with a failure if a source is
//! refused by only one of them, or if less than 90 % of the errors are equal.

#[allow(dead_code, reason = "other examples and tests use the rest")]
#[path = "../tests/support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::process::ExitCode;

use support::find_python;
use support::sources::{Source, Sources, compare, is_refused};
use tailscope_compiler::Mode;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("errors: {error}");
            ExitCode::from(2)
        }
    }
}

/// What was found of the sources that CPython refuses or accepts.
#[derive(Default)]
struct Tally {
    sources: usize,
    equal: usize,
}

fn run() -> Result<bool, String> {
    let (mut limit, mut file) = (3, None);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--limit" => {
                let value = args.next().and_then(|text| text.parse().ok());
                limit = value.ok_or("--limit takes a number")?;
            }
            _ => file = Some(arg),
        }
    }
    let file = file.ok_or("name the file that tests/errors/collect.py has written")?;
    let recorded = std::fs::read(&file).map_err(|e| format!("{file}: {e}"))?;
    let python = find_python().ok_or("no CPython 3.14 found: set PYTHON314 to one")?;
    let mut oracle = Sources::start(&python).map_err(|e| e.to_string())?;
    let (mut refused, mut accepted) = (Tally::default(), Tally::default());
    let mut left_out = 0;
    let mut kinds: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in sources(&recorded)? {
        let theirs = match oracle.ask_one(&source) {
            Ok(Some(theirs)) => theirs,
            // CPython is started again; an answer may be nested too deep to be read.
            Ok(None) => {
                left_out += 1;
                continue;
            }
            Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                left_out += 1;
                continue;
            }
            Err(error) => return Err(error.to_string()),
        };
        let tally = if is_refused(&theirs) { &mut refused } else { &mut accepted };
        tally.sources += 1;
        match compare(&source.compile(), &theirs) {
            None => tally.equal += 1,
            Some(found) => {
                let text: String = String::from_utf8_lossy(&source.bytes).chars().take(300).collect();
                kinds.entry(found.kind).or_default().push(format!("{text:?} {}", found.detail));
            }
        }
    }
    for (kind, all) in &kinds {
        println!("== {kind}: {}", all.len());
        for what in all.iter().take(limit) {
            println!("   {what}");
        }
    }
    let share = 100.0 * refused.equal as f64 / refused.sources.max(1) as f64;
    println!(
        "refused by CPython: {} of {} equal in class, message, place and line ({share:.2} %); accepted: {} of {} equal; \
         {left_out} left out",
        refused.equal, refused.sources, accepted.equal, accepted.sources
    );
    let one_sided = ["accepted here only", "refused here only"];
    Ok(share >= 90.0 && !one_sided.iter().any(|kind| kinds.contains_key(*kind)))
}

/// The sources of a file.
fn sources(mut rest: &[u8]) -> Result<Vec<Source>, String> {
    let mut out = Vec::new();
    while let Some((head, more)) = rest.split_at_checked(11) {
        let number = |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let mode = match head[1] {
            0 => Mode::Exec,
            1 => Mode::Eval,
            _ => Mode::Single,
        };
        let length = number(7) as usize;
        let bytes = more.get(..length).ok_or("the file is cut off")?.to_vec();
        out.push(Source { bytes, is_text: head[0] != 0, mode, optimize: head[2], flags: number(3) });
        rest = &more[length..];
    }
    Ok(out)
}
