//! Turns on `cfg(tail_calls)` where the compiler and the target can do guaranteed tail calls.
//!
//! The features are unstable; `RUSTC_BOOTSTRAP=1` (set in `.cargo/config.toml`) makes the pinned
//! compiler accept them. Everywhere else the match loop is built instead; the environment
//! variable `TAILSCOPE_MATCH_LOOP` asks for that on purpose.
//!
//! Turns on `cfg(sanitized)` in builds with AddressSanitizer.

use std::env;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(tail_calls)");
    println!("cargo::rerun-if-env-changed=RUSTC_BOOTSTRAP");
    println!("cargo::rerun-if-env-changed=TAILSCOPE_MATCH_LOOP");
    let unstable = env::var_os("RUSTC_BOOTSTRAP").is_some();
    let x86_64 = env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|a| a == "x86_64");
    let unix = env::var_os("CARGO_CFG_UNIX").is_some();
    let declined = env::var_os("TAILSCOPE_MATCH_LOOP").is_some();
    if unstable && x86_64 && unix && !declined {
        println!("cargo::rustc-cfg=tail_calls");
    }
    println!("cargo::rustc-check-cfg=cfg(sanitized)");
    if env::var("CARGO_CFG_SANITIZE").is_ok_and(|s| s.contains("address")) {
        println!("cargo::rustc-cfg=sanitized");
    }
}
