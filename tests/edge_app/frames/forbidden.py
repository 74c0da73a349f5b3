"""A folder that this user may not enter."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

_NOBODY = 65534


@contextlib.contextmanager
def not_as_root() -> Iterator[None]:
    """Root may do everything, and is somebody else meanwhile."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(user)


@contextlib.contextmanager
def forbidden(folder: Path) -> Iterator[Path]:
    """Shut `folder`, which is made."""
    folder.mkdir(mode=0)
    try:
        with not_as_root():
            yield folder
    finally:
        folder.chmod(0o700)
