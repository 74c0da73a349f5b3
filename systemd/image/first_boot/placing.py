"""One text → one file, whole or not at all; and one file → nothing that could be read again."""

from __future__ import annotations

import os
from pathlib import Path


def place(path: Path, text: str, *, mode: int) -> None:
    """Put `text` in `path` so that a power cut leaves the old file or the new one.

    Raises:
        OSError: it cannot be written; the old file stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    new = path.with_name(path.name + ".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with open(descriptor, "w", encoding="utf-8") as stream:  # noqa: PTH123 - mode from its birth
        os.fchmod(stream.fileno(), mode)
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(path)
    _sync_folder(path.parent)


def erase(path: Path) -> None:
    """Remove a file whose text nobody shall find in the free space of its file system.

    A card may keep worn blocks that no file system sees; nothing here reaches those.

    Raises:
        OSError: it cannot be written or removed.
    """
    with path.open("r+b") as stream:
        stream.write(bytes(path.stat().st_size))
        stream.flush()
        os.fsync(stream.fileno())
    path.unlink()
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
