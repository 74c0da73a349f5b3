"""All that is asked about one device: the only source of every file that is made here."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec

from edge_app.errors import UsageError
from edge_app.events.payloads import PrivacyMode
from edge_app.mistakes import WORDS, in_words
from edge_app.mqtt.address import BrokerAddress, parse_broker
from edge_app.setup import checks
from edge_app.setup.toml_text import Changes, changed
from systemd.image.first_boot.ssh_keys import key_mistake
from systemd.image.first_boot.wifi import name_mistake, passphrase_mistake

_ROOT = Path(__file__).parents[2]
#: Where Raspberry Pi OS shows the card's FAT partition.
BOOT_PARTITION = "/boot/firmware"
#: What `make deb` makes for Raspberry Pi OS trixie; each commit's has another name.
PACKAGE_GLOB = "mien_*+deb13_arm64.deb"
#: What has to be replaced by hand: secrets do not belong into a repository or a build folder.
PLACEHOLDER = "CHANGE-ME"

#: Without what YAML takes for the end of a line, too.
Line = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[^\x00-\x1f\x7f\x85\u2028\u2029]*$(?!\n)",
        max_length=1000,
        extra={WORDS: "one line of text"},
    ),
]
_PI_CAMERA = re.compile(r"picamera2:[0-9]*")


class Device(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One device. wifi_name: empty for a cable; wifi_password: empty for an open network.

    mqtt_password: empty for none.

    package: the .deb, a path on the device or an https:// address; empty: the newest one on the
    boot partition. sha256: of it, or empty.
    """

    name: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$(?!\n)")] = (
        "mien"
    )
    #: The account `mien` is the service's own.
    user: Annotated[str, msgspec.Meta(pattern=r"^(?!mien$)[a-z][a-z0-9-]{0,30}$(?!\n)")] = "pi"
    ssh_key: Line = f"ssh-ed25519 {PLACEHOLDER}"
    wifi_name: Line = PLACEHOLDER
    wifi_password: Line = PLACEHOLDER
    wifi_country: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{2}$(?!\n)")] = "GB"
    purpose: Line = ""
    camera: Line = "picamera2:"
    broker: Line = f"mqtt://mien@{PLACEHOLDER}"
    mqtt_password: Line = PLACEHOLDER
    privacy: PrivacyMode = "full"
    package: Annotated[
        str, msgspec.Meta(pattern=r"^((/|https://)[A-Za-z0-9._~%:/+@-]+\.deb)?$(?!\n)")
    ] = ""
    sha256: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{64})?$(?!\n)")] = ""

    @property
    def settings(self) -> str:
        """The text of its /etc/mien/mien.toml: the package's own, with what was asked."""
        shipped = (_ROOT / "systemd/mien.toml").read_text(encoding="utf-8")
        changes: Changes = {
            ("device", "name"): self.name,
            ("camera", "source"): self.camera,
            ("mqtt", "broker"): self.broker,
            ("privacy", "mode"): self.privacy,
        }
        if self.purpose:
            changes = {**changes, ("privacy", "purpose"): self.purpose}
        return changed(shipped, changes)

    @property
    def debian_packages(self) -> list[str]:
        """What Mien does not bring along and this device needs."""
        return ["python3-picamera2"] if self.camera.startswith("picamera2:") else []


def read_device(path: Path) -> Device:
    """Read a TOML file of the fields; what is missing is a default or a placeholder.

    Raises:
        UsageError: it cannot be read, is no TOML, or says what cannot be.
    """
    try:
        device = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8-sig")), Device)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; name another file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not TOML: {error}") from error
    except msgspec.ValidationError as error:
        raise UsageError(f"{path}: {in_words(error, Device)}") from error
    for field, what in _mistakes(device):
        if what is not None:
            raise UsageError(f"{path}: {field}: {what}")
    return device


def _mistakes(device: Device) -> Iterator[tuple[str, str | None]]:
    """What keeps the device or its service from starting, by field; nothing secret is repeated."""
    # What is to be written by hand is nobody's mistake yet.
    if PLACEHOLDER not in device.ssh_key:
        yield "ssh_key", key_mistake(device.ssh_key)
    yield "wifi_name", name_mistake(device.wifi_name)
    if device.wifi_name:
        yield "wifi_password", passphrase_mistake(device.wifi_password)
    if device.purpose:
        yield "purpose", checks.purpose(device.purpose)
    yield "camera", _camera_mistake(device.camera)
    yield "broker", checks.broker(device.broker, advice="give it as mqtt_password")
    address = parse_broker(device.broker)
    if not isinstance(address, BrokerAddress):
        # The service has no standard output, and its package no broker.
        yield "broker", "the service needs the address of one; write mqtt://USER@HOST, or HOST"
    elif device.mqtt_password:
        yield "mqtt_password", checks.password(device.mqtt_password)
        if address.username is None:
            yield (
                "mqtt_password",
                'broker names no user for it, as in mqtt://USER@HOST; or write ""',
            )


def _camera_mistake(source: str) -> str | None:
    # Not whether its library is here: this is another machine.
    if _PI_CAMERA.fullmatch(source):
        return None
    return checks.camera(source, advice="give it to sudo mien setup on the device")
