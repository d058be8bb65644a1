#!/usr/bin/env bash
# Compares the compiler with CPython 3.14 over whole trees: code objects at each level of
# optimization, texts of dis, warnings, .pyc files, errors. See docs/compiler-tests.md.
#
#   tests/differential.sh [PATHS...]
#
# PATHS are files and folders, by default that CPython's library with its test suite. On two cores
# it takes about ten minutes. A `tailscope` binary, if $TAILSCOPE names one or there is one in
# target/release, writes and runs .pyc files as well.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON314:-}
[ -n "$python" ] || python=$(command -v python3.14) || { echo "there is no CPython 3.14: set PYTHON314 to one" >&2; exit 2; }
export PYTHON314=$python
if [ $# = 0 ]; then
  set -- "$("$python" -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')"
fi
target=${CARGO_TARGET_DIR:-$PWD/target}
cargo build --release --quiet --package tailscope-compiler --example diff --example errors
failed=0
step() {
  printf '\n== %s\n' "$1"
  shift
  "$@" || failed=1
}

step "code objects, and .pyc files both ways" "$target/release/examples/diff" --pyc "$@"
step "code objects with -O" "$target/release/examples/diff" --optimize 1 "$@"
step "code objects with -OO" "$target/release/examples/diff" --optimize 2 "$@"
step "warnings" "$target/release/examples/diff" --warnings "$@"
step "texts of dis" "$target/release/examples/diff" --dis "$@"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
seed=$RANDOM
"$python" tests/made/programs.py "$scratch/made" --seed $seed
step "programs made by chance, with the seed $seed" "$target/release/examples/diff" "$scratch/made"
(cd "$scratch" && "$python" "$OLDPWD/tests/errors/collect.py" sources)
step "errors" "$target/release/examples/errors" "$scratch/sources"

tailscope=${TAILSCOPE:-$target/release/tailscope}
if [ -x "$tailscope" ]; then
  step "the library imported from our .pyc files" "$python" tests/pyc/imports.py "$tailscope"
  step "CPython's .pyc files run here" "$python" tests/pyc/runs.py "$tailscope"
else
  echo "SKIPPED: there is no $tailscope to write and run .pyc files"
fi
exit $failed
