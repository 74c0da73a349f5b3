"""An analysis that is not whole yet → what of it is done, kept until the last file is, too."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import sys
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from edge_app.analyze.analysis import Analysis
from edge_app.analyze.earlier import PART, RECORD, Earlier, location, write_record
from edge_app.analyze.outputs import OutputError
from edge_app.analyze.table import Maker, Row, json_lines, write_table
from edge_app.closing import Closing

#: The rows of all files that are done, as JSON Lines, in the order in which they were.
_ROWS = "rows.jsonl"
#: The maker's line, then one a file that is done, in ASCII.
_JOURNAL = "journal.jsonl"
#: As much of a file as is read at once, in bytes.
_AT_ONCE = 1 << 20


class Piece(NamedTuple):
    """A file as it is to be analyzed.

    file: its `location`. named: as the user named it. copy: the name of its annotated copy, empty
    if there is to be none. size (bytes) and mtime_ns tell whether it is still the same.
    """

    file: str
    named: str
    copy: str
    size: int
    mtime_ns: int


def piece_of(path: Path, folder: Path, copy: str) -> Piece:
    """Look at the file at `path` now; whether it can be read shows when it is."""
    try:
        status = path.stat()
    except OSError:
        return Piece(location(path, folder), str(path), copy, -1, 0)
    return Piece(location(path, folder), str(path), copy, status.st_size, status.st_mtime_ns)


class Done(NamedTuple):
    """What was found in a file: its frames, and how many faces show which emotion.

    copy_crc: CRC-32 of its copy, 0 if there is none. start, end: of its rows among all, in bytes.
    rows_crc: their CRC-32. After a power cut there may be zeros in the place of what was written.
    """

    frames: int
    emotions: Mapping[str, int]
    copy_crc: int
    start: int
    end: int
    rows_crc: int


class Part(Closing):
    """A folder in the output folder: an analysis grows in it and moves out of it when it is whole.

    So an earlier analysis stays as it is until then, and whatever a killed one left lies in one
    place, where the next one takes it over: each file that is the same, read by the same maker.

    done: what need not be analyzed any more. dropped: how many more were done, and are not of use.
    """

    def __init__(self, folder: Path, maker: Maker, pieces: Collection[Piece]) -> None:
        """folder: the output folder. pieces: all that this analysis is about.

        Raises:
            OutputError: it cannot be written to.
        """
        self.path = folder / PART
        self._folder, self._maker, self._pieces = folder, maker, pieces
        self._open_things = contextlib.ExitStack()
        with self._told():
            self.path.mkdir(exist_ok=True)
            left_by, left = _read_journal(self.path)
            fits = left_by == maker.line()
            self.done = {piece: left[piece] for piece in pieces if fits and piece in left}
            self.dropped = len(left) - len(self.done)
            self._journal = self._open_things.enter_context(self._begun_journal())
            self._rows = self._open_things.enter_context((self.path / _ROWS).open("ab"))
            #: Of the rows of the file that is analyzed: where they begin, and their CRC-32.
            self._rows_crc = 0
            self._start = max((done.end for done in self.done.values()), default=0)
            # What a killed analysis wrote of a file that it did not end.
            self.take_back()

    def write(self, rows: Iterable[Row]) -> None:
        """Write rows of the file that is analyzed, which `add` or `take_back` ends.

        Raises:
            OutputError: they cannot be written.
        """
        with self._told():
            lines = json_lines(rows, self._maker)
            self._rows.write(lines)
        self._rows_crc = zlib.crc32(lines, self._rows_crc)

    def take_back(self) -> None:
        """Drop the rows of a file that was not analyzed to its end.

        Raises:
            OutputError: they cannot be taken back.
        """
        with self._told():
            self._rows.truncate(self._start)
            self._rows.seek(self._start)
        self._rows_crc = 0

    def add(self, piece: Piece, analysis: Analysis) -> None:
        """Note what was found in a file whose rows and copy are written.

        Raises:
            OutputError: the notes cannot be written.
        """
        with self._told():
            self._rows.flush()
            start, end = self._start, self._rows.tell()
            copy_crc = _crc(self.path / piece.copy) if piece.copy else 0
            done = Done(analysis.frames, analysis.emotions, copy_crc, start, end, self._rows_crc)
            # Last, so that what it tells of is there.
            self._journal.write(_line(piece, done))
            self._journal.flush()
        self.done[piece], self._start, self._rows_crc = done, end, 0

    def move_out(self, table: str, earlier: Earlier) -> None:
        """Put copies and table, a file of the name `table`, in the place of an earlier analysis.

        Raises:
            OutputError: they cannot be written; then the next analysis goes on here.
        """
        with self._told():
            write_table(self.path / table, self._lines(), self._maker)
            pairs = [(piece.file, piece.copy) for piece in self._pieces if piece in self.done]
            write_record(self.path / RECORD, self._maker, pairs, earlier)
            # Copies last: by table and record a later analysis knows that they are ours.
            for name in (RECORD, table, *filter(None, (copy for _, copy in pairs))):
                (self.path / name).replace(self._folder / name)
            self._open_things.close()
            shutil.rmtree(self.path)

    def close(self) -> None:
        """Close the files; a folder in which nothing is done goes."""
        # After a failed write there is still text to be flushed; `add` has told of it.
        with contextlib.suppress(OSError):
            self._open_things.close()
        if not self.done:
            shutil.rmtree(self.path, ignore_errors=True)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be written: {error.strerror}") from error

    def _begun_journal(self) -> io.TextIOWrapper:
        """Open the journal of what is done, and nothing else: half a line may have been left."""
        new = self.path / f"{_JOURNAL}.new"
        lines = "".join(_line(*each) for each in self.done.items())
        with new.open("w", encoding="ascii") as file:
            file.write(f"{self._maker.line()}\n{lines}")
            file.flush()
            # With the last one goes all that was done before.
            os.fsync(file.fileno())
        new.replace(self.path / _JOURNAL)
        return (self.path / _JOURNAL).open("a", encoding="ascii")

    def _lines(self) -> Iterator[bytes]:
        """All rows, in the order of the files."""
        with (self.path / _ROWS).open("rb") as rows:
            for piece in self._pieces:
                if (done := self.done.get(piece)) is not None:
                    rows.seek(done.start)
                    while rows.tell() < done.end:
                        yield rows.readline()


def _line(piece: Piece, done: Done) -> str:
    return json.dumps({"piece": piece._asdict(), "done": done._asdict()}) + "\n"


def _read_journal(path: Path) -> tuple[str, dict[Piece, Done]]:
    """Give the maker's line, and what is there of all that the journal in `path` tells of."""
    try:
        maker, *lines = (path / _JOURNAL).read_text(encoding="ascii", errors="replace").split("\n")
    except FileNotFoundError:
        return "", {}
    left = {}
    for line in lines:
        with contextlib.suppress(ValueError, TypeError, KeyError, OSError):
            entry = json.loads(line)
            piece, done = Piece(**entry["piece"]), Done(**entry["done"])
            has_copy = not piece.copy or _crc(path / piece.copy) == done.copy_crc
            if has_copy and _crc(path / _ROWS, done.start, done.end) == done.rows_crc:
                left[piece] = done
    return maker, left


def _crc(path: Path, start: int = 0, end: int = sys.maxsize) -> int:
    """CRC-32 of what stands in a file from `start` to `end`, in bytes.

    Raises:
        OSError: it cannot be read.
    """
    crc = 0
    with path.open("rb") as file:
        file.seek(start)
        while content := file.read(min(end - file.tell(), _AT_ONCE)):
            crc = zlib.crc32(content, crc)
    return crc
