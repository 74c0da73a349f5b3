"""An RTSP stream → its frames."""

from __future__ import annotations

import time

import cv2

from edge_app.frames.capture import Capture
from edge_app.frames.jpeg import MOST_PIXELS
from edge_app.frames.opencv_messages import silence_opencv
from edge_app.frames.source import Frame, FrameSource, SourceError
from edge_app.frames.stream_address import StreamAddress


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
        self._capture = Capture(native)
        self._timestamp_ns = -1

    def read(self) -> Frame | None:
        """Wait for the next picture; None when closed.

        Raises:
            SourceError: the stream ended, or no picture came within the timeout.
        """
        captured = self._capture.read()
        if captured is None:
            if self._capture.closed.is_set():
                return None
            raise SourceError(f"{self.name}: the stream ended; see whether the camera runs")
        self._timestamp_ns = max(time.monotonic_ns(), self._timestamp_ns + 1)
        return Frame(captured.image, self._timestamp_ns)

    def close(self) -> None:
        """End the connection."""
        self._capture.close()
