"""Rows of words → a table, for a terminal or in Markdown; the first column is text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def plain(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines with columns as wide as they need; the first row is the head."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        yield "  ".join(cells).rstrip()


def markdown(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The same rows as Markdown."""
    head, *rest = rows
    yield _row(head)
    yield f"|---|{'---:|' * (len(head) - 1)}"
    yield from map(_row, rest)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
