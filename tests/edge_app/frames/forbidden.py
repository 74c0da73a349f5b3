"""A folder that this user may not enter."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

_NOBODY = 65534


@contextlib.contextmanager
def forbidden(folder: Path) -> Iterator[Path]:
    """Shut `folder`, which is made; root may enter everywhere, and is somebody else meanwhile."""
    folder.mkdir(mode=0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(_NOBODY)
    try:
        yield folder
    finally:
        os.seteuid(user)
        folder.chmod(0o700)
