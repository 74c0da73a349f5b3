"""A file with a user or password → its first line, and nothing of it in any message."""

from __future__ import annotations

import logging
import stat
from pathlib import Path

from edge_app.errors import UsageError

_LOG = logging.getLogger(__name__)


def first_line(file: Path, what: str, advice: str = "") -> str:
    """The line without its end; only a line feed ends it, with or without a carriage return.

    Nor is the byte order mark a part of it that editors on Windows write.

    what: names the file in messages; advice: their end.

    Raises:
        UsageError: the file cannot be read, is not UTF-8, or its first line is empty.
    """
    hint = f"; {advice}" if advice else ""
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{what} {file}: {error.strerror}{hint}") from error
    except UnicodeDecodeError:
        # Not chained: the exception carries the file's bytes.
        raise UsageError(f"{what} {file}: not UTF-8 text{hint}") from None
    line = text.partition("\n")[0].removesuffix("\r")
    if not line:
        raise UsageError(f"{what} {file}: its first line is empty{hint}")
    return line


def is_for_all(file: Path) -> bool:
    """Whether every user of this machine may read it; not where it cannot be looked at."""
    try:
        return bool(file.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False


def warn_if_for_all(file: Path) -> None:
    """Log a secret's file that every user of this machine may read."""
    if is_for_all(file):
        _LOG.warning("%s: every user can read it; chmod o= it", file)
