"""Arrays that are dear to make → a file beside the runs, and back."""

from __future__ import annotations

import contextlib
import glob
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.replacing import WriteError, keep_from_others, remove_left, replaced

_LOG = logging.getLogger(__name__)

#: No writer takes so long; another run may be writing the same file.
_DAY_S = 86_400.0

Arrays = dict[str, NDArray[Any]]


def load_arrays(path: Path, otherwise: str) -> Arrays | None:
    """Read what `save_arrays` wrote; None if there is no such file, or a damaged one.

    What killed writers of it left beside it is removed once it is a day old.

    otherwise: what is done about a damaged one, for the log.
    """
    # Faces of others may be read from a folder that only they may change.
    with contextlib.suppress(OSError):
        remove_left(path.parent, glob.escape(path.name), unchanged_s=_DAY_S)
    if not path.exists():
        return None
    try:
        # NumPy leaves a damaged archive open that it opened itself.
        with path.open("rb") as file, np.load(file) as stored:
            return dict(stored)
    except MemoryError:
        # Nothing is wrong with the file, and what is made again needs as much.
        raise
    except Exception as error:  # noqa: BLE001 - NumPy passes on what its readers of archives raise
        _LOG.warning("%s: damaged (%s); %s", path, error, otherwise)
        return None


def save_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write arrays by name in one step; the folder is made where it is missing.

    The file is readable by its owner only: what is kept may be faces.

    Where they cannot be written a warning says so and nothing is left: whoever made them has them,
    and hours of training need not end for what a later run can make again.
    """
    named: dict[str, Any] = dict(arrays)
    try:
        # The suffix stays the last one: NumPy would add another.
        with replaced(path) as beside:
            keep_from_others(beside)
            np.savez(beside, **named)
    except WriteError as error:
        _LOG.warning("%s; this run goes on, and a later one makes it again", error)
