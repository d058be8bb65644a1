#!/usr/bin/env bash
# The fuzzer of .pyc files under AddressSanitizer.
#
#   tests/fuzz_asan.sh [options of fuzz_pyc]      as --count 1000000 SEEDS
set -euo pipefail
cd "$(dirname "$0")/.."

triple=$(rustc -vV | sed -n 's/^host: //p')
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}/asan-fuzz
RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=address" CARGO_PROFILE_RELEASE_DEBUG=0 \
  cargo build --release --locked --quiet --package tailscope-bytecode --example fuzz_pyc --target "$triple"
ASAN_OPTIONS=detect_leaks=0 exec "$CARGO_TARGET_DIR/$triple/release/examples/fuzz_pyc" "$@"
