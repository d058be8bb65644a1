#!/usr/bin/env bash
# Fetches the protocol's JSON schema, which Microsoft publishes under the MIT licence, into .schema/,
# and prints where it is. debugpy, its debugger of Python on PyPI, carries it; nothing of it is run.
# What version 1.71 of the protocol has beyond that is in schema-1.71.json, by its JSON pointer.
set -euo pipefail
cd "$(dirname "$0")"
schema=$PWD/.schema/debugProtocol.json
sum=64ad433b9ff4b92360771fc8dac50dcf9cac951c0057d0af0d2f826b43087bfb
if ! echo "$sum  $schema" | sha256sum --check --status 2>/dev/null; then
  mkdir -p .schema
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --dest .schema debugpy==1.8.20
  python3 - .schema/debugpy-*.whl "$schema" <<'PYTHON'
import sys, zipfile
wheel, schema = sys.argv[1:]
name = "debugpy/_vendored/pydevd/_pydevd_bundle/_debug_adapter/debugProtocol.json"
with zipfile.ZipFile(wheel) as files, open(schema, "wb") as out:
    out.write(files.read(name))
PYTHON
  rm .schema/debugpy-*.whl
  echo "$sum  $schema" | sha256sum --check --quiet >&2
fi
python3 - "$schema" schema-1.71.json .schema/dap-1.71.json <<'PYTHON'
import json, sys
base, added, out = sys.argv[1:]
schema = json.load(open(base))
for pointer, value in json.load(open(added)).items():
    *path, last = pointer.removeprefix("/").split("/")
    at = schema
    for name in path:
        at = at[int(name)] if isinstance(at, list) else at[name]
    at[last] = value
with open(out, "w") as f:
    json.dump(schema, f)
PYTHON
echo "$PWD/.schema/dap-1.71.json"
