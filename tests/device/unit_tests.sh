#!/bin/sh
# The unit tests of edge_app in an emulated arm64 Debian, with the device's locked packages.
# Usage: unit_tests.sh [SUITE [WORDS FOR PYTEST…]]        (bookworm or trixie; root); `make test-arm`
# Needs mmdebstrap, qemu-user-static, binfmt-support (Debian packages) and the internet. The root is
# kept in build/arm64/tests-SUITE. The programs run in QEMU's user mode, on this machine's kernel.
#
# Left out: tests of killed sources (test_kills.py), whose seconds are those of a real processor; and
# what leaves itself out: other brokers than Mosquitto, what needs ../shared/data, kills_100.
set -eu
cd "$(dirname "$0")/../.."
suite=${1:-trixie}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- tests/edge_app
python=${PYTHON:-.venv-dev/bin/python}
root=build/arm64/tests-$suite
mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --no-release-info --format '$(REPO_URI)' 'Created-By: Packages' |
  sed -n '/\/debian\/*$/{p;q}')}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
# QEMU's default core computes pointer authentication in software: ten times slower.
export QEMU_CPU=cortex-a72
for program in mmdebstrap qemu-aarch64-static; do
  command -v "$program" >/dev/null || { echo "$program is missing: see the top of $0" >&2; exit 1; }
done

[ -e "$root/.complete" ] || {
  echo "making a root of Debian $suite for arm64" >&2
  rm -rf "$root"
  mkdir -p "${root%/*}"
  mmdebstrap --quiet --architectures=arm64 --variant=minbase --keyring="$keyring" \
    --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' \
    --include=python3,libstdc++6,zlib1g,mosquitto,libfaketime,openssl \
    "$suite" "$root" "deb [signed-by=$keyring] $mirror $suite main"
  "$python" -m tests.device.wheels "$suite" "$root/opt/mien"
  # Also for what the tests start as on a device, which is without PYTHONPATH.
  printf '/opt/mien\n/repository\n' > "$root/usr/lib/python3/dist-packages/mien.pth"
  mkdir -p "$root/repository"
  touch "$root/.complete"
}

over=$(mktemp -d)
trap 'umount -R "$root/repository" "$root/proc" "$root/sys" "$root/dev" "$root/tmp" "$over" \
  2>/dev/null || true; rmdir "$over"' EXIT
mount -t tmpfs tmpfs "$over"
mkdir "$over/files" "$over/work"
mount -t proc proc "$root/proc"
# LiteRT asks the kernel which core it has; the host's answer is none for an arm64 program. Without
# one it takes kernels that no device takes, which answer otherwise.
printf '%s\n' 'processor : 0' 'Features : fp asimd evtstrm crc32 cpuid' 'CPU implementer : 0x41' \
  'CPU architecture : 8' 'CPU variant : 0x0' 'CPU part : 0xd08' 'CPU revision : 3' > "$over/cpuinfo"
mount --bind "$over/cpuinfo" "$root/proc/cpuinfo"
mount -t tmpfs tmpfs "$root/sys"
mkdir -p "$root/sys/devices/system/cpu"
for list in possible present online; do echo 0 > "$root/sys/devices/system/cpu/$list"; done
mount --bind /dev "$root/dev"
mount --bind /dev/pts "$root/dev/pts"
mount -t tmpfs tmpfs "$root/tmp"
# The tests see a checkout that they may write to, as everywhere, and leave no trace in this one.
mount -t overlay overlay "$root/repository" \
  -o "lowerdir=$PWD,upperdir=$over/files,workdir=$over/work"
chroot "$root" env -i -C /repository PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/tmp \
  QEMU_CPU="$QEMU_CPU" PYTHONDONTWRITEBYTECODE=1 \
  python3 -m pytest -q -p no:cacheprovider -o timeout=900 \
  --ignore=tests/edge_app/frames/test_kills.py "$@"
