#!/usr/bin/env bash
# AddressSanitizer over the test programs: under all interpreters, recorded, counted and debugged.
#
# Builds a binary of its own into target/asan, in which every object comes from the sanitizer's
# allocator. Rust's standard library is the usual one, not instrumented. Memory that is still in
# use at exit is no finding: types and interned strings live as long as the process.
set -euo pipefail
cd "$(dirname "$0")/.."

triple=$(rustc -vV | sed -n 's/^host: //p')
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}/asan
# Little optimized: it is built in half the time, and less is optimized away. Native stack frames
# are not watched: handlers' calling convention does not allow for how that moves variables.
RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=address -Cllvm-args=-asan-stack=0" CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
  cargo build --release --locked --quiet --package tailscope --target "$triple"
exec tests/asan.py "$CARGO_TARGET_DIR/$triple/release/tailscope"
