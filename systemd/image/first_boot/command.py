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

from edge_app.errors import UsageError

from .placing import erase, place
from .readers import READERS, Reader

ERRORS = "mien-error.txt"
#: More than any of the files has.
_MOST_BYTES = 256 * 1024


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
    """Take every dropped file to its place below `root`; yields a line for each that cannot be."""
    for reader in READERS:
        try:
            file = _find(boot, reader.name)
            if file is not None:
                _take_one(file, reader, root)
        except UsageError as error:
            yield str(error)
        except OSError as error:
            yield f"{reader.name}: {error.filename or boot}: {error.strerror}"
        except Exception as error:  # noqa: BLE001 - whatever broke, the other files are wanted
            # Not its text, which may quote a secret.
            yield f"{reader.name}: reading it broke off ({type(error).__name__}); write it anew"


def _take_one(file: Path, reader: Reader, root: Path) -> None:
    with file.open("rb") as stream:
        stored = stream.read(_MOST_BYTES + 1)
    if len(stored) > _MOST_BYTES:
        raise UsageError(f"{reader.name}: larger than {_MOST_BYTES // 1024} KiB")
    try:
        # Editors on Windows write a byte order mark, and end lines in their own way.
        text = stored.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise UsageError(f"{reader.name}: not UTF-8 text: save it as such") from None
    place(root / reader.place, reader.read(text), mode=reader.mode)
    erase(file)


def _find(boot: Path, name: str) -> Path | None:
    """The file, also where Windows hides that it ends in .txt."""
    for candidate in (boot / name, boot / f"{name}.txt"):
        if candidate.is_file():
            return candidate
    return None


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
