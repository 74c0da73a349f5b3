"""The rows of a history: one type a table, its fields in the order of the table's columns.

Times are milliseconds since 1970 in UTC. `device` is the second level of the topic: the broker's
access rules vouch for it, and not for what a payload says.
"""

from __future__ import annotations

from typing import NamedTuple


class EventRow(NamedTuple):
    """An event, without its box and probabilities.

    model: the first 12 digits of the SHA-256. emotion, previous and confidence are of
    `emotion_changed`; duration_s and emotions_s (JSON) of `face_left`; valence and arousal of both,
    as of then and as means of the visit; null elsewhere, and where a device did not tell them.
    answer, reaction, cards: what beside the model made the figures; null where a device did not
    tell them.
    """

    id: str
    device: str
    type: str
    time_ms: int
    episode: str
    model: str
    is_historical: bool
    emotion: str | None = None
    previous: str | None = None
    confidence: float | None = None
    duration_s: float | None = None
    emotions_s: str | None = None
    valence: float | None = None
    arousal: float | None = None
    answer: str | None = None
    reaction: str | None = None
    cards: str | None = None


class SummaryRow(NamedTuple):
    """What all faces showed in an interval. emotions_s: JSON, null where it was withheld.

    valence, arousal: means. watched_s: for how much of it frames were looked at. model (12 digits,
    as of an event), answer, reaction, cards: what made the figures. All are null where a device did
    not tell them.
    """

    device: str
    start_ms: int
    end_ms: int
    faces: int | None
    emotions_s: str | None
    minimum_group: int
    withheld: bool
    valence: float | None = None
    arousal: float | None = None
    watched_s: float | None = None
    model: str | None = None
    answer: str | None = None
    reaction: str | None = None
    cards: str | None = None


class AvailabilityRow(NamedTuple):
    """A device came or went, at the time of hearing of it; or was said to be there, or not, for the
    first time in a stretch of listening.
    """

    device: str
    time_ms: int
    is_online: bool


class AlertRow(NamedTuple):
    """An alert was raised, or says something else now."""

    device: str
    id: str
    since_ms: int
    severity: str
    text: str


class AlertEnd(NamedTuple):
    """The alert that began then is over."""

    end_ms: int
    device: str
    id: str
    since_ms: int


class AlertMove(NamedTuple):
    """The alert that was said to have begun then began at another time: the clock was set."""

    since_ms: int
    device: str
    id: str
    said_since_ms: int


Row = EventRow | SummaryRow | AvailabilityRow | AlertRow | AlertMove | AlertEnd
