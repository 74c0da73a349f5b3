"""What a file shall hold → the old file or the new one, whole, whenever the process is killed."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from edge_app.errors import MienError

#: What a system says that cannot reserve space in a file.
_CANNOT_RESERVE = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})


class WriteError(MienError):
    """A file that cannot be written: which, why, and what to do."""


@contextlib.contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Give a name beside `path` to write to; what stands there at the end takes its place.

    The folder is made where it is missing. After any failure the file beside is removed; a kill
    leaves it. No two writers are given one name: each would take the other's half for whole.

    Raises:
        WriteError: it cannot be written.
    """
    beside = path.with_name(f"new-{secrets.token_hex(4)}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield beside
        beside.replace(path)
    except OSError as error:
        why = error.strerror or error
        raise WriteError(f"{path}: {why}; free space, or name another folder") from error
    finally:
        # Gone already, unless something failed; in a folder that is none it never was there.
        with contextlib.suppress(OSError):
            beside.unlink()


def keep_from_others(path: Path) -> None:
    """Make the file that is then written readable by its owner only.

    Raises:
        OSError: it cannot be made.
    """
    # Before it holds anything; one that a killed process left may have another mode.
    path.touch()
    path.chmod(0o600)


def remove_left(folder: Path, pattern: str, *, unchanged_s: float = 0.0) -> None:
    """Remove what killed writers of files of `folder` left beside them; pattern: of their names.

    Nobody may be writing such a file, or only to one that changed within `unchanged_s` seconds.

    Raises:
        OSError: one cannot be removed.
    """
    newest_s = time.time() - unchanged_s
    for path in folder.glob(f"new-*-{pattern}"):
        # Gone already where somebody else replaced or removed it.
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime <= newest_s:
                path.unlink()


def write_beside(path: Path, text: str) -> None:
    """Replace a text file in one step; the folder is made where it is missing.

    Raises:
        WriteError: it cannot be written; then the old one stays.
    """
    with replaced(path) as beside:
        beside.write_text(text, encoding="utf-8")


def reserve(file: BinaryIO, size: int) -> None:
    """Make an open file `size` bytes long, with space for them; nothing where that cannot be done.

    Raises:
        OSError: there is not so much space.
    """
    allocate = getattr(os, "posix_fallocate", None)
    if allocate is None:
        return
    try:
        allocate(file.fileno(), 0, size)
    except OSError as error:
        if error.errno not in _CANNOT_RESERVE:
            raise
