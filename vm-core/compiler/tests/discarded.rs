//! With the allocator of the binary, the tree of a source is discarded in one piece: here it is looked at
//! whether any of it is in use by then, for the sources of all tests, right and wrong.

use std::alloc::System;
use std::path::{Path, PathBuf};

use tailscope_compiler::{CompileOptions, compile};
use tailscope_regions::Regions;

#[global_allocator]
static ALLOCATOR: Regions<System> = Regions(System);

fn texts(folder: &Path, texts: &mut Vec<String>) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    for path in paths {
        let is_wanted = path.extension().is_some_and(|e| e == "py" || e == "txt");
        match std::fs::read_to_string(&path) {
            _ if path.is_dir() => self::texts(&path, texts),
            Ok(text) if is_wanted => texts.extend(text.split("\n====\n").flat_map(|entry| entry.split("\n===\n")).map(str::to_owned)),
            _ => {}
        }
    }
}

/// What code objects, warnings and errors say, all of their memory read.
fn outcome(text: &str, optimize: u8) -> String {
    let options = CompileOptions { optimize, ..CompileOptions::new("f.py") };
    format!("{:?}", compile(text.as_bytes(), &options))
}

#[test]
fn nothing_of_a_tree_is_in_use_when_it_is_discarded() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut sources = Vec::new();
    for folder in ["vm-core/compiler/tests", "cli/tests", "tests/dap/programs", "examples"] {
        texts(&root.join(folder), &mut sources);
    }
    assert!(sources.len() > 400, "{} sources", sources.len());
    for optimize in [0, 2] {
        for source in &sources {
            tailscope_regions::verify(true);
            let expected = outcome(source, optimize);
            tailscope_regions::verify(false);
            // Others overwrite what was discarded.
            assert_eq!(outcome(source, optimize), expected);
        }
    }
}
