"""A file with a user or password → its first line, and nothing of it in any message."""

from __future__ import annotations

import grp
import logging
import os
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


def how_to_close(file: Path) -> str:
    """The command that takes a file from all others, and leaves it readable for this process."""
    try:
        status = file.stat()
    except OSError:
        return f"chmod o= {file}"
    group = os.getegid()
    is_of_group = status.st_gid in {group, *os.getgroups()} and status.st_mode & stat.S_IRGRP
    if os.geteuid() in {0, status.st_uid} or is_of_group:
        return f"chmod o= {file}"
    # It reads the file only as everybody does, such as one of root's that a service reads.
    return f"sudo chgrp {_name_of(group)} {file}, and sudo chmod 640 {file}"


def warn_if_for_all(file: Path) -> None:
    """Log a secret's file that every user of this machine may read."""
    if is_for_all(file):
        _LOG.warning("%s: every user can read it; %s", file, how_to_close(file))


def _name_of(group: int) -> str:
    try:
        return grp.getgrgid(group).gr_name
    except KeyError:
        return str(group)
