"""A folder of pictures, or one picture → frames."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

from edge_app.frames.pace import Pace, Pacer
from edge_app.frames.picture import read_picture
from edge_app.frames.source import Frame, FrameSource, SourceError
from edge_app.picture_file import SUFFIXES

_LOG = logging.getLogger(__name__)


class FolderSource(FrameSource):
    """Pictures in natural order: 2.jpg comes before 10.jpg.

    pictures: the paths. `close` may be called by another thread than the reader's.
    """

    is_live = False

    def __init__(
        self,
        path: Path,
        *,
        frames_per_second: float = 15.0,
        pace: Pace = "own",
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        """List the folder, or take the one picture, at `path`.

        frames_per_second: how far apart the pictures' timestamps are.

        Raises:
            SourceError: there is nothing at `path`, it may not be read, or holds no picture.
        """
        self.name = str(path)
        self._is_folder = path.is_dir()
        self.pictures = pictures_in(path) if self._is_folder else [path]
        if not self.pictures:
            raise SourceError(
                f"{path}: the folder holds no picture ({', '.join(sorted(SUFFIXES))})"
            )
        self._frames_damaged = 0
        self._next = 0
        self._interval_ns = round(1e9 / frames_per_second)
        self._closed = threading.Event()
        wait = self._closed.wait if sleep is None else sleep
        self._pacer = Pacer(clock, wait) if pace == "own" else None

    @property
    def frames_damaged(self) -> int:
        """Pictures of a folder that cannot be read."""
        return self._frames_damaged

    def read(self) -> Frame | None:
        """Wait for the next picture's time; None behind the last one, or when closed.

        An unreadable picture of a folder is skipped with a warning.

        Raises:
            SourceError: not one picture could be read.
        """
        while self._next < len(self.pictures) and not self._closed.is_set():
            index, self._next = self._next, self._next + 1
            path = self.pictures[index]
            try:
                image = read_picture(path)
            except SourceError as error:
                if not self._is_folder:
                    raise
                self._frames_damaged += 1
                _LOG.warning("%s", error)
                continue
            timestamp_ns = index * self._interval_ns
            if self._pacer is not None:
                self._pacer.wait(timestamp_ns)
            return Frame(image, timestamp_ns, path.name)
        if self._frames_damaged == len(self.pictures):
            raise SourceError(
                f"{self.name}: none of its {self._frames_damaged} pictures can be read"
            )
        return None

    def close(self) -> None:
        """End a wait for a picture's time; no file is open between reads."""
        self._closed.set()


def pictures_in(folder: Path) -> list[Path]:
    """Give a folder's pictures by their suffix, in natural order; hidden files are left out.

    Raises:
        SourceError: the folder may not be read.
    """
    return [path for path in files_in(folder) if path.suffix.lower() in SUFFIXES]


def files_in(folder: Path) -> list[Path]:
    """Give a folder's own files in natural order; hidden ones are left out.

    Raises:
        SourceError: the folder may not be read.
    """
    try:
        files = [p for p in folder.iterdir() if p.is_file() and not p.name.startswith(".")]
    except OSError as error:
        raise SourceError(f"{folder}: {error.strerror}; name another folder") from error
    return sorted(files, key=_natural)


def _natural(path: Path) -> tuple[list[tuple[int, str]], str]:
    """Digits compare as the number that they write; ASCII ones only, as int() reads others too."""
    parts = re.split(r"([0-9]+)", path.name.casefold())
    return [(int(p), "") if p.isdecimal() and p.isascii() else (-1, p) for p in parts], path.name
