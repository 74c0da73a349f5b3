"""The boot partition, at every start → what is new on it taken, what is wrong told on it.

A file that was taken is gone from the partition, which any computer can read; one that is wrong
stays, the old settings stay, and `mien-error.txt` beside it says what to mend.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from .dropped import find_dropped, why_not
from .placing import erase, place
from .readers import SYSTEM
from .service import take_service

ERRORS = "mien-error.txt"


def main(boot: Path = Path("/boot/firmware"), root: Path = Path("/")) -> int:
    """Take what there is; returns 0, since the device has to start in any case."""
    os.umask(0o077)
    errors = list(take(boot, root))
    for error in errors:
        sys.stderr.write(f"mien-first-boot: {error}\n")
    try:
        _report(boot, errors)
    except OSError as error:
        sys.stderr.write(f"mien-first-boot: {boot / ERRORS}: {error.strerror}\n")
    try:
        socket.sethostname((root / "etc/hostname").read_text(encoding="utf-8").strip())
    except OSError as error:
        sys.stderr.write(f"mien-first-boot: the host's name: {error.strerror}\n")
    return 0


def take(boot: Path, root: Path) -> Iterator[str]:
    """Take every dropped file to its place below `root`; yields a line for each that stays."""
    for reader in SYSTEM:
        try:
            if (found := find_dropped(boot, reader)) is not None:
                place(root / reader.place, found.text, mode=reader.mode)
                erase(found.file)
        except Exception as error:  # noqa: BLE001 - whatever broke, the other files are wanted
            yield why_not(error, reader.name, boot)
    yield from take_service(boot, root)


def _report(boot: Path, errors: list[str]) -> None:
    file = boot / ERRORS
    if not errors:
        file.unlink(missing_ok=True)
        return
    lines = [
        "Mien could not take these files; what was in force before still is.",
        "Mend them here, and start the device again.",
        "",
        *errors,
    ]
    # Windows' own editor knows these line ends, and every other one does, too.
    place(file, "".join(f"{line}\r\n" for line in lines), mode=0o644)
