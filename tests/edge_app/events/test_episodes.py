from datetime import UTC, datetime

import numpy as np

from edge_app.events.episodes import Episodes, fractions
from edge_app.events.identifiers import TimeOrderedIds
from edge_app.events.payloads import EmotionChanged, FaceAppeared, FaceLeft, decode_event, encode
from edge_app.perception.faces import Box
from edge_app.perception.watcher import WatchedFace

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LABELS = ("happy", "sad")


def episodes() -> Episodes:
    ids = TimeOrderedIds(lambda: 1_000, lambda _: 0)
    return Episodes(device="kitchen", model="abc", ids=ids, now=lambda: NOW)


def watched(
    number: int, at_s: float, emotion: str | None = None, *, since_s: float = 0.0
) -> WatchedFace:
    return WatchedFace(
        number=number, box=Box(64, 48, 128, 144), emotion=emotion, labels=LABELS,
        probabilities=np.array([0.75, 0.25], np.float32),
        first_seen_ns=int(since_s * 1e9), last_seen_ns=int(at_s * 1e9),
    )  # fmt: skip


def test_a_visit_is_told_from_coming_to_going_under_one_episode() -> None:
    decided = episodes()
    told = [
        *decided.update([watched(1, 0.2)], 480, 640),
        *decided.update([watched(1, 1.0, "happy")], 480, 640),
        *decided.update([watched(1, 4.0, "happy")], 480, 640),
        *decided.update([watched(1, 5.0, "sad")], 480, 640),
        *decided.update([], 480, 640),
    ]
    assert [type(event) for event in told] == [
        FaceAppeared, EmotionChanged, EmotionChanged, FaceLeft,
    ]  # fmt: skip
    assert len({event.episode for event in told}) == 1
    assert [event.id for event in told] == sorted({event.id for event in told})
    assert all(event.device == "kitchen" and event.time == NOW for event in told)
    first, second = told[1], told[2]
    assert isinstance(first, EmotionChanged)
    assert isinstance(second, EmotionChanged)
    assert (first.previous, first.emotion, first.confidence) == (None, "happy", 0.75)
    assert (second.previous, second.emotion, second.confidence) == ("happy", "sad", 0.25)
    left = told[-1]
    assert isinstance(left, FaceLeft)
    assert left.duration_s == 5.0
    assert left.emotions_s == {"happy": 4.0}


def test_every_face_has_its_own_episode() -> None:
    decided = episodes()
    told = decided.update([watched(1, 0.2), watched(2, 0.2)], 480, 640)
    assert len({event.episode for event in told}) == 2
    assert len(decided.state().faces) == 2
    gone = decided.update([watched(2, 0.3)], 480, 640)
    assert [type(event) for event in gone] == [FaceLeft]
    assert gone[0].episode == told[0].episode


def test_the_end_tells_of_everyone_who_was_there_once() -> None:
    decided = episodes()
    decided.update([watched(1, 0.2), watched(2, 0.2)], 480, 640)
    assert [type(event) for event in decided.finish()] == [FaceLeft, FaceLeft]
    assert decided.finish() == []
    assert decided.state().faces == ()


def test_an_unsure_face_is_as_sure_as_its_likeliest_emotion() -> None:
    told = episodes().update([watched(1, 0.2, "unsure")], 480, 640)
    changed = told[-1]
    assert isinstance(changed, EmotionChanged)
    assert changed.confidence == 0.75


def test_events_survive_the_wire() -> None:
    for event in episodes().update([watched(1, 0.2, "happy")], 480, 640):
        assert decode_event(encode(event)) == event


def test_boxes_are_fractions_inside_the_frame() -> None:
    box = fractions(Box(-10, 48, 700, 144), 480, 640)
    assert (box.left, box.top, box.width, box.height) == (0.0, 0.1, 1.0, 0.2)
