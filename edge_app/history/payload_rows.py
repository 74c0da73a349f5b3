"""What devices say of faces and troubles → the rows of a history."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from edge_app.events.payloads import (
    Alert,
    EmotionChanged,
    FaceAppeared,
    FaceLeft,
    Summary,
    decode_event,
)
from edge_app.history.plausible import is_plausible
from edge_app.history.rows import AlertRow, EventRow, SummaryRow

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Kept of a hash.
_DIGITS = 12
#: What an INTEGER of SQLite holds.
_LARGEST = (1 << 63) - 1

_ALERT = msgspec.json.Decoder(Alert)
_SUMMARY = msgspec.json.Decoder(Summary)


def event_row(device: str, payload: bytes) -> EventRow:
    """An event's.

    Raises:
        ValueError: it is none, or none that can be.
    """
    event = decode_event(payload)
    row = EventRow(
        id=event.id,
        device=device,
        type=str(event.__struct_config__.tag),
        time_ms=milliseconds(event.time),
        episode=event.episode,
        model=event.model[:_DIGITS],
        is_historical=event.is_historical,
        answer=event.answer,
        reaction=event.reaction,
        cards=_digits(event.cards),
    )
    match event:
        case FaceAppeared():
            return row
        case EmotionChanged():
            return row._replace(
                emotion=event.emotion,
                previous=event.previous,
                confidence=event.confidence,
                valence=event.valence,
                arousal=event.arousal,
            )
        case FaceLeft():
            if not is_plausible(event.duration_s, event.emotions_s):
                raise ValueError("a visit of an impossible length")
            return row._replace(
                duration_s=event.duration_s,
                emotions_s=_json(event.emotions_s),
                valence=event.valence,
                arousal=event.arousal,
            )


def summary_row(device: str, payload: bytes) -> SummaryRow:
    """A summary's.

    Raises:
        ValueError: it is none, or none that can be.
    """
    summary = _SUMMARY.decode(payload)
    if max(summary.faces or 0, summary.minimum_group) > _LARGEST:
        raise ValueError("a number that is out of range")
    length_s = (summary.end - summary.start).total_seconds()
    if not is_plausible(length_s, summary.emotions_s):
        raise ValueError("an interval of an impossible length")
    return SummaryRow(
        device=device,
        start_ms=milliseconds(summary.start),
        end_ms=milliseconds(summary.end),
        faces=summary.faces,
        emotions_s=None if summary.emotions_s is None else _json(summary.emotions_s),
        minimum_group=summary.minimum_group,
        withheld=summary.withheld,
        valence=summary.valence,
        arousal=summary.arousal,
        watched_s=summary.watched_s,
        model=_digits(summary.model),
        answer=summary.answer,
        reaction=summary.reaction,
        cards=_digits(summary.cards),
    )


def alert_row(device: str, alert_id: str, payload: bytes) -> AlertRow:
    """An alert's that is on.

    Raises:
        ValueError: it is none.
    """
    alert: Alert = _ALERT.decode(payload)
    return AlertRow(device, alert_id, milliseconds(alert.since), alert.severity, alert.text)


def milliseconds(moment: datetime) -> int:
    """Since 1970 in UTC; may be before it."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _digits(sha256: str | None) -> str | None:
    return None if sha256 is None else sha256[:_DIGITS]


def _json(emotions_s: dict[str, float]) -> str:
    return msgspec.json.encode(emotions_s).decode()
