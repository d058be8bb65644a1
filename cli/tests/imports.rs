//! Every module of the embedded library is imported. `imports/failing.txt` lists those that fail,
//! with the error: that of a Python without the C module that they need.
//!
//! `UPDATE_IMPORTS=1 cargo test -p tailscope --test imports` writes the list anew.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use tailscope_stdlib::embedded_paths;

/// The modules whose import does something (opens a browser), or that are programs.
fn is_left_out(module: &str) -> bool {
    module == "antigravity" || module.split('.').any(|part| part == "__main__" || part == "test" || part == "tests")
}

fn modules() -> Vec<String> {
    let mut all: Vec<String> = embedded_paths()
        .filter_map(|path| path.strip_suffix(".py"))
        .map(|path| path.strip_suffix("/__init__").unwrap_or(path).replace('/', "."))
        .filter(|module| !is_left_out(module))
        .collect();
    all.sort();
    all
}

#[test]
fn all_modules_of_the_library_but_those_listed_can_be_imported() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/imports");
    let modules = modules();
    assert!(modules.len() > 400, "{} modules", modules.len());
    let mut child = Command::new(env!("CARGO_BIN_EXE_tailscope"))
        .args(["-W", "ignore"])
        .arg(folder.join("import_each.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(modules.join("\n").as_bytes()).expect("the names are read");
    drop(input);
    let o = child.wait_with_output().expect("the output is read");
    assert!(o.status.success());
    let got = String::from_utf8_lossy(&o.stdout);
    let list = folder.join("failing.txt");
    if std::env::var_os("UPDATE_IMPORTS").is_some() {
        std::fs::write(&list, got.as_bytes()).expect("a writable folder");
    }
    assert_eq!(got, std::fs::read_to_string(list).expect("the list"));
}
