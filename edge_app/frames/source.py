"""The one interface of everything that gives frames."""

from __future__ import annotations

import abc
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_app.closing import Closing
from edge_app.errors import MienError


class SourceError(MienError):
    """A source that cannot be opened or read: which one, and what to do."""


class KeptOutError(SourceError):
    """The source is there, and closed to this process whoever runs it; a new one may be let in."""


class RefusedLoginError(SourceError):
    """The camera was shown user and password, and refuses; done too often it locks them out."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture and when it was taken.

    image: uint8 [H, W] gray or uint8 [H, W, 3] BGR.
    timestamp_ns: on the source's own steadily rising clock: a live source's is `time.monotonic_ns`,
    a file's is the position in the file.
    name: the file that a folder's picture came from, otherwise empty.
    """

    image: NDArray[np.uint8]
    timestamp_ns: int
    name: str = ""


class FrameSource(Closing):
    """An open source; another thread may close it while `read` waits.

    That ends the wait: at once, or, where OpenCV waits for a camera or a stream, by its timeout.
    """

    #: What the user asked for, as it stands in messages.
    name: str
    #: False for recordings: they end, and their time is that of their frames.
    is_live: bool

    @property
    def frames_damaged(self) -> int:
        """How many frames came that could not be decoded and were left out."""
        return 0

    @property
    def reopenings(self) -> int:
        """How often it was opened again by itself: what does so without frames is not stuck."""
        return 0

    def want_every(self, interval_s: float) -> None:
        """Say how far apart frames may be for now; 0 for all of them. Any thread may.

        A source whose frames cost work leaves out those that come sooner.
        """

    @abc.abstractmethod
    def read(self) -> Frame | None:
        """Wait for the next frame; None at the end of a recording.

        Raises:
            SourceError: the source failed; it may be closed and opened again.
        """
