#!/usr/bin/env bash
# Passes all tests on a fresh machine with rustup, gcc, node and python3. What is compared with
# CPython 3.14 needs one ($PYTHON314, python3.14 on PATH, or the oracle) and says so when skipped.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$*"; }

step "release build"
cargo build --release --locked
export TAILSCOPE_BIN="$PWD/target/release/tailscope" TAILSCOPE="$PWD/target/release/tailscope"

step "unit, golden and differential tests"
cargo test --release --workspace --locked --quiet --no-fail-fast

step "real programs, on both interpreters"
# float, raytrace, chaos and hexiom wait for the modules math, array, random and _io.
python3 benches/compare.py --check richards deltablue nbody fannkuch spectral_norm nqueens

step "language server, over pytest-lsp"
tests/lsp/run.sh

step "VS Code extension: unit tests and package"
(cd vscode-extension && npm ci --ignore-scripts --no-audit --no-fund && npm test && npm run package)

echo
echo "all tests passed"
