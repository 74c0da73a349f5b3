"""Every message that Mien publishes, typed; JSON on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

#: Rises when a field changes its meaning or goes; a new field does not raise it.
SCHEMA_VERSION = 1

Fraction = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Seconds = Annotated[float, msgspec.Meta(ge=0.0)]
#: From one end to the other of a scale without a unit; null where nothing was decided or told, and
#: in messages of a Mien that did not tell it.
_Scale = Annotated[float, msgspec.Meta(ge=-1.0, le=1.0)] | None
Valence = Annotated[
    _Scale, msgspec.Meta(description="From unpleasant, -1, to pleasant, 1; it has no unit.")
]
Arousal = Annotated[
    _Scale, msgspec.Meta(description="From calm, -1, to aroused, 1; it has no unit.")
]
#: What, beside the model, another figure of the same face comes from; null in messages of a Mien
#: that did not tell it.
Answer = Annotated[
    str | None, msgspec.Meta(description="Which of the classifier's answers, as its card names it.")
]
Reaction = Annotated[
    str | None,
    msgspec.Meta(description="How quickly a change in a face becomes a change of its emotion."),
]
Cards = Annotated[
    str | None,
    msgspec.Meta(
        description="12 digits of a SHA-256 over all models in use and what in their cards decides"
        " what is read; another value is another answer to the same face."
    ),
]
#: With its zone, which is UTC in all that we say.
Time = Annotated[datetime, msgspec.Meta(tz=True)]

#: Everything, or only what says nothing about a single person.
PrivacyMode = Literal["full", "aggregates"]
#: What the source does: it gives frames, it failed and is being opened again, or it is closed
#: because somebody asked for a pause.
SourceState = Literal["open", "reopening", "paused"]
#: What the Raspberry Pi's firmware says about its power and heat, now.
ThrottledFlag = Literal["under_voltage", "frequency_capped", "throttled", "soft_temperature_limit"]
Severity = Literal["warning", "critical"]
#: Why fewer frames are looked at than asked for.
Slowdown = Literal["heat", "power", "cpu"]


class FrameBox(msgspec.Struct, frozen=True):
    """A face's place as fractions of the frame, whatever its resolution."""

    left: Fraction
    top: Fraction
    width: Fraction
    height: Fraction


class _Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """What every event says."""

    id: Annotated[
        str,
        msgspec.Meta(
            description="UUIDv7: unique; sorts by time, except after a restart with the clock"
            " behind."
        ),
    ]
    episode: Annotated[
        str, msgspec.Meta(description="The same for all events of one visit of one face.")
    ]
    time: Annotated[Time, msgspec.Meta(description="When it happened.")]
    device: str
    model: Annotated[str, msgspec.Meta(description="SHA-256 of the classifier.")]
    answer: Answer = None
    reaction: Reaction = None
    cards: Cards = None
    is_historical: Annotated[
        bool,
        msgspec.Meta(description="Sent 5 s or more after it happened, or on a later connection."),
    ] = False
    schema_version: int = SCHEMA_VERSION


class FaceAppeared(_Event, frozen=True, kw_only=True, tag="face_appeared"):
    """A face came into view and stayed long enough to count."""

    box: FrameBox


class EmotionChanged(_Event, frozen=True, kw_only=True, tag="emotion_changed"):
    """A face shows another emotion than before; `previous` is null for its first one.

    confidence: smoothed, calibrated probability of `emotion`. probabilities: of all emotions.
    emotion is `unsure` if none is likely enough, or the face cannot be read for a second and a
    half. valence, arousal: the sum of the emotions' positions on these scales, weighted by their
    probabilities; null if the face cannot be read, or the answer has a label without a position;
    docs/perception.md has their source.
    """

    emotion: str
    previous: str | None
    confidence: Fraction
    probabilities: dict[str, Fraction]
    box: FrameBox
    valence: Valence = None
    arousal: Arousal = None


class FaceLeft(_Event, frozen=True, kw_only=True, tag="face_left"):
    """A face left the view.

    A visit cut short by a killed process or a power failure has none: to close open visits, end
    those that a later `state` does not name. Each start publishes a `state`, with nobody.

    duration_s: from its first to its last frame. emotions_s: seconds that each emotion was shown,
    including moments too short for an `emotion_changed`. valence, arousal: their means over those
    of these seconds in which the face could be read; null if there were none.
    """

    duration_s: Seconds
    emotions_s: dict[str, Seconds]
    valence: Valence = None
    arousal: Arousal = None


Event = FaceAppeared | EmotionChanged | FaceLeft


class PresentFace(msgspec.Struct, frozen=True, kw_only=True):
    """A face in the state: emotion, valence and arousal are null until an emotion is decided.

    A face that cannot be read is `unsure`, and has no valence and no arousal.
    """

    episode: str
    emotion: str | None
    box: FrameBox
    valence: Valence = None
    arousal: Arousal = None


class State(msgspec.Struct, frozen=True, kw_only=True):
    """Who is there now; retained, so that a new subscriber knows at once.

    Published with each event; when somebody's valence or arousal has moved by 0.1, but for that no
    more than once a second; when is_known changes; and again with each telemetry. time: when it was
    published. is_known: whether anybody can say who is there. If not, faces is empty: the camera is
    closed, has given nothing readable for two seconds, or is looked through for not much longer
    than a second; faces are seen anew; the process ends; or the privacy mode is `aggregates`. Take
    it for true where a Mien does not report it.
    """

    time: Time
    faces: tuple[PresentFace, ...]
    is_known: bool = True
    schema_version: int = SCHEMA_VERSION


class Info(msgspec.Struct, frozen=True, kw_only=True):
    """What this device is; retained. models: SHA-256 by task. cards: as events name it.

    source: of a stream, its scheme, host and port alone. settings: never a secret.
    """

    version: str
    runtime: str
    models: dict[str, str]
    source: str
    settings: dict[str, str]
    cards: Cards = None
    schema_version: int = SCHEMA_VERSION


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen in an interval, by all faces together.

    start, end: UTC. faces: how many visits were seen in it; one person who comes twice counts as
    two. emotions_s: seconds that each emotion was shown, of all faces together, in a recording's
    own time. minimum_group: the smallest number of faces that anything is said about. withheld:
    whether something was left out for that reason: with too few faces all figures of them are
    null, else those emotions are missing that too few of them showed, or almost only one or two.
    valence, arousal: their means over the seconds in emotions_s in which a face could be read;
    null if there are none. watched_s: for how much of the interval frames were looked at, which
    excludes pauses and times without a readable frame. It does not depend on who is there, and is
    never withheld. model: SHA-256 of the classifier. watched_s, model, answer, reaction and cards
    are null from a Mien that does not report them.
    """

    start: Time
    end: Time
    faces: Count | None
    emotions_s: dict[str, Seconds] | None
    minimum_group: Annotated[int, msgspec.Meta(ge=1)]
    withheld: bool
    valence: Valence = None
    arousal: Arousal = None
    watched_s: Seconds | None = None
    model: str | None = None
    answer: Answer = None
    reaction: Reaction = None
    cards: Cards = None
    schema_version: int = SCHEMA_VERSION


class Telemetry(msgspec.Struct, frozen=True, kw_only=True):
    """The device's own health; retained.

    faces: how many are there; null where the state's is_known is false. In the privacy mode
    `aggregates` everything is null that betrays whether somebody is there, since a face makes work,
    too: frames_per_second, frames_seen, frames_refused, cpu_share, frame_rate_limit; slowed_by
    leaves out `cpu`. frames_per_second: 5 in an empty room if they come as JPEGs, from MJPEG over
    HTTP and most USB cameras, since the others are not decoded. frames_refused: frames that could
    not be read. temperature_c, throttled: null if the device does not report it. cpu_share: of one
    core, so two busy cores are 2; it and frames_per_second are means since the last telemetry, and
    null in a process's first second. rss_bytes: memory in use, in `aggregates` rounded up to 16 MB,
    a step that a first face seldom causes. outbox_waiting: events that the broker has not
    acknowledged yet; outbox_dropped: events and summaries lost because there was no room, they were
    too old, the disk spoilt them, or the broker refused them for good. The counts begin with the
    process, whose age is uptime_s. frame_rate_limit: how many frames a second are looked at now, at
    most; null if nothing limits them; slowed_by: why that is less than asked for.
    """

    time: Time
    uptime_s: Seconds
    source: SourceState
    privacy: PrivacyMode
    frames_per_second: Seconds | None
    frames_seen: Count | None
    frames_refused: Count | None
    faces: Count | None
    temperature_c: float | None
    throttled: tuple[ThrottledFlag, ...] | None
    cpu_share: Seconds | None
    rss_bytes: Count
    outbox_waiting: Count
    outbox_dropped: Count
    frame_rate_limit: Seconds | None = None
    slowed_by: tuple[Slowdown, ...] = ()
    schema_version: int = SCHEMA_VERSION


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a person should look at; retained until an empty message says it is over.

    id: the topic's last level. text: what happened, and what to do. since: UTC; if the device's
    clock is set later, an alert about the camera or the board is sent again with the true time.
    """

    id: str
    severity: Severity
    text: str
    since: Time
    schema_version: int = SCHEMA_VERSION


def encode(message: msgspec.Struct) -> bytes:
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
