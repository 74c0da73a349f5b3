"""A database that is to be opened → whether SQLite would pass over events in its log.

It stops reading a log at the first frame whose sums are wrong, without a word, as it has to after a
power cut. What stands behind goes with the next write.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from itertools import chain
from pathlib import Path
from typing import Final

from edge_app.mqtt.outbox.disk import StoreDamagedError, log_of, system_translated
from edge_app.mqtt.outbox.log_frames import Log, read_log
from edge_app.mqtt.outbox.pages import Pages

#: Where SQLite locks a file: https://www.sqlite.org/src/file/src/os.h (SHARED_FIRST, SHARED_SIZE).
_LOCKED: Final = 0x40000002
_LOCKED_SIZE: Final = 510


def check_log(path: Path) -> None:
    """See whether SQLite takes all of the log, before it does so. Costs one reading of it.

    The transaction that a power cut tears is the last one, and lost: that is no damage. What is
    left of it is cut off, or the next log would be taken for a damaged one.

    path: like `find_way`, not one that is open.

    Raises:
        StoreDamagedError: there are events in it that SQLite would pass over.
        StoreRefusedError: the disk does not give all of it back.
        UsageError: there is no way to it.
    """
    with system_translated(path):
        file = path.open("rb")
    with file, system_translated(log_of(path)):
        try:
            fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB, _LOCKED_SIZE, _LOCKED)
        except OSError:
            return  # another process writes it; SQLite says so
        log = read_log(log_of(path))
        if log is None or not log.frames:
            return
        is_empty = not os.fstat(file.fileno()).st_size
        if is_empty or log.taken < len(log.frames):
            if _passes_over(path, log, is_empty=is_empty):
                raise StoreDamagedError(f"{log_of(path)}: damaged, and not only at its end")
            if log.is_header_sound:
                with contextlib.suppress(OSError):
                    os.truncate(log_of(path), log.size_taken)


def _passes_over(path: Path, log: Log, *, is_empty: bool) -> bool:
    """Whether SQLite would pass over events. is_empty: the file is, and SQLite removes the log."""
    taken, end = 0 if is_empty else log.taken, len(log.frames)
    if log.is_header_sound and not is_empty:
        # When the last one began, those before it that add events were on the disk.
        ends = [number for number, frame in enumerate(log.frames, 1) if frame.ends]
        end = max(taken, *ends[-2:-1], 0)
    # By their numbers, since frames of several moments together also show what was delivered.
    return end > taken and _newest(path, log, end) > _newest(path, log, taken)


def _newest(path: Path, log: Log, frames: int) -> int:
    """Number of the newest event, where so many frames count."""
    with Pages(path, log, frames) as pages:
        rows = chain(pages.rows(), pages.doubtful_rows())
        return max((row.sequence for row in rows if row.payload is not None), default=0)
