"""A CSV file with a header → its rows by column, each with its line."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from trainer.data.faces import DataError
from trainer.data.rejections import Rejections

#: `Usage` of FER2013 and FER+, in the order of `Split`.
USAGES: tuple[str, ...] = ("Training", "PublicTest", "PrivateTest")


def read_rows(
    path: Path, columns: Sequence[str], rejections: Rejections
) -> Iterator[tuple[int, int, list[str]]]:
    """Give each row's number, from 0, its line in the file, from 1, and the cells of `columns`.

    The columns may stand in any order among others, and white space around names and cells does
    not count. Empty lines are skipped; a row with too few or too many cells is left out, but
    counted and numbered.

    Raises:
        DataError: the file is missing, no text, or lacks one of the columns.
    """
    try:
        # Excel writes a byte order mark.
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from _rows(path, csv.reader(file), columns, rejections)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}; name another file") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: not a CSV file: {error}") from error


def split_named(usage: str) -> int:
    """The `Split` that FER2013's `Usage` means.

    Raises:
        ValueError: none.
    """
    if usage not in USAGES:
        raise ValueError(f"Usage {usage!r:.20} is none of {', '.join(USAGES)}")
    return USAGES.index(usage)


def _rows(
    path: Path, lines: Any, columns: Sequence[str], rejections: Rejections
) -> Iterator[tuple[int, int, list[str]]]:
    header = [name.strip().casefold() for name in next(lines, [])]
    missing = [name for name in columns if name.casefold() not in header]
    if missing:
        raise DataError(
            f"{path}: line 1 names no column {', '.join(missing)}; expected {','.join(columns)}"
        )
    places = [header.index(name.casefold()) for name in columns]
    row = -1
    for cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        row += 1
        rejections.rows += 1
        line = int(lines.line_num)
        if len(cells) != len(header):
            rejections.add(f"{path.name}:{line}", f"{len(cells)} cells for {len(header)} columns")
            continue
        yield row, line, [cells[place].strip() for place in places]
