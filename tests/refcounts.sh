#!/usr/bin/env bash
# Accounts for references, with a build that checks: debug assertions, and `gc._unaccounted()`. By hand, like the
# sanitizer's run.
#
#   tests/refcounts.sh [PROGRAM or MODULE of CPython's tests...]
set -euo pipefail
cd "$(dirname "$0")/.."

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}/checked
# Optimized a little: whole test suites are run several times.
CARGO_PROFILE_DEV_OPT_LEVEL=1 cargo build --locked --quiet --package tailscope
exec tests/refcounts.py "$CARGO_TARGET_DIR/debug/tailscope" "$@"
