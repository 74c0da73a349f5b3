"""Cameras are found by what the kernel says of each file, and by picamera2."""

from __future__ import annotations

import errno
import struct
import types
from pathlib import Path
from typing import Any

from edge_app.errors import UsageError
from edge_app.setup.cameras import FoundCamera, find_cameras

CAPTURE, METADATA, CODEC = 0x04200001, 0x04A00000, 0x04208000


def answer(driver: bytes, card: bytes, abilities: int) -> bytes:
    # The fifth is what all files of the device can do together.
    return struct.pack("=16s32s32sIII12x", driver, card, b"bus", 0x60C00, 0x84A00001, abilities)


KERNEL = {
    "video0": answer(b"uvcvideo", b"HD \x1bWebcam\0rest", CAPTURE),
    "video1": answer(b"uvcvideo", b"HD Webcam", METADATA),
    "video2": answer(b"unicam", b"unicam", CAPTURE),
    "video10": answer(b"bcm2835-codec", b"codec", CODEC),
    "video9": answer(b"em28xx", b"Grabber", CAPTURE),
    "video11": answer(b"cx231xx", b"Grabber", CAPTURE),
}


def query(path: Path) -> bytes:
    if path.name not in KERNEL:
        raise OSError(errno.EBUSY, "busy")
    return KERNEL[path.name]


def no_library() -> Any:
    raise UsageError("picamera2: cannot be imported")


def library(cameras: list[dict[str, Any]]) -> Any:
    return types.SimpleNamespace(
        Picamera2=types.SimpleNamespace(global_camera_info=lambda: cameras)
    )


def test_v4l2_cameras_that_give_pictures_are_found_in_order(tmp_path: Path) -> None:
    for name in (*KERNEL, "video3", "video-dec0", "null"):
        (tmp_path / name).touch()
    assert find_cameras(devices=tmp_path, query=query, load=no_library) == [
        # Its escape character would reach the terminal.
        FoundCamera(str(tmp_path / "video0"), "HD Webcam"),
        FoundCamera(str(tmp_path / "video9"), "Grabber"),
        FoundCamera(str(tmp_path / "video11"), "Grabber"),
    ]


def test_the_boards_own_cameras_come_first_without_usb_ones(tmp_path: Path) -> None:
    (tmp_path / "video0").touch()
    # Sorted as picamera2 sorts them; Num counts in the order in which libcamera found them.
    cameras = [
        {"Model": "imx708", "Num": 2, "Id": "/base/soc/i2c0mux/i2c@1/imx708@1a"},
        {"Model": "ov5647", "Num": 1, "Id": "/base/soc/i2c0mux/i2c@0/ov5647@36"},
        {"Model": "HD Webcam", "Num": 0, "Id": "/base/scb/pcie@7d500000/usb@0,0-1.1:1.0"},
    ]
    found = find_cameras(devices=tmp_path, query=query, load=lambda: library(cameras))
    assert found == [
        FoundCamera("picamera2:", "imx708"),
        FoundCamera("picamera2:1", "ov5647"),
        FoundCamera(str(tmp_path / "video0"), "HD Webcam"),
    ]


def test_a_library_in_trouble_has_no_cameras(tmp_path: Path) -> None:
    def broken() -> Any:
        raise RuntimeError("libcamera")

    assert find_cameras(devices=tmp_path, load=broken) == []


def test_a_file_that_is_no_device_is_no_camera(tmp_path: Path) -> None:
    (tmp_path / "video0").touch()
    assert find_cameras(devices=tmp_path, load=no_library) == []
