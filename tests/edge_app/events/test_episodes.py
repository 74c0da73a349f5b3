from datetime import UTC, datetime

import msgspec
import numpy as np
import pytest

from edge_app.events.episodes import Episodes, fractions
from edge_app.events.identifiers import TimeOrderedIds
from edge_app.events.payloads import EmotionChanged, FaceAppeared, FaceLeft, decode_event, encode
from edge_app.perception.affect import Affect
from edge_app.perception.faces import Box
from edge_app.perception.watcher import WatchedFace
from tests.edge_app.mqtt.samples import maker

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LABELS = ("happy", "sad")


def episodes() -> Episodes:
    ids = TimeOrderedIds(lambda: 1_000, lambda _: 0)
    return Episodes(device="kitchen", maker=maker, ids=ids, now=lambda: NOW)


def watched(
    number: int,
    at_s: float,
    emotion: str | None = None,
    *,
    shown: str | None = None,
    since_s: float = 0.0,
    affect: Affect | None = None,
) -> WatchedFace:
    """shown: the emotion that holds, unless another one is."""
    return WatchedFace(
        number=number, box=Box(64, 48, 128, 144), emotion=emotion, labels=LABELS,
        shown=emotion if shown is None else shown,
        probabilities=np.array([0.75, 0.25], np.float32),
        first_seen_ns=int(since_s * 1e9), last_seen_ns=int(at_s * 1e9),
        affect=affect,
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


def test_seconds_are_of_what_was_shown_not_of_what_was_held() -> None:
    decided = episodes()
    told = [
        event
        for at_s, shown in ((0.2, "happy"), (3.0, "sad"), (3.5, "happy"), (5.0, "unsure"))
        for event in decided.update([watched(1, at_s, "happy", shown=shown)], 480, 640)
    ]
    assert [type(event) for event in told] == [FaceAppeared, EmotionChanged]
    assert decided.state().faces[0].emotion == "happy"
    decided.update([watched(1, 9.0, "happy")], 480, 640)
    (left,) = decided.finish()
    assert isinstance(left, FaceLeft)
    assert left.emotions_s == {"happy": 4.3, "sad": 0.5, "unsure": 4.0}


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
    assert not decided.is_state_new
    assert decided.state().faces == ()


def test_a_visit_ends_where_it_was_seen_last_though_nothing_was_told_since() -> None:
    decided = episodes()
    decided.update([watched(1, 3.0, since_s=1.0), watched(2, 3.0)], 480, 640)
    decided.update([watched(1, 7.0, since_s=1.0), watched(2, 9.0)], 480, 640)
    durations = [each.duration_s for each in decided.finish() if isinstance(each, FaceLeft)]
    assert durations == [6.0, 9.0]


def test_an_unsure_face_is_as_sure_as_its_likeliest_emotion() -> None:
    told = episodes().update([watched(1, 0.2, "unsure")], 480, 640)
    changed = told[-1]
    assert isinstance(changed, EmotionChanged)
    assert changed.confidence == 0.75


GLAD, GLOOMY = Affect(0.81, 0.51234567), Affect(-0.63, -0.27)


def test_a_change_and_the_state_tell_valence_and_arousal_as_they_are() -> None:
    decided = episodes()
    decided.update([watched(1, 0.2)], 480, 640)
    (face,) = decided.state().faces
    assert (face.emotion, face.valence, face.arousal) == (None, None, None)
    (changed,) = decided.update([watched(1, 1.0, "happy", affect=GLAD)], 480, 640)
    assert isinstance(changed, EmotionChanged)
    assert (changed.valence, changed.arousal) == (0.81, 0.5123)
    (face,) = decided.state().faces
    assert (face.valence, face.arousal) == (0.81, 0.5123)


def test_a_visit_s_means_are_weighted_by_time() -> None:
    decided = episodes()
    for at_s, emotion, affect in (
        (0.2, None, None),
        (1.0, "happy", GLAD),
        (1.5, "happy", GLAD),
        (4.0, "sad", GLOOMY),
        (5.0, "sad", Affect(0.0, 0.0)),
    ):
        decided.update([watched(1, at_s, emotion, affect=affect)], 480, 640)
    (left,) = decided.finish()
    assert isinstance(left, FaceLeft)
    assert left.emotions_s == {"happy": 3.0, "sad": 1.0}
    assert left.valence == pytest.approx((3 * 0.81 - 1 * 0.63) / 4, abs=1e-4)
    assert left.arousal == pytest.approx((3 * 0.51234567 - 1 * 0.27) / 4, abs=1e-4)


def test_a_visit_that_showed_nothing_has_no_means() -> None:
    decided = episodes()
    decided.update([watched(1, 0.2)], 480, 640)
    decided.update([watched(1, 3.0)], 480, 640)
    (left,) = decided.finish()
    assert isinstance(left, FaceLeft)
    assert (left.emotions_s, left.valence, left.arousal) == ({}, None, None)


def test_time_in_which_a_face_cannot_be_read_is_unsure_and_enters_no_mean() -> None:
    decided = episodes()
    decided.update([watched(1, 0.0, "happy", affect=GLAD)], 480, 640)
    (changed,) = decided.update([watched(1, 4.0, "unsure")], 480, 640)
    assert isinstance(changed, EmotionChanged)
    assert (changed.emotion, changed.valence, changed.arousal) == ("unsure", None, None)
    decided.update([watched(1, 3600.0, "unsure")], 480, 640)
    (face,) = decided.state().faces
    assert (face.emotion, face.valence) == ("unsure", None)
    (left,) = decided.finish()
    assert isinstance(left, FaceLeft)
    assert left.emotions_s == {"happy": 4.0, "unsure": 3596.0}
    assert (left.valence, left.arousal) == (0.81, 0.5123)


def test_the_state_is_told_when_somebody_moved_but_not_oftener_than_once_a_second() -> None:
    decided = episodes()

    def is_told(at_s: float, valence: float, arousal: float = 0.0) -> bool:
        affect = Affect(valence, arousal)
        decided.update([watched(1, at_s, "happy", affect=affect)], 480, 640)
        return decided.is_state_new

    assert is_told(10.0, 0.3), "the change itself"
    assert not is_told(10.5, 0.8), "too soon"
    assert is_told(11.0, 0.8)
    assert not is_told(15.0, 0.75), "too little"
    assert not is_told(19.0, 0.71), "of what was told, not of the frame before"
    assert is_told(20.0, 0.69)
    assert is_told(21.5, 0.69, -0.2)
    assert decided.finish()
    assert decided.is_state_new
    assert not decided.update([], 480, 640)
    assert not decided.is_state_new


def test_events_survive_the_wire() -> None:
    for event in episodes().update([watched(1, 0.2, "happy", affect=GLAD)], 480, 640):
        assert decode_event(encode(event)) == event


@pytest.mark.parametrize("beyond", [b"1.0001", b"-1.5", b'"high"'])
def test_no_value_beyond_the_scales_is_read(beyond: bytes) -> None:
    (_, changed) = episodes().update([watched(1, 0.2, "happy", affect=GLAD)], 480, 640)
    payload = encode(changed).replace(b'"valence":0.81', b'"valence":' + beyond)
    with pytest.raises(msgspec.ValidationError, match="valence"):
        decode_event(payload)


@pytest.mark.parametrize(
    ("said", "beyond", "field"),
    [
        (b'"confidence":0.75', b'"confidence":75', "confidence"),
        (b'"left":0.1', b'"left":64', "left"),
        (b"2026-01-02T03:04:05Z", b"2026-01-02T03:04:05", "time"),  # of what place?
    ],
)
def test_no_percents_pixels_or_local_times_are_read(said: bytes, beyond: bytes, field: str) -> None:
    (_, changed) = episodes().update([watched(1, 0.2, "happy", affect=GLAD)], 480, 640)
    payload = encode(changed)
    assert said in payload
    with pytest.raises(msgspec.ValidationError, match=field):
        decode_event(payload.replace(said, beyond))


def test_boxes_are_fractions_inside_the_frame() -> None:
    box = fractions(Box(-10, 48, 700, 144), 480, 640)
    assert (box.left, box.top, box.width, box.height) == (0.0, 0.1, 1.0, 0.2)
