#!/bin/sh
# Install, upgrade, remove and purge a package in a throw-away Debian root; tell what is left.
# dpkg has nobody to ask: where it would ask, the trial ends.
# Usage: try_deb.sh ROOT DEB [NEWER_DEB]      (root; ROOT is a folder of mmdebstrap's, and is kept)
# A ROOT for arm64 on another machine runs in QEMU's user mode (qemu-user-static, binfmt-support).
set -eu
root=$1 deb=$2 newer=${3:-}
architecture=$(chroot "$root" dpkg --print-architecture)
over=$(mktemp -d)
trap 'umount -R "$over/root" 2>/dev/null; rm -rf "$over"' EXIT
mkdir "$over/upper" "$over/work" "$over/root"
mount -t tmpfs tmpfs "$over/upper" -o size=3g
mkdir "$over/upper/files" "$over/upper/work"
mount -t overlay overlay "$over/root" \
  -o "lowerdir=$root,upperdir=$over/upper/files,workdir=$over/upper/work"
trap 'umount -R "$over/root"; umount "$over/upper"; rm -rf "$over"' EXIT
mount -t proc proc "$over/root/proc"
mount --bind /dev "$over/root/dev"
if [ "$architecture" = arm64 ] && [ "$(uname -m)" != aarch64 ]; then
  # LiteRT asks the kernel which core it has; the host's answer is none for an arm64 program.
  printf '%s\n' 'processor : 0' 'Features : fp asimd evtstrm crc32 cpuid' 'CPU implementer : 0x41' \
    'CPU architecture : 8' 'CPU variant : 0x0' 'CPU part : 0xd08' 'CPU revision : 3' > "$over/cpuinfo"
  mount --bind "$over/cpuinfo" "$over/root/proc/cpuinfo"
fi
cp -L /etc/resolv.conf "$over/root/etc/resolv.conf"
inside() { chroot "$over/root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C QEMU_CPU=cortex-a72 "$@"; }
say() { printf '\n== %s\n' "$*"; }
install_deb() { cp "$1" "$over/root/tmp/mien.deb"; inside dpkg -i /tmp/mien.deb </dev/null; }
repack() { # FOLDER NAME: what stands in the folder → a package; prints its file
  dpkg-deb --root-owner-group -Znone --build "$1" "$over/upper/$2.deb" >/dev/null
  rm -r "$1"
  echo "$over/upper/$2.deb"
}
as_it_was() { # DEB → the same with the settings as a configuration file, as packages once had them
  dpkg-deb -R "$1" "$over/upper/old"
  mkdir -p "$over/upper/old/etc/mien"
  mv "$over/upper/old/usr/share/mien/mien.toml" "$over/upper/old/etc/mien/mien.toml"
  sed -i '\|usr/share/mien/mien.toml|d' "$over/upper/old/DEBIAN/md5sums"
  sed -i 's/^Version: /&0.0.0~was/' "$over/upper/old/DEBIAN/control"
  echo /etc/mien/mien.toml > "$over/upper/old/DEBIAN/conffiles"
  repack "$over/upper/old" old
}
with_other_defaults() { # DEB → the same with other default settings
  dpkg-deb -R "$1" "$over/upper/new"
  echo '# another default' >> "$over/upper/new/usr/share/mien/mien.toml"
  sed -i '\|usr/share/mien/mien.toml|d' "$over/upper/new/DEBIAN/md5sums"
  repack "$over/upper/new" new
}

inside apt-get update -qq
# What the package depends on stays when it goes; it is here before anything is compared.
inside apt-get install -y -qq --no-install-recommends python3-numpy libstdc++6 zlib1g >/dev/null
# So is the folder of all services' secrets, which is nobody's to remove.
inside install -d -m 700 /etc/credstore
list() { # everything but the logs, dpkg's own books and the account, which stays
  inside find / -xdev \( -path /proc -o -path /dev -o -path /tmp -o -path /var/log -o -path /var/cache \
    -o -path /var/lib/dpkg -o -path /var/lib/apt \) -prune -o -print | sort
}
list > "$over/before"

say install
cp "$deb" "$over/root/tmp/mien.deb"
inside dpkg -i /tmp/mien.deb || inside apt-get install -y -qq --no-install-recommends -f
inside dpkg --verify mien
inside test -e /etc/systemd/system/multi-user.target.wants/mien.service && echo "service enabled"
inside id mien
version=$(inside dpkg-query -W -f '${Version}' mien)
[ "$(inside mien --version | tee /dev/stderr)" = "mien ${version%+deb*}" ]
inside dpkg-query -W -f '${Installed-Size} KiB installed\n' mien
say "mien doctor, as the account mien, which the installation runs where systemd does"
inside runuser -u mien -- env HOME=/nonexistent STATE_DIRECTORY=/var/lib/mien \
  mien doctor --settings /etc/mien/mien.toml > "$over/doctor" || [ $? -eq 1 ]
tail -n 1 "$over/doctor"
say "the sample clip, as the account mien"
inside runuser -u mien -- env HOME=/tmp STATE_DIRECTORY=/tmp/state mien run --source sample: --pace fast | cut -c 1-100
inside rm -rf /tmp/state

if [ -n "$newer" ]; then
  say "upgrade, with changed settings and an event that waits"
  echo '# mine' >> "$over/root/etc/mien/mien.toml"
  inside runuser -u mien -- sh -c 'echo waits > /var/lib/mien/outbox-x.sqlite'
  install_deb "$(with_other_defaults "$newer")"
  inside mien --version
  [ "$(inside tail -n 1 /etc/mien/mien.toml)" = '# mine' ]
  inside cat /var/lib/mien/outbox-x.sqlite
  inside dpkg -P mien

  say "upgrade from a package whose settings were a configuration file"
  install_deb "$(as_it_was "$deb")"
  echo '# mine' >> "$over/root/etc/mien/mien.toml"
  install_deb "$(with_other_defaults "$newer")"
  [ "$(inside tail -n 1 /etc/mien/mien.toml)" = '# mine' ]
fi

say "remove keeps settings and state"
inside dpkg -r mien
inside ls /etc/mien/mien.toml /var/lib/mien
inside test ! -e /usr/lib/mien || { echo "LEFT: "; inside find /usr/lib/mien; }
say "install again, then purge, with secrets and a state that is a partition of its own"
inside dpkg -i /tmp/mien.deb </dev/null >/dev/null
echo secret | tee "$over/root/etc/credstore/mien.mqtt-password" > "$over/root/etc/mien/camera-password"
mount -t tmpfs tmpfs "$over/root/var/lib/mien"
echo waits > "$over/root/var/lib/mien/outbox-x.sqlite"
inside dpkg -P mien
[ -z "$(ls -A "$over/root/var/lib/mien")" ]
umount "$over/root/var/lib/mien"
rmdir "$over/root/var/lib/mien"
list > "$over/after"
if diff "$over/before" "$over/after"; then echo "purge left nothing but the account"; else exit 1; fi
inside getent passwd mien
