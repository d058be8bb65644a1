# Sourced by run.sh: what the tests need on a machine beyond rustup, gcc, node and python3.

# Installs Debian packages, if this machine has them and we may.
install() {
  local apt=(apt-get)
  command -v apt-get >/dev/null || return 1
  if [ "$(id -u)" != 0 ]; then
    sudo -n true 2>/dev/null || return 1
    apt=(sudo -n apt-get)
  fi
  echo "installing $*"
  [ -n "${apt_updated:-}" ] || { "${apt[@]}" update -qq && apt_updated=1; } || return 1
  DEBIAN_FRONTEND=noninteractive "${apt[@]}" install -y -qq --no-install-recommends "$@" >/dev/null
}

# A Python of our own with pip, first on the PATH: Debian's comes without.
own_python() {
  if [ ! -x target/test-python/bin/pip ]; then
    python3 -c 'import ensurepip, venv' 2>/dev/null || install python3-venv \
      || { echo "python3 has no venv: install python3-venv" >&2; return 1; }
    rm -rf target/test-python
    python3 -m venv target/test-python
  fi
  export PATH="$PWD/target/test-python/bin:$PATH"
}

# npm of the machine; Debian has it in a package of its own.
npm_is_there() {
  command -v npm >/dev/null || install npm || { echo "there is no npm: install it with node" >&2; return 1; }
}

# What a real VS Code needs; says what is missing.
vscode_can_run() {
  command -v chromium >/dev/null || command -v chromium-browser >/dev/null || [ -n "${CHROMIUM:-}" ] \
    || install chromium || { echo "SKIPPED: there is no chromium, and it could not be installed"; return 1; }
  { command -v g++ && command -v make; } >/dev/null || install g++ make \
    || { echo "SKIPPED: there is no g++ or no make, and they could not be installed"; return 1; }
}

# The CPython 3.14 to compare with, if it has its test suite.
cpython_with_tests() {
  local python
  for python in ${PYTHON314:-} python3.14 "${TAILSCOPE_ORACLE:-$HOME/.cache/tailscope-oracle}/usr/bin/py314"; do
    if "$python" -c 'import test.support' 2>/dev/null; then
      command -v "$python"
      return
    fi
  done
  echo "SKIPPED: there is no CPython 3.14 with its test suite" >&2
  return 1
}
