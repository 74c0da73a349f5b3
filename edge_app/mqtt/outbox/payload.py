"""A stored event, of whatever version of Mien → the same, sent late."""

from __future__ import annotations

import msgspec

from edge_app.mistakes import UNREADABLE

#: What bytes that are no event raise; the last, where they are JSON and no object.
PAYLOAD_ERRORS = (*UNREADABLE, TypeError)


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
