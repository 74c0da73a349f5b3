"""Settings and secrets → their files, each with its owner and mode."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

from edge_app.durable_file import write_durably
from edge_app.errors import MienError

#: Of a new settings file, which holds no secrets: the service's account reads it.
_SETTINGS_MODE = 0o644
_SECRET_MODE = 0o600


def write_settings(path: Path, text: str) -> Path | None:
    """Put `text` in the place of `path`, with its owner and mode; returns the old file's copy.

    Raises:
        MienError: it cannot be written; then the old file is still there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            write_durably(path, text.encode(), mode=_SETTINGS_MODE)
            return None
        old = path.stat()
        backup = path.with_name(f"{path.name}.bak")
        shutil.copy2(path, backup)
        owner = (old.st_uid, old.st_gid)
        write_durably(path, text.encode(), mode=stat.S_IMODE(old.st_mode), owner=owner)
    except OSError as error:
        raise _failed(path, error) from error
    return backup


def write_secret(path: Path, secret: str, owner: tuple[int, int] | None) -> None:
    """Put one line into a file that only its owner reads; owner: user and group, if others.

    Raises:
        MienError: it cannot be written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_durably(path, f"{secret}\n".encode(), mode=_SECRET_MODE, owner=owner)
    except OSError as error:
        raise _failed(path, error) from error


def remove_secret(path: Path) -> bool:
    """Take a file away; returns whether there was one.

    Raises:
        MienError: it cannot be removed.
    """
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _failed(path, error) from error
    return True


def _failed(path: Path, error: OSError) -> MienError:
    return MienError(f"{path}: {error.strerror}; make room, or write it as another user")
