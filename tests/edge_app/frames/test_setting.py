from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_app.errors import UsageError
from edge_app.frames import setting
from edge_app.frames.folder import FolderSource
from edge_app.frames.hung import HungReaders
from edge_app.frames.jpeg import DamageLog
from edge_app.frames.setting import (
    CameraOptions,
    UnknownSourceError,
    choose_source,
    open_lasting,
)
from edge_app.frames.source import SourceError
from edge_app.frames.supervised import SupervisedSource
from edge_app.frames.video_file import VideoFileSource
from edge_app.samples import CLIP

FAST = CameraOptions(pace="fast")


def test_sample_is_the_clip() -> None:
    with choose_source("sample:", options=FAST).open() as source:
        assert isinstance(source, VideoFileSource)
        assert source.name == str(CLIP)


def test_paths_are_told_apart(tmp_path: Path) -> None:
    picture = tmp_path / "a.JPG"
    picture.write_bytes(cv2.imencode(".jpg", np.zeros((8, 8, 3), np.uint8))[1].tobytes())
    for path, kind in ((CLIP, VideoFileSource), (picture, FolderSource), (tmp_path, FolderSource)):
        with choose_source(str(path), options=FAST).open() as source:
            assert isinstance(source, kind)
            assert source.read() is not None


def test_file_may_have_a_colon_in_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(CLIP, "rtsp:evening.mp4")
    with choose_source("rtsp:evening.mp4", options=FAST).open() as source:
        assert source.read() is not None


def test_home_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    shutil.copy(CLIP, tmp_path / "clip.mp4")
    with choose_source("~/clip.mp4", options=FAST).open() as source:
        assert source.read() is not None


def test_options_reach_the_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(2):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.zeros((8, 8, 3), np.uint8))
    options = CameraOptions(width=320, height=240, frames_per_second=5, pace="fast")
    with choose_source(str(tmp_path), options=options).open() as source:
        frames = source.read(), source.read()
    assert [frame.timestamp_ns for frame in frames if frame] == [0, 200_000_000]

    asked = {}
    monkeypatch.setattr(setting, "V4l2Source", lambda device, **rest: asked.update(rest, to=device))
    for text, device in (
        ("/dev/video3", "/dev/video3"),
        ("v4l2:/dev/video4", "/dev/video4"),
        ("v4l2:0", "0"),
        ("V4L2:1", "1"),
    ):
        choice = choose_source(text, options=options)
        assert choice.name == (device if device.startswith("/") else f"/dev/video{device}")
        choice.open()
        assert isinstance(asked.pop("damage_log"), DamageLog)
        assert asked == {
            "width": 320, "height": 240, "frames_per_second": 5, "timeout_s": 5.0, "to": device,
        }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "name", "kind"),
    [
        ("rtsp://me:hunter2@cam/live?token=7", "rtsp://cam", "RtspSource"),
        ("RTSPS://cam:7/live", "RTSPS://cam:7", "RtspSource"),
        ("http://me:hunter2@cam/video.mjpg", "http://cam", "HttpMjpegSource"),
        ("https://cam/video.mjpg", "https://cam", "HttpMjpegSource"),
    ],
)
def test_streams_are_chosen_by_their_scheme(
    monkeypatch: pytest.MonkeyPatch, text: str, name: str, kind: str
) -> None:
    opened: list[tuple[str, float]] = []
    monkeypatch.setattr(
        setting, kind, lambda address, **rest: opened.append((address.name, rest["timeout_s"]))
    )
    choice = choose_source(text, options=CameraOptions(stall_s=3))
    assert (choice.name, choice.is_live, opened) == (name, True, [])
    choice.open()
    assert opened == [(name, 3)]


def test_encoders_of_rtsp_may_repeat_a_still_room_for_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(setting, "load_library", lambda: None)
    for text, frozen_s in (
        ("rtsp://cam/live", 300), ("RTSPS://cam/live", 300), ("http://cam/video.mjpg", 30),
        ("/dev/video3", 30), ("picamera2:", 30),
    ):  # fmt: skip
        assert choose_source(text, options=CameraOptions()).frozen_s == frozen_s
        turned = choose_source(text, options=CameraOptions(frozen_s=7, rotate=90))
        assert turned.frozen_s == 7


def test_the_pi_camera_is_chosen_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {}
    monkeypatch.setattr(setting, "load_library", lambda: None)
    monkeypatch.setattr(setting, "PiCameraSource", lambda n, **rest: asked.update(rest, to=n))
    for text, number in (("picamera2:", 0), ("picamera2:1", 1), ("PiCamera2:0", 0)):
        choice = choose_source(text, options=CameraOptions(width=320, height=240))
        assert (choice.name, choice.is_live) == (f"picamera2:{number}", True)
        assert choice.most_refused == 60, "libcamera looks for cameras once a process"
        choice.open()
        assert asked == {
            "to": number, "width": 320, "height": 240, "frames_per_second": 15.0, "timeout_s": 5.0
        }  # fmt: skip


def test_the_pi_camera_needs_its_library_at_once() -> None:
    with pytest.raises(UsageError, match="apt install python3-picamera2"):
        choose_source("picamera2:", options=FAST)


def test_live_sources_last_and_recordings_end() -> None:
    troubles: list[str | None] = []
    told, hung = troubles.append, HungReaders()
    with open_lasting("/dev/video987", options=FAST, on_trouble=told, hung=hung) as source:
        assert isinstance(source, SupervisedSource)
        assert troubles == []
    with open_lasting("sample:", options=FAST, on_trouble=told, hung=hung) as source:
        assert isinstance(source, VideoFileSource)


def test_a_misspelt_source_is_a_wrong_use_and_a_missing_camera_is_not() -> None:
    for text in ("missing.mp4", "ftp://camera", "v4l3:0", "sample:other", "picamera2:front"):
        with pytest.raises(UsageError):
            open_lasting(text, options=FAST, on_trouble=lambda _text: None, hung=HungReaders())
    # Links of udev's go with their camera.
    for text in ("/dev/video987", "/dev/video-front", "v4l2:/dev/videoNorth"):
        with pytest.raises(SourceError, match="no such camera") as caught:
            choose_source(text, options=FAST).open()
        assert not isinstance(caught.value, UsageError)


def test_no_secret_of_a_misspelt_stream_is_told() -> None:
    for text in ("ftp://me:hunter2@cam/x", "rtp://cam/x?password=hunter2"):
        with pytest.raises(UnknownSourceError) as caught:
            choose_source(text, options=FAST).open()
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("rtsp:/me:hunter2@cam/1", "rtsp:/cam: no such source"),
        ("rtsp:/me:hunter2@hunter2@cam/1", "rtsp:/cam: no such source"),
        ("rtsp:/cam/1?password=hunter2", "rtsp:/cam: no such source"),
        ("RTSPS//me:hunter2@cam/1", "RTSPS//cam: no such file"),
        ("rtps:/me:hunter2@cam/1", "cam/1: no such source"),
        ("me:hunter2@cam/1", "cam/1: no such source"),
        ("/me:hunter2@cam/1", "cam/1: no such file"),
        ("http;//me:hunter2@cam/" + "x" * 5000, "http;//cam: "),
        ("rtsp:/me:hunter2@\0", "rtsp:/: "),
    ],
)
def test_no_secret_is_told_of_a_url_that_looks_like_a_path(text: str, shown: str) -> None:
    with pytest.raises(UnknownSourceError) as caught:
        choose_source(text, options=FAST).open()
    assert str(caught.value).startswith(shown)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no source named"),
        (" ", "no source named"),
        ("ftp://camera", "no such source"),
        ("sample:other", "no such source"),
        ("v4l2:", "no such source"),
        ("v4l2:x", "no such source"),
        ("v4l2:video0", "no such source"),
        ("v4l2:-1", "no such source"),
        ("v4l2:/dev/video", "no such camera; the kernel counts them"),
        ("/dev/videoX", "no such camera; the kernel counts them"),
        ("/dev/videon", "no such camera; the kernel counts them"),
        ("/dev/video?", "no such camera; the kernel counts them"),
        ("/dev/video*", "no such camera; the kernel counts them"),
        ("/dev/video0 ", "no such camera; the kernel counts them"),
        ("missing.mp4", "no such file or folder"),
        ("/dev/video987", "no such camera"),
        ("v4l2:987", "no such camera"),
        ("~nobody-of-that-name/clip.mp4", "name picamera2:, a V4L2 camera"),
        ("x" * 5000, "name picamera2:, a V4L2 camera"),
        ("a\0b", "name picamera2:, a V4L2 camera"),
    ],
)
def test_bad_setting_is_one_line(text: str, reason: str) -> None:
    with pytest.raises(SourceError, match=reason) as caught:
        choose_source(text, options=FAST).open()
    assert "\n" not in str(caught.value)
