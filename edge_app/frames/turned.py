"""A source whose camera hangs upside down or on its side → its frames, upright."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

import cv2
from numpy.typing import NDArray

from edge_app.frames.source import Frame, FrameSource

#: Clockwise, in degrees.
Turn = Literal[0, 90, 180, 270]

_CODES = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


class TurnedSource(FrameSource):
    """Gives the frames of another source turned clockwise; closes it.

    No camera is asked to turn its pictures itself: most cannot by 90°, and one that cannot by 180°
    would leave them as they are without a word.
    """

    def __init__(self, source: FrameSource, turn: Turn) -> None:
        """turn: not 0, which needs no such source."""
        self._source, self._code = source, _CODES[turn]
        self.name, self.is_live = source.name, source.is_live

    @property
    def frames_damaged(self) -> int:
        """As the other source counts them."""
        return self._source.frames_damaged

    @property
    def reopenings(self) -> int:
        """As the other source counts them."""
        return self._source.reopenings

    def want_every(self, interval_s: float) -> None:
        """Tell the other source."""
        self._source.want_every(interval_s)

    def read(self) -> Frame | None:
        """Wait for the next frame; None at the end of a recording.

        Raises:
            SourceError: the other source failed.
        """
        frame = self._source.read()
        if frame is None:
            return None
        # Of whatever dtype it is: perception refuses what is not uint8, and a cast would wrap it.
        image: NDArray[Any] = cv2.rotate(frame.image, self._code)
        return dataclasses.replace(frame, image=image)

    def close(self) -> None:
        """Close the other source."""
        self._source.close()
