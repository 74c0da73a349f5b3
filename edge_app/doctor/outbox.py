"""An outbox's file → whether it is sound and how many events wait; the file is only read."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from edge_app.doctor.finding import Finding, Group
from edge_app.doctor.processes import Process
from edge_app.mqtt.outbox.disk import StoreDamagedError
from edge_app.mqtt.outbox.log_check import check_log


def check_outbox(
    group: Group, file: Path, locking: Callable[[Path], Process | None]
) -> Iterator[Finding]:
    """Look into the outbox, unless a running Mien has it locked, and for one moved aside."""
    try:
        yield _outbox(group, file, locking)
    except FileNotFoundError:
        yield group.ok("outbox", "nothing waits: there is none yet")
    except OSError as error:
        yield group.warning(
            "outbox", f"{file}: {error.strerror}", "run this as the service's user, or with sudo"
        )
    aside = file.with_name(f"{file.name}.damaged")
    # Nothing may be known of a folder that may not be looked into.
    with contextlib.suppress(OSError):
        if aside.exists():
            yield group.warning(
                "moved aside",
                f"{aside}: was damaged; mien run went on with the events that it could read of it",
                "check the power supply and the SD card; remove the file when it is of no use",
            )


def _outbox(group: Group, file: Path, locking: Callable[[Path], Process | None]) -> Finding:
    user = locking(file)
    if user is not None:
        return group.ok("outbox", f"in use by {user}, whose telemetry says how many events wait")
    try:
        waiting = _count(file)
    except sqlite3.DatabaseError as error:
        return group.failure(
            "outbox",
            f"{file}: damaged ({error})",
            "mien run moves it aside and goes on with the events that it can read of it; check the"
            " power supply and the SD card",
        )
    return group.ok("outbox", f"sound; {waiting} event{'s' * (waiting != 1)} waiting")


def _count(file: Path) -> int:
    """Of a copy: SQLite would write beside the file, and maybe as another user than the service's.

    Raises:
        OSError: it cannot be read.
        sqlite3.DatabaseError: it is damaged.
    """
    with tempfile.TemporaryDirectory(prefix="mien-doctor-") as folder:
        copy = Path(folder, "outbox.sqlite")
        shutil.copyfile(file, copy)
        with contextlib.suppress(FileNotFoundError):
            shutil.copyfile(f"{file}-wal", f"{copy}-wal")
        if not copy.stat().st_size and not Path(f"{copy}-wal").exists():
            return 0
        try:
            check_log(copy)
        except StoreDamagedError as error:
            raise sqlite3.DatabaseError("its log, and not only at its end") from error
        with contextlib.closing(sqlite3.connect(copy)) as database:
            (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
            if verdict != "ok":
                raise sqlite3.DatabaseError(verdict)
            (waiting,) = database.execute("SELECT COUNT(*) FROM event").fetchone()
            return int(waiting)
