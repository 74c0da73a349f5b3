"""Text → a file that a power cut leaves whole, old or new."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from pathlib import Path

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
            _replace(path, text, _SETTINGS_MODE, None)
            return None
        old = path.stat()
        backup = path.with_name(f"{path.name}.bak")
        shutil.copy2(path, backup)
        _replace(path, text, stat.S_IMODE(old.st_mode), (old.st_uid, old.st_gid))
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
        _replace(path, f"{secret}\n", _SECRET_MODE, owner)
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


def _replace(path: Path, text: str, mode: int, owner: tuple[int, int] | None) -> None:
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    # New, and nobody's link: a secret goes nowhere else.
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _SECRET_MODE)
    try:
        with os.fdopen(file, "w", encoding="utf-8") as stream:
            if owner is not None:
                # Another user's file: it becomes ours, as with any editor.
                with contextlib.suppress(PermissionError):
                    os.fchown(stream.fileno(), *owner)
            os.fchmod(stream.fileno(), mode)
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _failed(path: Path, error: OSError) -> MienError:
    return MienError(f"{path}: {error.strerror}; make room, or write it as another user")
