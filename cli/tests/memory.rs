//! What programs leave behind is given back: memory does not grow with their time.

use std::path::Path;
use std::process::Command;

/// What may be gained over all, in KiB: caches that fill late, garbage that is not collected yet. All
/// that the program makes is several times as much.
const MOST: i64 = 16384;

#[test]
fn memory_is_flat() {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/memory/mixed.py");
    let o = Command::new(env!("CARGO_BIN_EXE_tailscope"))
        .arg(program)
        .arg("40000")
        .output()
        .expect("the binary runs");
    assert!(o.status.success(), "{}", String::from_utf8_lossy(&o.stderr));
    let gained: i64 = String::from_utf8_lossy(&o.stdout).trim().parse().expect("a number");
    assert!(gained < MOST, "{gained} KiB more than in the beginning");
}

#[test]
fn a_program_without_memory_gets_an_exception() {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/memory/shortage.py");
    let o = Command::new("sh")
        .args(["-c", "ulimit -v 600000; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_tailscope")])
        .arg(program)
        .output()
        .expect("the binary runs");
    let printed = String::from_utf8_lossy(&o.stdout);
    assert!(o.status.success() && printed.ends_with("the end\n"), "{}\n{printed}{}", o.status, String::from_utf8_lossy(&o.stderr));
    let bad: Vec<&str> = printed.lines().filter(|l| !["True", "MemoryError", "end"].iter().any(|w| l.ends_with(w))).collect();
    assert!(bad.is_empty(), "{bad:?}");
}
