//! Programs that use the library, run by the binary: they print what CPython 3.14 printed
//! (`library/NAME.out` beside `library/NAME.py`).
//!
//! `UPDATE_PROGRAMS=1 cargo test -p tailscope --test library` writes the expected output anew with
//! the CPython that `PYTHON314` names (else `python3.14` on the path).

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn programs() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/library");
    let mut all: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder of programs")
        .filter_map(|e| Some(e.ok()?.path()))
        .filter(|p| p.extension().is_some_and(|e| e == "py"))
        .collect();
    all.sort();
    all
}

fn update(file: &Path) {
    let python = std::env::var("PYTHON314").unwrap_or_else(|_| "python3.14".to_owned());
    let made = Command::new(&python).arg(file).output().expect("PYTHON314 names a CPython 3.14");
    assert!(made.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&made.stderr));
    std::fs::write(file.with_extension("out"), made.stdout).expect("a writable folder");
}

/// Where a program's output differs, for a person.
fn difference(file: &Path, got: &str, expected: &str) -> Option<String> {
    if got == expected {
        return None;
    }
    let same = got.lines().zip(expected.lines()).take_while(|(a, b)| a == b).count();
    let line = |text: &str| text.lines().nth(same).unwrap_or("(nothing)").to_owned();
    let (name, n) = (file.display(), same + 1);
    Some(format!("{name}: line {n}\n  CPython: {}\n  here:    {}", line(expected), line(got)))
}

#[test]
fn programs_print_what_cpython_prints() {
    let mut wrong = Vec::new();
    for file in programs() {
        if std::env::var_os("UPDATE_PROGRAMS").is_some() {
            update(&file);
        }
        let expected = std::fs::read_to_string(file.with_extension("out")).expect("the expected output");
        let run = Command::new(env!("CARGO_BIN_EXE_tailscope"))
            .arg("run")
            .arg(&file)
            .stdin(Stdio::null())
            .output()
            .expect("the binary starts");
        let got = String::from_utf8_lossy(&run.stdout) + String::from_utf8_lossy(&run.stderr);
        wrong.extend(difference(&file, &got, &expected));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
