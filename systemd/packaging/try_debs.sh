#!/bin/sh
# Build packages and try each in a fresh Debian root: install, upgrade, remove, purge.
# Usage: try_debs.sh [ARCHITECTURE]           (this machine's, if not given; root)
# Needs mmdebstrap (Debian package) and the internet; for arm64 on another machine qemu-user-static
# and binfmt-support, too. Roots that are there already are kept.
set -eu
cd "$(dirname "$0")/../.."
python=${PYTHON:-.venv-build/bin/python}
home=build/deb
architecture=${1:-$(dpkg --print-architecture)}
# QEMU's default core computes pointer authentication in software: ten times slower.
export QEMU_CPU=cortex-a72
mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --no-release-info --format '$(REPO_URI)' 'Created-By: Packages' |
  sed -n '/\/debian\/*$/{p;q}')}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
command -v mmdebstrap >/dev/null || { echo "mmdebstrap is missing: apt-get install mmdebstrap" >&2; exit 1; }

mkdir -p "$home"
for suite in bookworm trixie; do
  root=$home/$suite-$architecture
  [ -e "$root.complete" ] || {
    rm -rf "${root:?}"
    mmdebstrap --quiet --architectures="$architecture" --variant=minbase --keyring="$keyring" \
      --include=python3,systemd,systemd-sysv,ca-certificates --dpkgopt=force-unsafe-io \
      "$suite" "$root" "deb [signed-by=$keyring] $mirror $suite main"
    touch "$root.complete"
  }
  for version in 0.0.1 0.0.2; do
    "$python" -m systemd.packaging.build --suite "$suite" --architecture "$architecture" \
      --version "$version" --level 0 --output "$root-$version"
  done
  printf '\n==== %s %s\n' "$suite" "$architecture"
  rm -f "$root.tried"
  systemd/packaging/try_deb.sh "$root" "$root-0.0.1"/*.deb "$root-0.0.2"/*.deb
  touch "$root.tried"
done
