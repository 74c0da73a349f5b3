"""Bytes → a file that a power cut leaves whole, old or new."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path


def write_durably(path: Path, content: bytes, *, mode: int | None = None) -> None:
    """Put `content` in the place of `path`; it is on the disk when this returns.

    mode: None for what the umask leaves.

    Raises:
        OSError: it cannot be written; then the old file is still there.
    """
    with written_beside(path, content, mode=mode) as put:
        put()


@contextlib.contextmanager
def written_beside(
    path: Path, content: bytes, *, mode: int | None = None, owner: tuple[int, int] | None = None
) -> Iterator[Callable[[], None]]:
    """Have `content` on the disk beside `path`; the function that comes puts it there without room.

    At the end nothing is left of what was not put there. mode: None for what the umask leaves.
    owner: user and group, if others and if that is allowed.

    Raises:
        OSError: it cannot be written; from the function: it cannot be put there.
    """
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    # New, and nobody's link: a secret goes nowhere else.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    file = os.open(beside, flags, 0o666 if mode is None else 0o600)

    def put() -> None:
        beside.replace(path)
        flush_folder(path.parent)

    try:
        with os.fdopen(file, "wb") as stream:
            if owner is not None:
                # Another user's file: it becomes ours, as with any editor.
                with contextlib.suppress(PermissionError):
                    os.fchown(stream.fileno(), *owner)
            if mode is not None:
                os.fchmod(stream.fileno(), mode)
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        yield put
    finally:
        beside.unlink(missing_ok=True)


def flush_folder(folder: Path) -> None:
    """Have what was renamed or removed in `folder` on the disk when this returns.

    Raises:
        OSError: it is not known to be there.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
