#!/usr/bin/env bash
# Installs Emacs with dape, Helix and Neovim of Debian's testing release beside the system, into
# $TAILSCOPE_EDITORS (~/.cache/tailscope-editors): 830 MB. The system itself gets debootstrap at most.
# Needs root and apt; the mirror is the one of this machine. Does nothing when it has been done.
set -euo pipefail
place=${TAILSCOPE_EDITORS:-$HOME/.cache/tailscope-editors}
release=forky
export DEBIAN_FRONTEND=noninteractive
[ ! -e "$place/installed" ] || exit 0

mirror=$(
  { sed -n 's/^URIs:[[:space:]]*\([^[:space:]]*\).*/\1/p' /etc/apt/sources.list.d/*.sources 2>/dev/null || true
    sed -n 's/^deb[[:space:]]\+\(\[[^]]*\][[:space:]]*\)\?\([^[:space:]]*\).*/\2/p' \
      /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null || true
  } | grep -E '/debian/?$' | head -1)
[ -n "$mirror" ] || { echo "There is no Debian mirror in /etc/apt: this needs a Debian." >&2; exit 1; }

command -v debootstrap >/dev/null || { apt-get update -qq && apt-get install -y -qq debootstrap; }
scripts=/usr/share/debootstrap/scripts
[ -e "$scripts/$release" ] || ln -s sid "$scripts/$release"
[ -x "$place/usr/bin/apt-get" ] || debootstrap --variant=minbase "$release" "$place" "$mirror"
chroot "$place" apt-get install -y --no-install-recommends emacs-nox elpa-dape hx neovim
touch "$place/installed"
