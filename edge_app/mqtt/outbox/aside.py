"""A file in the way of a new outbox → moved aside, for whoever looks into it, or removed."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import NamedTuple

from edge_app.mqtt.outbox.disk import StoreRefusedError

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


def move_aside(path: Path, damage: str) -> Path:
    """Make way for a new file; where the damaged one is now.

    Only the newest is kept: the card is small.

    Raises:
        StoreRefusedError: the disk does not let us.
    """
    aside = path.with_name(f"{path.name}.damaged")
    try:
        path.replace(aside)
        for ending in ("-wal", "-shm"):
            beside = path.with_name(path.name + ending)
            beside_aside = aside.with_name(aside.name + ending)
            if beside.exists():
                beside.replace(beside_aside)
            else:
                beside_aside.unlink(missing_ok=True)  # of an earlier one
    except OSError as error:
        raise StoreRefusedError(f"{path}: {error.strerror}") from error
    _LOG.error("%s; moved aside to %s, a new outbox is begun", damage, aside)
    return aside


def remove(path: Path) -> None:
    """Take a file away, if there is one.

    Raises:
        StoreRefusedError: the disk does not let us.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StoreRefusedError(f"{path}: {error.strerror}") from error
