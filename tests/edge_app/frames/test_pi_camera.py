from __future__ import annotations

import ast
import importlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge_app.errors import UsageError
from edge_app.frames.pi_camera import PiCameraSource
from edge_app.frames.source import Frame, SourceError
from tests.edge_app.frames import fake_picamera2, picamera2_signatures
from tests.edge_app.frames.fake_picamera2 import CompletedRequest, Picamera2


@pytest.fixture(autouse=True)
def cameras(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Picamera2]]:
    """Those that were opened."""
    opened: list[Picamera2] = []
    monkeypatch.setattr(Picamera2, "opened", opened)
    yield opened
    assert all(camera.released == camera.given for camera in opened), "a buffer is lost"


def open_camera(
    number: int = 0, timeout_s: float = 10.0, size: tuple[int, int] = (100, 60)
) -> PiCameraSource:
    return PiCameraSource(
        number, width=size[0], height=size[1], frames_per_second=15, timeout_s=timeout_s,
        library=fake_picamera2,
    )  # fmt: skip


def test_the_fake_has_the_real_package_s_signatures() -> None:
    record = json.loads(picamera2_signatures.RECORD.read_text())
    source = Path(fake_picamera2.__file__).read_text()
    wanted: dict[str, tuple[str, ...]] = {}
    for classes in picamera2_signatures.USED.values():
        wanted |= classes
    assert picamera2_signatures.signatures(source, wanted) == record["signatures"]
    assert set(record["signatures"]) == {
        f"{name}.{method}" for name, methods in wanted.items() for method in methods
    }
    assert record["exports"] == ["MappedArray", "Picamera2"]


def test_nothing_else_of_the_library_is_used() -> None:
    source = Path(importlib.import_module("edge_app.frames.pi_camera").__file__ or "").read_text()
    used = {
        node.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr in {"_camera", "_library"}
    }
    methods = {m for each in picamera2_signatures.USED.values() for ms in each.values() for m in ms}
    assert used <= methods | {"Picamera2", "MappedArray"}


def test_the_y_plane_is_the_frame(cameras: list[Picamera2]) -> None:
    with open_camera() as source:
        frames = [frame for _ in range(3) if (frame := source.read())]
        assert source.is_live
        assert source.name == "picamera2:0"
    for frame in frames:
        assert frame.image.shape == (60, 100)
        assert frame.image.flags.c_contiguous
        assert (frame.image == np.arange(100, dtype=np.uint8)).all()
    times = [frame.timestamp_ns for frame in frames]
    assert times == sorted(set(times))
    (camera,) = cameras
    assert camera.calls == ["start", "flush", "stop", "close"]
    assert camera.configuration["lores"] == {"size": (100, 60), "format": "YUV420"}
    assert camera.configuration["controls"] == {"FrameRate": 15}


@pytest.mark.parametrize(
    ("properties", "size", "raw"),
    [
        ({"PixelArraySize": (3280, 2464)}, (640, 480), {"size": (1640, 1232)}),
        ({"PixelArraySize": (4608, 2592)}, (640, 480), {"size": (2304, 1296)}),
        ({"PixelArraySize": (3280, 2464)}, (1640, 1232), {"size": (1640, 1232)}),
        ({"PixelArraySize": (3280, 2464)}, (1920, 1080), {"size": (3280, 2464)}),
        ({"PixelArraySize": (2592, 1944)}, (1280, 974), {"size": (2592, 1944)}),
        ({"PixelArraySize": (5592, 3710)}, (640, 480), {"size": (2796, 1854)}),
        ({"PixelArraySize": (1945, 1097)}, (1280, 720), {"size": (1944, 1096)}),
        ({}, (640, 480), {}),
    ],
)
def test_the_whole_sensor_is_read(
    monkeypatch: pytest.MonkeyPatch,
    cameras: list[Picamera2],
    properties: dict[str, tuple[int, int]],
    size: tuple[int, int],
    raw: dict[str, tuple[int, int]],
) -> None:
    """By the frame's size alone, picamera2 reads the middle 1280x960 pixels of Camera Module 2."""
    monkeypatch.setattr(Picamera2, "properties", properties)
    open_camera(size=size).close()
    assert cameras[0].configuration["raw"] == raw


@pytest.mark.parametrize(
    "planes",
    [
        np.zeros((90, 99), np.uint8),
        np.zeros((59, 164), np.uint8),
        np.zeros((0, 0), np.uint8),
        np.zeros((90, 164), np.uint16),
        np.zeros((90, 164, 2), np.uint8),
    ],
)
def test_a_frame_of_wrong_strides_is_left_out_and_counted(
    monkeypatch: pytest.MonkeyPatch, planes: np.ndarray
) -> None:
    class Wrong(CompletedRequest):
        made = 0

        def __init__(self, camera: Picamera2) -> None:
            super().__init__(camera)
            Wrong.made += 1
            if Wrong.made == 2:
                self.planes = planes

    monkeypatch.setattr(fake_picamera2, "CompletedRequest", Wrong)
    with open_camera() as source:
        assert source.read() is not None
        assert source.read() is not None
        assert source.frames_damaged == 1
        assert Wrong.made == 3


def test_a_camera_that_falls_silent_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Picamera2, "pictures", 0)
    with open_camera(timeout_s=0.0) as source, pytest.raises(SourceError, match="ribbon cable"):
        source.read()


def test_close_ends_a_read_that_waits(
    monkeypatch: pytest.MonkeyPatch, cameras: list[Picamera2]
) -> None:
    monkeypatch.setattr(Picamera2, "pictures", 0)
    source = open_camera(timeout_s=60)
    answers: list[Frame | None] = []
    reader = threading.Thread(target=lambda: answers.append(source.read()))
    reader.start()
    (camera,) = cameras
    while not camera.waiting:
        reader.join(0.01)
    assert camera.waiting[0].is_waited_for.wait(10)
    source.close()
    reader.join(10)
    assert answers == [None]
    assert camera.calls == ["start", "flush", "stop", "close"]
    source.close()
    assert source.read() is None
    assert camera.calls.count("close") == 1


def test_a_missing_camera_says_how_to_list_them() -> None:
    with pytest.raises(SourceError, match=r"picamera2:1: no such camera.*--list-cameras"):
        open_camera(1)


def test_a_size_that_cannot_be_is_told_on_one_line_and_the_camera_given_back(
    monkeypatch: pytest.MonkeyPatch, cameras: list[Picamera2]
) -> None:
    monkeypatch.setattr(Picamera2, "fits", False)
    with pytest.raises(SourceError, match="at 100x60") as caught:
        open_camera()
    assert "\n" not in str(caught.value)
    assert cameras[0].calls[-1] == "close"


def test_without_the_library_the_package_to_install_is_named() -> None:
    with pytest.raises(UsageError, match=r"python3-picamera2.*make demo.*--system-site-pack"):
        PiCameraSource(0, width=1, height=1, frames_per_second=1, timeout_s=1)
