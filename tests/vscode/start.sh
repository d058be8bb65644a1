#!/usr/bin/env bash
# start.sh PORT WORKSPACE: a fresh user profile with settings.json, the extension installed, the server
# in the foreground. E2E_PROFILE: the profile's folder (made anew). VSIX: the extension.
# TAILSCOPE_BIN: what the setting tailscope.path says; may be empty.
set -euo pipefail
. "$(dirname "$0")/env.sh"
PORT=$1; WORKSPACE=$(realpath "$2")
P=${E2E_PROFILE:-/tmp/tailscope-e2e-$PORT}   # a short path: sockets lie in it (108 characters at most)
[ ! -d "$P" ] || [ -z "$(ls -A "$P")" ] || [ -f "$P/config.yaml" ] || { echo "$P is no profile: not removed" >&2; exit 1; }
rm -rf "$P"; mkdir -p "$P"/data/{User,Machine} "$P/ext" "$P/run"; chmod 700 "$P/run"; export XDG_RUNTIME_DIR=$P/run
cp "$HERE/settings.json" "$P/data/User/settings.json"
# A setting that may differ from machine to machine is read from here on a server.
node -p 'JSON.stringify({ "tailscope.path": process.argv[1] })' "${TAILSCOPE_BIN:-}" >"$P/data/Machine/settings.json"
printf 'bind-addr: 127.0.0.1:%s\nauth: none\ncert: false\n' "$PORT" >"$P/config.yaml"
ARGS=(--config "$P/config.yaml" --user-data-dir "$P/data" --extensions-dir "$P/ext")
node "$CS/out/node/entry.js" "${ARGS[@]}" --install-extension "$VSIX"
export EXTENSIONS_GALLERY='{"serviceUrl":""}'   # no calls to a marketplace
exec node "$CS/out/node/entry.js" "${ARGS[@]}" --auth none --bind-addr "127.0.0.1:$PORT" \
  --disable-telemetry --disable-update-check --disable-workspace-trust --disable-getting-started-override \
  --disable-proxy --reconnection-grace-time 5 "$WORKSPACE"
