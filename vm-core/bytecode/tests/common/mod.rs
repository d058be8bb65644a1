//! The oracle: a real CPython 3.14, which these tests compare with.
//!
//! Found through the variable `PYTHON314`, else as `python3.14` on the `PATH`, else in the
//! user's cache. Where there is none, a test says so and passes.

#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The interpreter, or a printed word that there is none.
pub fn oracle() -> Option<PathBuf> {
    let candidates = [
        std::env::var_os("PYTHON314").map(PathBuf::from),
        Some(PathBuf::from("python3.14")),
        std::env::var_os("HOME")
            .map(|home| PathBuf::from(home).join(".cache/tailscope-oracle/usr/bin/py314")),
    ];
    let found = candidates.into_iter().flatten().find(|python| {
        let version = Command::new(python).arg("--version").output();
        version.is_ok_and(|out| out.stdout.starts_with(b"Python 3.14"))
    });
    if found.is_none() {
        eprintln!("SKIPPED: there is no CPython 3.14 here (set PYTHON314 to one)");
    }
    found
}

/// Runs a script from `tests/scripts` and gives what it prints.
pub fn run_script(python: &Path, script: &str, args: &[&str]) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/scripts")
        .join(script);
    let output = Command::new(python)
        .arg(path)
        .args(args)
        .env("PYTHONHASHSEED", "0")
        .env("PYTHONIOENCODING", "utf-8:surrogatepass")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null())
        .output()
        .expect("the oracle starts");
    assert!(
        output.status.success(),
        "{script} failed:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

/// Whether the long forms of the tests are asked for.
pub fn all() -> bool {
    std::env::var_os("TAILSCOPE_TEST_ALL").is_some()
}
