#!/usr/bin/env bash
# beside.sh COMMAND [ARGS]: runs an editor that setup.sh has installed. It sees our /tmp, /proc and /dev, in mounts
# that end with it.
set -euo pipefail
place=${TAILSCOPE_EDITORS:-$HOME/.cache/tailscope-editors}
[ -e "$place/installed" ] || { echo "There are no editors in $place: run tests/clients/setup.sh." >&2; exit 1; }
PATH=$PATH:/usr/sbin:/sbin exec unshare --mount -- sh -c '
  place=$1; folder=$2; shift 2
  for shared in /proc /dev /tmp; do mount --rbind "$shared" "$place$shared"; done
  exec chroot "$place" sh -c "cd \"\$1\"; shift; exec \"\$@\"" - "$folder" "$@"
' - "$place" "$PWD" "$@"
