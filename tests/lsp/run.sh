#!/usr/bin/env bash
# Runs the language server's end-to-end tests; arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
TAILSCOPE_BIN=$(realpath "${TAILSCOPE_BIN:-$root/target/debug/tailscope}")
export TAILSCOPE_BIN
[ -x "$TAILSCOPE_BIN" ] || { echo "There is no binary at $TAILSCOPE_BIN: build it, or set TAILSCOPE_BIN." >&2; exit 1; }
[ -x .venv/bin/pytest ] || { python3 -m venv .venv && .venv/bin/pip install -q -r requirements.txt; }
exec .venv/bin/pytest -q "$@"
