"""A video file → its frames, at their own pace or as fast as they can be read."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from pathlib import Path

import cv2

from edge_app.frames.capture import Capture, Captured
from edge_app.frames.opencv_messages import silence_opencv
from edge_app.frames.opencv_name import opencv_name, printable
from edge_app.frames.pace import Pace, Pacer
from edge_app.frames.source import Frame, FrameSource, SourceError
from edge_app.frames.square_pixels import SquarePixels

_LOG = logging.getLogger(__name__)

#: What a folder's files must end with to be taken for videos; a file that is named may have any.
SUFFIXES = frozenset(
    {".3gp", ".avi", ".m4v", ".mjpeg", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm", ".wmv"}
)
#: For files that do not say how fast they are.
_USUAL_FRAMES_PER_SECOND = 25.0
#: A damaged frame fails to be read, and the one behind it may succeed; at the end all fail.
_TRIES = 8
#: FFmpeg takes any .txt for ANSI art and films it.
_NOT_VIDEO = "ansi"
#: A container's count of frames may be an estimate, time by rate; below this share of it, frames
#: are missing, or were left out because they repeat the one before.
_WHOLE = 0.9
#: A screen recorder that leaves some out has more gaps than one for so many frames, damage fewer.
_REGULAR = 50


class VideoFileSource(FrameSource):
    """The frames of a file; their timestamps are positions in the file.

    frames_per_second: as the file says, or a usual one. frame_count: as the file says, 0 if it
    does not; often an estimate. `close` may be called by another thread than the reader's.
    """

    is_live = False

    def __init__(
        self,
        path: Path,
        *,
        pace: Pace = "own",
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        """Open `path` and read its first frame.

        sleep: waits for so many seconds; by default until `close` is called, at most.

        Raises:
            SourceError: there is no such file, it is no video, no frame of it can be read, or its
                path is not UTF-8.
        """
        silence_opencv()
        self.name = str(path)
        _check_file(path)
        name = opencv_name(path)
        if name is None:
            raise SourceError(
                f"{printable(path)}: OpenCV opens no video whose path is not UTF-8; rename it"
            )
        native = cv2.VideoCapture(name, cv2.CAP_FFMPEG)
        fourcc = int(native.get(cv2.CAP_PROP_FOURCC)) & 0xFFFFFFFF
        if not native.isOpened() or fourcc.to_bytes(4, "little") == _NOT_VIDEO.encode():
            native.release()
            raise SourceError(f"{path}: not a video that can be read, or cut short; copy it again")
        # OpenCV 4.11, the last one for NumPy 1, turns no video on its side by itself.
        native.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
        said_fps, said_count = (
            native.get(what) for what in (cv2.CAP_PROP_FPS, cv2.CAP_PROP_FRAME_COUNT)
        )
        is_fps_plausible = math.isfinite(said_fps) and 0 < said_fps <= 1000
        self.frames_per_second = said_fps if is_fps_plausible else _USUAL_FRAMES_PER_SECOND
        self.frame_count = max(int(said_count), 0) if math.isfinite(said_count) else 0
        self._square_pixels = SquarePixels(native)
        self._capture = Capture(native)
        wait = self._capture.closed.wait if sleep is None else sleep
        self._pacer = Pacer(clock, wait) if pace == "own" else None
        self._frames_read = self._frames_damaged = self._gaps = 0
        self._timestamp_ns = -1
        self._waiting = self._decode()
        if self._waiting is None:
            self.close()
            raise SourceError(f"{path}: the video holds no frame that can be read; copy it again")

    @property
    def frames_damaged(self) -> int:
        """Frames that cannot be decoded, up to the last one that can."""
        return self._frames_damaged

    def read(self) -> Frame | None:
        """Wait for the next frame's time; None at the end, or when closed."""
        captured, self._waiting = self._waiting or self._decode(), None
        if captured is None:
            self._tell_missing()
            return None
        self._frames_read += 1
        before_ns, self._timestamp_ns = self._timestamp_ns, self._position_ns(captured)
        self._gaps += self._timestamp_ns - before_ns > 1.5e9 / self.frames_per_second
        if self._pacer is not None:
            self._pacer.wait(self._timestamp_ns)
        if self._capture.closed.is_set():
            return None
        return Frame(self._square_pixels.of(captured.image), self._timestamp_ns)

    def close(self) -> None:
        """Give back the file, and end a wait for a frame's time."""
        self._capture.close()

    def _decode(self) -> Captured | None:
        for failures in range(_TRIES):
            captured = self._capture.read()
            if captured is not None:
                self._frames_damaged += failures
                return captured
        return None

    def _position_ns(self, captured: Captured) -> int:
        """Where the frame stands in the file, or a frame's length behind the last, if later."""
        position_ns = round(captured.position_ms * 1e6)
        if position_ns > self._timestamp_ns:
            return position_ns
        return self._timestamp_ns + round(1e9 / self.frames_per_second)

    def _tell_missing(self) -> None:
        has_holes = 0 < self._gaps * _REGULAR <= self._frames_read
        frames_by_time = self._timestamp_ns / 1e9 * self.frames_per_second + 1
        found = self._frames_read if has_holes else max(self._frames_read, frames_by_time)
        is_short = found < _WHOLE * self.frame_count
        if (self._frames_damaged or is_short) and not self._capture.closed.is_set():
            _LOG.warning(
                "%s: damaged: %d of about %d frames could be read",
                self.name, self._frames_read, self.frame_count,
            )  # fmt: skip


def _check_file(path: Path) -> None:
    """Find what FFmpeg would report as an unreadable video.

    Raises:
        SourceError: no file, no permission, or no content.
    """
    try:
        if path.exists() and not path.is_file():
            raise SourceError(f"{path}: not a file; name a video file")
        with path.open("rb") as file:
            is_empty = not file.read(1)
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}; name another file") from error
    if is_empty:
        raise SourceError(f"{path}: the file is empty; copy it again")
