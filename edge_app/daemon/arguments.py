"""The words of `mien run` → settings; `mien doctor` takes the same."""

from __future__ import annotations

import argparse
from pathlib import Path

from edge_app.errors import UsageError
from edge_app.mqtt.address import BrokerAddress, parse_broker
from edge_app.settings import Settings
from edge_app.settings_file import read_settings

#: What goes over the settings, by section and key.
_OPTIONS = {
    "device.name": "--device", "camera.source": "--source", "camera.pace": "--pace",
    "camera.rotate": "--rotate", "mqtt.broker": "--broker", "mqtt.password_file": "--password-file",
}  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes; docs/settings.md has the rest."""
    parser.add_argument("--settings", type=Path, metavar="FILE", help="TOML file of settings")
    parser.add_argument(
        "--source",
        help="camera, stream, video file, folder of frames, or sample: (the clip of Mien)",
    )
    parser.add_argument(
        "--pace",
        choices=("own", "fast"),
        help="play a recording at its own pace, or as fast as it can be read",
    )
    parser.add_argument(
        "--rotate",
        type=int,
        choices=(0, 90, 180, 270),
        help="degrees clockwise until people stand upright: 180 for a camera upside down",
    )
    parser.add_argument("--broker", help="host[:port], mqtt://user@host[:port], or embedded[:port]")
    parser.add_argument(
        "--password-file", metavar="FILE", help="file whose first line is the broker's password"
    )
    parser.add_argument("--device", help="name of this device in topics and events")


def settings_of(arguments: argparse.Namespace) -> Settings:
    """What file, defaults and the words of `add_arguments` say together.

    Raises:
        UsageError: the settings cannot be read, or hold a wrong value; or there is a password for
            a broker, and none that asks for it.
    """
    settings = read_settings(
        arguments.settings,
        {
            "device": {"name": arguments.device},
            "camera": {
                "source": arguments.source,
                "pace": arguments.pace,
                "rotate": arguments.rotate,
            },
            "mqtt": {"broker": arguments.broker, "password_file": arguments.password_file},
        },
        options=_OPTIONS,
    )
    if arguments.password_file is not None and _asks_no_password(settings.mqtt.broker):
        raise UsageError(
            "--password-file: it is for a broker that asks for one; name that with --broker, or the"
            " file for a stream's user as camera.password_file in the settings"
        )
    return settings


def _asks_no_password(broker: str) -> bool:
    """Whether there is no broker, or the embedded one; a wrong address is told elsewhere."""
    try:
        return not isinstance(parse_broker(broker), BrokerAddress)
    except UsageError:
        return False
