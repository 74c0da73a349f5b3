"""Events → an SQLite file that survives a power cut, and back, in the order they came."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from edge_app.closing import Closing
from edge_app.mqtt.outbox.aside import (
    Aside,
    complete_move,
    damaged,
    have_read,
    move_aside,
    remove,
    unread,
)
from edge_app.mqtt.outbox.database import Opened, measured, open_database
from edge_app.mqtt.outbox.disk import (
    StoreDamagedError,
    StoreFailingError,
    StoreRefusedError,
    check_writable,
    log_of,
    translated,
)
from edge_app.mqtt.outbox.loss import Loss
from edge_app.mqtt.outbox.moving import move_events
from edge_app.mqtt.outbox.open_files import OpenFiles
from edge_app.mqtt.outbox.salvage import Salvaged, salvage
from edge_app.mqtt.outbox.stored_event import NUMBERED_FROM, Limits, StoredEvent
from edge_app.mqtt.outbox.transaction import Change, Held, carry_out


class EventStore(Closing):
    """One SQLite file, for one process and one thread at a time.

    A disk that does not let us begin is tried again with each write. What the file holds is not
    known until then: events are numbered from `NUMBERED_FROM` on, and what is found later stands
    before them.

    path: made where it is missing, its directory too. None keeps everything in memory.

    Raises:
        UsageError: another process has the file open, or there is no way to it.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.count = 0
        self.size = 0
        #: What was lost, in this run and before, and nobody was told of.
        self.loss = Loss()
        #: Why the disk did not let us begin; None where it did.
        self.refusal: str | None = None
        #: How often more, or something else, was found on the disk than was known.
        self.findings = 0
        #: Number of the newest event that was there when this was made, 0 where there was none, and
        #: `NUMBERED_FROM` where nobody knows; and elapsed seconds until then.
        self.last = NUMBERED_FROM, 0.0
        #: The first number that is in use outside; None until a file was open.
        self._first: int | None = None
        #: The last number that was written, or found at the first opening; and that was tried.
        self._written_to = self._tried_to = 0
        #: What the file says of losses.
        self._stored_loss = Loss()
        self._synchronous = ""
        self._files = None if path is None else OpenFiles(path)
        self._is_adrift = False
        #: The file from which events are to be brought back; None: from none.
        self._aside = None if path is None else _left_aside(path)
        #: The disk failed in a write: the next one opens the file anew. Until then it is read.
        self._is_in_doubt = False
        self._database: sqlite3.Connection | None = None
        self._is_closed = False
        #: By how much numbers outside are ahead of the file's; None until the file is open.
        self._ahead: int | None = 0
        #: By how much elapsed seconds outside are; and what they were at the last write.
        self._ahead_s = self._now_s = 0.0
        try:
            try:
                self._opened()
            except StoreDamagedError as error:
                self.put_aside(str(error))
                self._opened()
        except StoreRefusedError as error:
            self.refusal = str(error)
            self._ahead = None

    @property
    def is_on_disk(self) -> bool:
        """Whether what is written outlives the process."""
        return self._path is not None and not self._is_adrift

    @property
    def is_known(self) -> bool:
        """Whether it is known what the file holds: it was open once."""
        return self._ahead is not None

    def write(
        self,
        added: Sequence[StoredEvent],
        delivered: Iterable[int],
        limits: Limits,
        now_s: float,
        *,
        lost: int = 0,
        is_loss_told: bool = False,
        under_way: Collection[int] = (),
        keeps_elapsed: bool = False,
    ) -> tuple[int, int | None]:
        """Add, remove and keep within the limits, in one transaction: all of it or nothing.

        With something added, it is on the disk when this returns, power cut or not. A removal may
        be forgotten in a power cut: the event is then delivered twice.

        now_s: in the count of `elapsed_s`. lost: how many were dropped before they came here.
        is_loss_told: what was lost before may be forgotten. under_way: what the limits spare, since
        the broker may have it already. keeps_elapsed: events that wait are older by now for the
        next process, too. Returns how many of the oldest had to go, and up to which number; None
        where none had to.

        Raises:
            StoreRefusedError: disk full, read-only or failing; nothing changed.
            StoreDamagedError: the file is no database of ours.
        """
        told = self.loss
        self._now_s = now_s
        database, ahead = self._where_its_name_leads()
        loss = Loss(lost)
        if not is_loss_told or self.loss != told:
            loss = loss.and_before(self.loss)
        if added:
            # Of what was tried before, some may have been delivered from memory.
            self._tried_to = max(self._tried_to, added[-1].sequence)
        change = Change(
            added=[each.moved(-ahead, -self._ahead_s) for each in added],
            delivered=[sequence - ahead for sequence in delivered],
            written_to=self._written_to - ahead,
            under_way={sequence - ahead for sequence in under_way},
            now_s=now_s - self._ahead_s,
            loss=loss,
            keeps_elapsed=keeps_elapsed,
        )
        with self._used(is_write=True):
            self._synchronize(database, "FULL" if added else "NORMAL")
            held, dropped = carry_out(
                database, change, limits, Held(self.count, self.size, self._stored_loss)
            )
        if self._files is not None:
            self._files.written()
        if added:
            self._written_to = added[-1].sequence
        self.count, self.size, self._stored_loss = held
        self.loss = held.loss
        return len(dropped), dropped[-1] + ahead if dropped else None

    def read(self, after: int, up_to: int, limit: int) -> list[StoredEvent]:
        """The next events behind a sequence number, in order; none of a file that never was open.

        Raises:
            StoreRefusedError, StoreDamagedError: they cannot be read.
        """
        if self._ahead is None or (self._database is None and not self.count):
            return []
        database, ahead = self._opened()
        with self._used():
            rows = database.execute(
                "SELECT sequence, elapsed_s, payload FROM event"
                " WHERE sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?",
                (after - ahead, up_to - ahead, limit),
            ).fetchall()
        return [StoredEvent(*row).moved(ahead, self._ahead_s) for row in rows]

    def newest_payloads(self, limit: int) -> set[bytes]:
        """What the newest events say; nothing of a file that is not open.

        Raises:
            StoreRefusedError, StoreDamagedError: they cannot be read.
        """
        if self._database is None:
            return set()
        with self._used():
            return {
                bytes(payload)
                for (payload,) in self._database.execute(
                    "SELECT payload FROM event ORDER BY sequence DESC LIMIT ?", (limit,)
                )
            }

    def put_aside(self, damage: str, *, is_loss: bool = True) -> None:
        """Move a damaged file away. The next write begins another one, with what can be read of it.

        is_loss: whether events waited in it, or may have.

        Raises:
            StoreRefusedError: the disk does not let us.
        """
        assert self._path is not None  # noqa: S101 - memory does not get damaged
        self._close_database()
        if self._aside is not None:
            # The new one is damaged before it has anything: what it was to have is aside still. A
            # log without its file would be taken for that one's.
            remove(log_of(self._path))
            remove(self._path)
            return
        aside = move_aside(self._path, damage, is_unread=True)
        damage = f"{damage}; moved aside to {damaged(self._path).name}"
        self._aside = Aside(aside, damage, self.loss.damage, is_loss)
        self._tell(damage, Salvaged().lost if is_loss else None)
        self.count = self.size = 0

    def close(self) -> None:
        """Close the file; what its write-ahead log holds goes into it first."""
        self._is_closed = True
        self._close_database()

    def _close_database(self) -> None:
        if self._database is not None:
            with contextlib.suppress(sqlite3.Error):
                self._database.close()
            self._database = None

    @contextlib.contextmanager
    def _used(self, *, is_write: bool = False) -> Iterator[None]:
        """SQLite's errors on the open file as our own, for reading or writing.

        Where the disk fails in a read, or the file seems to be damaged, it is closed, and the next
        opening finds whether it is. Where the disk fails in a write, it is closed before the next
        one, since a disk that takes nothing may give what is there.

        Raises:
            StoreRefusedError: the disk takes or gives nothing, or the file seems to be damaged.
            StoreDamagedError: it is in memory, and there is no other.
        """
        try:
            with translated():
                yield
        except StoreDamagedError as error:
            if self._path is None:
                raise
            self._close_database()
            raise StoreRefusedError(str(error)) from error
        except StoreFailingError:
            if is_write:
                self._is_in_doubt = True
            elif self._path is not None:
                self._close_database()
            raise

    def _where_its_name_leads(self) -> tuple[sqlite3.Connection, int]:
        """As `_opened`, but not a file that was removed or replaced."""
        if self._database is None or self._path is None or self._files is None:
            return self._opened()
        if self._is_in_doubt:
            # One that is read-only cannot be locked, so not be opened anew.
            check_writable(log_of(self._path))
            self._close_database()
        database, ahead = self._opened()
        if self._files.are_there:
            self._is_adrift = False
            return database, ahead
        self._move(self._path, self._files, database, ahead)
        return self._opened()

    def _opened(self) -> tuple[sqlite3.Connection, int]:
        """The database, opened where it is not, and by how much numbers are ahead of its."""
        if self._database is None:
            if self._is_closed:
                raise StoreRefusedError("closed")
            # Before a new one is made, which may get the number of the one that is gone.
            is_left = self._files is not None and self._files.is_main_there
            if self._path is not None and complete_move(self._path):
                self._aside = self._aside or _left_aside(self._path)
            opened = open_database(self._path, self.loss)
            aside = self._aside
            if aside is not None:
                opened = self._with_events_of(aside, opened)
            if self._first is None:
                if aside is not None:
                    self.loss = Loss()  # which the new file has, too
                self._begin(opened)
            elif aside is not None:
                # With the numbers that they had.
                self.findings += aside.is_loss
                self._enter(opened, self._ahead or 0, self._ahead_s)
            elif is_left and opened.newest[0] + (self._ahead or 0) <= self._tried_to:
                self._enter(opened, self._ahead or 0, self._ahead_s)
            else:
                if opened.events < self.count:
                    self._tell(f"{self._path} is gone, another in its place", Salvaged().lost)
                self._enter_other(opened)
        assert self._database is not None  # noqa: S101 - it was entered
        assert self._ahead is not None  # noqa: S101 - with it
        return self._database, self._ahead

    def _with_events_of(self, aside: Aside, opened: Opened) -> Opened:
        """A new file with what can be read of the one that was moved aside.

        Raises:
            StoreRefusedError: the disk does not take it; the new file is closed.
        """

        def loss(salvaged: Salvaged) -> Loss:
            self.loss = self.loss._replace(damage=aside.damage_before)
            self._tell(aside.damage, salvaged.lost if aside.is_loss else None)
            return self.loss

        assert self._path is not None  # noqa: S101 - memory does not get damaged
        before = self.loss
        self.loss = before.or_of(opened.loss)
        try:
            salvage(aside.path, opened.database, loss)
            opened = measured(opened.database)
        except BaseException:
            self.loss = before
            opened.database.close()
            raise
        self._aside = None
        with contextlib.suppress(StoreRefusedError):
            have_read(self._path)
        return opened

    def _begin(self, opened: Opened) -> None:
        """Use the first one of this process."""
        sequence, elapsed_s = opened.newest
        if self._ahead is not None:
            self.last = opened.newest
        ahead, ahead_s = self.last[0] - sequence, self.last[1] - elapsed_s
        self._first = opened.oldest + ahead
        self._now_s = max(self._now_s, self.last[1])
        self.loss = self.loss.and_before(opened.loss)
        self.findings += 1
        self._written_to = self._tried_to = self.last[0]
        self._enter(opened, ahead, ahead_s)

    def _enter_other(self, opened: Opened) -> None:
        """Use one that this process did not know: what is in it stands before all that it knows."""
        ahead, ahead_s = self._ahead_of(opened)
        self._first = opened.oldest + ahead
        self.loss = self.loss.or_of(opened.loss)
        self.findings += bool(opened.events)
        self._enter(opened, ahead, ahead_s)

    def _ahead_of(self, other: Opened) -> tuple[int, float]:
        """By how much numbers and elapsed seconds are ahead of a file's that was not known.

        How long its events have waited cannot be known; they count as new, since too old is lost.
        """
        assert self._first is not None  # noqa: S101 - there was one before
        sequence, elapsed_s = other.newest
        return self._first - 1 - sequence, self._now_s - elapsed_s

    def _enter(self, opened: Opened, ahead: int, ahead_s: float) -> None:
        self._database, self._synchronous = opened.database, ""
        self._ahead, self._ahead_s = ahead, ahead_s
        self._is_in_doubt = False
        self.count, self.size = opened.events, opened.size
        self._stored_loss = opened.loss
        if self._files is not None:
            self._files.opened()

    def _move(self, path: Path, files: OpenFiles, left: sqlite3.Connection, ahead: int) -> None:
        """Take what waits in a file to which its name leads no more to where the name leads now.

        Raises:
            UsageError, StoreRefusedError: not now; nothing has changed.
        """
        self._is_adrift = True
        damage = f"{path} was removed, replaced or cut by somebody else"
        if files.is_main_there:  # but its log is not, or it was cut to nothing
            move_aside(path, damage)
        elif files.is_log_there:
            # SQLite would take it for that of the new one. All that it holds is read from `left`.
            remove(log_of(path))
        try:
            opened = open_database(path, self.loss)
        except StoreDamagedError as error:
            move_aside(path, str(error))
            opened = open_database(path, self.loss)
        try:
            other, other_s = self._ahead_of(opened)
            moved = move_events(left, opened.database, ahead - other, self._ahead_s - other_s)
        finally:
            # Into the file itself with all of it: SQLite knows a file by its inode alone, and where
            # another disk's has the same, closing `left` removes the log that has the name now.
            opened.database.close()
        if log_of(path).exists():
            raise StoreRefusedError(f"{path}: its log cannot be written back")
        self._close_database()
        self._enter_other(opened._replace(database=open_database(path, self.loss).database))
        self._is_adrift = False
        self.count, self.size = self.count + moved.events, self.size + moved.size
        self._tell(damage, None if moved.is_whole else Salvaged().lost)

    def _synchronize(self, database: sqlite3.Connection, mode: str) -> None:
        if mode != self._synchronous:
            database.execute(f"PRAGMA synchronous = {mode}")
            self._synchronous = mode

    def _tell(self, damage: str, lost: str | None) -> None:
        """Have it told. Where nothing was lost, an earlier damage with which there was is told."""
        if lost is not None or self.loss.damage is None:
            self.loss = self.loss._replace(damage=f"{damage}: {lost or 'no event was lost'}")


def _left_aside(path: Path) -> Aside | None:
    """What an earlier process was killed over, or found no room for."""
    left = unread(path)
    damage = f"{path} was damaged; moved aside to {damaged(path).name}"
    # Where nobody may look, the opening says so.
    with contextlib.suppress(OSError):
        if left.exists():
            return Aside(left, damage, None, is_loss=True)
    return None
