#!/bin/sh
# Unpack what an emulated Raspberry Pi needs into build/arm64/: QEMU, and roots of the two Debian
# releases that Raspberry Pi OS is made of, with the device's locked packages. Packages are unpacked
# and never installed, so this needs no privileges, no binfmt_misc and no emulation.
# Needs mmdebstrap (Debian package), the internet, and 1.5 GB of disk. What is there already is kept.
set -eu
cd "$(dirname "$0")/../.."
python=${PYTHON:-.venv-dev/bin/python}
home=build/arm64
mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --no-release-info --format '$(REPO_URI)' 'Created-By: Packages' |
  sed -n '/\/debian\/*$/{p;q}')}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
command -v mmdebstrap >/dev/null || { echo "mmdebstrap is missing: apt-get install mmdebstrap" >&2; exit 1; }

unpack() { # ARCHITECTURE SUITE PACKAGES FOLDER
  mmdebstrap --quiet --variant=extract --architectures="$1" --include="$3" --keyring="$keyring" \
    --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr --aptopt='Acquire::Retries "3"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    "$2" "$4" "deb [signed-by=$keyring] $mirror $2 main"
}

root() { # SUITE PYTHON
  [ -e "$home/$1/.complete" ] && return
  echo "unpacking Debian $1 for arm64" >&2
  rm -rf "${home:?}/$1"
  unpack arm64 "$1" python3,libstdc++6,zlib1g,libgcc-s1 "$home/$1"
  # Wheels for the emulated machine: pip only unpacks them, whatever machine it runs on.
  "$python" -m pip install --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
    --python-version "$2" --implementation cp --platform manylinux_2_17_aarch64 \
    --platform manylinux2014_aarch64 --platform manylinux_2_27_aarch64 \
    --platform manylinux_2_28_aarch64 --platform manylinux_2_34_aarch64 \
    --require-hashes --requirement requirements/device.txt --target "$home/$1/opt/mien"
  touch "$home/$1/.complete"
}

qemu() { # SUITE
  [ -e "$home/qemu-$1/.complete" ] && return
  echo "unpacking QEMU of Debian $1" >&2
  rm -rf "${home:?}/qemu-$1"
  unpack "$(dpkg --print-architecture)" "$1" qemu-user "$home/qemu-$1"
  touch "$home/qemu-$1/.complete"
}

mkdir -p "$home"
# Debian 13's QEMU shows programs an arm64 /proc/cpuinfo; Debian 12's takes plugins.
qemu trixie
qemu bookworm
root bookworm 3.11
root trixie 3.13
