"""A file in the way of a new outbox → moved aside, for whoever looks into it, or removed."""

from __future__ import annotations

import contextlib
import logging
import os
from pathlib import Path
from typing import NamedTuple

from edge_app.mqtt.outbox.disk import StoreRefusedError, log_of, system_translated

_LOG = logging.getLogger(__name__)


class Aside(NamedTuple):
    """A file that was moved aside, with events to bring back.

    damage: what was wrong. damage_before: what is to be told of an earlier one. is_loss: whether
    any of the events still waited.
    """

    path: Path
    damage: str
    damage_before: str | None
    is_loss: bool


def move_aside(path: Path, damage: str, *, is_unread: bool = False) -> Path:
    """Make way for a new file; where the damaged one is now.

    Only the newest is kept: the card is small.

    is_unread: events are to be brought back from it, by the next process if this one is killed
    before: until then it has the name that `unread` gives.

    Raises:
        StoreRefusedError: the disk does not let us.
    """
    aside = unread(path) if is_unread else damaged(path)
    _rename(path, aside)
    _LOG.error("%s; moved aside to %s, a new outbox is begun", damage, damaged(path))
    return aside


def damaged(path: Path) -> Path:
    """Where a damaged file is kept that had this path."""
    return path.with_name(f"{path.name}.damaged")


def unread(path: Path) -> Path:
    """Where it is as long as its events were not brought back."""
    return path.with_name(f"{path.name}.unread")


def have_read(path: Path) -> None:
    """Keep it as one of which the events are back.

    Raises:
        StoreRefusedError: the disk does not let us; they will be brought back again.
    """
    _rename(unread(path), damaged(path))


def complete_move(path: Path) -> bool:
    """Move the log after its file, where `move_aside` was cut short; whether it was.

    To be called before a file of that path is made: SQLite would take the log for its own.

    Raises:
        UsageError: there is no way to it.
        StoreRefusedError: the disk does not let us.
    """
    with system_translated(path):
        # Without a file SQLite makes no log, so this one belongs to the file that was moved.
        if path.exists() or not log_of(path).exists() or not unread(path).exists():
            return False
        log_of(path).replace(log_of(unread(path)))
    return True


def _rename(path: Path, target: Path) -> None:
    """Move a file, and what SQLite has beside it; they are as old as this from now on.

    How long they are kept counts from here: the file of an outbox that has its newest events in its
    log may be months old.
    """
    try:
        _rename_alone(path, target)
        for ending in ("-wal", "-shm"):
            beside = path.with_name(path.name + ending)
            beside_target = target.with_name(target.name + ending)
            if beside.exists():
                _rename_alone(beside, beside_target)
            else:
                beside_target.unlink(missing_ok=True)  # of an earlier one
    except OSError as error:
        raise StoreRefusedError(f"{path}: {error.strerror}") from error


def _rename_alone(path: Path, target: Path) -> None:
    # Where the time cannot be set, it is kept for less long, and moved all the same.
    with contextlib.suppress(OSError):
        os.utime(path)
    path.replace(target)


def remove(path: Path) -> None:
    """Take a file away, if there is one.

    Raises:
        StoreRefusedError: the disk does not let us.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StoreRefusedError(f"{path}: {error.strerror}") from error
