from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from edge_app.events.episodes import Episodes
from edge_app.events.identifiers import TimeOrderedIds
from edge_app.events.payloads import Summary
from edge_app.events.summaries import Interval
from edge_app.perception.affect import Affect
from edge_app.perception.faces import Box
from edge_app.perception.watcher import WatchedFace
from tests.edge_app.mqtt.samples import maker

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


class Clock:
    """One clock for both: seconds since noon. set_by: how far the time was set since."""

    def __init__(self) -> None:
        self.s = 0.0
        self.set_by = timedelta()

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.s) + self.set_by


@dataclass
class Face:
    """Who is there. seen_s: when last, unless it is seen now."""

    number: int
    since_s: float
    emotion: str | None = None
    affect: Affect | None = None
    seen_s: float | None = None


class Room:
    """Faces that come, change and go, each in a frame of the time of `clock`.

    times_as_fast: how fast the frames' own time passes, as of a recording that is read fast.
    """

    def __init__(self, *, times_as_fast: float = 1.0) -> None:
        self.clock = Clock()
        self.times_as_fast = times_as_fast
        self.interval = Interval(maker=maker, now=self.clock.now, clock_s=lambda: self.clock.s)
        self.episodes = Episodes(
            device="d", maker=maker, ids=TimeOrderedIds(), now=self.clock.now,
            show=self.interval.show,
        )  # fmt: skip
        self.faces: dict[str, Face] = {}
        self.count = 0

    def comes(self, face: str) -> None:
        self.count += 1
        self.faces[face] = Face(self.count, self.frame_s)
        self.look()

    def shows(self, face: str, emotion: str, valence: float | None = None) -> None:
        """Arousal is always a quarter."""
        shown = self.faces[face]
        shown.emotion = emotion
        shown.affect = None if valence is None else Affect(valence, 0.25)
        self.look()

    def hides(self, face: str) -> None:
        self.look()
        self.faces[face].seen_s = self.frame_s

    def goes(self, face: str) -> None:
        self.look()
        del self.faces[face]
        self.look()

    def summary(self, minimum_group: int = 1) -> Summary:
        self.look()
        return self.interval.finish(minimum_group)

    @property
    def frame_s(self) -> float:
        return self.clock.s * self.times_as_fast

    def look(self) -> None:
        """Take a frame of everyone."""
        present = [
            WatchedFace(
                number=face.number, box=Box(8, 8, 32, 32), emotion=face.emotion,
                shown=face.emotion, labels=("any",),
                probabilities=np.ones(1, np.float32), affect=face.affect,
                first_seen_ns=round(face.since_s * 1e9),
                last_seen_ns=round((self.frame_s if face.seen_s is None else face.seen_s) * 1e9),
            )
            for face in self.faces.values()
        ]  # fmt: skip
        for event in self.episodes.update(present, 48, 64):
            self.interval.take(event)


def test_an_empty_interval_says_so() -> None:
    room = Room()
    room.clock.s = 300
    assert room.interval.age_s == 300
    summary = room.summary()
    assert (summary.start, summary.end) == (NOON, NOON + timedelta(seconds=300))
    assert (summary.faces, summary.emotions_s, summary.withheld) == (0, {}, False)


def test_times_are_added_over_faces_and_cut_at_the_interval_s_end() -> None:
    room = Room()
    room.comes("a")
    room.comes("b")
    room.clock.s = 1
    room.shows("a", "happy")
    room.shows("b", "happy")
    room.clock.s = 4
    room.shows("a", "sad")
    room.clock.s = 5
    room.goes("b")
    room.clock.s = 10
    first = room.summary()
    assert (first.faces, first.emotions_s) == (2, {"happy": 7.0, "sad": 6.0})
    room.clock.s = 12
    room.goes("a")
    room.clock.s = 20
    second = room.summary()
    # Whoever is there from before counts again; nobody's time counts twice.
    assert (second.faces, second.emotions_s) == (1, {"sad": 2.0})
    assert second.start == first.end
    assert room.summary().faces == 0


def test_the_time_in_which_a_face_was_looked_for_is_no_time_that_it_was_seen() -> None:
    room = Room()
    room.comes("a")
    room.shows("a", "sad")
    room.clock.s = 2
    room.shows("a", "happy")
    room.clock.s = 4.4
    room.hides("a")
    room.clock.s = 5
    first = room.summary()
    room.clock.s = 6
    room.goes("a")
    assert first.emotions_s == {"happy": 2.4, "sad": 2.0}
    second = room.summary()
    assert (second.faces, second.emotions_s) == (0, {}), "nor in the one in which it left"


def test_whoever_was_last_seen_before_an_interval_makes_no_group_in_it() -> None:
    """A face is looked for a while before it is said to have left; it is not there."""
    room = Room()
    for number in range(5):
        room.comes(str(number))
        room.shows(str(number), "happy")
    room.clock.s = 9.5
    for number in range(5):
        room.hides(str(number))
    room.clock.s = 10
    assert room.summary(5).faces == 5
    room.clock.s = 11
    for number in range(5):
        room.goes(str(number))
    room.clock.s = 20
    summary = room.summary(5)
    assert (summary.faces, summary.emotions_s, summary.withheld) == (None, None, True)


def test_whoever_is_there_of_whom_nothing_is_decided_counts_in_each_interval() -> None:
    room = Room()
    room.comes("a")
    for end_s in (10, 20, 30):
        room.clock.s = end_s
        summary = room.summary()
        assert (summary.faces, summary.emotions_s) == (1, {})


@pytest.mark.parametrize("times_as_fast", [20.0, 0.1])
def test_a_recording_s_emotions_are_counted_in_its_own_time(times_as_fast: float) -> None:
    room = Room(times_as_fast=times_as_fast)
    room.comes("a")
    room.shows("a", "neutral", 0.0)
    room.clock.s = 10 / times_as_fast
    room.shows("a", "happy", 0.8)
    room.clock.s = 15 / times_as_fast
    first = room.summary()
    assert (first.emotions_s, first.valence) == ({"happy": 5.0, "neutral": 10.0}, 0.2667)
    assert first.end - first.start == timedelta(seconds=room.clock.s)
    room.clock.s = 20 / times_as_fast
    room.goes("a")
    assert room.summary().emotions_s == {"happy": 5.0}


@pytest.mark.parametrize("count", [0, 1, 4])
def test_nothing_is_said_about_fewer_faces_than_the_least(count: int) -> None:
    room = Room()
    for number in range(count):
        room.comes(str(number))
        room.shows(str(number), "happy")
    room.clock.s = 10
    summary = room.summary(5)
    assert (summary.faces, summary.emotions_s, summary.withheld) == (None, None, True)
    assert summary.minimum_group == 5


def test_an_emotion_of_a_few_is_left_out_among_many() -> None:
    room = Room()
    for number in range(5):
        room.comes(str(number))
        room.shows(str(number), "happy")
    room.clock.s = 2
    room.shows("0", "sad")
    room.clock.s = 10
    summary = room.summary(5)
    assert (summary.faces, summary.withheld) == (5, True)
    assert summary.emotions_s == {"happy": 2 + 4 * 10.0}
    # In the next interval all five are there, but no emotion has five.
    room.clock.s = 20
    assert room.summary(5).emotions_s == {}


def test_an_emotion_of_one_is_left_out_though_others_glimpsed_it() -> None:
    room = Room()
    for number in range(5):
        room.comes(str(number))
        room.shows(str(number), "sad", -0.6)
    room.clock.s = 0.2
    for number in range(1, 5):
        room.shows(str(number), "neutral", 0.0)
    room.clock.s = 590
    summary = room.summary(5)
    assert (summary.faces, summary.withheld) == (5, True)
    # Nor does the mean, which would be hers; of "neutral" there are four.
    assert (summary.emotions_s, summary.valence) == ({}, None)
    room.clock.s = 600
    assert room.summary(1).emotions_s == {"neutral": 40.0, "sad": 10.0}


def test_a_mean_of_one_is_left_out_where_the_others_could_not_be_read() -> None:
    room = Room()
    for number in range(5):
        room.comes(str(number))
        room.shows(str(number), "unsure", -0.5 if number == 0 else None)
    room.clock.s = 10
    summary = room.summary(5)
    assert (summary.emotions_s, summary.valence) == ({"unsure": 50.0}, None)
    assert summary.withheld
    for number in range(5):
        room.shows(str(number), "unsure", -0.5)
    room.clock.s = 20
    summary = room.summary(5)
    assert (summary.emotions_s, summary.valence) == ({"unsure": 50.0}, -0.5)
    assert not summary.withheld


def test_means_are_weighted_by_time_over_all_faces() -> None:
    room = Room()
    for face in ("a", "b"):
        room.comes(face)
    room.clock.s = 1
    room.shows("a", "happy", 0.8)
    room.clock.s = 2
    room.shows("b", "sad", -0.6)
    room.clock.s = 3
    room.shows("a", "happy", 0.4)
    room.clock.s = 5
    room.goes("b")
    room.clock.s = 6
    first = room.summary()
    assert first.emotions_s == {"happy": 5.0, "sad": 3.0}
    assert first.valence == pytest.approx((2 * 0.8 + 3 * 0.4 - 3 * 0.6) / 8, abs=1e-4)
    assert first.arousal == 0.25
    room.clock.s = 7
    assert room.summary().valence == 0.4, "who stays is counted anew, as last seen"


def test_faces_of_which_nothing_is_decided_have_no_means() -> None:
    room = Room()
    room.comes("a")
    room.clock.s = 5
    summary = room.summary()
    assert (summary.valence, summary.arousal) == (None, None)


def test_means_say_nothing_of_too_few_faces_nor_of_an_emotion_that_is_left_out() -> None:
    room = Room()
    for number in range(4):
        room.comes(str(number))
        room.shows(str(number), "happy", 0.8)
    room.clock.s = 10
    summary = room.summary(5)
    assert (summary.valence, summary.arousal, summary.withheld) == (None, None, True)
    room.comes("4")
    room.shows("4", "happy", 0.8)
    room.clock.s = 20
    room.shows("0", "sad", -0.6)
    room.clock.s = 1000
    for number in ("1", "2", "3", "4"):
        room.goes(number)
    summary = room.summary(5)
    assert summary.emotions_s == {"happy": 5 * 10 + 4 * 980.0}
    assert summary.withheld
    assert summary.valence == 0.8, "980 s of one sad face may not show"


@pytest.mark.parametrize("set_by", [timedelta(days=92), -timedelta(hours=1)])
def test_a_clock_that_is_set_makes_no_interval_longer_or_shorter(set_by: timedelta) -> None:
    room = Room()
    room.comes("a")
    room.shows("a", "happy")
    room.clock.s = 120
    room.clock.set_by = set_by
    room.clock.s = 300
    first = room.summary()
    assert (first.start, first.end) == (NOON + set_by, room.clock.now())
    assert first.emotions_s == {"happy": 300.0}
    room.clock.s = 600
    second = room.summary()
    assert (second.start, second.end) == (first.end, room.clock.now())
