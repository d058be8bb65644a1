//! Compares the engine with CPython: reads the cases that `cases.py` writes.
//!
//! `python3.14 vm-core/sre/examples/cases.py SEED PATTERNS | cargo run --release -p tailscope-sre --example compare`

use std::io::BufRead;

#[path = "../tests/common/mod.rs"]
mod common;

/// Differences that are shown.
const SHOWN: usize = 20;

fn main() {
    let mut checker = common::Checker::default();
    for line in std::io::stdin().lock().lines() {
        checker.line(&line.expect("lines of text"));
    }
    for wrong in checker.wrong.iter().take(SHOWN) {
        println!("{wrong}");
    }
    println!("{} cases, {} differences", checker.cases, checker.wrong.len());
    assert!(checker.wrong.is_empty(), "the engine differs from CPython");
}
