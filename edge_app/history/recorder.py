"""Messages as they come → rows of a history, on the disk within a second."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from edge_app.closing import Closing
from edge_app.history.alert_spans import AlertSpans
from edge_app.history.forgetting import surely_before_ms
from edge_app.history.listening import FIRST_CONNECTION, Listening
from edge_app.history.payload_rows import alert_row, event_row, milliseconds, summary_row
from edge_app.history.rows import AvailabilityRow, Row
from edge_app.history.schema import DAY_MS
from edge_app.history.store import HistoryStore, StoreBusyError
from edge_app.mistakes import UNREADABLE

#: What follows `mien/<device>/` in the topics that are recorded late, too: these have a time.
RECORDED_LATE: tuple[str, ...] = ("event", "summary")
#: And in those that are recorded as they come, since only then is known when something was.
RECORDED_LIVE: tuple[str, ...] = ("availability", "alert/+")

#: How long rows wait for others to share a transaction with.
_GATHER_S = 0.5
#: How often the file is told that nothing came.
_IDLE_S = 30.0
#: How often what is too old is removed.
_FORGET_S = 3600.0

#: How soon to try again while another program keeps the file locked: the try itself takes a second.
_AGAIN_S = 2.0
#: From how many rows on nothing more should come meanwhile; one has some hundred bytes.
_MOST_WAITING = 20_000

_LOG = logging.getLogger(__name__)


class UnrecordableError(Exception):
    """A message that is none of ours, or one of a Mien that speaks otherwise."""


@dataclass(slots=True)
class _Ended:
    """A stretch of listening that is not written yet, and how the next one begins."""

    rows: list[Row]
    end_ms: int
    refused: int
    next_start_ms: int
    is_same_connection: bool


class Recorder(Closing):
    """Writes what `take` was given at the next `flush` that finds it old enough, and at the end.

    Where another program keeps the file locked, it waits in memory, and is written afterwards.

    keep_days: rows that are surely older are removed; None keeps all. say: is told when that takes
    long, and when it is over. now: the time in UTC, which may be wrong. clock_s: seconds that never
    go back.

    Raises:
        UsageError, MienError: see `HistoryStore`.
    """

    def __init__(
        self,
        path: Path,
        *,
        keep_days: int | None = None,
        say: Callable[[str], None] = _LOG.warning,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path, self._keep_days, self._say = path, keep_days, say
        self._now, self._clock_s = now, clock_s
        now_s, now_ms = clock_s(), milliseconds(now())
        self._listening = Listening(now_ms, now_s)
        self._store = HistoryStore(path, start_ms=now_ms)
        self._rows: list[Row] = []
        self._gathered_from_s = now_s
        self._ended: deque[_Ended] = deque()
        #: Tries in vain since the last that was not, and when the next one is due.
        self._tries, self._try_s = 0, now_s
        self._alerts = AlertSpans()
        self._connection: int | None = FIRST_CONNECTION
        #: The stretch's; and the first words of a later one, by device.
        self._stretch_connection = self._early_connection = FIRST_CONNECTION
        self._early: dict[str, AvailabilityRow] = {}
        self._written_s = now_s
        self._forgotten_s: float | None = None
        #: Messages that could not be recorded, and how many of them before this stretch.
        self.refused = self._refused_before = 0

    @property
    def subscriber(self) -> str:
        """The recorder's name at the broker, which the file keeps."""
        return self._store.subscriber

    @property
    def is_full(self) -> bool:
        """Whether as much waits for another program as should: call `flush`, and `take` no more.

        A broker sends less than that before it wants an answer.
        """
        waiting = len(self._rows) + sum(1 + len(each.rows) for each in self._ended)
        return self._tries > 0 and waiting >= _MOST_WAITING

    def take(self, topic: str, payload: bytes, connection: int = FIRST_CONNECTION) -> None:
        """Note one message under `mien/`; connection: the number of the one that it came on.

        Raises:
            UnrecordableError: it cannot be read; it is counted.
        """
        if not self._rows:
            self._gathered_from_s = self._clock_s()
        self._listening.heard()
        try:
            self._rows += self._read(topic, payload, connection)
        except UNREADABLE as error:
            self.refused += 1
            raise UnrecordableError(str(error)) from error

    def flush(self, connection: int | None = FIRST_CONNECTION, *, is_awaited: bool = False) -> bool:
        """Write, if something waited for half a second, or nothing was written for long.

        connection: the number of the one to the broker that stands; None while none does, and
        nothing can be heard. is_awaited: write now, since nothing more comes until then. Call it
        twice a second, and before each `take`.

        Returns whether all that was taken is in the file.

        Raises:
            MienError: the disk does not take it.
        """
        is_same_connection = connection == self._connection
        self._connection = connection
        now_s, now_ms = self._clock_s(), milliseconds(self._now())
        has_ended = self._listening.look(now_ms, now_s, connection)
        if connection is not None and self._listening.is_over:
            # Then it was the clock that ended the stretch, and nobody says anything again.
            self._begin(connection, now_s, is_same_connection=has_ended and is_same_connection)
        has_waited = is_awaited or now_s - self._gathered_from_s >= _GATHER_S
        is_due = self._ended or (self._rows and has_waited)
        if has_ended or is_due or now_s - self._written_s >= _IDLE_S:
            self._unless_locked(now_s, lambda: self._write(now_s))
        is_forgetting = self._keep_days is not None and (
            self._forgotten_s is None or now_s - self._forgotten_s >= _FORGET_S
        )
        if is_forgetting:
            self._unless_locked(now_s, lambda: self._forget(now_ms, now_s))
        return not (self._rows or self._ended)

    def close(self) -> None:
        """Write the rest and close the file.

        Raises:
            MienError: the disk does not take it, or another program keeps it locked.
        """
        try:
            now_s = self._clock_s()
            self._listening.look(milliseconds(self._now()), now_s, self._connection)
            self._store.wait_longer()
            self._write(now_s)
        except StoreBusyError as error:
            raise StoreBusyError(f"{error}; what came meanwhile is not in it") from error
        finally:
            self._store.close()

    def _read(self, topic: str, payload: bytes, connection: int) -> list[Row]:
        now_ms = milliseconds(self._now())
        _, device, kind, *rest = topic.split("/")
        match kind:
            case "event":
                return [event_row(device, payload)]
            case "summary":
                return [summary_row(device, payload)]
            case "alert":
                raised = alert_row(device, rest[0], payload) if payload else None
                return [
                    *self._alerts.take(
                        device, rest[0], raised, connection=connection, now_ms=now_ms
                    )
                ]
            case _ if not payload:
                # `mien home-assistant remove`: the device was offline before.
                return []
            case _:
                if payload not in {b"online", b"offline"}:
                    raise ValueError("neither online nor offline")
                self._alerts.presence(device, is_online=payload == b"online")
                # A clock that was set back a little does not take it out of its stretch.
                since_ms = now_ms if self._listening.is_over else self._listening.start_ms
                row = AvailabilityRow(device, max(since_ms, now_ms), payload == b"online")
                if connection > self._stretch_connection:
                    # A broker says what it kept before all of the subscriptions are there.
                    if connection != self._early_connection:
                        self._early.clear()
                    self._early_connection, self._early[device] = connection, row
                    return []
                return [row]

    def _begin(self, connection: int, now_s: float, *, is_same_connection: bool) -> None:
        """Begin the next stretch; the last one is over, and written when the file can be."""
        rows, end_ms = self._rows, self._listening.end_ms
        refused = self.refused - self._refused_before
        self._listening.begin()
        start_ms = self._listening.start_ms
        self._ended.append(_Ended(rows, end_ms, refused, start_ms, is_same_connection))
        self._refused_before, self._stretch_connection = self.refused, connection
        # What was said on this connection already is the first that was said in this stretch.
        is_early = self._early_connection == connection
        early = self._early.values() if is_early else ()
        self._rows = [row._replace(time_ms=start_ms) for row in early]
        self._early.clear()
        self._gathered_from_s = now_s

    def _write(self, now_s: float) -> None:
        while self._ended:
            ended = self._ended[0]
            self._store.write(ended.rows, end_ms=ended.end_ms, refused=ended.refused)
            # Another program's lock may come in between, and a change of availability counts twice.
            ended.rows.clear()
            self._store.begin(ended.next_start_ms, is_same_connection=ended.is_same_connection)
            self._ended.popleft()
        refused = self.refused - self._refused_before
        self._store.write(self._rows, end_ms=self._listening.end_ms, refused=refused)
        self._rows.clear()
        self._written_s = now_s

    def _unless_locked(self, now_s: float, act: Callable[[], None]) -> None:
        """Do it, or leave it for later while another program keeps the file locked."""
        if now_s < self._try_s:
            return
        try:
            act()
        except StoreBusyError as error:
            self._tries, self._try_s = self._tries + 1, now_s + _AGAIN_S
            # One that soon lets go is not worth a word.
            if self._tries == 2:
                self._say(f"{error}; until then what comes waits in memory, or at the broker")
            return
        if self._tries >= 2:
            self._say(f"{self._path}: written again")
        self._tries = 0

    def _forget(self, now_ms: int, now_s: float) -> None:
        assert self._keep_days is not None  # noqa: S101 - else there is nothing to forget
        keep_ms = self._keep_days * DAY_MS
        # The time passes also while there is no connection.
        running = (now_ms - self._listening.steady_ms, now_ms)
        stretches = [*self._store.stretches(), running]
        before_ms = surely_before_ms(stretches, now_ms, keep_ms)
        # Of the last connection, too, while there is none.
        self._store.forget(before_ms, self._alerts.on(self._stretch_connection))
        self._forgotten_s = now_s
