"""Readers that do not end, since a driver hangs → whether one still may hold the camera."""

from __future__ import annotations

import threading
import time

from edge_app.frames.reader import Reader


class HungReaders:
    """Of all that was opened for a camera, one source after another; its length is how many hang.

    Any thread may call it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._readers: list[Reader] = []

    def __len__(self) -> int:
        with self._lock:
            self._readers = [each for each in self._readers if not each.has_ended]
            return len(self._readers)

    def add(self, reader: Reader) -> None:
        """Remember one that was stopped and goes on."""
        with self._lock:
            self._readers.append(reader)

    def end_within(self, timeout_s: float) -> bool:
        """Wait until none hangs; False if one still does after the timeout."""
        deadline_s = time.monotonic() + timeout_s
        with self._lock:
            readers = tuple(self._readers)
        return all(each.ends_within(deadline_s - time.monotonic()) for each in readers)
