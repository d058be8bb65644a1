//! The language server as a program of its own. Arguments are ignored, so that it can stand
//! in for `tailscope lsp` in tests.

use std::process::ExitCode;

fn main() -> ExitCode {
    match tailscope_lsp::run_stdio() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("The language server could not start: {error}.");
            ExitCode::FAILURE
        }
    }
}
