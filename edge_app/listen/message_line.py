"""One message of a device → one line, for people or as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, tzinfo

import msgspec

from edge_app.events.payloads import EmotionChanged, Event, FaceAppeared, FaceLeft
from edge_app.terminal_lines import is_seen, printable


def event_line(event: Event, *, zone: tzinfo | None = None) -> str:
    """An event as `12:01:07 kitchen  emotion_changed  neutral → happy (0.83)  face …3f2a`.

    With `valence +0.61, arousal +0.44` before the face where the event tells them.

    zone: of the time; None for the machine's own.
    """
    match event:
        case FaceAppeared():
            kind, what = "face_appeared", ""
        case EmotionChanged():
            change = event.emotion if event.previous is None else _arrow(event)
            kind, what = "emotion_changed", f"{change} ({event.confidence:.2f}){_affect(event)}  "
        case FaceLeft():
            shown = _durations(event.emotions_s)
            kind, what = "face_left", f"after {event.duration_s:.1f} s{shown}{_affect(event)}  "
    # The end of an id, since its beginning is the time.
    line = f"{_clock(event.time, zone)} {event.device}  {kind}  {what}face …{event.episode[-4:]}"
    return printable(f"{line}  (late)" if event.is_historical else line)


def availability_line(
    device: str, payload: bytes, now: datetime, *, zone: tzinfo | None = None
) -> str:
    """What a device's availability says, as `12:01:07 kitchen  online`."""
    text = payload[:64].decode("utf-8", errors="replace")
    return printable(f"{_clock(now, zone)} {device}  {text}")


def json_line(payload: bytes) -> str:
    """JSON as it came, where that is one line that steers no terminal; else the same written so.

    Raises:
        ValueError: it is no JSON.
    """
    text = payload.decode()
    if any(blank in text for blank in "\n\r\t"):
        text = msgspec.json.format(text, indent=-1)
    if text.isprintable():
        return text
    # What is not seen can only stand in a string, where JSON has an escape for it.
    return "".join(each if is_seen(each) else json.dumps(each)[1:-1] for each in text)


def _arrow(event: EmotionChanged) -> str:
    return f"{event.previous} → {event.emotion}"


def _affect(event: EmotionChanged | FaceLeft) -> str:
    if event.valence is None or event.arousal is None:
        return ""
    return f"  valence {event.valence:+z.2f}, arousal {event.arousal:+z.2f}"


def _durations(emotions_s: Mapping[str, float]) -> str:
    if not emotions_s:
        return ""
    longest_first = sorted(emotions_s.items(), key=lambda item: -item[1])
    return ": " + ", ".join(f"{emotion} {seconds:.1f} s" for emotion, seconds in longest_first)


def _clock(time: datetime, zone: tzinfo | None) -> str:
    return time.astimezone(zone).strftime("%H:%M:%S")
