"""A device file or an SQLite file → the process that uses it, without disturbing it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

#: `struct flock`: type, whence, start, length, process.
_LOCK = struct.Struct("hhqqi")


@dataclass(frozen=True, slots=True)
class Process:
    """name: its program's; never its arguments, which may hold a secret."""

    number: int
    name: str
    is_mien: bool = False

    def __str__(self) -> str:
        return f"{'mien' if self.is_mien else self.name} (process {self.number})"


class Processes:
    """root: where `proc` is."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._folder = root / "proc"

    def using(self, device: Path) -> Process | None:
        """Who has the device open, a Mien before others; None: nobody that this user may see."""
        users = sorted(self._using(device), key=lambda user: not user.is_mien)
        return users[0] if users else None

    def locking(self, file: Path) -> Process | None:
        """Who holds a lock on any part of the file; None: nobody.

        Raises:
            OSError: it cannot be opened.
        """
        asked = _LOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        with file.open("rb") as stream:
            # Asks only: nothing is locked.
            kind, *_, number = _LOCK.unpack(fcntl.fcntl(stream, fcntl.F_GETLK, asked))
        return None if kind == fcntl.F_UNLCK else self._process(number)

    def _using(self, device: Path) -> Iterator[Process]:
        wanted = str(device.resolve())
        for folder in self._folder.glob("[0-9]*"):
            # Processes end at any time, and others' files are not shown to everybody.
            with contextlib.suppress(OSError):
                targets = [str(each.readlink()) for each in (folder / "fd").iterdir()]
                if wanted in targets and int(folder.name) != os.getpid():
                    yield self._process(int(folder.name))

    def _process(self, number: int) -> Process:
        folder = self._folder / str(number)
        try:
            name = (folder / "comm").read_text(errors="replace").strip()
            words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            return Process(number, "another program")
        is_mien = any(Path(word).name == "mien" or word == "edge_app.cli" for word in words[:8])
        return Process(number, name, is_mien)
