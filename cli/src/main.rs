//! The `tailscope` binary.
fn main() {}
