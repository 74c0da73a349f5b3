"""The shipped clip → its frames in memory, as a source that never ends or as a list."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import cv2
import numpy as np

from edge_app.frames.source import Frame, FrameSource
from edge_app.frames.video_file import VideoFileSource
from edge_app.samples import CLIP

FRAMES_PER_SECOND = 15
#: Of the clip: an empty room, a face that enters and comes near. All of it would take half of the
#: memory of a Raspberry Pi Zero 2 W.
SECONDS = 8.0
#: In this part the room is empty, and in that the face is near.
ROOM_TO_S, FACE_FROM_S = 2.0, 3.5


def clip_frames(
    seconds: float = SECONDS, *, from_s: float = 0.0, colour: bool = False
) -> list[Frame]:
    """Decode the clip from `from_s` to `seconds`.

    colour: BGR, as video files and streams are decoded; otherwise gray, as cameras' pictures are
    taken, a third of the bytes.
    """
    frames = []
    with VideoFileSource(CLIP, pace="fast") as clip:
        while (frame := clip.read()) is not None and frame.timestamp_ns < seconds * 1e9:
            if frame.timestamp_ns >= from_s * 1e9:
                frames.append(frame if colour else _gray(frame))
    return frames


def _gray(frame: Frame) -> Frame:
    gray = np.asarray(cv2.cvtColor(frame.image, cv2.COLOR_BGR2GRAY), np.uint8)
    return Frame(gray, frame.timestamp_ns)


def room_and_face(frames: Sequence[Frame]) -> tuple[list[Frame], list[Frame]]:
    """The empty room, and the face that is near: each may be shown again and again.

    The face goes there and back, so that nobody jumps where the frames begin anew.
    """
    room = [frame for frame in frames if frame.timestamp_ns < ROOM_TO_S * 1e9]
    there = [frame for frame in frames if frame.timestamp_ns >= FACE_FROM_S * 1e9]
    return room, there + there[-2:0:-1]


class MemorySource(FrameSource):
    """Frames again and again, each a copy, as a camera's driver hands them over.

    They are as far apart in time as the clip's, however fast they are read: each pass brings the
    same work.
    """

    name, is_live = "memory", True

    def __init__(self, frames: Sequence[Frame]) -> None:
        self._frames, self._count = frames, 0

    def read(self) -> Frame | None:
        """Give the next one, at once."""
        image = self._frames[self._count % len(self._frames)].image
        self._count += 1
        return Frame(image.copy(), round(self._count / FRAMES_PER_SECOND * 1e9))

    def close(self) -> None:
        """Nothing is open."""


class PacedSource(MemorySource):
    """The same at a set rate, by the clock; a late frame does not delay those behind it."""

    def __init__(
        self,
        frames: Sequence[Frame],
        frames_per_second: float,
        *,
        clock_s: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        super().__init__(frames)
        self._interval_s = 1.0 / frames_per_second
        self._clock_s, self._sleep = clock_s, sleep
        self._due_s: float | None = None
        self._is_closed = False
        self.offered = 0

    def read(self) -> Frame | None:
        """Wait for the next frame's time; None once closed."""
        now_s = self._clock_s()
        self._due_s = now_s if self._due_s is None else self._due_s + self._interval_s
        if self._due_s > now_s:
            self._sleep(self._due_s - now_s)
        if self._is_closed:
            return None
        self.offered += 1
        frame = super().read()
        return frame and Frame(frame.image, round(self._clock_s() * 1e9))

    def close(self) -> None:
        """End after the frame that is waited for."""
        self._is_closed = True
