#!/usr/bin/env bash
# Unmodified packages of PyPI, fetched into target/, run under tailscope: the programs here print what
# CPython 3.14 prints with them (NAME.out beside NAME.py), and pytest reports on a suite of ours.
#
#   tests/pypi/run.sh [NAME...]
#
# The binary is $TAILSCOPE, else that of the release build. UPDATE_PROGRAMS=1 writes the expected output
# anew with the CPython that PYTHON314 names.
set -euo pipefail
cd "$(dirname "$0")"
. ../machine.sh
root=$(cd ../.. && pwd)
packages=$root/target/pypi
tailscope=${TAILSCOPE:-$root/target/release/tailscope}

if ! cmp -s requirements.txt "$packages/requirements.txt"; then
  rm -rf "$packages"
  (cd "$root" && own_python && python3 -m pip install --quiet --disable-pip-version-check --no-deps --no-compile \
    --target "$packages" -r tests/pypi/requirements.txt)
  cp requirements.txt "$packages"
fi

export PYTHONPATH=$packages PYTHONDONTWRITEBYTECODE=1 PYTHONHASHSEED=0 COLUMNS=80 TERM=xterm NO_COLOR=
# On a build server pytest shows whole differences: the expected output is that of a person's terminal.
unset NO_COLOR CI BUILD_NUMBER PYTEST_ADDOPTS

# What the interpreter says of a program; what differs in every run is left out.
output() {
  local interpreter=$1 name=$2
  if [ "$name" = pytest ]; then
    (cd suite && "$interpreter" -m pytest -p no:cacheprovider -q --no-header --tb=short 2>&1) || true
  else
    (cd programs && "$interpreter" "$name.py" 2>&1) || true
  fi | sed -E 's/ in [0-9.]+s\b/ in TIME/; s/0x[0-9a-f]{6,}/ADDRESS/g'
}

[ $# -gt 0 ] || set -- $(cd programs && ls ./*.py | sed 's|./||; s|\.py$||') pytest
wrong=0
for name in "$@"; do
  expected=programs/$name.out
  [ -z "${UPDATE_PROGRAMS:-}" ] || output "${PYTHON314:?names the CPython that the output is of}" "$name" > "$expected"
  if output "$tailscope" "$name" | diff "$expected" - > "$packages/difference"; then
    echo "$name: as CPython"
  else
    wrong=1
    echo "$name: NOT as CPython (<: CPython, >: here)"
    head -20 "$packages/difference"
  fi
done
exit $wrong
