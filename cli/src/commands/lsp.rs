//! `tailscope lsp`.

/// Serves until the client says goodbye.
pub fn run() -> i32 {
    match tailscope_lsp::run_stdio() {
        Ok(true) => 0,
        Ok(false) => 1,
        Err(e) => {
            eprintln!("tailscope: the language server cannot run: {e}");
            1
        }
    }
}
