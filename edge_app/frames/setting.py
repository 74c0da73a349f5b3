"""What a user writes for a source → the open source."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from edge_app.frames.folder import FolderSource
from edge_app.frames.pace import Pace
from edge_app.frames.picture import SUFFIXES
from edge_app.frames.source import FrameSource, SourceError
from edge_app.frames.v4l2 import V4l2Source
from edge_app.frames.video_file import VideoFileSource
from edge_app.samples import CLIP

#: What can be read, as it stands in messages.
READABLE = "a V4L2 camera (/dev/video0), a video file, a picture, a folder of pictures, or sample:"

_SAMPLE, _V4L2 = "sample", "v4l2"
_LATER = ("picamera2", "rtsp", "rtsps", "http", "https")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+-]*):(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraOptions:
    """What a source may want to know: pixels and rate to ask of a camera, pace of a recording.

    frames_per_second is also how fast a folder's pictures follow one another.
    """

    width: int = 640
    height: int = 480
    frames_per_second: float = 15.0
    pace: Pace = "own"


def open_source(setting: str, *, options: CameraOptions) -> FrameSource:
    """Open `setting`: `sample:`, `v4l2:/dev/video0`, `v4l2:0`, or the path of a camera or file.

    Raises:
        SourceError: there is no such source, or it cannot be opened.
    """
    if not setting.strip():
        raise SourceError(f"no source named; name {READABLE}")
    try:
        path = Path(setting).expanduser()
        is_there = path.exists()
    except (OSError, RuntimeError) as error:  # a path too long or forbidden, an unknown ~user
        raise SourceError(f"{setting}: {error}; name {READABLE}") from error
    scheme = _SCHEME.fullmatch(setting)
    # A file may have a colon in its name.
    if scheme is not None and not is_there:
        return _open_scheme(setting, scheme[1].lower(), scheme[2], options)
    if setting.startswith("/dev/") or path.is_char_device():
        return _open_camera(str(path), options)
    if not is_there:
        raise SourceError(f"{setting}: no such file or folder; name {READABLE}")
    if path.is_dir() or path.suffix.lower() in SUFFIXES:
        return FolderSource(path, frames_per_second=options.frames_per_second, pace=options.pace)
    return VideoFileSource(path, pace=options.pace)


def _open_scheme(setting: str, scheme: str, rest: str, options: CameraOptions) -> FrameSource:
    if scheme == _SAMPLE and not rest:
        return VideoFileSource(CLIP, pace=options.pace)
    if scheme == _V4L2 and rest:
        return _open_camera(rest, options)
    if scheme in _LATER:
        raise SourceError(f"{setting}: this version cannot read {scheme}: yet; name {READABLE}")
    raise SourceError(f"{setting}: no such source; name {READABLE}")


def _open_camera(device: str, options: CameraOptions) -> FrameSource:
    return V4l2Source(
        device,
        width=options.width,
        height=options.height,
        frames_per_second=options.frames_per_second,
    )
