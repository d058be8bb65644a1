#!/usr/bin/env bash
# Builds with profile-guided optimization and optimization at link time, as distributions build
# CPython: the compiler is built with counters, compiles CPython's library, and what was counted
# guides the build that is wanted. The compiler is some 10 % faster for it.
#
#   benches/pgo.sh [CARGO ARGUMENTS...]
#
# The arguments say what is built beside the comparison with CPython's compiler, which runs at the
# end: `-p tailscope` for the binary. All is left in target/pgo. Needs the toolchain's component
# llvm-tools, and PYTHON314 as tests/differential.sh does for its library. LTO=off leaves out the
# optimization at link time. It takes about ten minutes of processor time, and more for the binary.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON314:-}
[ -n "$python" ] || python=$(command -v python3.14) || { echo "there is no CPython 3.14: set PYTHON314 to one" >&2; exit 2; }
export PYTHON314=$python
host=$(rustc -vV | sed -n 's/^host: //p')
profdata=$(rustc --print sysroot)/lib/rustlib/$host/bin/llvm-profdata
[ -x "$profdata" ] || { echo "there is no llvm-profdata: rustup component add llvm-tools" >&2; exit 2; }
work=$PWD/target/pgo
# What the configuration of the workspace asks for, which the variable replaces.
flags="-Zrelax-elf-relocations=yes -Zplt=yes"
counters=$work/counters
rm -rf "$counters"

# Both builds have the same settings: cargo makes them part of the names of functions, by which what
# was counted is found again, and of what both run themselves, build scripts and macros.
build() {
  cargo build --release --config "profile.release.lto=\"${LTO:-fat}\"" --target "$host" --target-dir "$work" "$@"
}

echo "== with counters"
RUSTFLAGS="$flags -Cprofile-generate=$counters" build -p tailscope-compiler --example speed
"$python" - <<'PYTHON' | "$work/$host/release/examples/speed" --child
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
export RUSTFLAGS="$flags -Cprofile-use=$profile"
[ $# = 0 ] || build "$@"
build -p tailscope-compiler --example speed
echo "built in $work/$host/release"
"$work/$host/release/examples/speed" --rounds 5
