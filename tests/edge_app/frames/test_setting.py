from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_app.frames import setting
from edge_app.frames.folder import FolderSource
from edge_app.frames.setting import CameraOptions, open_source
from edge_app.frames.source import SourceError
from edge_app.frames.video_file import VideoFileSource
from edge_app.samples import CLIP

FAST = CameraOptions(pace="fast")


def test_sample_is_the_clip() -> None:
    with open_source("sample:", options=FAST) as source:
        assert isinstance(source, VideoFileSource)
        assert source.name == str(CLIP)


def test_paths_are_told_apart(tmp_path: Path) -> None:
    picture = tmp_path / "a.JPG"
    picture.write_bytes(cv2.imencode(".jpg", np.zeros((8, 8, 3), np.uint8))[1].tobytes())
    for path, kind in ((CLIP, VideoFileSource), (picture, FolderSource), (tmp_path, FolderSource)):
        with open_source(str(path), options=FAST) as source:
            assert isinstance(source, kind)
            assert source.read() is not None


def test_file_may_have_a_colon_in_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(CLIP, "rtsp:evening.mp4")
    with open_source("rtsp:evening.mp4", options=FAST) as source:
        assert source.read() is not None


def test_home_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    shutil.copy(CLIP, tmp_path / "clip.mp4")
    with open_source("~/clip.mp4", options=FAST) as source:
        assert source.read() is not None


def test_options_reach_the_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(2):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.zeros((8, 8, 3), np.uint8))
    options = CameraOptions(width=320, height=240, frames_per_second=5, pace="fast")
    with open_source(str(tmp_path), options=options) as source:
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
        open_source(text, options=options)
        assert asked == {"width": 320, "height": 240, "frames_per_second": 5, "to": device}


@pytest.mark.parametrize(
    "text",
    ["picamera2:", "rtsp://camera/stream", "http://camera/video.mjpg", "HTTPS://camera/video"],
)
def test_sources_of_later_versions_are_refused_with_what_there_is(text: str) -> None:
    with pytest.raises(SourceError, match=r"cannot read .* yet; name a V4L2 camera") as caught:
        open_source(text, options=FAST)
    assert str(caught.value).startswith(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no source named"),
        (" ", "no source named"),
        ("ftp://camera", "no such source"),
        ("sample:other", "no such source"),
        ("v4l2:", "no such source"),
        ("missing.mp4", "no such file or folder"),
        ("/dev/video987", "no such camera"),
        ("v4l2:987", "no such camera"),
        ("~nobody-of-that-name/clip.mp4", "name a V4L2 camera"),
        ("x" * 5000, "name a V4L2 camera"),
        ("a\0b", "name a V4L2 camera"),
    ],
)
def test_bad_setting_is_one_line(text: str, reason: str) -> None:
    with pytest.raises(SourceError, match=reason) as caught:
        open_source(text, options=FAST)
    assert "\n" not in str(caught.value)
