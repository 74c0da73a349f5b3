#!/bin/sh
# Install one Debian package where we may, without its chatter; otherwise say what to do.
# Usage: requirements/apt_install.sh PACKAGE WHAT_FOR
set -eu
package=$1
purpose=$2
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "$purpose needs the package $package; install it first: sudo apt install $package" >&2
  exit 1
fi
echo "installing $package" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
{ apt-get update -qq &&
  apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 "$package"; } \
  >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
