"""A live source that stalls, fails or vanishes → one that is opened again and goes on."""

from __future__ import annotations

import logging
import math
import os
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from edge_app.errors import UsageError
from edge_app.frames.frozen import Freeze
from edge_app.frames.hung import HungReaders
from edge_app.frames.reader import Reader
from edge_app.frames.source import Frame, FrameSource, KeptOutError, SourceError
from edge_app.trouble_log import TroubleLog

#: Reopenings in a row that were not refused and gave no frame; then only a new process may help.
MOST_REOPENINGS = 5
#: Refusals in a row, for about five minutes, of which the last kept this process out: a new one
#: may be let in.
_MOST_KEPT_OUT = 60
#: Opening a camera takes so much longer than its next frame.
OPENING_S = 3.0
#: Seconds between a failure and the next opening: the first ceiling doubles up to the longest.
_SHORTEST_S, _FIRST_CEILING_S, _LONGEST_S = 0.3, 0.6, 2.0
#: The longest of what was opened in vain for a while: it is not there, or gives frames, but not for
#: long. The watchdog's patience bears it, and five reopenings without a frame after it.
_LONGEST_RARE_S = 10.0
#: Threads that hang in a driver; each holds what it had opened.
_MOST_HUNG = 3

_LOG = logging.getLogger(__name__)


class SourceLostError(SourceError):
    """Opening again does not help: the process should end and be started anew."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a live source.

    text: as the log has it. is_reopening: False where it gives frames for now, but has been in
    trouble too often to be trusted yet.
    """

    text: str
    is_reopening: bool = True


def _nobody(_trouble: Trouble | None) -> None:
    """Who is told of troubles, if nobody asks."""


class SupervisedSource(FrameSource):
    """Reads an inner source by a thread of its own, so that a driver that hangs can be left behind.

    Recovery: after a failure, at most 2 s until the next opening; a silent one is given up after
    stall_s and OPENING_S. It has recovered when frames have come for stall_s; one that gives a few
    at each opening, or whose opening says that it is not there, is opened more and more rarely, at
    least every 10 s, for ever. So is one that gives none, where that leaves nothing behind, and one
    that gave the same picture for frozen_s: it is given no further until it changes. The trouble is
    over with the recovery, or later where there was one again and again, as `TroubleLog` counts it.
    """

    is_live = True

    def __init__(
        self,
        name: str,
        open_source: Callable[[], FrameSource],
        *,
        stall_s: float = 5.0,
        frozen_s: float = 30.0,
        most_refused: float = math.inf,
        leaves_nothing: bool = False,
        on_trouble: Callable[[Trouble | None], None] = _nobody,
        hung: HungReaders | None = None,
        uniform: Callable[[], float] = random.random,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is opened before the first `read`.

        frozen_s: for how long one and the same picture is taken for frames.
        most_refused: after how many openings in a row that said it is not there a new process may
        help.
        leaves_nothing: an opening that has ended leaves nothing behind in this process; so a new
        one would get no further where none gives a frame, and that is waited for, too.
        on_trouble: told by the reading thread what is wrong, and None when it is over; nothing
        after `close`.
        hung: also has those of the sources before this one, and of this one after `close`.
        uniform: draws from [0, 1). clock_s: never goes back.
        """
        self.name = name
        self._open, self._stall_s, self._on_trouble = open_source, stall_s, on_trouble
        self._most_refused, self._leaves_nothing = most_refused, leaves_nothing
        self._uniform, self._clock_s = uniform, clock_s
        self._freeze, self._frozen_s = Freeze(frozen_s), frozen_s
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._reader: Reader | None = None
        self._has_frame = False
        self._hung = HungReaders() if hung is None else hung
        self._damaged_before = 0
        #: Since it had recovered; since the last frame in a row, refused ones apart.
        self._failures = self._failures_in_vain = self._refused = 0
        self._frames_since_s, self._reopenings = 0.0, 0
        self._log = TroubleLog(lasting_s=stall_s, clock_s=clock_s)
        self._told: Trouble | None = None

    @property
    def frames_damaged(self) -> int:
        """Of all openings together."""
        reader = self._reader
        return self._damaged_before + (reader.frames_damaged if reader is not None else 0)

    @property
    def reopenings(self) -> int:
        """How often the source was opened again, in all."""
        return self._reopenings

    def want_every(self, interval_s: float) -> None:
        """Tell the source that is open now; the next one gives every frame until it is told."""
        reader = self._reader
        if reader is not None:
            reader.want_every(interval_s)

    def read(self) -> Frame | None:
        """Wait for the next frame, through any number of reopenings; None when closed.

        Raises:
            SourceLostError: MOST_REOPENINGS in a row were opened and gave no frame, or too many
                threads hang, or it was refused too often.
            UsageError: what the source needs is not installed.
        """
        while not self._closed.is_set():
            if (reader := self._reader or self._start_reader()) is None:
                break
            try:
                patience_s = self._stall_s + (0.0 if self._has_frame else OPENING_S)
                frame = reader.take(patience_s)
                is_frozen = self._is_frozen(frame)
            except UsageError:
                self._end_reader(reader)
                raise
            except Exception as error:  # noqa: BLE001 - whatever the driver says, we go on
                if not self._closed.is_set():
                    self._recover(reader, error)
                continue
            if not is_frozen:
                self._count_frame()
                return frame
        return None

    def close(self) -> None:
        """End it; a `read` that waits returns at once."""
        with self._lock:
            self._closed.set()
            reader = self._reader
        if reader is not None:
            self._end_reader(reader)

    def _start_reader(self) -> Reader | None:
        with self._lock:
            if self._closed.is_set():
                return None
            self._has_frame = False
            self._reader = Reader(self._open, self.name)
            return self._reader

    def _end_reader(self, reader: Reader) -> None:
        has_ended = reader.stop()
        with self._lock:
            if self._reader is not reader:
                return
            self._damaged_before += reader.frames_damaged
            self._reader = None
            if not has_ended:
                _LOG.warning("%s: does not answer; left to itself", self.name)
                self._hung.add(reader)

    def _is_frozen(self, frame: Frame) -> bool:
        """Whether it shows what was given for too long already.

        Raises:
            SourceError: so do all since the source was opened, stall_s ago, or frozen_s if that is
                shorter.
        """
        now_s = self._clock_s()
        if not self._has_frame:
            self._has_frame, self._frames_since_s = True, now_s
            self._log.began(f"{self.name}: gives frames")
        if not self._freeze.is_frozen(frame.image, now_s):
            return False
        if now_s - self._frames_since_s >= min(self._stall_s, self._frozen_s):
            raise SourceError(
                f"{self.name}: one and the same picture for {self._frozen_s:g} s; restart the"
                " camera, or set camera.frozen_s longer if it only saw a still room"
            )
        return True

    def _count_frame(self) -> None:
        # One frame is no recovery: some sources give one at each opening.
        if self._clock_s() - self._frames_since_s >= self._stall_s:
            self._failures = 0
        self._log.stands()
        self._tell()

    def _recover(self, reader: Reader, error: Exception) -> None:
        self._end_reader(reader)
        text = str(error) if isinstance(error, SourceError) else self._unexpected(error)
        self._failures += 1
        self._count_in_vain(reader)
        self._log.broke(text)
        self._tell()
        if lost := self._why_lost(error):
            raise SourceLostError(
                f"{text}; {lost}: this process ends, for its service manager to start it anew"
            ) from error
        is_rare = self._has_frame or self._refused > MOST_REOPENINGS
        longest_s = _LONGEST_RARE_S if is_rare else _LONGEST_S
        # Such a source fails any number of times, and a float has an end.
        ceiling_s = min(_FIRST_CEILING_S * 2 ** (min(self._failures, 10) - 1), longest_s)
        delay_s = _SHORTEST_S + (ceiling_s - _SHORTEST_S) * self._uniform()
        self._reopenings += 1
        self._closed.wait(delay_s)

    def _unexpected(self, error: Exception) -> str:
        _LOG.debug("%s", self.name, exc_info=error)
        # Not its text, which goes to the broker: nobody knows what stands in it, such as a URL.
        why = f" ({os.strerror(error.errno)})" if isinstance(error, OSError) and error.errno else ""
        return f"{self.name}: failed with {type(error).__name__}{why}"

    def _count_in_vain(self, reader: Reader) -> None:
        is_to_wait = reader.was_refused or (self._leaves_nothing and not self._has_frame)
        # A thread that hangs may have what another opening is refused.
        if is_to_wait and not self._hung:
            self._refused, self._failures_in_vain = self._refused + 1, 0
        else:
            self._failures_in_vain = 1 if self._has_frame else self._failures_in_vain + 1
            self._refused = 0

    def _why_lost(self, error: Exception) -> str:
        if self._failures_in_vain > MOST_REOPENINGS:
            return f"opened {self._failures_in_vain - 1} times more without a frame"
        if self._refused > self._most_refused:
            return f"not there {self._refused} times in a row"
        if self._refused > _MOST_KEPT_OUT and isinstance(error, KeptOutError):
            return f"refused {self._refused} times in a row"
        if (hung := len(self._hung)) > _MOST_HUNG:
            return f"{hung} threads hang in its driver"
        return ""

    def _tell(self) -> None:
        text = self._log.trouble
        trouble = Trouble(text, is_reopening=self._failures > 0) if text else None
        # Once `close` has returned, what is heard is another source's.
        with self._lock:
            if trouble != self._told and not self._closed.is_set():
                self._told = trouble
                self._on_trouble(trouble)
