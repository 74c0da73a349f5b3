"""This machine → the cameras that it has, as settings name them."""

from __future__ import annotations

import fcntl
import os
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge_app.errors import MienError
from edge_app.frames.pi_camera import load_library

#: `VIDIOC_QUERYCAP` and its answer: driver, card, bus, version, and what the device and this one
#: of its files can do (linux/videodev2.h).
_QUERY = 0x80685600
_ANSWER = struct.Struct("=16s32s32sIII12x")
_CAPTURE = 0x1
#: Parts of the Raspberry Pi's own camera and codecs: picamera2 puts pictures together from them.
_PARTS = ("unicam", "rp1-cfe", "pispbe", "bcm2835", "rpi-hevc")


@dataclass(frozen=True, slots=True)
class FoundCamera:
    """setting: for `camera.source`. text: what it calls itself."""

    setting: str
    text: str


def find_cameras(
    *,
    devices: Path = Path("/dev"),
    query: Callable[[Path], bytes] | None = None,
    load: Callable[[], Any] = load_library,
) -> list[FoundCamera]:
    """The Raspberry Pi's own cameras, then those that V4L2 has; none is opened for pictures."""
    found = _pi_cameras(load)
    paths = [path for path in devices.glob("video*") if re.fullmatch(r"video\d+", path.name)]
    for path in sorted(paths, key=lambda path: int(path.name.removeprefix("video"))):
        try:
            driver, card, _, _, _, abilities = _ANSWER.unpack((query or _query)(path))
        except OSError:
            # No camera, or not for this user.
            continue
        if abilities & _CAPTURE and not _text(driver).startswith(_PARTS):
            found.append(FoundCamera(str(path), _text(card)))
    return found


def _pi_cameras(load: Callable[[], Any]) -> list[FoundCamera]:
    try:
        cameras = load().Picamera2.global_camera_info()
    # libcamera's troubles come as anything; here they mean that there is no such camera.
    except (MienError, RuntimeError, OSError, AttributeError, ValueError, IndexError):
        return []
    # libcamera knows USB cameras, too; V4L2 opens those with less work. picamera2 opens by the
    # place in this list, which it has sorted; `Num` is the place in libcamera's own.
    return [
        FoundCamera(f"picamera2:{number or ''}", str(each.get("Model", "camera")))
        for number, each in enumerate(cameras)
        if "usb" not in str(each.get("Id", ""))
    ]


def _query(path: Path) -> bytes:
    answer = bytearray(_ANSWER.size)
    device = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        fcntl.ioctl(device, _QUERY, answer)
    finally:
        os.close(device)
    return bytes(answer)


def _text(name: bytes) -> str:
    text = name.partition(b"\0")[0].decode("utf-8", "replace")
    return "".join(letter for letter in text if letter.isprintable())
