"""Stands in for the package picamera2: the part of its interface that Mien uses."""

# The signatures are the real package's.
# ruff: noqa: ARG002, FBT001, FBT002, PLR0917

from __future__ import annotations

import threading
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


class Picamera2:
    """A camera whose stride is 64 bytes longer than a row. Class fields are set by tests."""

    cameras = 1
    pictures = 3
    fits = True
    #: Camera Module 2's; a USB camera says nothing of the kind.
    properties: dict[str, Any] = {"PixelArraySize": (3280, 2464)}  # noqa: RUF012 - never changed
    opened: list[Picamera2] = []  # noqa: RUF012 - the test's own list

    def __init__(
        self,
        camera_num: int = 0,
        verbose_console: Any = None,
        tuning: Any = None,
        allocator: Any = None,
    ) -> None:
        if camera_num >= self.cameras:
            raise IndexError("list index out of range")
        self.calls: list[str] = []
        self.released = self.given = 0
        self.waiting: list[Job] = []
        self.configuration: dict[str, Any] = {}
        self.opened.append(self)

    @property
    def camera_properties(self) -> dict[str, Any]:
        return self.properties

    def create_preview_configuration(
        self, main: Any = None, lores: Any = None, raw: Any = None, transform: Any = None,
        colour_space: Any = None, buffer_count: int = 4, controls: Any = None,
        display: str = "main", encode: str = "main", queue: bool = True, sensor: Any = None,
        use_case: str = "preview",
    ) -> dict[str, Any]:  # fmt: skip
        return {"main": main, "lores": lores, "controls": controls, "raw": raw}

    def configure(self, camera_config: Any = None) -> None:
        if not self.fits:
            raise RuntimeError("lores stream dimensions may\nnot exceed main stream")
        self.configuration = camera_config

    def stream_configuration(self, name: str = "main") -> dict[str, Any]:
        configuration: dict[str, Any] = self.configuration[name]
        return configuration

    def start(self, config: Any = None, show_preview: Any = False) -> None:
        self.calls.append("start")

    def capture_request(
        self, wait: Any = None, signal_function: Any = None, flush: Any = None
    ) -> Job:
        assert wait is False
        job = Job()
        if self.given < self.pictures:
            self.given += 1
            job.future.set_result(CompletedRequest(self))
        else:
            self.waiting.append(job)
        return job

    def cancel_all_and_flush(self) -> None:
        self.calls.append("flush")

    def stop(self) -> None:
        self.calls.append("stop")

    def close(self) -> None:
        self.calls.append("close")


class Job:
    def __init__(self) -> None:
        self.future: Future[CompletedRequest] = Future()
        self.is_waited_for = threading.Event()

    def get_result(self, timeout: float | None = None) -> CompletedRequest:
        self.is_waited_for.set()
        return self.future.result(timeout)


class CompletedRequest:
    def __init__(self, camera: Picamera2) -> None:
        self.camera = camera
        width, height = camera.stream_configuration("lores")["size"]
        self.planes = np.full((height * 3 // 2, width + 64), 128, np.uint8)
        self.planes[:height, :width] = np.arange(width, dtype=np.uint8)

    def release(self) -> None:
        self.camera.released += 1


class MappedArray:
    def __init__(
        self, request: CompletedRequest, stream: str, reshape: bool = True, write: bool = True
    ) -> None:
        assert stream == "lores"
        self._request = request
        self._planes: NDArray[Any] | None = None

    def __enter__(self) -> Self:
        self._planes = self._request.planes
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        exc_traceback: TracebackType | None,
    ) -> None:
        # The camera writes its next picture into the same memory.
        self._request.planes[:] = 0
        self._planes = None

    @property
    def array(self) -> NDArray[Any] | None:
        return self._planes
