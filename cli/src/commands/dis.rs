//! `tailscope dis`.

use std::io::Write;
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
    let options = Options {
        show_caches: args.show_caches,
        show_offsets: args.show_offsets,
        show_positions: args.show_positions,
        ..Options::default()
    };
    let text = dis::disassemble_recursive(&code, &options);
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
