#!/usr/bin/env bash
# debugpy's own message reader reads the adapter's stream: debugpy.sh [PROGRAM ...]
# TAILSCOPE names the binary. debugpy comes from PyPI, into target/debugpy.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
version=1.8.20
place=$root/target/debugpy-$version
if [ ! -e "$place/installed" ]; then
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --upgrade --target "$place" "debugpy==$version"
  touch "$place/installed"
fi
tailscope=$(realpath "${TAILSCOPE:-$root/target/release/tailscope}")
PYTHONPATH=$place exec python3 debugpy_reader.py "$tailscope" "$@"
