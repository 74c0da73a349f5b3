"""A source of whatever frames a test gives it."""

from __future__ import annotations

from collections.abc import Iterable

from edge_app.frames.source import Frame, FrameSource, SourceError


class GivenFrames(FrameSource):
    """Gives one after another, then fails or ends; ends once it is closed.

    damaged: how many it says could not be decoded.
    """

    name = "given frames"

    def __init__(
        self,
        frames: Iterable[Frame],
        *,
        failure: SourceError | None = None,
        is_live: bool = True,
        damaged: int = 0,
    ) -> None:
        self._frames, self._failure, self._damaged = iter(frames), failure, damaged
        self.is_live = is_live
        self.is_closed = False

    @property
    def frames_damaged(self) -> int:
        return self._damaged

    def read(self) -> Frame | None:
        frame = None if self.is_closed else next(self._frames, None)
        if frame is None and self._failure is not None:
            raise self._failure
        return frame

    def close(self) -> None:
        self.is_closed = True
