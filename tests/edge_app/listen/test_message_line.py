from __future__ import annotations

from datetime import UTC, timedelta, timezone

import msgspec

from edge_app.listen.message_line import availability_line, event_line
from tests.edge_app.mqtt.samples import TIME, appeared, changed, left


def test_the_three_events() -> None:
    assert event_line(appeared(), zone=UTC) == "12:01:07 kitchen  face_appeared  face …3f2a"
    assert (
        event_line(changed(), zone=UTC)
        == "12:01:07 kitchen  emotion_changed  neutral → happy (0.83)"
        "  valence +0.68, arousal +0.43  face …3f2a"
    )
    assert (
        event_line(left(), zone=UTC)
        == "12:01:07 kitchen  face_left  after 12.4 s: happy 9.1 s, neutral 3.3 s"
        "  valence +0.50, arousal +0.00  face …3f2a"
    )


def test_the_first_emotion_has_no_arrow() -> None:
    assert "emotion_changed  happy (0.83)" in event_line(changed(previous=None))


def test_a_face_that_showed_nothing() -> None:
    event = msgspec.structs.replace(left(), emotions_s={}, valence=None, arousal=None)
    assert event_line(event, zone=UTC) == "12:01:07 kitchen  face_left  after 12.4 s  face …3f2a"


def test_a_late_event_says_so() -> None:
    event = msgspec.structs.replace(appeared(), is_historical=True)
    assert event_line(event).endswith("face …3f2a  (late)")


def test_the_time_of_the_reader() -> None:
    assert event_line(appeared(), zone=timezone(timedelta(hours=2))).startswith("14:01:07 ")


def test_availability() -> None:
    assert availability_line("kitchen", b"online", TIME, zone=UTC) == "12:01:07 kitchen  online"


def test_nobody_steers_the_terminal() -> None:
    event = msgspec.structs.replace(changed(), emotion="\x1b[2Jhappy\r\n", device="kit\u202echen")
    line = event_line(event)
    assert line.isprintable()
    assert "happy" in line
    assert availability_line("k\x07", b"\xff\x1b]0;x\x07" * 50, TIME).isprintable()
