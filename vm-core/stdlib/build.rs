//! Packs the pure-Python library (CPython's `Lib`, as the crate `rustpython-pylib` ships it) into
//! one archive that the binary embeds: an index of names, and each file compressed by itself, as
//! source and as the code that our compiler makes of it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use tailscope_bytecode::marshal;
use tailscope_compiler::CompileOptions;

/// Folders that no program imports.
const LEFT_OUT: &[&str] = &["idlelib", "turtledemo", "ensurepip", "lib2to3", "test", "tkinter", "__pycache__"];

/// What file names in the code start with; `library.rs` has the same.
const PREFIX: &str = "<frozen lib>/";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let root = PathBuf::from(rustpython_pylib::LIB_PATH);
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    let (mut index, mut data) = (Vec::new(), Vec::new());
    for file in &files {
        let source = fs::read(file).unwrap_or_else(|e| panic!("{} cannot be read: {e}", file.display()));
        let name = file.strip_prefix(&root).unwrap_or(file).to_string_lossy().replace('\\', "/");
        let text = pack(&source);
        let code = compiled(&source, &name).map(|c| pack(&c)).unwrap_or_default();
        // A line per file: path, offset, compressed sizes of source and code.
        writeln!(index, "{name}\t{}\t{}\t{}", data.len(), text.len(), code.len()).unwrap_or_else(|e| panic!("{e}"));
        data.extend_from_slice(&text);
        data.extend_from_slice(&code);
    }
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_else(|| panic!("OUT_DIR is set by cargo")));
    fs::write(out.join("library.index"), index).unwrap_or_else(|e| panic!("{e}"));
    fs::write(out.join("library.data"), data).unwrap_or_else(|e| panic!("{e}"));
}

fn pack(data: &[u8]) -> Vec<u8> {
    zstd::encode_all(data, 15).unwrap_or_else(|e| panic!("zstd: {e}"))
}

/// Marshalled code of a module. Files that are no Python 3.14 have none; importing them says why.
fn compiled(source: &[u8], name: &str) -> Option<Vec<u8>> {
    let options = CompileOptions::new(format!("{PREFIX}{name}"));
    let (code, _warnings) = tailscope_compiler::compile(source, &options).ok()?;
    marshal::write_code(&code).ok()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() {
            if !LEFT_OUT.contains(&name.to_string_lossy().as_ref()) {
                collect(&path, files);
            }
        } else if path.extension().is_some_and(|e| e == "py") {
            files.push(path);
        }
    }
}
