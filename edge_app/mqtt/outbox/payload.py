"""A stored event, of whatever version of Mien → the same, sent late."""

from __future__ import annotations

import msgspec

#: What bytes that are no event raise. A flipped bit makes them no UTF-8, which msgspec lets through
#: as Python's own error.
PAYLOAD_ERRORS = (msgspec.MsgspecError, TypeError, UnicodeError, RecursionError)


def as_historical(payload: bytes) -> bytes:
    """The same event, sent later than it happened.

    Raises:
        PAYLOAD_ERRORS: it is no JSON object.
    """
    event = msgspec.json.decode(payload)
    event["is_historical"] = True
    return msgspec.json.encode(event)


def is_json(payload: bytes) -> bool:
    """Whether it was written to its end."""
    try:
        msgspec.json.decode(payload)
    except PAYLOAD_ERRORS:
        return False
    return True
