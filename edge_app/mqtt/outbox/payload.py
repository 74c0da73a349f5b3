"""A stored event, of whatever version of Mien → the same, sent late."""

from __future__ import annotations

import msgspec

from edge_app.mistakes import UNREADABLE
from edge_app.mqtt.outbox.seal import SpoiltError, unsealed

#: What bytes that are no event raise; TypeError, where they are JSON and no object.
PAYLOAD_ERRORS = (*UNREADABLE, TypeError, SpoiltError)


def as_historical(payload: bytes) -> bytes:
    """The same event, sent later than it happened.

    Raises:
        PAYLOAD_ERRORS: it is no JSON object.
    """
    event = msgspec.json.decode(payload)
    event["is_historical"] = True
    return msgspec.json.encode(event)


def is_sound(stored: bytes) -> bool:
    """Whether it is an event, and the one that was stored, as far as that can be told."""
    try:
        msgspec.json.decode(unsealed(stored))
    except PAYLOAD_ERRORS:
        return False
    return True
