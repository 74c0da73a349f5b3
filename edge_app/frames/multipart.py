"""Pieces of a multipart HTTP body → its parts, one JPEG each (RFC 2046, section 5.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator

#: More than any camera's JPEG; a part that grows beyond is thrown away.
MOST_BYTES = 32 * 1024 * 1024

_LENGTH = re.compile(rb"^content-length:[ \t]*([0-9]{1,9})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
#: Some cameras write one empty line too many, which their length may count or not.
_HEADER_END = re.compile(rb"\r?\n\r?\n(?:\r?\n)*")
#: A header that is longer is none.
_MOST_HEADER = 16 * 1024
#: A boundary that nobody announced, with the part's header behind it.
_UNANNOUNCED = re.compile(rb"(?:^|\n)(--[!-~][ -~]{0,69}?)[ \t]*\r?\n(?=content-)", re.IGNORECASE)
_MOST_LINE = 128


class MultipartParser:
    """Finds its way back into a damaged stream at the next boundary.

    dropped: how many parts were too large.
    """

    def __init__(self, boundary: str) -> None:
        """boundary: as the Content-Type says it; some cameras say the two dashes with it.

        Others say none, or another than they send: until it has come, the first line that looks
        like one is one, too.
        """
        said = boundary.strip('"').lstrip("-").encode("latin-1", "replace")
        self._boundary = b"--" + said if said else b""
        self._has_come = False
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
        if (found := self._find()) < 0:
            self._seen = max(0, len(self._buffer) - len(self._boundary) + 1)
            return None
        before = bytes(self._buffer[:found]) if self._is_inside else b""
        del self._buffer[: found + len(self._boundary)]
        self._seen, self._is_inside = 0, True
        header = _HEADER_END.search(before, 0, _MOST_HEADER)
        return before[header.end() :].removesuffix(b"\n").removesuffix(b"\r") if header else b""

    def _find(self) -> int:
        """Where the next boundary begins; -1 if there is none yet."""
        found = self._buffer.find(self._boundary, self._seen) if self._boundary else -1
        if found < 0 and not self._has_come:
            other = _UNANNOUNCED.search(self._buffer, max(0, self._seen - _MOST_LINE))
            if other is not None:
                self._boundary, found = other[1], other.start(1)
        self._has_come |= found >= 0
        return found

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
