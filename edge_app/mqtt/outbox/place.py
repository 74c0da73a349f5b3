"""Where the system lets us keep things → an outbox there, whatever state its files are in."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import time
import zlib
from collections.abc import Mapping
from pathlib import Path

from edge_app.mqtt.outbox.alerts import OnAlert
from edge_app.mqtt.outbox.handover import Handover
from edge_app.mqtt.outbox.outbox import DRAIN_PER_S, Outbox
from edge_app.mqtt.outbox.store import EventStore
from edge_app.mqtt.outbox.stored_event import Limits

#: How many events wait where there is no disk for them.
MEMORY_LIMITS = Limits(events=5000, size=8_000_000)

#: A sound file is read three times, at some 20 MB/s from a card. A damaged one is read five times
#: and written anew, and Python looks for its rows.
_BYTES_PER_S = 1_000_000

_LOG = logging.getLogger(__name__)


def memory_outbox(on_alert: OnAlert | None = None) -> Outbox:
    """An outbox that is gone with the process."""
    return Outbox(EventStore(None), limits=MEMORY_LIMITS, group_s=0.0, on_alert=on_alert)


def state_directory(environ: Mapping[str, str]) -> Path:
    """Systemd's directory for this service, or a user's own (XDG base directories)."""
    if given := environ.get("STATE_DIRECTORY"):
        return Path(given.split(":")[0])
    home = environ.get("XDG_STATE_HOME") or Path(environ.get("HOME", "~")) / ".local/state"
    return Path(home).expanduser() / "mien"


def open_outbox(
    directory: Path,
    device: str,
    environ: Mapping[str, str],
    *,
    limits: Limits | None = None,
    drain_per_s: float = DRAIN_PER_S,
    on_alert: OnAlert | None = None,
) -> Outbox:
    """Open the outbox of a device in `directory`, which is made where it is missing.

    A damaged file is moved aside, and while the disk refuses, memory has to do: with an alert, but
    the device works on. What was moved aside longer ago than events may wait is removed.

    Raises:
        UsageError: the directory cannot be used, or another process uses this outbox.
    """
    path = outbox_file(directory, device)
    with contextlib.ExitStack() as opened:
        store = opened.enter_context(EventStore(path))
        _tell_of_others(path)
        _remove_damaged(path, (limits or Limits()).age_s)
        handover = _open_handover(path, environ)
        if handover is not None:
            opened.enter_context(handover)
        outbox = Outbox(store, handover, limits=limits, drain_per_s=drain_per_s, on_alert=on_alert)
        opened.pop_all()  # the outbox closes them
    return outbox


def opening_s(directory: Path) -> float:
    """Seconds that `open_outbox` takes at most: all that lies there may have to be read."""
    size = 0
    for file in directory.glob("outbox-*"):
        with contextlib.suppress(OSError):
            size += file.stat().st_size
    return size / _BYTES_PER_S


def outbox_file(directory: Path, device: str) -> Path:
    """Where the outbox of a device in `directory` has its events."""
    return directory / f"outbox-{device}.sqlite"


def _tell_of_others(path: Path) -> None:
    """A device that was given another name leaves its events behind: say so."""
    for other in sorted(path.parent.glob("outbox-*.sqlite")):
        if other == path:
            continue
        # Not `EventStore`, which would move a damaged file aside. One that is in use is refused.
        with contextlib.suppress(sqlite3.Error):
            address = f"{other.absolute().as_uri()}?mode=ro"
            with contextlib.closing(sqlite3.connect(address, timeout=0, uri=True)) as database:
                (count,) = database.execute("SELECT COUNT(*) FROM event").fetchone()
            if count:
                _LOG.warning(
                    "%s keeps %d event(s) of a device of that name, which no broker has: start mien"
                    " with that name once, or remove the file",
                    other,
                    count,
                )


def _remove_damaged(path: Path, age_s: float) -> None:
    """Have what was moved aside, of whatever device, keep its events no longer than they may wait.

    What could be read of it is in another file: a clock that is wrong loses nothing.
    """
    for file in path.parent.glob("outbox-*.sqlite.damaged*"):
        with contextlib.suppress(OSError):
            if time.time() - file.stat().st_mtime > age_s:
                file.unlink()


def _open_handover(path: Path, environ: Mapping[str, str]) -> Handover | None:
    """In a directory without a disk behind it if there is one, else beside the database."""
    name = f"{path.stem}-{zlib.crc32(bytes(path.absolute())):08x}.handover"
    runtime = environ.get("RUNTIME_DIRECTORY") or environ.get("XDG_RUNTIME_DIR")
    directories = [Path(runtime.split(":")[0])] if runtime else []
    for directory in (*directories, path.parent):
        try:
            return Handover(directory / name)
        except OSError as error:
            _LOG.warning("outbox: no memory in %s: %s", directory, error.strerror)
    return None
