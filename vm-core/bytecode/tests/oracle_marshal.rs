//! Marshal and `.pyc` against files that CPython makes.

mod common;

use std::path::Path;

use tailscope_bytecode::marshal::{self, Graph};
use tailscope_bytecode::verify::verify;

/// Names and marshalled code objects from `compiled.py`.
fn records(mut output: &[u8]) -> Vec<(String, &[u8])> {
    let mut records = Vec::new();
    while let Some(end) = output.iter().position(|&byte| byte == b'\n') {
        let line = String::from_utf8_lossy(&output[..end]).into_owned();
        let (name, size) = line.split_once('\t').expect("a name and a size");
        let size: usize = size.parse().expect("a size");
        records.push((name.to_string(), &output[end + 1..end + 1 + size]));
        output = &output[end + 1 + size..];
    }
    records
}

#[test]
fn the_library_is_read_and_written_without_loss() {
    let Some(python) = common::oracle() else {
        return;
    };
    let step = if common::all() { "1" } else { "37" };
    let output = common::run_script(&python, "compiled.py", &[step]);
    let (mut files, mut differing) = (0, Vec::new());
    for (name, data) in records(&output) {
        files += 1;
        let graph = marshal::read(data).unwrap_or_else(|error| panic!("{name}: {error}"));
        let written = graph
            .write(marshal::VERSION)
            .expect("what was read can be written");
        assert!(written == data, "{name}: reading and writing changes it");

        // The sharing of objects, reconstructed from the code object alone.
        let code = graph
            .code()
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        verify(&code).unwrap_or_else(|error| panic!("{name}: {error}"));
        let ours = marshal::write_code(&code).expect("a code object can be marshalled");
        let back = marshal::read_code(&ours).expect("what was written can be read");
        assert!(
            back == code,
            "{name}: writing and reading changes the code object"
        );
        if ours != data {
            differing.push((name, first_difference(&ours, data)));
        }
    }
    println!("{files} files, {} not byte for byte", differing.len());
    for (name, at) in differing.iter().take(20) {
        println!("  {name} at {at}");
    }
    assert!(files > 20, "only {files} files");
    assert!(
        differing.len() * 50 <= files,
        "{} of {files} files differ",
        differing.len()
    );
}

fn first_difference(a: &[u8], b: &[u8]) -> usize {
    a.iter()
        .zip(b)
        .position(|(a, b)| a != b)
        .unwrap_or(a.len().min(b.len()))
}

/// The library's own `.pyc` files, if they are there.
#[test]
fn files_of_the_library_are_read() {
    let Some(python) = common::oracle() else {
        return;
    };
    let output = common::run_script(&python, "library_dir.py", &[]);
    let top = String::from_utf8(output).expect("a path");
    let cache = Path::new(top.trim()).join("__pycache__");
    let Ok(entries) = std::fs::read_dir(&cache) else {
        eprintln!("SKIPPED: {} is not there", cache.display());
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if !path.to_string_lossy().ends_with(".cpython-314.pyc") {
            continue;
        }
        let bytes = std::fs::read(&path).expect("a file");
        let pyc = tailscope_bytecode::pyc::Pyc::read(&bytes)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let (validation, body) = tailscope_bytecode::pyc::split_header(&bytes).expect("a header");
        assert_eq!(validation, pyc.validation);
        assert_eq!(tailscope_bytecode::pyc::header(validation), bytes[..16]);
        let graph: Graph = marshal::read(body).expect("a body");
        assert!(
            graph.write(marshal::VERSION).expect("bytes") == body,
            "{}",
            path.display()
        );
    }
}
