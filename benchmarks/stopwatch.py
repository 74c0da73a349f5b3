"""Stages that call one another → how long each took by itself, frame by frame."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager


class Stopwatch:
    """While a stage runs inside of another, the outer one's time stands still.

    Not for use by two threads.
    """

    def __init__(self, clock: Callable[[], int] = time.perf_counter_ns) -> None:
        """clock: nanoseconds that only go up."""
        self._clock = clock
        self._running: list[str] = []
        self._since_ns = 0
        self._taken_ns: dict[str, int] = {}
        self._stages: dict[str, _Stage] = {}

    def stage(self, name: str) -> AbstractContextManager[None]:
        """Time what is done within this, but for the stages in it."""
        known = self._stages.get(name)
        if known is None:
            known = self._stages[name] = _Stage(self, name)
        return known

    def begin(self, name: str) -> None:
        """Go on to the stage of that name, within the one that runs."""
        self._book()
        self._running.append(name)

    def end(self) -> None:
        """Go back to the stage before."""
        self._book()
        self._running.pop()

    def take(self) -> dict[str, float]:
        """Milliseconds of each stage that ran since the last call."""
        taken = {name: nanoseconds / 1e6 for name, nanoseconds in self._taken_ns.items()}
        self._taken_ns.clear()
        return taken

    def _book(self) -> None:
        now_ns = self._clock()
        if self._running:
            stage = self._running[-1]
            self._taken_ns[stage] = self._taken_ns.get(stage, 0) + now_ns - self._since_ns
        self._since_ns = now_ns


class _Stage(AbstractContextManager[None]):
    """Kept, and no generator: a frame has nine, and what they take seems to be the frame's."""

    def __init__(self, stopwatch: Stopwatch, name: str) -> None:
        self._stopwatch, self._name = stopwatch, name

    def __enter__(self) -> None:
        self._stopwatch.begin(self._name)

    def __exit__(self, *_: object) -> None:
        self._stopwatch.end()
