"""Every message that Mien publishes, typed; JSON on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

#: Rises when a field changes its meaning or goes; a new field does not raise it.
SCHEMA_VERSION = 1

Fraction = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]


class FrameBox(msgspec.Struct, frozen=True):
    """A face's place as fractions of the frame, whatever its resolution."""

    left: Fraction
    top: Fraction
    width: Fraction
    height: Fraction


class _Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """What every event says.

    id: UUIDv7: unique, and sorts by time. episode: the same for all events of one visit of one
    face. time: UTC. model: SHA-256 of the classifier. is_historical: sent later than it happened.
    """

    id: str
    episode: str
    time: datetime
    device: str
    model: str
    is_historical: bool = False
    schema_version: int = SCHEMA_VERSION


class FaceAppeared(_Event, frozen=True, kw_only=True, tag="face_appeared"):
    """A face came into view and stayed long enough to count."""

    box: FrameBox


class EmotionChanged(_Event, frozen=True, kw_only=True, tag="emotion_changed"):
    """A face shows another emotion than before; `previous` is null for its first one.

    confidence: smoothed, calibrated probability of `emotion`. probabilities: of all emotions.
    emotion is `unsure` where none is likely enough.
    """

    emotion: str
    previous: str | None
    confidence: Fraction
    probabilities: dict[str, Fraction]
    box: FrameBox


class FaceLeft(_Event, frozen=True, kw_only=True, tag="face_left"):
    """A face went out of view.

    duration_s: from its first to its last frame. emotions_s: seconds that each emotion was shown.
    """

    duration_s: Annotated[float, msgspec.Meta(ge=0.0)]
    emotions_s: dict[str, float]


Event = FaceAppeared | EmotionChanged | FaceLeft


class PresentFace(msgspec.Struct, frozen=True, kw_only=True):
    """A face in the state: emotion is null until the first one is decided."""

    episode: str
    emotion: str | None
    box: FrameBox


class State(msgspec.Struct, frozen=True, kw_only=True):
    """Who is there now; retained, so that a new subscriber knows at once."""

    time: datetime
    faces: tuple[PresentFace, ...]
    schema_version: int = SCHEMA_VERSION


class Info(msgspec.Struct, frozen=True, kw_only=True):
    """What this device is; retained. models: SHA-256 by task. settings: never a secret."""

    version: str
    runtime: str
    models: dict[str, str]
    source: str
    settings: dict[str, str]
    schema_version: int = SCHEMA_VERSION


def encode(message: Event | State | Info) -> bytes:
    """The JSON of a message."""
    return msgspec.json.encode(message)


_EVENT = msgspec.json.Decoder(Event)


def decode_event(payload: bytes) -> Event:
    """Read an event back.

    Raises:
        msgspec.DecodeError: it is no JSON, or not an event of this schema.
    """
    event: Event = _EVENT.decode(payload)
    return event
