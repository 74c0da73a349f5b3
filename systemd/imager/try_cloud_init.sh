#!/bin/sh
# Let cloud-init itself judge the files, and do what they say, in a throw-away Debian trixie root.
# Needs root, mmdebstrap (Debian package) and the internet. A root that is there already is kept.
set -eu
cd "$(dirname "$0")/../.."
python=${PYTHON:-.venv-dev/bin/python}
home=${1:-build/imager-trial}
mirror=${DEBIAN_MIRROR:-$(apt-get indextargets --no-release-info --format '$(REPO_URI)' 'Created-By: Packages' |
  sed -n '/\/debian\/*$/{p;q}')}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
command -v mmdebstrap >/dev/null || { echo "mmdebstrap is missing: apt-get install mmdebstrap" >&2; exit 1; }

mkdir -p "$home"
[ -e "$home/complete" ] || {
  rm -rf "${home:?}/trixie"
  mmdebstrap --quiet --variant=minbase --include=cloud-init,netplan.io,sudo,openssh-server \
    --keyring="$keyring" trixie "$home/trixie" "deb [signed-by=$keyring] $mirror trixie main"
  touch "$home/complete"
}
"$python" -m systemd.imager.build --output "$home/files"

over=$(mktemp -d)
trap 'umount -R "$over"; rmdir "$over"' EXIT
mount -t tmpfs tmpfs "$over"
mkdir "$over/files" "$over/work" "$over/root"
mount -t overlay overlay "$over/root" \
  -o "lowerdir=$home/trixie,upperdir=$over/files,workdir=$over/work"
root=$over/root
seed=$root/var/lib/cloud/seed/nocloud
mkdir -p "$seed"
cp "$home/files/user-data" "$home/files/network-config" "$seed"
echo 'instance-id: trial' > "$seed/meta-data"
echo 'datasource_list: [ NoCloud ]' > "$root/etc/cloud/cloud.cfg.d/99-trial.cfg"

chroot "$root" cloud-init schema --config-file /var/lib/cloud/seed/nocloud/user-data
chroot "$root" cloud-init schema --schema-type network-config \
  --config-file /var/lib/cloud/seed/nocloud/network-config
# A word that is none has to be found, or the judge is asleep.
sed 's/permissions:/permission:/' "$seed/user-data" > "$root/tmp/wrong"
if chroot "$root" cloud-init schema --config-file /tmp/wrong >/dev/null 2>&1; then
  echo "cloud-init takes anything" >&2
  exit 1
fi

# Host name, network and processes are the trial's own; there is no systemd to start anything, and no
# package: the installer is replaced by one that says that it was called.
ln -sf true "$root/usr/bin/systemctl"
sed -i 's|^- - /usr/local/sbin/install-mien$|- [/bin/touch, /called]|' "$seed/user-data"
grep -q '/called' "$seed/user-data" || { echo "user-data calls no installer that is known here" >&2; exit 1; }
unshare --uts --net --pid --mount --fork --mount-proc="$root/proc" chroot "$root" sh -ec '
  cloud-init init --local
  cloud-init init
  cloud-init modules --mode config
  cloud-init modules --mode final
' > "$home/cloud-init.log" 2>&1 || { tail -n 20 "$home/cloud-init.log" >&2; exit 1; }
chroot "$root" stat --format '%a %U %n' /etc/mien/mien.toml /usr/local/sbin/install-mien \
  /etc/credstore/mien.mqtt-password /called
chroot "$root" sh -n /usr/local/sbin/install-mien
chroot "$root" id pi
chroot "$root" cat /home/pi/.ssh/authorized_keys
[ "$(stat --format '%a' "$root/etc/credstore/mien.mqtt-password")" = 600 ]
[ -e "$root/called" ]
echo "cloud-init takes the files and does what they say"
