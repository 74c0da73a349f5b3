"""A source that gives the frames it is told to, and then fails, ends or hangs."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from edge_app.frames.setting import Choice
from edge_app.frames.source import Frame, FrameSource, SourceError


class FakeSource(FrameSource):
    """images: what it gives; endless: the last one again and again; hangs: no end, no error."""

    name = "/dev/video7"
    is_live = True

    def __init__(
        self, images: Sequence[NDArray[np.uint8]], *, endless: bool, hangs: bool, damaged: int
    ) -> None:
        self._images, self._endless, self._hangs = list(images), endless, hangs
        self._damaged = damaged
        self.closed = threading.Event()
        self._frames = self._give()

    @property
    def frames_damaged(self) -> int:
        return self._damaged

    def read(self) -> Frame | None:
        return next(self._frames)

    def close(self) -> None:
        self.closed.set()

    def _give(self) -> Iterator[Frame | None]:
        for number, image in enumerate(self._images):
            yield Frame(image, number)
        while self._endless and not self.closed.wait(0.005):
            yield Frame(self._images[-1], 99)
        if self._hangs:
            self.closed.wait(60)
        yield None


class Fake:
    """Stands in for `choose_source`, and counts the openings."""

    def __init__(
        self,
        *images: NDArray[np.uint8],
        name: str = "/dev/video7",
        is_live: bool = True,
        endless: bool = True,
        hangs: bool = False,
        damaged: int = 0,
        error: str = "",
    ) -> None:
        self._choice = Choice(name, is_live=is_live, open=self._open)
        self._error = error
        self.source = FakeSource(images, endless=endless, hangs=hangs, damaged=damaged)
        self.openings = 0

    def __call__(self, *_arguments: object, **_named: object) -> Choice:
        return self._choice

    def _open(self) -> FrameSource:
        self.openings += 1
        if self._error:
            raise SourceError(self._error)
        return self.source
