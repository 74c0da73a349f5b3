#!/bin/sh
# Build this machine's packages and try each in a fresh Debian root: install, upgrade, remove, purge.
# Needs root, mmdebstrap (Debian package) and the internet. Roots that are there already are kept.
set -eu
cd "$(dirname "$0")/../.."
python=${PYTHON:-.venv-dev/bin/python}
home=build/deb
architecture=$(dpkg --print-architecture)
mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(LABEL)|$(REPO_URI)' 'Created-By: Packages' |
  sed -n 's/^Debian|//p' | head -n 1)}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
command -v mmdebstrap >/dev/null || { echo "mmdebstrap is missing: apt-get install mmdebstrap" >&2; exit 1; }

mkdir -p "$home"
for suite in bookworm trixie; do
  [ -e "$home/$suite.complete" ] || {
    rm -rf "${home:?}/$suite"
    mmdebstrap --quiet --variant=minbase --include=python3,systemd,systemd-sysv,ca-certificates \
      --keyring="$keyring" "$suite" "$home/$suite" "deb [signed-by=$keyring] $mirror $suite main"
    touch "$home/$suite.complete"
  }
  for version in 0.0.1 0.0.2; do
    "$python" -m systemd.packaging.build --suite "$suite" --architecture "$architecture" \
      --version "$version" --level 0 --output "$home/$suite-$version"
  done
  systemd/packaging/try_deb.sh "$home/$suite" "$home/$suite-0.0.1"/*.deb "$home/$suite-0.0.2"/*.deb
done
