"""A device → cloud-init's user-data and network-config, for Raspberry Pi OS trixie."""

from __future__ import annotations

import json
import shlex
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from edge_app.installation.service import SERVICE_BROKER_PASSWORD, SERVICE_SETTINGS
from systemd.imager.device import BOOT_PARTITION, PACKAGE_GLOB, Device

#: Installs the package; whoever had no network at the first start may call it again.
INSTALLER = "/usr/local/sbin/install-mien"
_DOWNLOADED = "/var/cache/mien.deb"


def newest(folder: str) -> str:
    """A shell's word for the newest package in `folder`, itself a shell's word."""
    return f"\"$(printf '%s\\n' {folder}/{PACKAGE_GLOB} | sort -V | tail -n 1)\""


def user_data(device: Device) -> str:
    """The file `user-data`: account, SSH, settings, and how the package is installed."""
    files = [
        (str(SERVICE_SETTINGS), "0644", device.settings),
        (INSTALLER, "0755", installer(device)),
    ]
    if device.mqtt_password:
        files.append((str(SERVICE_BROKER_PASSWORD), "0600", f"{device.mqtt_password}\n"))
    account = {
        "name": device.user,
        "groups": ["users", "adm", "sudo", "video", "netdev"],
        "shell": "/bin/bash",
        "lock_passwd": True,
        "sudo": "ALL=(ALL) NOPASSWD:ALL",
        "ssh_authorized_keys": [device.ssh_key],
    }
    head = _yaml(
        {
            "hostname": device.name,
            "manage_etc_hosts": True,
            "ssh_pwauth": False,
            "users": [account],
        }
    )
    tail = _yaml({"runcmd": [["systemctl", "enable", "--now", "ssh"], [INSTALLER]]})
    return "".join(("#cloud-config\n", head, "write_files:\n", *_files(files), tail))


def network_config(device: Device) -> str:
    """The file `network-config`: a cable if there is one, and Wi-Fi if it was asked for."""
    network = {
        "version": 2,
        "renderer": "NetworkManager",
        "ethernets": {"eth0": {"dhcp4": True, "optional": True}},
    }
    if device.wifi_name:
        access = {"password": device.wifi_password} if device.wifi_password else {}
        network["wifis"] = {
            "wlan0": {
                "dhcp4": True,
                "optional": True,
                "regulatory-domain": device.wifi_country,
                "access-points": {device.wifi_name: access},
            }
        }
    return _yaml({"network": network})


def installer(device: Device) -> str:
    """A shell script."""
    is_remote = device.package.startswith("https://")
    file = shlex.quote(_DOWNLOADED if is_remote else device.package)
    lines = [
        "#!/bin/sh",
        "# Installs Mien. Right after a start, the clock or the network may not be there yet.",
        "set -eu",
        f"package={file if device.package else newest(BOOT_PARTITION)}",
    ]
    if is_remote:
        lines.append(
            "curl --fail --silent --show-error --location --retry 20 --retry-all-errors"
            f' --output "$package" {shlex.quote(device.package)}'
        )
    if device.sha256:
        lines.append(f'echo "{device.sha256}  $package" | sha256sum --check --quiet')
    packages = "".join(f"{name} " for name in device.debian_packages)
    lines += [
        # Raspberry Pi OS may look for updates at the same time.
        'apt="-o DPkg::Lock::Timeout=300"',
        "for attempt in 1 2 3 4 5 6 7 8 9 10; do",
        "  if apt-get $apt -o APT::Update::Error-Mode=any update; then break; fi",
        '  echo "install-mien: attempt $attempt failed" >&2',
        "  sleep 15",
        "done",
        "# Nobody is there to be asked about a changed file in /etc: it stays as it is.",
        "export DEBIAN_FRONTEND=noninteractive",
        'apt="$apt -o Dpkg::Options::=--force-confold"',
        f'apt-get $apt install -y --no-install-recommends {packages}"$package"',
    ]
    return "".join(f"{line}\n" for line in lines)


def _yaml(document: Mapping[str, Any]) -> str:
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    return text


def _files(files: list[tuple[str, str, str]]) -> Iterator[str]:
    """Their text stands as it is, in literal blocks, for people to change."""
    for path, mode, text in files:
        # Another end would need more than a plain `|`, and an empty first line, too.
        if text.startswith("\n") or not text.endswith("\n") or text.endswith("\n\n"):
            raise ValueError(f"{path}: no text for a literal block")
        # How far it is indented stands there where its own first line may begin with a blank.
        yield f"  - path: {path}\n    permissions: {json.dumps(mode)}\n    content: |2\n"
        yield textwrap.indent(text, " " * 6, lambda line: line != "\n")
