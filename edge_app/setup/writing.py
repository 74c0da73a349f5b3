"""Settings and secrets → their files, each with its owner and mode, all of them or none."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from edge_app.closing import Closing
from edge_app.durable_file import flush_folder, written_beside
from edge_app.errors import MienError

#: Of a new settings file, which holds no secrets: the service's account reads it.
_SETTINGS_MODE = 0o644
_SECRET_MODE = 0o600


class Writing(Closing):
    """Files that change together: a password and the settings that it belongs to.

    Each is on the disk, beside its place, before the first one changes: where the disk is full,
    all of them stay as they were. Only a power cut amid `finish` can part them.
    """

    def __init__(self) -> None:
        self._beside = contextlib.ExitStack()
        self._steps: list[tuple[Path, Callable[[], None]]] = []

    def close(self) -> None:
        """Take away what lies beside; what `finish` has put into its place stays."""
        self._beside.close()

    def settings(self, path: Path, text: str) -> Path | None:
        """Have `text` ready for `path`, with its owner and mode; returns where the old text goes.

        Raises:
            MienError: it cannot be written.
        """
        with _named(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                self._write(path, text.encode(), mode=_SETTINGS_MODE)
                return None
            old, content = path.stat(), path.read_bytes()
        backup, mode, owner = (
            path.with_name(f"{path.name}.bak"),
            stat.S_IMODE(old.st_mode),
            (old.st_uid, old.st_gid),
        )
        self._write(backup, content, mode=mode, owner=owner)
        self._write(path, text.encode(), mode=mode, owner=owner)
        return backup

    def secret(self, path: Path, secret: str, owner: tuple[int, int] | None) -> None:
        """Have one line ready for a file that its owner alone reads; owner: user, group, if others.

        Raises:
            MienError: it cannot be written.
        """
        with _named(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._write(path, f"{secret}\n".encode(), mode=_SECRET_MODE, owner=owner)

    def remove(self, path: Path) -> bool:
        """Have a file taken away; returns whether there is one."""

        def step() -> None:
            path.unlink()
            flush_folder(path.parent)

        if is_there := os.path.lexists(path):
            self._steps.append((path, step))
        return is_there

    def finish(self) -> None:
        """Put everything in its place, in the order in which it was asked for.

        Raises:
            MienError: one of them cannot be; those before it are.
        """
        for path, step in self._steps:
            with _named(path):
                step()

    def _write(
        self, path: Path, content: bytes, *, mode: int, owner: tuple[int, int] | None = None
    ) -> None:
        with _named(path):
            ready = self._beside.enter_context(
                written_beside(path, content, mode=mode, owner=owner)
            )
        self._steps.append((path, ready))


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise MienError(
            f"{path}: {error.strerror}; make room, or write it as another user"
        ) from error
