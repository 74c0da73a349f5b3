"""Texts → their files, whole or not at all; and one file → nothing that could be read again."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from edge_app.durable_file import flush_folder, write_durably, written_beside


@dataclass(frozen=True, slots=True)
class Placed:
    """What a file is to be. owner: user and group; None: who runs this."""

    path: Path
    text: str = field(repr=False)
    mode: int
    owner: tuple[int, int] | None = None


def place(path: Path, text: str, *, mode: int) -> None:
    """Put `text` in `path` so that a power cut leaves the old file or the new one.

    Raises:
        OSError: it cannot be written; the old file stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
    write_durably(path, text.encode(), mode=mode)


def place_together(files: Iterable[Placed], *, without: Iterable[Path] = ()) -> None:
    """Put all files in their places, in this order, once there is room for every one.

    without: what is removed before the first one changes.

    Raises:
        OSError: one cannot be written; for want of room, nothing has changed.
    """
    with contextlib.ExitStack() as beside:
        puts = []
        for each in files:
            each.path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
            content = each.text.encode()
            put = written_beside(each.path, content, mode=each.mode, owner=each.owner)
            puts.append(beside.enter_context(put))
        for path in without:
            path.unlink(missing_ok=True)
        for put_there in puts:
            put_there()


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
