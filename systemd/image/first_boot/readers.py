"""What may be dropped on the boot partition: each file's name, its check, and where it goes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge_app.errors import UsageError
from edge_app.settings import Settings
from edge_app.settings_file import parse_settings

from .ssh_keys import read_keys
from .wifi import read_wifi

_HOST = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Reader:
    """name: on the boot partition. place: below the root. read: text → what is written there.

    named_in: section and key of the settings that have to name it; None: it is found without.
    is_accounts: the service itself reads it, and nobody else but its account.
    """

    name: str
    place: str
    mode: int
    read: Callable[[str], str]
    named_in: tuple[str, str] | None = None
    is_accounts: bool = False


def _settings(text: str) -> str:
    """As `mien run` will read them; whether it could start with them is asked in `service.py`."""
    read_dropped(text)
    return text


def read_dropped(text: str) -> Settings:
    """The settings that stand on the boot partition, with the paths that they have in their place.

    Raises:
        UsageError: they are wrong; it names the file as it was dropped.
    """
    return parse_settings(text, Path("mien.toml"), {}, folder=Path("/etc/mien"))


def _host_name(text: str) -> str:
    name = text.strip().lower()
    if not _HOST.fullmatch(name):
        raise UsageError("hostname: 1 to 63 letters, digits and `-`, none of these at either end")
    return f"{name}\n"


def _password(name: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        first = text.partition("\n")[0]
        if not first:
            raise UsageError(f"{name}: its first line is empty")
        if _CONTROL.search(first):
            raise UsageError(f"{name}: a control character is in its first line: write it anew")
        return f"{first}\n"

    return read


def _certificate(name: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if "-----BEGIN CERTIFICATE-----" not in text:
            raise UsageError(f"{name}: no certificate in PEM, -----BEGIN CERTIFICATE-----")
        return text

    return read


def _authority(text: str) -> str:
    if "PRIVATE KEY-----" in text:
        # Every user of the device may read this one.
        raise UsageError("mqtt-ca.pem: there is a private key in it: drop the certificate alone")
    return _certificate("mqtt-ca.pem")(text)


def _key(text: str) -> str:
    if "PRIVATE KEY-----" not in text:
        raise UsageError("mqtt-key.pem: no private key in PEM")
    return text


#: Each is taken by itself.
SYSTEM = (
    Reader("hostname", "etc/hostname", 0o644, _host_name),
    Reader("wifi.toml", "etc/wpa_supplicant/mien.conf", 0o600, read_wifi),
    Reader("authorized_keys", "root/.ssh/authorized_keys", 0o600, read_keys),
)
#: systemd hands it to the service.
MQTT_PASSWORD = Reader(
    "mqtt-password", "etc/credstore/mien.mqtt-password", 0o600, _password("mqtt-password")
)
SETTINGS = Reader("mien.toml", "etc/mien/mien.toml", 0o644, _settings)
#: These are taken together, in this order: what the settings name is there before they are.
SERVICE = (
    MQTT_PASSWORD,
    Reader("mqtt-ca.pem", "etc/mien/mqtt-ca.pem", 0o644, _authority, ("mqtt", "ca_file")),
    Reader(
        "mqtt-certificate.pem",
        "etc/mien/mqtt-certificate.pem",
        # Its key may stand in it.
        0o600,
        _certificate("mqtt-certificate.pem"),
        ("mqtt", "certificate_file"),
        is_accounts=True,
    ),
    Reader(
        "mqtt-key.pem",
        "etc/mien/mqtt-key.pem",
        0o600,
        _key,
        ("mqtt", "key_file"),
        is_accounts=True,
    ),
    Reader(
        "camera-password",
        "etc/mien/camera-password",
        0o600,
        _password("camera-password"),
        ("camera", "password_file"),
        is_accounts=True,
    ),
    SETTINGS,
)
READERS = (*SYSTEM, *SERVICE)
