#!/bin/sh
# A Debian package of Mien → build/boot/disk.img, an ext4 disk with Debian 13 for arm64, systemd, the
# kernel, and the package installed; kernel and initrd lie beside it. It stands in for the SD card.
# Usage: disk.sh [DEB]            (without DEB, the package is built first)
# Needs root, mmdebstrap, qemu-user-static with binfmt-support, e2fsprogs (Debian packages) and the
# internet. The root without Mien is kept in build/boot/root; remove it to have it made again.
set -eu
cd "$(dirname "$0")/../../.."
python=${PYTHON:-.venv-dev/bin/python}
home=build/boot
deb=${1:-}
mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --no-release-info --format '$(REPO_URI)' 'Created-By: Packages' |
  sed -n '/\/debian\/*$/{p;q}')}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
# QEMU's default core computes pointer authentication in software: ten times slower.
export QEMU_CPU=cortex-a72
for program in mmdebstrap qemu-aarch64-static mke2fs; do
  command -v "$program" >/dev/null || { echo "$program is missing: see the top of $0" >&2; exit 1; }
done

mkdir -p "$home"
[ -e "$home/root.complete" ] || {
  echo "making the root of an arm64 Debian 13" >&2
  rm -rf "$home/root"
  mmdebstrap --quiet --architectures=arm64 --variant=minbase --keyring="$keyring" \
    --aptopt='Acquire::Retries "3"' --dpkgopt=force-unsafe-io \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --essential-hook='mkdir -p "$1/etc/initramfs-tools/conf.d"' \
    --essential-hook='printf "MODULES=list\nCOMPRESS=gzip\n" > "$1/etc/initramfs-tools/conf.d/small"' \
    --essential-hook='printf "virtio_pci\nvirtio_blk\next4\n" > "$1/etc/initramfs-tools/modules"' \
    --include=systemd-sysv,udev,dbus,kmod,initramfs-tools,linux-image-arm64,iproute2,e2fsprogs,procps \
    --include=python3,python3-numpy,libstdc++6,zlib1g \
    trixie "$home/root" "deb [signed-by=$keyring] $mirror trixie main"
  touch "$home/root.complete"
}
[ -n "$deb" ] || {
  "$python" -m systemd.packaging.build --suite trixie --architecture arm64 --level 0 --output "$home"
  deb=$(ls -t "$home"/mien_*_arm64.deb | head -n 1)
}

whole=$home/installed
rm -rf "$whole"
cp -a "$home/root" "$whole"
trap 'umount "$whole/proc" 2>/dev/null || true' EXIT
mount -t proc proc "$whole/proc"
cp "$deb" "$whole/root/mien.deb"
chroot "$whole" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin QEMU_CPU="$QEMU_CPU" LC_ALL=C.UTF-8 \
  DEBIAN_FRONTEND=noninteractive dpkg -i /root/mien.deb >&2
rm "$whole/root/mien.deb"
umount "$whole/proc"
echo mien-boot > "$whole/etc/hostname"
echo 'LABEL=mien-root / ext4 noatime,errors=remount-ro 0 1' > "$whole/etc/fstab"
printf '[Match]\nName=e*\n[Network]\nDHCP=yes\n' > "$whole/etc/systemd/network/20-wired.network"
systemctl --root="$whole" enable systemd-networkd.service >&2
# As after a first boot, which does more than others.
echo 6d69656e2d626f6f742d746573742d31 > "$whole/etc/machine-id"
touch "$whole/etc/.updated" "$whole/var/.updated"
for timer in apt-daily apt-daily-upgrade dpkg-db-backup e2scrub_all; do
  systemctl --root="$whole" disable "$timer.timer" >&2
done

cp "$(ls "$whole"/boot/vmlinuz-* | tail -n 1)" "$home/vmlinuz"
cp "$(ls "$whole"/boot/initrd.img-* | tail -n 1)" "$home/initrd"
# What was counted on another disk says nothing of this one.
rm -f "$home/disk.img" "$home/results.json"
truncate -s 2G "$home/disk.img"
mke2fs -q -t ext4 -L mien-root -m 1 -d "$whole" "$home/disk.img"
e2fsck -fn "$home/disk.img" >/dev/null
rm -rf "$whole"
echo "$home/disk.img: $(du -m "$home/disk.img" | cut -f 1) MB" >&2
