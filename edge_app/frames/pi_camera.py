"""A Raspberry Pi's own camera, through picamera2 → its frames."""

from __future__ import annotations

import importlib
import logging
import threading
import time
from concurrent.futures import CancelledError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge_app.errors import UsageError
from edge_app.frames.source import Frame, FrameSource, SourceError

#: How long a request to close may go unnoticed.
_LOOK_S = 0.25
_LORES = "lores"

#: picamera2 tells libcamera's troubles as these.
_TROUBLES = (RuntimeError, OSError, ValueError, IndexError, KeyError, AssertionError)


class PiCameraSource(FrameSource):
    """Gray frames: the Y plane of the low-resolution stream, copied once and never converted.

    `close` may be called by another thread than the reader's.
    """

    is_live = True

    def __init__(
        self,
        number: int,
        *,
        width: int,
        height: int,
        frames_per_second: float,
        timeout_s: float,
        library: Any = None,
    ) -> None:
        """Open the camera of that number; library: picamera2, or what stands in for it.

        Raises:
            UsageError: picamera2 is not installed where this Python sees it.
            SourceError: there is no such camera, or another program has it.
        """
        self.name = f"picamera2:{number}"
        self._library = load_library() if library is None else library
        self._timeout_s, self._timestamp_ns = timeout_s, -1
        self._lock, self._closed = threading.Lock(), threading.Event()
        self._frames_damaged = 0
        try:
            self._camera = self._library.Picamera2(camera_num=number)
        except _TROUBLES as error:
            raise SourceError(
                f"{self.name}: no such camera, or another program has it ({_line(error)});"
                " list cameras with `rpicam-hello --list-cameras`"
            ) from error
        try:
            self._start(width, height, frames_per_second)
        except _TROUBLES as error:
            self.close()
            raise SourceError(
                f"{self.name}: does not start at {width}x{height} ({_line(error)}); try another"
                " camera.width and camera.height"
            ) from error

    @property
    def frames_damaged(self) -> int:
        """Frames whose buffer does not fit the size that was agreed."""
        return self._frames_damaged

    def read(self) -> Frame | None:
        """Wait for the next frame; None when closed.

        Raises:
            SourceError: none came within the timeout.
        """
        with self._lock:
            while not self._closed.is_set():
                image = self._capture()
                if image is not None:
                    self._timestamp_ns = max(time.monotonic_ns(), self._timestamp_ns + 1)
                    return Frame(image, self._timestamp_ns)
        self.close()
        return None

    def close(self) -> None:
        """Give back the camera, at the latest when a read that is under way ends."""
        self._closed.set()
        if not self._lock.acquire(blocking=False):
            return
        try:
            camera, self._camera = self._camera, None
            if camera is not None:
                # A job that nobody waits for any more would be done by the event loop in vain.
                camera.cancel_all_and_flush()
                camera.stop()
                camera.close()
        except _TROUBLES as error:
            logging.getLogger(__name__).warning("%s: closing: %s", self.name, _line(error))
        finally:
            self._lock.release()

    def _start(self, width: int, height: int, frames_per_second: float) -> None:
        # The preview's colour space is full range, as JPEG's: Y is 0 to 255, and the network's
        # gray. The main stream cannot be left out; at this size it costs least.
        wanted = {"size": (width, height), "format": "YUV420"}
        self._camera.configure(
            self._camera.create_preview_configuration(
                main=wanted,
                lores=dict(wanted),
                controls={"FrameRate": frames_per_second},
                # Newer versions have `sensor` for that; this one all of them understand.
                raw=self._reading(width, height),
            )
        )
        self._width, self._height = self._camera.stream_configuration(_LORES)["size"]
        self._camera.start()

    def _reading(self, width: int, height: int) -> dict[str, tuple[int, int]]:
        """The reading of the sensor to ask for: half its pixels a side, or all for a larger frame.

        Left to itself, picamera2 goes by the frame's size, and the smallest readings are cut-outs
        of the middle; that of half the pixels shows all that the lens does, on every module.
        """
        pixels = self._camera.camera_properties.get("PixelArraySize")
        if pixels is None:
            return {}
        is_half_enough = 2 * width <= pixels[0] and 2 * height <= pixels[1]
        step = 2 if is_half_enough else 1
        # picamera2 refuses odd ones, and takes the reading that is nearest.
        return {"size": (pixels[0] // step // 2 * 2, pixels[1] // step // 2 * 2)}

    def _capture(self) -> NDArray[np.uint8] | None:
        """One frame; None when closed meanwhile, or if the frame is not as agreed."""
        job = self._camera.capture_request(wait=False)
        deadline = time.monotonic() + self._timeout_s
        while True:
            try:
                request = job.get_result(timeout=_LOOK_S)
                break
            except TimeoutError:
                if self._closed.is_set():
                    return None
                if time.monotonic() >= deadline:
                    raise SourceError(
                        f"{self.name}: the camera gives no pictures; check its ribbon cable"
                    ) from None
            except (CancelledError, *_TROUBLES) as error:
                raise SourceError(f"{self.name}: {_line(error)}") from error
        try:
            return self._y_plane(request)
        finally:
            request.release()

    def _y_plane(self, request: Any) -> NDArray[np.uint8] | None:
        # Rows may be longer than the picture is wide; the planes of U and V lie below.
        with self._library.MappedArray(request, _LORES, write=False) as mapped:
            planes = mapped.array
            is_right = (
                planes.dtype == np.uint8
                and planes.ndim == 2
                and planes.shape[0] >= self._height
                and planes.shape[1] >= self._width
            )
            if is_right:
                return np.array(planes[: self._height, : self._width])
        self._frames_damaged += 1
        return None


def load_library() -> Any:
    """Import picamera2, which drags libcamera in: only where such a camera is asked for.

    Raises:
        UsageError: it or what it needs is not there.
    """
    try:
        return importlib.import_module("picamera2")
    except ImportError as error:
        raise UsageError(
            f"picamera2: cannot be imported ({_line(error)}); apt install python3-picamera2, and"
            " make Mien's environment anew, so that it sees it: rm -r .venv && make demo, or with"
            " python3 -m venv --system-site-packages"
        ) from error


def _line(error: BaseException) -> str:
    """A library's error on one line."""
    return " ".join(str(error).split()) or type(error).__name__
