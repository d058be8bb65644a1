//! What CPython found for some thousand cases.
//!
//! `python3.14 examples/cases.py 1 700 2 | sed /^$/d > tests/golden.txt` writes them anew; `examples/compare.rs` checks
//! as many as one likes.

mod common;

#[test]
fn the_engine_finds_what_cpython_found() {
    let mut checker = common::Checker::default();
    include_str!("golden.txt").lines().for_each(|line| checker.line(line));
    assert!(checker.wrong.is_empty(), "{}", checker.wrong.join("\n"));
    assert!(checker.cases > 3000, "only {} cases", checker.cases);
}
