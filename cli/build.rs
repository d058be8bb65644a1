//! Turns on `cfg(sanitized)` in builds with AddressSanitizer, which brings its own allocator.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(sanitized)");
    if std::env::var("CARGO_CFG_SANITIZE").is_ok_and(|s| s.contains("address")) {
        println!("cargo::rustc-cfg=sanitized");
    }
}
