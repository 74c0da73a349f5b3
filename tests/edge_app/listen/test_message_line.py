from __future__ import annotations

import json
from datetime import UTC, timedelta, timezone

import msgspec
import pytest

from edge_app.events.payloads import encode
from edge_app.listen.message_line import availability_line, event_line, json_line
from edge_app.terminal_lines import is_seen
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


@pytest.mark.parametrize(
    "said",
    [
        "\x9b2J",
        "\x7f",
        "\u202ehidden",
        "a\u2028b",
        "\U000e0001",
        "smörgås 😀 \u00a0",
        'a"\\b\n\x1b',
    ],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_json_is_one_line_of_the_same_value(said: str, indent: int | None) -> None:
    value = {"a": said, said: [1, {"b": None}]}
    for is_ascii in (False, True):
        line = json_line(json.dumps(value, indent=indent, ensure_ascii=is_ascii).encode())
        assert json.loads(line) == value
        assert all(is_seen(letter) for letter in line)
        assert line.splitlines() == [line]


def test_json_is_one_line_whatever_stands_between_its_tokens() -> None:
    line = json_line(b'{"a": 1,\r"b"\r:\t2\n}')
    assert line.splitlines() == [line]
    assert json.loads(line) == {"a": 1, "b": 2}


def test_json_as_published_stays_as_it_is() -> None:
    payload = encode(appeared())
    assert json_line(payload) == payload.decode()


def test_nobody_steers_the_terminal() -> None:
    event = msgspec.structs.replace(changed(), emotion="\x1b[2Jhappy\r\n", device="kit\u202echen")
    line = event_line(event)
    assert line.isprintable()
    assert "happy" in line
    assert availability_line("k\x07", b"\xff\x1b]0;x\x07" * 50, TIME).isprintable()
