"""An event's JSON → the same with a checksum behind it, and back."""

from __future__ import annotations

import zlib

from edge_app.errors import MienError

#: A CRC-32 in white space, two bits a character: JSON may end with it. So the table of events stays
#: as it is, and an older Mien sends what it finds.
_DIGITS = b" \t\n\r"
_OF_BYTE = [bytes(_DIGITS[each >> shift & 3] for shift in (6, 4, 2, 0)) for each in range(256)]
_LENGTH = 16


class SpoiltError(MienError):
    """It is not what was stored."""


def sealed(payload: bytes) -> bytes:
    """Make it ready to be stored. payload: a JSON object."""
    return payload + _seal(payload)


def unsealed(stored: bytes) -> bytes:
    """What was stored. What an older Mien did has no checksum, and cannot be checked.

    Raises:
        SpoiltError: it has changed since.
    """
    if stored.endswith(b"}"):
        return stored
    payload = stored[:-_LENGTH]
    if stored[-_LENGTH:] != _seal(payload):
        raise SpoiltError("a stored event has changed")
    return payload


def _seal(payload: bytes) -> bytes:
    return b"".join([_OF_BYTE[each] for each in zlib.crc32(payload).to_bytes(4, "big")])
