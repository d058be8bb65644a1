#!/usr/bin/env bash
# Builds with profile-guided optimization, as distributions build CPython: the compiler is built with
# counters, compiles CPython's library, and what was counted guides the build that is wanted. The
# compiler is about a third faster for it.
#
#   benches/pgo.sh [CARGO ARGUMENTS...]
#
# The arguments say what is built, by default the comparison with CPython's compiler:
# `-p tailscope-compiler --example speed`. It is left in target/pgo. Needs the toolchain's component
# llvm-tools, and PYTHON314 as tests/differential.sh does for its library.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON314:-}
[ -n "$python" ] || python=$(command -v python3.14) || { echo "there is no CPython 3.14: set PYTHON314 to one" >&2; exit 2; }
[ $# -gt 0 ] || set -- -p tailscope-compiler --example speed
host=$(rustc -vV | sed -n 's/^host: //p')
profdata=$(rustc --print sysroot)/lib/rustlib/$host/bin/llvm-profdata
[ -x "$profdata" ] || { echo "there is no llvm-profdata: rustup component add llvm-tools" >&2; exit 2; }
work=$PWD/target/pgo
# What the configuration of the workspace asks for, which the variable replaces.
flags="-Zrelax-elf-relocations=yes -Zplt=yes"
counters=$work/counters
rm -rf "$counters"

echo "== with counters"
RUSTFLAGS="$flags -Cprofile-generate=$counters" cargo build --release --target "$host" --target-dir "$work/counting" \
  -p tailscope-compiler --example speed
"$python" - <<'PYTHON' | "$work/counting/$host/release/examples/speed" --child
import pathlib, sysconfig
for path in sorted(pathlib.Path(sysconfig.get_path("stdlib")).rglob("*.py")):
    parts = path.parts
    if path.is_file() and not {"test", "tests", "idle_test", "site-packages", "dist-packages"} & set(parts):
        print(path)
PYTHON
# Cargo does not look into the file: a new profile needs a new name.
profile=$work/$(cat "$counters"/*.profraw | sha256sum | cut -c1-16).profdata
"$profdata" merge -o "$profile" "$counters"

echo "== with what was counted"
RUSTFLAGS="$flags -Cprofile-use=$profile" cargo build --release --target "$host" --target-dir "$work/guided" "$@"
echo "built in $work/guided/$host/release"
