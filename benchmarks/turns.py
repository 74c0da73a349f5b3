"""Two checkouts, by turns on this machine → ratios that a drift of its speed leaves alone.

A machine gets faster or slower by a tenth for minutes, which two runs of `mien bench` mistake for a
difference. Here both pass over the clip one after the other, in processes of their own, and each
turn is a ratio by itself. Where a process's memory lies makes it faster or slower for as long as it
lives: what tells a difference is that processes agree on it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Protocol

from benchmarks.compare import Ratio, ratio_over_processes
from benchmarks.turns_worker import ROOT
from edge_app.closing import Closing
from edge_app.errors import MienError, UsageError

#: As many pairs as an interval takes.
PROCESSES = 6
_FEWEST_TURNS = 2

#: Milliseconds by figure.
Figures = dict[str, float]
#: What two that take turns measured, one after the other.
Turn = tuple[Figures, Figures]


class Side(Protocol):
    """One of the two that take turns."""

    @property
    def parts(self) -> Sequence[str]:
        """Of the work."""

    def measure(self, part: str) -> Figures:
        """Pass over a part of the work once."""


class Checkout(Closing):
    """A worker process that runs the code of one checkout with this one's packages."""

    def __init__(self, root: Path) -> None:
        """Start it, and wait until it is warm.

        Raises:
            UsageError: there is no checkout of Mien with this benchmark.
            MienError: it ended.
        """
        self._root = root.resolve()
        if not (self._root / "benchmarks" / "turns_worker.py").is_file():
            raise UsageError(f"{root}: no checkout of Mien that can take turns; name another")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.turns_worker"],
            cwd=self._root,
            env=os.environ | {"PYTHONPATH": str(self._root)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            self.parts, self.frames = self._greeting()
        except BaseException:
            self.close()
            raise

    def measure(self, part: str) -> Figures:
        """Let it pass over a part of the work once.

        Raises:
            MienError: it ended.
        """
        try:
            self._stream(self._process.stdin).write(f"{part}\n")
            self._stream(self._process.stdin).flush()
        except OSError as error:
            raise self._ended() from error
        figures: Figures = json.loads(self._read())
        return figures

    def close(self) -> None:
        """End the process, which may be amid a pass: nobody takes its answer any more."""
        self._process.terminate()
        for stream in (self._process.stdin, self._process.stdout):
            self._stream(stream).close()
        self._process.wait()

    def _greeting(self) -> tuple[Sequence[str], str]:
        said = json.loads(self._read())
        if Path(said["root"]) != self._root:
            raise MienError(
                f"{self._root}: its worker ran the code of {said['root']}; start it elsewhere"
            )
        parts: list[str] = said["parts"]
        # Older ones do not say.
        return parts, said.get("frames", "unknown")

    def _read(self) -> str:
        line = self._stream(self._process.stdout).readline()
        if not line:
            raise self._ended()
        return line

    def _ended(self) -> MienError:
        return MienError(f"{self._root}: its worker ended; it says why above")

    @staticmethod
    def _stream(stream: IO[str] | None) -> IO[str]:
        assert stream is not None  # noqa: S101 - both are pipes
        return stream


def compare_by_turns(
    other: Path,
    seconds: float,
    tell: Callable[[str], None],
    note: Callable[[str], None],
    *,
    processes: int = PROCESSES,
) -> Iterator[Ratio]:
    """This checkout (B) by another one (A): a ratio of each figure that both have.

    tell: what is being measured. note: what makes the comparison doubtful.

    Raises:
        MienError: as `Checkout`.
    """
    turns: list[list[Turn]] = []
    for number in range(processes):
        tell(f"by turns, processes {number + 1} of {processes}")
        # Whoever is started first may find another machine: each is, in every second pair.
        way = -1 if number % 2 else 1
        with ExitStack() as stack:
            sides = [stack.enter_context(Checkout(root)) for root in (other, ROOT)[::way]][::way]
            kinds = [side.frames for side in sides]
            if number == 0 and kinds[0] != kinds[1]:
                note(f"frames: {kinds[0]} in A, {kinds[1]} in B; times may differ for that alone")
            turns.append(list(take_turns(sides[0], sides[1], seconds / processes)))
    yield from ratios(turns)


def take_turns(
    one: Side, two: Side, seconds: float, clock: Callable[[], float] = time.monotonic
) -> Iterator[Turn]:
    """Measure both again and again, each first in every second turn; twice at least.

    Part by part of the work that both know, so that what is compared lies a second apart.
    """
    parts = [part for part in one.parts if part in two.parts]
    deadline_s, number = clock() + seconds, 0
    while number < _FEWEST_TURNS or clock() < deadline_s:
        sides = (one, two) if number % 2 == 0 else (two, one)
        taken: Turn = ({}, {})
        for part in parts:
            for side in sides:
                taken[side is two].update(side.measure(part))
        yield taken
        number += 1


def ratios(processes: Sequence[Sequence[Turn]]) -> Iterator[Ratio]:
    """A ratio of each figure that every turn has of both. processes: the turns of each pair."""
    every = [each for turns in processes for turn in turns for each in turn]
    for figure in every[0]:
        if all(figure in each for each in every):
            before, after = (
                [[turn[side][figure] for turn in turns] for turns in processes] for side in (0, 1)
            )
            yield ratio_over_processes(figure, before, after)
