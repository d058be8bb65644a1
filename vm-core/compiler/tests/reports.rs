//! SyntaxErrors and SyntaxWarnings of code generation: words and positions are CPython's.

#[allow(dead_code)]
mod support;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use tailscope_compiler::{CompileOptions, compile_str};

const ERRORS: &str = include_str!("snippets/errors.txt");
const WARNINGS: &str = include_str!("snippets/warnings.txt");

/// What CPython prints about each of the snippets.
fn expected(python: &Path, snippets: &[&str]) -> Vec<String> {
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
    let text = String::from_utf8(output.stdout).unwrap();
    let reports = text.split_inclusive(".\n").filter(|s| s.ends_with(".\n"));
    // A message may end with a dot: the dot that ends a report stands alone on its line.
    let mut all = vec![String::new()];
    for piece in reports {
        let last = all.last_mut().unwrap();
        last.push_str(piece);
        if last == ".\n" || last.ends_with("\n.\n") {
            all.push(String::new());
        }
    }
    all.pop();
    all
}

/// The same report from this compiler.
fn actual(source: &str) -> String {
    let mut report = String::new();
    match compile_str(source, &CompileOptions::new("f.py")) {
        Ok((_, warnings)) => {
            for w in warnings {
                writeln!(report, "W\t{}\t{}", w.loc.line, w.msg).unwrap();
            }
        }
        Err(e) => {
            let number = |n: Option<i32>| n.map_or("None".to_owned(), |n| n.to_string());
            let place = [e.line, e.col, e.end_line, e.end_col].map(number).join("\t");
            writeln!(report, "E\t{}\t{place}\t{}", e.kind.class_name(), e.msg).unwrap();
        }
    }
    report + ".\n"
}

/// A report with the warnings left out where there is an error: an `Err` has none.
fn without_warnings(report: &str) -> String {
    match report.find("E\t") {
        Some(at) => report[at..].to_owned(),
        None => report.to_owned(),
    }
}

fn check(snippets: &str) {
    let snippets: Vec<&str> = snippets.split("===\n").collect();
    let Some(python) = support::find_python() else {
        println!("skipped: no CPython 3.14 found (PYTHON314, python3.14 on the PATH)");
        return;
    };
    let expected = expected(&python, &snippets);
    assert_eq!(expected.len(), snippets.len());
    let different: Vec<String> = snippets
        .iter()
        .zip(expected)
        .filter(|(source, expected)| actual(source) != without_warnings(expected))
        .map(|(source, expected)| {
            format!("{source}ours:   {}theirs: {expected}", actual(source))
        })
        .collect();
    assert!(different.is_empty(), "{}", different.join("\n"));
}

#[test]
fn errors() {
    check(ERRORS);
}

#[test]
fn warnings() {
    check(WARNINGS);
}
