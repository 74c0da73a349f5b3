"""One text → one file, whole or not at all; and one file → nothing that could be read again."""

from __future__ import annotations

import os
from pathlib import Path

from edge_app.durable_file import flush_folder, write_durably


def place(path: Path, text: str, *, mode: int) -> None:
    """Put `text` in `path` so that a power cut leaves the old file or the new one.

    Raises:
        OSError: it cannot be written; the old file stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    write_durably(path, text.encode(), mode=mode)


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
    flush_folder(path.parent)
