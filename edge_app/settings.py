"""A TOML file → checked settings. Described here once; docs/settings.md is made from it."""

from __future__ import annotations

import re
import socket
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from edge_app.errors import UsageError


class Device(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What this device is called."""

    name: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^[A-Za-z0-9_-]{0,64}$",
            description="Name in topics and events: letters, digits, `_` and `-`."
            " Empty: the host's name.",
        ),
    ] = ""


class Camera(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where frames come from."""

    source: Annotated[
        str,
        msgspec.Meta(
            min_length=1,
            description="A V4L2 camera (`/dev/video0`), a video file, a folder of pictures, or"
            " `sample:`, the clip that comes with Mien.",
        ),
    ] = "/dev/video0"
    width: Annotated[
        int, msgspec.Meta(ge=1, le=8192, description="Width asked of a camera, in pixels.")
    ] = 640
    height: Annotated[
        int, msgspec.Meta(ge=1, le=8192, description="Height asked of a camera, in pixels.")
    ] = 480
    frames_per_second: Annotated[
        float, msgspec.Meta(gt=0, le=240, description="Frame rate asked of a camera.")
    ] = 15.0
    pace: Annotated[
        Literal["own", "fast"],
        msgspec.Meta(
            description="A recording at its `own` pace, or as `fast` as it can be read,"
            " no frame left out."
        ),
    ] = "own"


class Perception(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How faces are read."""

    reaction: Annotated[
        Literal["quick", "normal", "calm"],
        msgspec.Meta(description="How soon a changed face changes its emotion."),
    ] = "normal"
    threads: Annotated[
        int, msgspec.Meta(ge=1, le=16, description="Processor threads for each model.")
    ] = 1


class Mqtt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where events go."""

    broker: Annotated[
        str,
        msgspec.Meta(
            description="`host`, `host:port`, `mqtt://user@host:port`, or `embedded`: a broker"
            " inside Mien, for trying things out. Empty: events are printed on standard output."
        ),
    ] = ""
    password_file: Annotated[
        str, msgspec.Meta(description="File whose first line is the password of the broker.")
    ] = ""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings; every one has a default."""

    device: Device = msgspec.field(default_factory=Device)
    camera: Camera = msgspec.field(default_factory=Camera)
    perception: Perception = msgspec.field(default_factory=Perception)
    mqtt: Mqtt = msgspec.field(default_factory=Mqtt)

    @property
    def device_name(self) -> str:
        """The device's name, or what the host is called, in the letters that a topic takes."""
        host = re.sub(r"[^A-Za-z0-9_-]", "-", socket.gethostname().partition(".")[0])[:64]
        return self.device.name or host or "mien"


def read_settings(path: Path | None, overrides: dict[str, dict[str, Any]]) -> Settings:
    """Read `path`, put what the command line said over it, and check the whole.

    overrides: by section and key; a value of None leaves the file's.

    Raises:
        UsageError: the file cannot be read, is no TOML, or holds an unknown key or a wrong value.
    """
    stored: dict[str, Any] = {}
    if path is not None:
        try:
            stored = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}; name another settings file") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{path}: not TOML: {error}") from error
    for section, values in overrides.items():
        said = {key: value for key, value in values.items() if value is not None}
        if said:
            table = stored.setdefault(section, {})
            if isinstance(table, dict):
                table.update(said)
    try:
        return msgspec.convert(stored, Settings)
    except msgspec.ValidationError as error:
        where = path if path is not None else "command line"
        reason = re.sub(r" - at `\$\.?([^`]*)`", r", in `\1`", str(error))
        raise UsageError(f"{where}: {reason}; docs/settings.md lists what there is") from error
