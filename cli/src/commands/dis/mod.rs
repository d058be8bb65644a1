//! `tailscope dis`: the text of `python3.14 -m dis`, a listing for people, or JSON.

mod arrows;
mod json;
mod listing;

use std::io::{IsTerminal, Write};
use std::path::Path;

use tailscope_bytecode::code::Code;
use tailscope_bytecode::dis::{self, Options};
use tailscope_compiler::CompileOptions;

use crate::arguments::DisArgs;
use crate::program::{CannotRun, read_pyc};

/// Shows the bytecode of a file.
pub fn run(args: &DisArgs) -> i32 {
    let code = match load(&args.file, 0) {
        Ok(code) => code,
        Err(CannotRun(why)) => {
            eprintln!("{why}");
            return 1;
        }
    };
    let text = match form(args) {
        Form::Json => match json::document(&code) {
            Ok(document) => document,
            Err(e) => {
                eprintln!("tailscope: this cannot be written as JSON: {e}");
                return 1;
            }
        },
        Form::Listing { colour } => {
            let source = args.source.then(|| std::fs::read(source_of(args, &code)).unwrap_or_default());
            listing::listing(&code, source.as_deref(), colour)
        }
        Form::Python => {
            let options = Options {
                show_caches: args.show_caches,
                show_offsets: args.show_offsets,
                show_positions: args.show_positions,
                ..Options::default()
            };
            dis::disassemble_recursive(&code, &options)
        }
    };
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => 0,
        // Whoever reads has seen enough.
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => 0,
        Err(e) => {
            eprintln!("tailscope: the output cannot be written: {e}");
            1
        }
    }
}

enum Form {
    /// What `python3.14 -m dis` prints.
    Python,
    /// For people.
    Listing {
        colour: bool,
    },
    Json,
}

/// A person in front of a terminal gets the listing, a program CPython's text, if neither asks for
/// something else.
fn form(args: &DisArgs) -> Form {
    let terminal = std::io::stdout().is_terminal();
    let colour = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let pythons = args.python || args.show_caches || args.show_offsets || args.show_positions;
    if args.json {
        Form::Json
    } else if args.listing || args.source || (terminal && !pythons) {
        Form::Listing { colour }
    } else {
        Form::Python
    }
}

/// The file that holds the source lines.
fn source_of(args: &DisArgs, code: &Code) -> std::path::PathBuf {
    if args.file.extension().is_some_and(|e| e == "pyc") { (&*code.filename).into() } else { args.file.clone() }
}

/// The code object of a source or `.pyc` file.
pub fn load(path: &Path, optimize: u8) -> Result<Code, CannotRun> {
    let bytes = std::fs::read(path)
        .map_err(|e| CannotRun(format!("tailscope: {} cannot be read: {e}", path.display())))?;
    if path.extension().is_some_and(|e| e == "pyc") {
        return read_pyc(&bytes, path);
    }
    let mut options = CompileOptions::new(path.display().to_string());
    options.optimize = optimize.min(2);
    match tailscope_compiler::compile(&bytes, &options) {
        Ok((code, _)) => Ok(code),
        Err(e) => Err(CannotRun(e.to_string().trim_end().to_owned())),
    }
}
