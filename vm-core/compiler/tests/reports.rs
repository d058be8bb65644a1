//! SyntaxErrors and SyntaxWarnings of code generation: words and positions are CPython's.
//!
//! The golden files hold what CPython says of the snippets, one report for each;
//! `TAILSCOPE_BLESS=1 cargo test -p tailscope-compiler --test reports` writes them anew,
//! with CPython.

#[allow(dead_code, reason = "other tests use the rest")]
mod support;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use tailscope_compiler::{CompileOptions, compile_str};

/// What CPython prints of each of the snippets.
fn reports_of_cpython(python: &Path, snippets: &[&str]) -> String {
    let mut child = Command::new(python)
        .args(["-X", "utf8", "-c", include_str!("snippets/report.py")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("CPython starts");
    let input: String = snippets.iter().map(|s| format!("{s}\0")).collect();
    let mut stdin = child.stdin.take().expect("standard input is piped");
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("CPython answers");
    writer.join().unwrap().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// The report of this compiler.
fn report(source: &str) -> String {
    let mut report = String::new();
    match compile_str(source, &CompileOptions::new("f.py")) {
        Ok((_, warnings)) => {
            for w in warnings {
                writeln!(report, "W\t{}\t{}", w.loc.line, w.msg).unwrap();
            }
        }
        Err(e) => {
            let number = |n: Option<i32>| n.map_or("None".to_owned(), |n| n.to_string());
            let place = [e.line, e.col, e.end_line, e.end_col].map(number);
            let (class, place) = (e.kind.class_name(), place.join("\t"));
            writeln!(report, "E\t{class}\t{place}\t{}", e.msg).unwrap();
        }
    }
    report
}

/// Compares the reports on all snippets with the golden file, and lists those that differ.
fn check(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snippets");
    let golden = folder.join(name).with_extension("golden");
    let text = std::fs::read_to_string(folder.join(name).with_extension("txt")).unwrap();
    let snippets: Vec<&str> = text.split("===\n").collect();
    if std::env::var_os("TAILSCOPE_BLESS").is_some() {
        let python = support::find_python().expect("TAILSCOPE_BLESS needs a CPython 3.14");
        std::fs::write(&golden, reports_of_cpython(&python, &snippets)).unwrap();
    }
    let expected = std::fs::read_to_string(&golden).unwrap();
    let expected: Vec<&str> = expected.split_terminator("===\n").collect();
    assert_eq!(
        expected.len(),
        snippets.len(),
        "{name}: golden file is stale"
    );
    let mut different = String::new();
    for (source, expected) in snippets.iter().zip(expected) {
        let actual = report(source);
        if actual != expected {
            writeln!(different, "{source}  ours:   {actual}  theirs: {expected}").unwrap();
        }
    }
    assert!(different.is_empty(), "{different}");
}

#[test]
fn errors() {
    check("errors");
}

#[test]
fn warnings() {
    check("warnings");
}
