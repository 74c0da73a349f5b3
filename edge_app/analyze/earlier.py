"""An output folder → which files were analyzed into it, with which copies."""

from __future__ import annotations

import contextlib
import csv
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from edge_app.analyze.table import FIRST_COLUMNS, Maker
from edge_app.errors import UsageError

#: The tables that a folder can have; they also mark it as one of ours.
TABLES = ("analysis.jsonl", "analysis.csv")
#: The maker's line, then one a file, in ASCII. A table cannot tell of files without faces: they
#: have no row.
RECORD = ".mien-analysis.jsonl"
#: A folder: the analysis that is not whole yet.
PART = ".mien-analysis-part"


@dataclass(frozen=True, slots=True)
class Earlier:
    """What an output folder held before.

    files: what was analyzed, by `location`. copies: names of ours. foreign: names of everything
    else, which must stay as it is.
    """

    files: frozenset[str] = frozenset()
    copies: frozenset[str] = frozenset()
    foreign: frozenset[str] = frozenset()


def location(file: Path, folder: Path) -> str:
    """Give the way from `folder` to `file`; it names the same file in any current folder."""
    return os.path.relpath(os.path.realpath(file), os.path.realpath(folder))


def read_earlier(folder: Path, names: Iterable[str]) -> Earlier:
    """Tell the copies of an earlier analysis from what else is in `folder`, an existing one.

    names: of all that is in it.

    Raises:
        UsageError: it holds other things, and no table of ours; or a table that is not ours.
        OSError: it cannot be read.
    """
    there = set(names) - {RECORD, PART}
    tables = [folder / name for name in TABLES if name in there]
    try:
        pairs = _pairs(folder, tables) if tables else []
    except (ValueError, csv.Error) as error:
        raise _foreign_error(folder) from error
    if there and not tables:
        raise _foreign_error(folder)
    copies = frozenset(copy for _, copy in pairs if copy in there)
    return Earlier(
        files=frozenset(file for file, _ in pairs if file),
        copies=copies,
        foreign=frozenset(there.difference(copies, TABLES)),
    )


def check_nothing_is_dropped(earlier: frozenset[str], folder: Path, files: Iterable[str]) -> None:
    """Hold an analysis of `files` against that of `earlier` ones in `folder`, which it replaces.

    Raises:
        UsageError: the earlier one has files that this one has not.
    """
    if dropped := sorted(earlier.difference(files)):
        raise UsageError(
            f"{folder}: holds an analysis of other files, such as {Path(dropped[0]).name};"
            " name all files at once, another folder with --output, or replace it with --force"
        )


def write_record(
    path: Path, maker: Maker, pairs: Iterable[tuple[str, str]], earlier: Earlier
) -> None:
    """Tell a later analysis what this one wrote.

    pairs: the `location` of each file with its copy's name, empty if there is none.

    Raises:
        OSError: it cannot be written.
    """
    # Copies that this analysis does not replace remain ours.
    kept = [("", name) for name in sorted(earlier.copies)]
    entries = (json.dumps({"file": file, "copy": copy}) for file, copy in [*kept, *pairs])
    path.write_text("".join(f"{line}\n" for line in (maker.line(), *entries)), encoding="ascii")


def _foreign_error(folder: Path) -> UsageError:
    return UsageError(
        f"{folder}: holds files that are not from mien analyze; name a new or empty folder"
        " with --output"
    )


def _pairs(folder: Path, tables: Iterable[Path]) -> list[tuple[str, str]]:
    """Give the location of each analyzed file with its copy's name; either may be empty.

    Raises:
        ValueError, csv.Error: a table is not ours.
    """
    for table in tables:
        next(_rows(table), None)
    return _read_record(folder) or [
        (location(Path(str(row["file"])), folder), str(row["annotated"]).removeprefix("./"))
        for table in tables
        for row in _rows(table)
    ]


def _read_record(folder: Path) -> list[tuple[str, str]]:
    pairs = []
    path = folder / RECORD
    with (
        contextlib.suppress(FileNotFoundError),
        path.open(encoding="ascii", errors="replace") as lines,
    ):
        for line in lines:
            # The first one is the maker's, and a disk may have failed.
            with contextlib.suppress(ValueError, TypeError, KeyError):
                entry = json.loads(line)
                pairs.append((str(entry["file"]), str(entry["copy"])))
    return pairs


def _rows(table: Path) -> Iterator[Mapping[str, Any]]:
    """Give the whole rows of a table of ours; an empty file has none.

    Raises:
        ValueError: it is not ours.
    """
    with table.open(encoding="utf-8", newline="") as text:
        rows: Iterable[Any] = csv.DictReader(text) if table.suffix == ".csv" else _objects(text)
        if isinstance(rows, csv.DictReader) and rows.fieldnames is not None:
            _check_columns(table, rows.fieldnames)
        for row in rows:
            _check_columns(table, row)
            # A line that was cut short has too few fields: names before this one are whole.
            if row["frame"] is not None:
                yield row


def _objects(text: TextIO) -> Iterator[Any]:
    for number, line in enumerate(text):
        try:
            yield json.loads(line)
        except ValueError:
            if number == 0 or line.endswith("\n"):
                raise


def _check_columns(table: Path, row: object) -> None:
    columns = tuple(row)[: len(FIRST_COLUMNS)] if isinstance(row, (dict, list)) else ()
    if columns != FIRST_COLUMNS:
        raise ValueError(f"{table}: not a table of mien analyze")
