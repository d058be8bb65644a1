//! The bytecode hash that a program in Python computes from the documentation is ours.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tailscope_bytecode::code::{Code, Const};
use tailscope_bytecode::marshal::read_code;
use tailscope_formats::hash::{bytecode_hash, layout_hash};

/// A CPython 3.14: `PYTHON314`, else `python3.14` on the path, else the oracle's place.
fn oracle() -> Option<PathBuf> {
    let home = std::env::var_os("HOME")
        .map(PathBuf::from)
        .unwrap_or_default();
    let candidates = [
        std::env::var_os("PYTHON314").map(PathBuf::from),
        Some("python3.14".into()),
        Some(home.join(".cache/tailscope-oracle/usr/bin/py314")),
    ];
    candidates.into_iter().flatten().find(|python| {
        let version = Command::new(python).arg("--version").output();
        version.is_ok_and(|output| output.stdout.starts_with(b"Python 3.14."))
    })
}

fn walk(code: &Code, lines: &mut Vec<String>) {
    lines.push(format!(
        "{} {} '{}'",
        bytecode_hash(code),
        layout_hash(code),
        code.qualname
    ));
    for constant in &code.consts {
        if let Const::Code(inner) = constant {
            walk(inner, lines);
        }
    }
}

const SOURCE: &str = r#"
"""Every kind of constant and variable."""
import os
NUMBERS = [1000, -255, 123456789012345678901234567890, 1.5, -0.0, 2j, ...]
TEXTS = ["plain", "\ud800 lone", b"\x00\xff", "größe"]
def outer(a, /, b, *args, c=None, **rest):
    cell = a
    def inner(x):
        nonlocal cell
        cell += x
        if x in {1, "one", None}:
            return x[1:2:3]
        return (True, False, (x, "t"), 7_000_000_000)
    try:
        return inner(b) if cell else [y for y in args if y is not c]
    except (ValueError, os.error) as error:
        raise KeyError from error
class C[T]:
    async def method(self):
        async with self as it:
            yield it
"#;

#[test]
fn python_computes_the_same_hashes() {
    let Some(python) = oracle() else {
        println!("SKIPPED: no CPython 3.14 (set PYTHON314)");
        return;
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/profile_hash.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts");
    child
        .stdin
        .take()
        .expect("a pipe")
        .write_all(SOURCE.as_bytes())
        .expect("writes");
    let output = child.wait_with_output().expect("Python ends");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).expect("is UTF-8");
    let (module, expected) = text.split_once('\n').expect("lines");
    let bytes: Vec<u8> = (0..module.len() / 2)
        .map(|i| u8::from_str_radix(&module[i * 2..i * 2 + 2], 16).expect("is hexadecimal"))
        .collect();
    let mut lines = Vec::new();
    walk(&read_code(&bytes).expect("is a code object"), &mut lines);
    assert_eq!(lines, expected.lines().collect::<Vec<_>>());
    assert!(lines.len() > 5);
}
