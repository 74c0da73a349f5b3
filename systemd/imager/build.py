"""A device → files for Raspberry Pi Imager and for rpi-image-gen, in a folder."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from edge_app.errors import UsageError
from systemd.imager.cloud_init import network_config, user_data
from systemd.imager.device import PLACEHOLDER, Device, read_device
from systemd.imager.image_gen import PACKAGES, SETTINGS, config, layer

#: They hold passwords once somebody has written them.
_MODE = 0o600


def main(words: Sequence[str] | None = None) -> int:
    """Write them; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--from", dest="source", type=Path, metavar="FILE", help="TOML of a device")
    parser.add_argument("--output", type=Path, default=Path("build/imager"), metavar="FOLDER")
    asked = parser.parse_args(words)
    try:
        device = Device() if asked.source is None else read_device(asked.source)
        texts = files(device)
        for name, text in texts.items():
            _write(asked.output / name, text)
        (asked.output / PACKAGES).mkdir(exist_ok=True)
    except UsageError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"{error.filename}: {error.strerror}; name another folder\n")
        return 1
    for name, text in texts.items():
        left = sum(PLACEHOLDER in line for line in text.splitlines())
        note = f", {left} to be filled in ({PLACEHOLDER})" if left else ""
        sys.stdout.write(f"{asked.output / name}{note}\n")
    if not device.purpose:
        sys.stdout.write("No purpose is given: the camera stays closed until sudo mien setup.\n")
    return 0


def files(device: Device) -> dict[str, str]:
    """Their text, by name in the folder."""
    return {
        "user-data": user_data(device),
        "network-config": network_config(device),
        "layer/mien.yaml": layer(device),
        "config/mien.yaml": config(device),
        SETTINGS: device.settings,
    }


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=_MODE)
    path.chmod(_MODE)
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
