"""Lines for people → a terminal, whatever it can show."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO


def write_lines(output: TextIO, lines: Iterable[str]) -> None:
    """Write them at once; a terminal without UTF-8 gets a question mark for an arrow."""
    encoding = output.encoding or "utf-8"
    output.writelines(line.encode(encoding, "replace").decode(encoding) + "\n" for line in lines)
    output.flush()


def printable(text: str) -> str:
    """The text without control characters: whoever may publish must not steer a terminal."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)
