#!/usr/bin/env bash
# The packaged extension in a real VS Code, with the real binary. Screenshots go to artifacts/vscode/.
#
#   TAILSCOPE_BIN=target/release/tailscope tests/vscode/run.sh [editor] [debug] [scenes]
#
# Without arguments all tests are run. Needs Debian's chromium (or CHROMIUM=path).
set -euo pipefail
cd "$(dirname "$0")"; . ./env.sh
root=$(cd ../.. && pwd)
TAILSCOPE_BIN=$(realpath "${TAILSCOPE_BIN:-$root/target/debug/tailscope}")
[ -x "$TAILSCOPE_BIN" ] || { echo "There is no binary at $TAILSCOPE_BIN: build it, or set TAILSCOPE_BIN." >&2; exit 1; }
CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || true)}
[ -n "$CHROMIUM" ] || { echo "There is no chromium: apt-get install chromium, or set CHROMIUM." >&2; exit 1; }
export TAILSCOPE_BIN CHROMIUM SHOTS=${SHOTS:-$root/artifacts/vscode}

./setup.sh
if [ -z "${VSIX:-}" ]; then
  export VSIX=$root/vscode-extension/tailscope.vsix
  ( cd "$root/vscode-extension"
    [ -d node_modules ] || npm ci --ignore-scripts >/dev/null 2>&1 || npm ci --ignore-scripts
    npm run package >/dev/null 2>&1 || npm run package )
fi
mkdir -p "$SHOTS"
tests=("$@"); [ $# -gt 0 ] || tests=(editor debug scenes)
for test in "${tests[@]}"; do
  # A click may come before what it is meant for: what fails is played once more, from its beginning.
  node --test "e2e/$test.test.mjs" || { echo "== $test failed: once more"; node --test "e2e/$test.test.mjs"; }
done
