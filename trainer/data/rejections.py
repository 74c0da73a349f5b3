"""Lines and files that a reader leaves out → one report, or a refusal where they are too many."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from edge_app.picture_file import SUFFIXES
from trainer.data.faces import DataError

_LOG = logging.getLogger(__name__)

#: A file with a larger share of malformed rows is of another format than its name says.
LARGEST_SHARE = 0.05
#: How many of the rows left out are quoted.
QUOTED = 5


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of a data set's rows.

    rows: how many it has; left_out: how many of them are not in the result; examples: what is
    wrong with the first few, each with its file and, in a text file, its line. passed_over: what
    lies there and is no row, a line a reason, each with the first file and how many more; remedies:
    what to do about rows that are left out, where that is known. cut: how faces of pictures were
    cut; empty where the data set's rows are faces.
    """

    source: Path
    rows: int
    left_out: int
    examples: tuple[str, ...]
    passed_over: tuple[str, ...] = ()
    remedies: tuple[str, ...] = ()
    cut: str = ""

    def text(self) -> str:
        """One line for a person."""
        said = f"{self.source}: {self.left_out} of {self.rows} rows left out"
        return f"{said}: {'; '.join(self.examples + self.remedies)}" if self.examples else said


#: Takes the report of a reader, once a data set.
Tell = Callable[[Reading], object]


def warn(reading: Reading) -> None:
    """Log a warning where something was left out, one for each reason to pass over files, and one
    that says how faces were cut.
    """
    if reading.left_out:
        _LOG.warning("%s", reading.text())
    for line in reading.passed_over:
        _LOG.warning("%s: %s", reading.source, line)
    if reading.cut:
        _LOG.warning("%s: %s", reading.source, reading.cut)


@dataclass(slots=True)
class Rejections:
    """Collects what a reader leaves out of `source`."""

    source: Path
    rows: int = 0
    left_out: int = 0
    examples: list[str] = field(default_factory=list)
    _passed_over: dict[str, list[Path]] = field(default_factory=dict)
    #: Each once, in the order of the rows.
    _remedies: dict[str, None] = field(default_factory=dict)
    _without_remedy: int = 0

    def add(self, where: str, why: str, remedy: str = "") -> None:
        """Leave out one row; where: its file and line; remedy: what to do about such rows."""
        self.left_out += 1
        if remedy:
            self._remedies[remedy] = None
        else:
            self._without_remedy += 1
        if len(self.examples) < QUOTED:
            self.examples.append(f"{where}: {why}")

    def pass_over(self, paths: Iterable[Path], why: str) -> None:
        """Take files of `source` for no rows; why: continues a sentence about them."""
        for path in paths:
            self._passed_over.setdefault(why, []).append(path)

    def close(
        self,
        tell: Tell,
        *,
        largest_share: float = LARGEST_SHARE,
        cut: Callable[[], str] = str,
    ) -> None:
        """Report once, when everything is read; cut: says how faces were cut, if not too few were.

        Raises:
            DataError: nothing is left, or a larger share than `largest_share` was left out.
        """
        passed_over = tuple(self._lines())
        reading = Reading(
            self.source,
            self.rows,
            self.left_out,
            tuple(self.examples),
            passed_over,
            tuple(self._remedies),
        )
        if self.rows == 0:
            remedies = passed_over or (self._remedy(),)
            raise DataError("; ".join((f"{self.source}: without a single row", *remedies)))
        if self.left_out == self.rows or self.left_out > largest_share * self.rows:
            guess = "; is it of another format?" if self._without_remedy else ""
            raise DataError(f"{reading.text()}{guess}")
        tell(replace(reading, cut=cut()))

    def _remedy(self) -> str:
        if self.source.is_dir():
            return f"put pictures ({', '.join(sorted(SUFFIXES))}) into the folders of classes"
        return "is it whole?"

    def _lines(self) -> Iterator[str]:
        for why, paths in self._passed_over.items():
            more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
            yield f"not read: {paths[0].relative_to(self.source)}{more}, {why}"
