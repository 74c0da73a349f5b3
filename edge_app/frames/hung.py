"""Readers that do not end, since a driver hangs → whether one still may hold the camera."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from edge_app.frames.reader import Reader

#: How long a request to stop may go unnoticed.
_LOOK_S = 0.25


def _never() -> bool:
    """Whether to give up sooner, unless somebody asks for it."""
    return False


class HungReaders:
    """Those left by all sources of this process; `len` is how many still hang.

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

    def end_within(self, timeout_s: float, is_enough: Callable[[], bool] = _never) -> bool:
        """Wait until none hangs; False if one still does after the timeout, or once `is_enough`.

        is_enough: asked several times a second.
        """
        deadline_s = time.monotonic() + timeout_s
        with self._lock:
            readers = tuple(self._readers)
        for each in readers:
            # In slices: a wait goes on after the handler of a signal that interrupts it.
            while not each.ends_within(min(_LOOK_S, deadline_s - time.monotonic())):
                if is_enough() or time.monotonic() >= deadline_s:
                    return False
        return True
