"""Lines for people → a terminal, whatever it can show."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import TextIO


def write_lines(output: TextIO, lines: Iterable[str]) -> None:
    """Write them at once; a terminal without UTF-8 gets a question mark for an arrow."""
    encoding = output.encoding or "utf-8"
    output.writelines(line.encode(encoding, "replace").decode(encoding) + "\n" for line in lines)
    output.flush()


def printable(text: str) -> str:
    """The text without control characters: who publishes, or names a file, steers no terminal."""
    return "".join(each if is_seen(each) else "\N{REPLACEMENT CHARACTER}" for each in text)


def is_seen(letter: str) -> bool:
    """Whether it is a letter, sign or blank, nothing that a terminal obeys."""
    # Python counts no blank but the plain one; macOS puts others into the names of its pictures.
    return letter.isprintable() or unicodedata.category(letter) == "Zs"
