from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest

from edge_app.events.payloads import (
    EmotionChanged,
    FaceAppeared,
    FaceLeft,
    FrameBox,
    PresentFace,
    State,
)
from edge_app.events.summaries import Interval

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
BOX = FrameBox(left=0.1, top=0.1, width=0.2, height=0.2)


class Clock:
    """One clock for both: seconds since noon. set_by: how far the time was set since."""

    def __init__(self) -> None:
        self.s = 0.0
        self.set_by = timedelta()

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.s) + self.set_by


class Room:
    """Faces that come, change and go."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.interval = Interval(now=self.clock.now, clock_s=lambda: self.clock.s)
        #: Of each face: which emotion it shows since when.
        self._showing: dict[str, list[tuple[str, float]]] = defaultdict(list)

    def comes(self, face: str) -> None:
        self.interval.take(
            FaceAppeared(
                id="i", episode=face, time=self.clock.now(), device="d", model="m", box=BOX
            )
        )

    def shows(self, face: str, emotion: str, valence: float | None = None) -> None:
        """Arousal is always a quarter."""
        self._showing[face].append((emotion, self.clock.s))
        self.interval.take(
            EmotionChanged(
                id="i", episode=face, time=self.clock.now(), device="d", model="m", box=BOX,
                emotion=emotion, previous=None, confidence=1.0, probabilities={},
                valence=valence, arousal=None if valence is None else 0.25,
            )
        )  # fmt: skip

    def moves(self, **valences: float) -> None:
        """What the state says of each face."""
        faces = tuple(
            PresentFace(episode=face, emotion="any", box=BOX, valence=valence, arousal=0.25)
            for face, valence in valences.items()
        )
        self.interval.watch(State(time=self.clock.now(), faces=faces))

    def goes(self, face: str, after_s: float = 0.0) -> None:
        """after_s: for how long it was looked for since it was seen."""
        shown_s: dict[str, float] = defaultdict(float)
        ends = [since_s for _, since_s in self._showing[face][1:]] + [self.clock.s - after_s]
        for (emotion, since_s), end_s in zip(self._showing.pop(face, []), ends, strict=True):
            shown_s[emotion] += end_s - since_s
        self.interval.take(
            FaceLeft(
                id="i", episode=face, time=self.clock.now(), device="d", model="m",
                duration_s=1.0, emotions_s=shown_s,
            )
        )  # fmt: skip


def test_an_empty_interval_says_so() -> None:
    room = Room()
    room.clock.s = 300
    assert room.interval.age_s == 300
    summary = room.interval.finish(1)
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
    first = room.interval.finish(1)
    assert (first.faces, first.emotions_s) == (2, {"happy": 7.0, "sad": 6.0})
    room.clock.s = 12
    room.goes("a")
    room.clock.s = 20
    second = room.interval.finish(1)
    # Whoever is there from before counts again; nobody's time counts twice.
    assert (second.faces, second.emotions_s) == (1, {"sad": 2.0})
    assert second.start == first.end
    assert room.interval.finish(1).faces == 0


def test_the_time_in_which_a_face_was_looked_for_is_no_time_that_it_was_seen() -> None:
    room = Room()
    room.comes("a")
    room.shows("a", "sad")
    room.clock.s = 2
    room.shows("a", "happy")
    room.clock.s = 6
    room.goes("a", after_s=1.6)
    assert room.interval.finish(1).emotions_s == {"sad": 2.0, "happy": pytest.approx(2.4)}


def test_what_an_interval_that_ended_counted_too_much_is_not_counted_twice() -> None:
    room = Room()
    room.comes("a")
    room.shows("a", "sad")
    room.clock.s = 10
    assert room.interval.finish(1).emotions_s == {"sad": 10.0}
    room.clock.s = 11
    room.goes("a", after_s=1.6)
    assert room.interval.finish(1).emotions_s == {}


@pytest.mark.parametrize("count", [0, 1, 4])
def test_nothing_is_said_about_fewer_faces_than_the_least(count: int) -> None:
    room = Room()
    for number in range(count):
        room.comes(str(number))
        room.shows(str(number), "happy")
    room.clock.s = 10
    summary = room.interval.finish(5)
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
    summary = room.interval.finish(5)
    assert (summary.faces, summary.withheld) == (5, True)
    assert summary.emotions_s == {"happy": 2 + 4 * 10.0}
    # In the next interval all five are there, but no emotion has five.
    room.clock.s = 20
    assert room.interval.finish(5).emotions_s == {}


def test_means_are_weighted_by_time_over_all_faces() -> None:
    room = Room()
    for face in ("a", "b"):
        room.comes(face)
    room.clock.s = 1
    room.shows("a", "happy", 0.8)
    room.clock.s = 2
    room.shows("b", "sad", -0.6)
    room.clock.s = 3
    room.moves(a=0.4, b=-0.6, unheard_of=1.0)
    room.clock.s = 5
    room.goes("b")
    room.clock.s = 6
    first = room.interval.finish(1)
    assert first.emotions_s == {"happy": 5.0, "sad": 3.0}
    assert first.valence == pytest.approx((2 * 0.8 + 3 * 0.4 - 3 * 0.6) / 8, abs=1e-4)
    assert first.arousal == 0.25
    room.clock.s = 7
    assert room.interval.finish(1).valence == 0.4, "who stays is counted anew, as last seen"


def test_faces_of_which_nothing_is_decided_have_no_means() -> None:
    room = Room()
    room.comes("a")
    room.clock.s = 5
    summary = room.interval.finish(1)
    assert (summary.valence, summary.arousal) == (None, None)


def test_means_say_nothing_of_too_few_faces_nor_of_an_emotion_that_is_left_out() -> None:
    room = Room()
    for number in range(4):
        room.comes(str(number))
        room.shows(str(number), "happy", 0.8)
    room.clock.s = 10
    summary = room.interval.finish(5)
    assert (summary.valence, summary.arousal, summary.withheld) == (None, None, True)
    room.comes("4")
    room.shows("4", "happy", 0.8)
    room.clock.s = 20
    room.shows("0", "sad", -0.6)
    room.clock.s = 1000
    for number in ("1", "2", "3", "4"):
        room.goes(number)
    summary = room.interval.finish(5)
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
    first = room.interval.finish(1)
    assert (first.start, first.end) == (NOON + set_by, room.clock.now())
    assert first.emotions_s == {"happy": 300.0}
    room.clock.s = 600
    second = room.interval.finish(1)
    assert (second.start, second.end) == (first.end, room.clock.now())
