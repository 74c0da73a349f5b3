"""The state directory → whether it can be written, has room, and what waits there."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from edge_app.doctor.finding import Finding, Group
from edge_app.doctor.outbox import check_outbox
from edge_app.doctor.processes import Process
from edge_app.mqtt.outbox.place import outbox_file
from edge_app.settings import OutboxSettings

GROUP = Group("disk")

#: Less than this, and the next log line or update fills the disk.
LEAST_BYTES = 50_000_000
_MEGABYTE = 1_000_000


def check_disk(
    settings: OutboxSettings,
    directory: Path,
    device: str,
    *,
    locking: Callable[[Path], Process | None],
    is_allowed: bool = True,
    free_bytes: Callable[[Path], int] = lambda path: shutil.disk_usage(path).free,
) -> Iterator[Finding]:
    """Write and read there as `mien run` would; nothing stays behind.

    directory: where events wait. locking: who has a file locked. is_allowed: whether the unit of
    the service lets it write there, whoever else may.
    """
    there = directory
    while not there.exists() and there != there.parent:
        there = there.parent
    yield _directory(directory, there, is_allowed=is_allowed)
    yield _room(settings, there, free_bytes)
    yield from check_outbox(GROUP, outbox_file(directory, device), locking)


def _directory(directory: Path, there: Path, *, is_allowed: bool) -> Finding:
    """there: the directory, or what there is of its path."""
    try:
        with tempfile.TemporaryFile(dir=there) as file:
            file.write(bytes(4096))
            file.flush()
    except OSError as error:
        return GROUP.failure(
            "directory",
            f"{there}: cannot be written: {error.strerror}",
            "run this as the service's user; give it that folder, or set directory in [outbox];"
            " a disk that went read-only may be worn out",
        )
    if not is_allowed:
        return GROUP.warning(
            "directory",
            f"{directory}: the unit seems to make it read-only for the service, whose events then"
            " wait in memory",
            f"put ReadWritePaths={directory} under [Service] in a drop-in (docs/device.md), or"
            " leave directory in [outbox] empty",
        )
    what = "can be written" if there == directory else f"will be made in {there}"
    return GROUP.ok("directory", f"{directory}: {what}")


def _room(settings: OutboxSettings, there: Path, free_bytes: Callable[[Path], int]) -> Finding:
    try:
        free = free_bytes(there)
    except OSError as error:
        return GROUP.failure(
            "room", f"{there}: {error.strerror}", "see with df and dmesg whether the disk fails"
        )
    text = f"{free // _MEGABYTE} MB free"
    if free < LEAST_BYTES:
        return GROUP.failure("room", text, "make room: sudo journalctl --vacuum-size=50M; df -h")
    # The write-ahead log and the database may both be that large for a moment.
    if free < LEAST_BYTES + 2 * settings.max_megabytes * _MEGABYTE:
        return GROUP.warning(
            "room",
            f"{text}, and {settings.max_megabytes} MB of events may wait",
            "make room, or lower max_megabytes in [outbox]",
        )
    return GROUP.ok("room", text)
