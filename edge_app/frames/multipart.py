"""Pieces of a multipart HTTP body → its parts, one JPEG each (RFC 2046, section 5.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: More than any camera's JPEG; a part that grows beyond is thrown away.
MOST_BYTES = 32 * 1024 * 1024

_LENGTH = re.compile(rb"^content-length:[ \t]*([0-9]{1,9})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_HEADER_END = re.compile(rb"\r?\n\r?\n")
#: A header that is longer is none.
_MOST_HEADER = 16 * 1024


class MultipartParser:
    """Finds its way back into a damaged stream at the next boundary.

    dropped: how many parts were too large.
    """

    def __init__(self, boundary: str) -> None:
        """boundary: as the Content-Type says it; some cameras say the two dashes with it."""
        self._boundary = b"--" + boundary.strip('"').lstrip("-").encode("latin-1", "replace")
        self._buffer = bytearray()
        #: Where to look on for a boundary.
        self._seen = 0
        self._is_inside = False
        self.dropped = 0

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """Take what came and give the parts that it completes, without their headers."""
        self._buffer += piece
        while (part := self._next()) is not None:
            if part:
                yield part
        if len(self._buffer) > MOST_BYTES:
            self.dropped += 1
            self._buffer.clear()
            self._seen, self._is_inside = 0, False

    def _next(self) -> bytes | None:
        """A part, or b"" to be asked again; None where more must come."""
        if self._is_inside and (known := self._by_length()) is not None:
            return known
        found = self._buffer.find(self._boundary, self._seen)
        if found < 0:
            self._seen = max(0, len(self._buffer) - len(self._boundary) + 1)
            return None
        before = bytes(self._buffer[:found]) if self._is_inside else b""
        del self._buffer[: found + len(self._boundary)]
        self._seen, self._is_inside = 0, True
        header = _HEADER_END.search(before, 0, _MOST_HEADER)
        return before[header.end() :].removesuffix(b"\n").removesuffix(b"\r") if header else b""

    def _by_length(self) -> bytes | None:
        """The part if its length is said and all of it is here: no need to wait for the next."""
        header = _HEADER_END.search(self._buffer, 0, _MOST_HEADER)
        said = _LENGTH.search(self._buffer, 0, header.end()) if header else None
        if header is None or said is None or not 0 < int(said[1]) <= MOST_BYTES:
            return None
        end = header.end() + int(said[1])
        if len(self._buffer) < end or self._boundary in self._buffer[header.end() : end]:
            return None
        part = bytes(self._buffer[header.end() : end])
        del self._buffer[:end]
        self._seen, self._is_inside = 0, False
        return part
