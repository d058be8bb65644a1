#!/usr/bin/env bash
# Passes all tests on a fresh machine with rustup, gcc, node and python3. What is compared with
# CPython 3.14 needs one ($PYTHON314, python3.14 on PATH, or the oracle) and says so when skipped.
#
# What else is needed is installed from the registries of npm and PyPI, and through apt where we
# may; on two cores it takes a quarter of an hour after the first build.
set -euo pipefail
cd "$(dirname "$0")/.."
. tests/machine.sh

step() { printf '\n== %s (at %d:%02d)\n' "$*" $((SECONDS / 60)) $((SECONDS % 60)); }

step "release build"
cargo build --release --locked
binary="${CARGO_TARGET_DIR:-$PWD/target}/release/tailscope"
export TAILSCOPE_BIN="$binary" TAILSCOPE="$binary"

step "tools of the tests"
mkdir -p target
own_python
npm_is_there
TAILSCOPE_DAP_SCHEMA=$(tests/dap/schema.sh)
export TAILSCOPE_DAP_SCHEMA

step "unit, golden and differential tests"
cargo test --release --workspace --locked --quiet --no-fail-fast

step "the VM with the match loop only, as elsewhere than on x86-64"
TAILSCOPE_MATCH_LOOP=1 CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}/match-loop" \
  cargo test --package tailscope-vm --locked --quiet

step "real programs, on both interpreters"
python3 benches/compare.py --check

step "packages of PyPI"
tests/pypi/run.sh

step "CPython's own tests, and hostile programs"
if python314=$(cpython_with_tests); then
  PYTHON314=$python314 tests/cpython/run.py --check
  PYTHON314=$python314 tests/hostile/run.py --count 300
  "$python314" tests/dap/stepped.py
fi

step "debug adapter, over VS Code's test client"
(cd tests/dap && npm ci --ignore-scripts --no-audit --no-fund && npm test)

step "debug adapter, read by debugpy"
tests/dap/debugpy.sh

step "language server, over pytest-lsp"
tests/lsp/run.sh

step "VS Code extension: unit tests and package"
(cd vscode-extension && npm ci --ignore-scripts --no-audit --no-fund && npm test && npm run package)

step "VS Code extension, in VS Code"
if vscode_can_run; then
  VSIX="$PWD/vscode-extension/tailscope.vsix" tests/vscode/run.sh
fi

step "all tests passed"
