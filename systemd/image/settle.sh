#!/bin/sh
# The last hook of mmdebstrap: install Mien's package, say what starts, and remove whatever no two
# builds have in common. Usage: settle.sh ROOT; the package lies in ROOT/mien.deb.
set -eu
root=$1
inside() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
  DEBIAN_FRONTEND=noninteractive QEMU_CPU="${QEMU_CPU:-cortex-a72}" \
  SOURCE_DATE_EPOCH="$SOURCE_DATE_EPOCH" "$@"; }

inside dpkg --install /mien.deb
rm "$root/mien.deb"
# Once, now that all that goes into it is there; boot files follow by raspi-firmware's hook.
inside update-initramfs -c -k all
# mmdebstrap leaves its options to the device, where an update has to reach the card before a power cut.
sed -i '/^force-unsafe-io$/d' "$root/etc/dpkg/dpkg.cfg.d/99mmdebstrap"

option() { install -D -m 644 "$root/usr/share/mien/optional/$1" "$root/etc/systemd/$2.conf.d/$1"; }
option journal-limits.conf journald
option hardware-watchdog.conf system

units() { systemctl --quiet --root="$root" "$@"; }
units enable mien-first-boot.service mien-grow-root.service mien.service ssh.service \
  systemd-networkd.service systemd-resolved.service systemd-timesyncd.service
# No account has a password, so nobody can log in at a console; sockets for sshd are a second way in;
# updates are for whoever keeps the device: they write more than Mien does.
units mask getty.target ssh.socket wpa_supplicant.service apt-daily.timer apt-daily-upgrade.timer
mkdir -p "$root/etc/systemd/system-generators"
ln -s /dev/null "$root/etc/systemd/system-generators/systemd-ssh-generator"
sed -i 's/^root:[^:]*:/root:*:/' "$root/etc/shadow"

# Each device makes these for itself.
: > "$root/etc/machine-id"
rm -f "$root"/etc/ssh/ssh_host_* "$root/var/lib/dbus/machine-id" "$root/var/lib/systemd/random-seed"
rm -rf "$root"/var/lib/mien/* "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* \
  "$root"/var/cache/ldconfig/* "$root"/var/cache/debconf/*-old "$root"/var/lib/dpkg/*-old "$root"/tmp/* \
  "$root"/etc/*- "$root"/root/.cache
# The journal's folder stays: without it nothing is kept over a restart.
find "$root/var/log" -type f -delete
# Everything is up to date: otherwise the first start builds databases again, for minutes.
touch --date="@$SOURCE_DATE_EPOCH" "$root/etc/.updated" "$root/var/.updated"
