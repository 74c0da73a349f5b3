"""A device → a layer of rpi-image-gen, which puts Mien into an image, and a configuration for it.

The form is of docs/layer in raspberrypi/rpi-image-gen: metadata in comments, as in Debian's control
files, then what mmdebstrap does. Hooks run in the folder that is given as the source directory.
"""

from __future__ import annotations

import textwrap
from pathlib import PurePosixPath

import yaml

from edge_app.installation.service import SERVICE_SETTINGS
from systemd.imager.cloud_init import newest
from systemd.imager.device import Device

LAYER = "mien"
#: In the source directory.
PACKAGES, SETTINGS = "packages", "mien.toml"

_HOOK = f"""\
set -eu
install -D -m 644 "$IGconf_mien_settings" "$1{SERVICE_SETTINGS}"
package=$IGconf_mien_package
if [ -d "$package" ]; then package={newest('"$package"')}; fi
cp "$package" "$1/tmp/mien.deb"
chroot "$1" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \\
  -o Dpkg::Options::=--force-confold /tmp/mien.deb
"""


def layer(device: Device) -> str:
    """The file `layer/mien.yaml`."""
    variables = [
        (
            "package",
            package_file(device),
            "The Debian package for trixie, arm64, or a folder with it; in the source directory.",
        ),
        ("settings", SETTINGS, "The settings that the service reads; likewise."),
    ]
    metadata = [
        f"X-Env-Layer-Name: {LAYER}",
        "X-Env-Layer-Category: app",
        "X-Env-Layer-Desc: Mien, facial expressions as MQTT events, as a service.",
        "X-Env-Layer-Version: 1.0.0",
        "X-Env-Layer-Requires: trixie-minbase",
        "",
        f"X-Env-VarPrefix: {LAYER}",
    ]
    for name, default, text in variables:
        field = f"X-Env-Var-{name}"
        metadata += [
            "",
            f"{field}: {default}",
            f"{field}-Desc: {text}",
            f"{field}-Required: n",
            f"{field}-Valid: string",
            f"{field}-Set: y",
        ]
    lines = ["# METABEGIN", *(f"# {line}".rstrip() for line in metadata), "# METAEND", "---"]
    lines.append("mmdebstrap:")
    if device.debian_packages:
        lines += ["  packages:", *(f"    - {name}" for name in device.debian_packages)]
    lines += ["  customize-hooks:", "    - |"]
    hook = textwrap.indent(_HOOK, " " * 6)
    return "\n".join(lines) + f'\n{hook}  cleanup-hooks:\n    - rm -f "$1/tmp/mien.deb"\n'


def config(device: Device) -> str:
    """The file `config/mien.yaml`: a Zero 2 W, unless another device layer is written there."""
    document = {
        "device": {"layer": "rpizero2w", "hostname": device.name, "user1": device.user},
        "image": {"layer": "image-rpios", "name": f"mien-{device.name}"},
        "ssh": {"pubkey_user1": device.ssh_key, "pubkey_only": "y"},
        "layer": {"base": "trixie-minbase", "app": LAYER},
        "mien": {"package": package_file(device), "settings": SETTINGS},
    }
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    return text


def package_file(device: Device) -> str:
    """Where the package lies in the source directory; a folder: the newest one there is meant."""
    return str(PurePosixPath(PACKAGES, PurePosixPath(device.package).name))
