"""A V4L2 camera, such as a USB one → its frames."""

from __future__ import annotations

import errno
import math
import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames.capture import Capture
from edge_app.frames.jpeg import DamageLog, LumaDecoder
from edge_app.frames.opencv_messages import silence_opencv
from edge_app.frames.source import Frame, FrameSource, KeptOutError, SourceError

#: For how many whole seconds OpenCV waits for a picture: ten, unless this variable says otherwise.
#: It is read once, at the first wait.
_PATIENCE = "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT"
#: A camera's first picture may take so long.
_LEAST_PATIENCE_S = 3

_LIST = "list cameras with `v4l2-ctl --list-devices`"


class V4l2Source(FrameSource):
    """The newest pictures of a camera. `close` may be called by another thread than the reader's.

    The camera is asked for width, height and rate, and may give others. Frames are gray where it
    sends JPEG, whose luma alone is decoded, or gray; otherwise BGR.
    """

    is_live = True

    def __init__(
        self,
        device: str,
        *,
        width: int,
        height: int,
        frames_per_second: float,
        timeout_s: float,
        damage_log: DamageLog | None = None,
        open_capture: Callable[[str, int], cv2.VideoCapture] = cv2.VideoCapture,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Open `device`: a path, such as /dev/video0, or a number.

        timeout_s: of a wait for a picture, in whole seconds and 3 at least; a process has one, that
        of its first camera. damage_log: of all openings of the camera.

        Raises:
            SourceError: there is no such camera, or this user may not use it.
            KeptOutError: this process may not, whatever its user.
        """
        silence_opencv()
        # Until the wait is over nobody else can open the camera, to see whether that helps.
        os.environ.setdefault(_PATIENCE, str(patience_s(timeout_s)))
        path = device_path(device)
        self.name = str(path)
        _check_device(path)
        native = open_capture(str(path), cv2.CAP_V4L2)
        if not native.isOpened():
            native.release()
            raise SourceError(f"{path}: gives no video, or another program has it open; {_LIST}")
        # USB 2 carries 640x480 at 30 frames per second as JPEG, but not much more uncompressed.
        # The format comes first: sizes and rates depend on it.
        native.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        native.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        native.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
        native.set(cv2.CAP_PROP_FPS, frames_per_second)
        # A queue of pictures would be read from its old end.
        native.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        self._is_jpeg = _fourcc(native) == "MJPG"
        if self._is_jpeg or _fourcc(native) == "GREY":
            self._is_jpeg &= native.set(cv2.CAP_PROP_CONVERT_RGB, 0)
        self._decoder, self._interval_ns = LumaDecoder(self.name, damage_log), 0
        self._capture = Capture(native)
        self._clock_ns = clock_ns
        self._timestamp_ns = -1

    def want_every(self, interval_s: float) -> None:
        """Do not decode the JPEGs between, which is most of the work; damaged ones count."""
        self._interval_ns = round(interval_s * 1e9)

    def read(self) -> Frame | None:
        """Wait for the next picture that is due; None when closed.

        Raises:
            SourceError: the camera gave none within the timeout.
        """
        while (captured := self._capture.read()) is not None:
            now_ns = self._clock_ns()
            is_due = now_ns - self._timestamp_ns >= self._interval_ns
            # Where it sends no JPEG, OpenCV has decoded the picture.
            image: NDArray[np.uint8] | None = captured.image
            if self._is_jpeg:
                image = self._decoder.decode(captured.image.tobytes(), is_due=is_due)
            if image is not None:
                self._timestamp_ns = max(now_ns, self._timestamp_ns + 1)
                return Frame(image, self._timestamp_ns)
        if self._capture.closed.is_set():
            return None
        raise SourceError(
            f"{self.name}: the camera gives no pictures; see whether it is still plugged in,"
            " and whether another program uses it"
        )

    @property
    def frames_damaged(self) -> int:
        """Pictures that came cut short: USB loses some when it is crowded."""
        return self._decoder.damaged

    def close(self) -> None:
        """Give back the camera."""
        self._capture.close()


def patience_s(timeout_s: float) -> int:
    """For how many seconds OpenCV waits for a picture, and holds the camera meanwhile."""
    return max(math.ceil(timeout_s), _LEAST_PATIENCE_S)


def device_path(device: str) -> Path:
    """Where a camera is: a path, or a number of those that the kernel counts."""
    return Path(f"/dev/video{device}") if device.isdecimal() else Path(device)


def _fourcc(native: cv2.VideoCapture) -> str:
    """The format that the camera agreed to."""
    code = int(native.get(cv2.CAP_PROP_FOURCC)) & 0xFFFFFFFF
    return code.to_bytes(4, "little").decode("latin-1")


def _check_device(path: Path) -> None:
    """Say what is wrong with a camera's path: OpenCV says only that it does not open.

    Raises:
        SourceError: nothing there, no device, or no permission.
        KeptOutError: the service manager's rules are against it.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise SourceError(f"{path}: no such camera ({error.strerror}); {_LIST}") from error
    if not stat.S_ISCHR(mode):
        raise SourceError(f"{path}: not a camera; {_LIST}")
    if os.access(path, os.R_OK | os.W_OK):
        return
    if _refusal(path) == errno.EPERM:
        raise KeptOutError(
            f"{path}: closed to this process, whatever its user; a service's unit opens cameras by"
            " DeviceAllow=char-video4linux, where their driver was loaded before its start"
        )
    raise SourceError(
        f"{path}: this user may not use it; add them to the group `video`"
        " (sudo usermod -aG video USER) and log in again"
    )


def _refusal(path: Path) -> int | None:
    """The system's error at opening: EACCES for a user's lack of rights, EPERM for a process's."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC))
    except OSError as error:
        return error.errno
    return None
