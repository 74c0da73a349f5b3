"""A tar archive of a device's root → an ext4 file system, always the same."""

from __future__ import annotations

import tarfile
from pathlib import Path

from systemd.image.tools import Tools

LABEL = "mien-root"
#: Of the file system, and of the order in its folders.
_UUID = "4d69656e-0000-4000-8000-726f6f740000"
_BLOCK = 4096
#: Where the system writes before the partition has grown, in bytes.
_ROOM = 192 * 1024 * 1024
_MEBIBYTE = 1024 * 1024


def root_size(archive: Path) -> int:
    """How large the file system has to be, in bytes: its files, its own books, and some room."""
    files = 0
    with tarfile.open(archive) as tar:
        for entry in tar:
            # A folder has a block of its own; half an inode table goes unused.
            files += -(-entry.size // _BLOCK) * _BLOCK + (_BLOCK if entry.isdir() else 0) + 512
    # Journal, group descriptors and bitmaps.
    size = files * 103 // 100 + 48 * _MEBIBYTE + _ROOM
    return -(-size // (4 * _MEBIBYTE)) * 4 * _MEBIBYTE


def write_root_partition(archive: Path, file: Path, size: int, tools: Tools) -> None:
    """Make the file system in `file`, of `size` bytes, and check it.

    Raises:
        MienError: it does not fit, or the check finds fault.
    """
    file.unlink(missing_ok=True)
    with file.open("wb") as stream:
        stream.truncate(size)
    # All is initialized here, so that the card is not written for it later.
    extended = f"hash_seed={_UUID},root_owner=0:0,lazy_itable_init=0,lazy_journal_init=0,nodiscard"
    tools.run(
        "mke2fs",
        [
            *("-q", "-t", "ext4", "-b", str(_BLOCK), "-m", "1", "-L", LABEL, "-U", _UUID),
            *("-J", "size=32", "-E", extended, "-d", archive, file),
        ],
    )
    tools.run("e2fsck", ["-f", "-n", file])
