"""The pages of a database's file, and of its log → the events in them, whatever else is damaged.

SQLite gives up a whole table for one page. The form: https://www.sqlite.org/fileformat2.html
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import Final, NamedTuple

from edge_app.closing import Closing
from edge_app.mqtt.outbox.disk import log_of
from edge_app.mqtt.outbox.log_frames import PAGE_SIZE, Frame, Log
from edge_app.mqtt.outbox.payload import is_sound

#: The first page of the table of events, which is the first table that is made.
_ROOT: Final = 2
_LEAF, _INTERIOR = 0x0D, 0x05
_PAGE_HEADER: Final = struct.Struct(">BHHHB")
_NUMBER: Final = struct.Struct(">I")
#: Behind the numbers of all events, and longer than any outbox is open.
_ENDLESS: Final = 1 << 40
#: Bytes of one event at most, so that a length that is wrong does not lead far.
_LONGEST: Final = 1 << 20

#: Bytes of an integer → its serial type.
_SIZES: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}


class Row(NamedTuple):
    """An event. payload: as it was stored; None where it is not sound any more."""

    sequence: int
    elapsed_s: float
    payload: bytes | None


class _Range(NamedTuple):
    """Numbers of events: above the first, up to the last."""

    above: int = -_ENDLESS
    up_to: int = _ENDLESS

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and self.above < number <= self.up_to


class Pages(Closing):
    """The newest version of each page. log: what is in the log; of it `frames` count, None: all.

    Raises:
        OSError: the file cannot be opened.
    """

    def __init__(self, path: Path, log: Log | None, frames: int | None = None) -> None:
        counting = log.frames[:frames] if log is not None else []
        self._places = {each.page: each.place for each in counting if each.is_sound}
        newest = {each.page: each for each in counting}
        #: Pages in the log that may have changed, of which there is no later version.
        self._doubtful = [
            each
            for each in counting
            if not each.is_sound and (each is newest[each.page] or not each.page)
        ]
        self._path, self._log_read = path, log
        self._file = path.open("rb", buffering=0)
        self._log = log_of(path).open("rb", buffering=0) if counting else None
        self._size = log.page_size if log is not None else PAGE_SIZE
        in_file = os.fstat(self._file.fileno()).st_size // self._size
        self._count = max([in_file, *self._places])
        self._is_seen = bytearray(self._count + 1)
        self._unread: list[_Range] = []
        #: Of the row before: what stands for those of one that is wrong.
        self._elapsed_s = 0.0
        #: Number of the newest event that was found, and where in the log its page is.
        self._newest = -_ENDLESS, 0

    def close(self) -> None:
        """Close the files."""
        self._file.close()
        if self._log is not None:
            self._log.close()

    @property
    def is_bounded(self) -> bool:
        """Whether all that cannot be read lay between events that were found."""
        are_between = all(each.above > -_ENDLESS and each.up_to < _ENDLESS for each in self._unread)
        return are_between and all(each.place < self._newest[1] for each in self._doubtful)

    def rows(self) -> Iterator[Row]:
        """The events that the table leads to, in order."""
        self._unread.clear()
        yield from self._table(_ROOT, _Range())

    def doubtful_rows(self) -> Iterator[Row]:
        """Sound events in frames that are not sound, where no later one has the same page."""
        for frame in self._doubtful:
            if frame.page:
                yield from self._sound_rows(self._read(self._log, frame.place))

    def stray_rows(self) -> Iterator[Row]:
        """Sound events that `rows` may have missed; some of those that it gave come again."""
        yield from self.doubtful_rows()
        # What is doubtful may have led to any page.
        missed = [_Range()] if self._doubtful else self._unread
        if not missed:
            return
        free = self._free()
        for number in range(_ROOT, self._count + 1):
            if self._is_seen[number] or number in free:
                continue
            for row in self._sound_rows(self._page(number)):
                if any(row.sequence in each for each in missed):
                    yield row
        if self._log_read is not None and not all(map(self._is_whole, self._doubtful)):
            # Into a page that is lost, events may have come from one that has them no more.
            with Pages(self._path, self._log_read, self._log_read.taken) as before:
                yield from before.rows()

    def _is_whole(self, frame: Frame) -> bool:
        """Whether all of a doubtful page could be read."""
        page = self._read(self._log, frame.place) if frame.page else None
        if page is None:
            return False
        cells = _cells(page, _LEAF)
        if cells is None:
            return _cells(page, _INTERIOR) is not None
        return sum(1 for _ in self._sound_rows(page)) == len(cells)

    def _table(self, number: int, within: _Range) -> Iterator[Row]:
        page = self._page(number)
        if page is not None and 0 < number <= self._count and not self._is_seen[number]:
            self._is_seen[number] = True
            cells = _cells(page, _LEAF)
            if cells is not None:
                for row in self._rows(page, cells):
                    if row.sequence > self._newest[0]:
                        self._newest = row.sequence, self._places.get(number, 0)
                    yield row
                return
            cells = _cells(page, _INTERIOR)
            if cells is not None:
                for child, part in _children(page, cells, within):
                    yield from self._table(child, part)
                return
        self._unread.append(within)

    def _sound_rows(self, page: bytes | None) -> Iterator[Row]:
        cells = None if page is None else _cells(page, _LEAF)
        if page is not None and cells is not None:
            yield from (row for row in self._rows(page, cells) if row.payload is not None)

    def _free(self) -> set[int]:
        """Pages that are not used, and hold what was delivered long ago."""
        free: set[int] = set()
        first = self._page(1)
        trunk = _NUMBER.unpack_from(first, 32)[0] if first is not None else 0
        while trunk and trunk not in free and (page := self._page(trunk)) is not None:
            free.add(trunk)
            trunk, count = struct.unpack_from(">II", page)
            count = min(count, self._size // 4 - 2)
            free.update(struct.unpack_from(f">{count}I", page, 8))
        return free

    def _rows(self, page: bytes, cells: list[int]) -> Iterator[Row]:
        before = -_ENDLESS
        for at in cells:
            try:
                row = self._row(page, at)
            except (IndexError, struct.error):
                continue
            if row is None:
                continue
            is_right = before < row.sequence < _ENDLESS
            if row.payload is None and not is_right:
                continue
            # Of a number that is wrong, the order tells enough.
            before = row.sequence if is_right else before + 1
            if abs(row.elapsed_s) < _ENDLESS:  # and is a number at all
                self._elapsed_s = row.elapsed_s
            yield Row(before, self._elapsed_s, row.payload)

    def _row(self, page: bytes, at: int) -> Row | None:
        """The event of one cell; None where there is none."""
        length, at = _varint(page, at)
        number, at = _varint(page, at)
        if length > _LONGEST:
            return None
        record = self._record(page, at, length)
        size, at = _varint(record, 0)
        key, at = _varint(record, at)
        kind, at = _varint(record, at)
        form, at = _varint(record, at)
        if key or at != size:
            return None
        elapsed_s, at = _seconds(record, at, kind)
        payload = record[at:]
        is_whole = form == 12 + 2 * len(payload) and is_sound(payload)
        return Row(number, elapsed_s, payload if is_whole else None)

    def _record(self, page: bytes, at: int, length: int) -> bytes:
        """All bytes of a row, a long one's from further pages."""
        most = self._size - 35
        if length <= most:
            return page[at : at + length]
        least = (self._size - 12) * 32 // 255 - 23
        here = least + (length - least) % (self._size - 4)
        here = here if here <= most else least
        parts = [page[at : at + here]]
        (further,) = _NUMBER.unpack_from(page, at + here)
        missing = length - here
        while missing > 0 and (next_page := self._page(further)) is not None:
            (further,) = _NUMBER.unpack_from(next_page)
            parts.append(next_page[4 : 4 + missing])
            missing -= self._size - 4
        return b"".join(parts)

    def _page(self, number: int) -> bytes | None:
        """None: the disk does not give it back, or there is none of that number."""
        place = self._places.get(number)
        if place is not None:
            return self._read(self._log, place)
        return self._read(self._file, (number - 1) * self._size) if number else None

    def _read(self, file: FileIO | None, place: int) -> bytes | None:
        try:
            page = os.pread(file.fileno(), self._size, place) if file is not None else b""
        except OSError:
            return None
        return page if len(page) == self._size else None


def _cells(page: bytes, kind: int) -> list[int] | None:
    """Where the cells of a page of that kind begin; None where it is none."""
    its_kind, _, count, _, _ = _PAGE_HEADER.unpack_from(page)
    begin = 8 if kind == _LEAF else 12
    if its_kind != kind or begin + 2 * count > len(page):
        return None
    return list(struct.unpack_from(f">{count}H", page, begin))


def _children(page: bytes, cells: list[int], within: _Range) -> Iterator[tuple[int, _Range]]:
    """Pages below one, and the numbers of the events in them."""
    above = within.above
    for at in cells:
        try:
            (child,) = _NUMBER.unpack_from(page, at)
            up_to, _ = _varint(page, at + 4)
        except (IndexError, struct.error):
            child, up_to = 0, above
        if not above < up_to <= within.up_to:
            up_to = within.up_to
            yield child, _Range(above, up_to)
            continue
        yield child, _Range(above, up_to)
        above = up_to
    yield _NUMBER.unpack_from(page, 8)[0], _Range(above, within.up_to)


def _varint(content: bytes, at: int) -> tuple[int, int]:
    """A number of one to nine bytes, and where the next thing begins."""
    number = 0
    for end in range(at, at + 8):
        number = number << 7 | content[end] & 0x7F
        if content[end] < 0x80:
            return number, end + 1
    number = number << 8 | content[at + 8]
    return number - (1 << 64) if number >= 1 << 63 else number, at + 9


def _seconds(record: bytes, at: int, kind: int) -> tuple[float, int]:
    """A real number, which SQLite stores as an integer where it is one. NaN: it is none."""
    if kind == 7:
        return struct.unpack_from(">d", record, at)[0], at + 8
    if kind in _SIZES:
        size = _SIZES[kind]
        return float(int.from_bytes(record[at : at + size], "big", signed=True)), at + size
    return {8: 0.0, 9: 1.0}.get(kind, math.nan), at
