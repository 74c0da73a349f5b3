"""Two partitions → the first sector of a card, and back: an MBR, which every Raspberry Pi reads.

A GPT would need a protective MBR that the boot ROM of a Zero 2 W does not look behind.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from edge_app.errors import MienError

SECTOR = 512
#: Cards erase in blocks of this size, in bytes.
ALIGNMENT = 4 * 1024 * 1024
FAT32_LBA = 0x0C
LINUX = 0x83

_ENTRY = struct.Struct("<B3sB3sII")
_FIRST_ENTRY = 446
_MAGIC = b"\x55\xaa"
#: Cylinder 1023, head 254, sector 63: whoever reads this looks at the sector numbers instead.
_NO_CYLINDERS = b"\xfe\xff\xff"


@dataclass(frozen=True, slots=True)
class Partition:
    """start, size: in bytes, whole sectors. kind: the type byte."""

    kind: int
    start: int
    size: int


def place(kinds_and_sizes: Sequence[tuple[int, int]]) -> list[Partition]:
    """Put partitions behind each other, each from a multiple of ALIGNMENT on; sizes in bytes."""
    placed = []
    start = ALIGNMENT
    for kind, size in kinds_and_sizes:
        placed.append(Partition(kind, start, -(-size // SECTOR) * SECTOR))
        start += -(-size // ALIGNMENT) * ALIGNMENT
    return placed


def encode(partitions: Sequence[Partition], *, disk_id: int) -> bytes:
    """Write the sector; the first partition is the active one. disk_id: 32 bits."""
    entries = b"".join(
        _ENTRY.pack(
            0x80 if number == 0 else 0,
            _NO_CYLINDERS,
            partition.kind,
            _NO_CYLINDERS,
            partition.start // SECTOR,
            partition.size // SECTOR,
        )
        for number, partition in enumerate(partitions)
    )
    return b"".join(
        (
            bytes(440),
            struct.pack("<IH", disk_id, 0),
            entries.ljust(4 * _ENTRY.size, b"\0"),
            _MAGIC,
        )
    )


def decode(sector: bytes) -> list[Partition]:
    """Read the partitions of an MBR.

    Raises:
        MienError: the sector holds none.
    """
    if len(sector) < SECTOR or sector[SECTOR - 2 : SECTOR] != _MAGIC:
        raise MienError("no partition table: this is no image of an SD card")
    found = []
    for number in range(4):
        entry = _ENTRY.unpack_from(sector, _FIRST_ENTRY + number * _ENTRY.size)
        _, _, kind, _, start, size = entry
        if kind:
            found.append(Partition(kind, start * SECTOR, size * SECTOR))
    return found
