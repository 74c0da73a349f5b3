"""A .xz file → the size of what is in it, from its index and without unpacking.

The format: https://tukaani.org/xz/xz-file-format.txt, sections 2.1.2 and 4.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from edge_app.errors import UsageError

_FOOTER_BYTES = 12
_MAGIC = b"YZ"


def unpacked_size(file: Path) -> int:
    """Read the index at the file's end; the file holds one stream. In bytes.

    Raises:
        UsageError: it is no .xz file, or ends too early.
    """
    damaged = UsageError(f"{file}: damaged, or not a .xz file: make or download it again")
    with file.open("rb") as stream:
        end = stream.seek(0, os.SEEK_END)
        if end < _FOOTER_BYTES:
            raise damaged
        stream.seek(end - _FOOTER_BYTES)
        footer = stream.read()
        index_bytes = (int.from_bytes(footer[4:8], "little") + 1) * 4
        start = end - _FOOTER_BYTES - index_bytes
        if footer[10:] != _MAGIC or start < 0:
            raise damaged
        stream.seek(start)
        if stream.read(1) != b"\0":
            raise damaged
        total = 0
        for _ in range(_number(stream)):
            _number(stream)
            total += _number(stream)
            if stream.tell() > end:
                raise damaged
    return total


def _number(stream: BinaryIO) -> int:
    """Seven bits a byte, the lowest first; the last byte's top bit is clear."""
    value = 0
    for shift in range(0, 63, 7):
        (byte,) = stream.read(1) or b"\0"
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
    return value
