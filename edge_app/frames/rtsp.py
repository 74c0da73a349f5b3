"""An RTSP stream → its frames."""

from __future__ import annotations

import os
import time
import urllib.parse
from collections.abc import Callable

import cv2

from edge_app.frames.backlog import Backlog
from edge_app.frames.capture import Capture
from edge_app.frames.connection import Connection
from edge_app.frames.jpeg import MOST_PIXELS
from edge_app.frames.opencv_messages import silence_opencv
from edge_app.frames.source import Frame, FrameSource, SourceError
from edge_app.frames.square_pixels import SquarePixels
from edge_app.frames.stream_address import StreamAddress

#: Where cameras listen if the URL says nothing.
_PORTS = {"rtsp": 554, "rtsps": 322}


class RtspSource(FrameSource):
    """The newest pictures of a network camera, by OpenCV's FFmpeg.

    `close` may be called by another thread; a read that waits ends by its timeout.
    """

    is_live = True

    def __init__(
        self,
        address: StreamAddress,
        *,
        timeout_s: float,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Ask for the stream; timeout_s: of the opening, and of every read.

        Raises:
            SourceError: nobody answers, or the answer is no video.
        """
        silence_opencv()
        self.name = address.name
        limit_ms = max(1, round(timeout_s * 1000))
        limits = (
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
            limit_ms,
            cv2.CAP_PROP_READ_TIMEOUT_MSEC,
            limit_ms,
        )
        # Others ask for it by themselves; OpenCV 4.11, the last one for NumPy 1, tries UDP first.
        os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_flags;prefer_tcp")
        parts = urllib.parse.urlsplit(address.url)
        with Connection(parts.port or _PORTS[parts.scheme]) as connection:
            native = cv2.VideoCapture(address.url_for_ffmpeg, cv2.CAP_FFMPEG, limits)
        if not native.isOpened():
            native.release()
            raise SourceError(
                f"{self.name}: no video; see whether the camera runs, and check path, user and"
                " password"
            )
        width, height = (
            native.get(what) for what in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
        )
        if width * height > MOST_PIXELS:
            native.release()
            raise SourceError(f"{self.name}: {width:.0f}x{height:.0f} pixels are too many")
        self._square_pixels = SquarePixels(native)
        self._capture, self._backlog = Capture(native), Backlog(connection.is_more_waiting)
        self._clock_ns, self._timestamp_ns, self._interval_ns = clock_ns, -1, 0

    def want_every(self, interval_s: float) -> None:
        """Do not convert the colours of the pictures between; all have to be decoded."""
        self._interval_ns = round(interval_s * 1e9)

    def read(self) -> Frame | None:
        """Wait for the next picture that is due; None when closed.

        Raises:
            SourceError: the stream ended, no picture came within the timeout, or they come faster
                than they are decoded.
        """
        captured = self._capture.read(self._is_due)
        if captured is None:
            if self._capture.closed.is_set():
                return None
            raise SourceError(f"{self.name}: the stream ended; see whether the camera runs")
        return Frame(self._square_pixels.of(captured.image), self._timestamp_ns)

    def close(self) -> None:
        """End the connection."""
        self._capture.close()

    def _is_due(self, position_ms: float) -> bool:
        now_ns = self._clock_ns()
        if self._backlog.is_old(now_ns / 1e9, position_ms / 1e3):
            raise SourceError(
                f"{self.name}: pictures come faster than this device decodes them, and grow older;"
                " name the camera's smaller stream, or set it to fewer or smaller pictures"
            )
        if now_ns - self._timestamp_ns < self._interval_ns:
            return False
        self._timestamp_ns = max(now_ns, self._timestamp_ns + 1)
        return True
