"""What may be dropped on the boot partition: each file's name, its check, and where it goes."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from edge_app.errors import MienError, UsageError
from edge_app.mqtt.address import parse_address
from edge_app.settings import Settings, read_settings

from .ssh_keys import read_keys
from .wifi import read_wifi

_HOST = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Reader:
    """name: on the boot partition. place: below the root. read: text → what is written there."""

    name: str
    place: str
    mode: int
    read: Callable[[str], str]


def _settings(text: str) -> str:
    """As `mien run` will read them."""
    with tempfile.TemporaryDirectory(prefix="mien-") as name:
        file = Path(name, "mien.toml")
        file.write_text(text, encoding="utf-8")
        try:
            settings = read_settings(file, {})
        except UsageError as error:
            raise UsageError(str(error).replace(str(file), file.name)) from None
    if not settings.mqtt.broker:
        # The service has no standard output.
        raise UsageError("mien.toml: `broker` in [mqtt] is missing: events need somewhere to go")
    try:
        parse_address(settings.mqtt.broker)
        lacking = _lacking(settings)
    except MienError as error:
        raise UsageError(f"mien.toml: {error}") from None
    if lacking is not None:
        # Whoever reads this has the card in a computer, where no `mien setup` asks.
        reason = lacking.partition("; ")[0]
        raise UsageError(f"{reason}; read PRIVACY.md and write purpose in [privacy]")
    return text


def _lacking(settings: Settings) -> str | None:
    """The purpose, if that is missing: the service would end, and nobody would see why.

    Raises:
        MienError: this system cannot have such a source.
    """
    # They bring in OpenCV: time that a start without new settings keeps.
    from edge_app.frames.setting import choose_source  # noqa: PLC0415
    from edge_app.from_settings import camera_options  # noqa: PLC0415
    from edge_app.setup.purpose import missing_purpose  # noqa: PLC0415

    choose_source(settings.camera.source, options=camera_options(settings.camera))
    return missing_purpose(settings, Path("mien.toml"))


def _host_name(text: str) -> str:
    name = text.strip().lower()
    if not _HOST.fullmatch(name):
        raise UsageError("hostname: 1 to 63 letters, digits and `-`, none of these at either end")
    return f"{name}\n"


def _password(text: str) -> str:
    first = text.partition("\n")[0]
    if not first:
        raise UsageError("mqtt-password: its first line is empty")
    return f"{first}\n"


READERS = (
    Reader("hostname", "etc/hostname", 0o644, _host_name),
    Reader("wifi.toml", "etc/wpa_supplicant/mien.conf", 0o600, read_wifi),
    Reader("authorized_keys", "root/.ssh/authorized_keys", 0o600, read_keys),
    Reader("mqtt-password", "etc/credstore/mien.mqtt-password", 0o600, _password),
    Reader("mien.toml", "etc/mien/mien.toml", 0o644, _settings),
)
