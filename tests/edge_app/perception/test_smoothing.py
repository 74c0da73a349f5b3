from collections.abc import Sequence

import numpy as np
import pytest

from edge_app.perception.labels import UNSURE
from edge_app.perception.smoothing import (
    REACTIONS,
    RETURN_S,
    UNREAD_S,
    EmotionFilter,
    Reaction,
)

LABELS = ("happy", "sad", "neutral")
REACTION = Reaction(time_constant_s=0.5, hold_s=0.4, margin=0.1)
FPS = 10


def show(
    emotions: EmotionFilter, probabilities: tuple[float, ...], seconds: float, start_s: float = 0.0
) -> list[str | None]:
    """Show the same probabilities for a while; the emotion after each frame."""
    row = np.array(probabilities, np.float32)
    frames = range(round(seconds * FPS))
    return [emotions.update(row, int((start_s + n / FPS) * 1e9)) for n in frames]


def test_the_first_emotion_is_decided_after_the_hold() -> None:
    emotions = EmotionFilter(LABELS, 0.4, REACTION)
    assert show(emotions, (0.8, 0.1, 0.1), 0.6) == [None] * 4 + ["happy"] * 2


def test_a_lasting_change_is_followed() -> None:
    emotions = EmotionFilter(LABELS, 0.4, REACTION)
    show(emotions, (0.8, 0.1, 0.1), 1.0)
    after = show(emotions, (0.05, 0.9, 0.05), 2.0, start_s=1.0)
    assert after[0] == "happy"
    assert after[-1] == "sad"


def test_single_frames_of_another_emotion_change_nothing() -> None:
    emotions = EmotionFilter(LABELS, 0.4, REACTION)
    show(emotions, (0.8, 0.1, 0.1), 1.0)
    for n in range(20):
        start_s = 1.0 + n
        assert show(emotions, (0.01, 0.98, 0.01), 0.1, start_s) == ["happy"]
        assert set(show(emotions, (0.8, 0.1, 0.1), 0.9, start_s + 0.1)) == {"happy"}


def test_a_tie_does_not_flicker() -> None:
    emotions = EmotionFilter(LABELS, 0.4, REACTION)
    show(emotions, (0.5, 0.42, 0.08), 1.0)
    assert set(show(emotions, (0.45, 0.5, 0.05), 30.0, start_s=1.0)) == {"happy"}


HAPPIER, SADDER = (0.56, 0.4, 0.04), (0.4, 0.56, 0.04)


def told_of(
    emotions: EmotionFilter, faces: Sequence[tuple[float, ...]], each_s: float
) -> list[str]:
    """The emotions that were told, when the faces are shown one after another."""
    told: list[str] = []
    for number, face in enumerate(faces):
        for emotion in show(emotions, face, each_s, start_s=number * each_s):
            if emotion is not None and emotion not in told[-1:]:
                told.append(emotion)
    return told


def test_a_face_between_two_emotions_does_not_go_back_and_forth() -> None:
    emotions = EmotionFilter(LABELS, 0.4, REACTION)
    assert told_of(emotions, [HAPPIER, SADDER] * 20, each_s=3.0) == ["happy", "sad"]


def test_an_emotion_that_is_over_ends_though_two_others_lead_by_turns() -> None:
    """Neither leads for a hold, and to both of them the face would return."""
    emotions = EmotionFilter(LABELS, 0.4, REACTION)
    clear = [(0.05, 0.9, 0.05), (0.05, 0.05, 0.9), (0.9, 0.05, 0.05)]
    assert told_of(emotions, clear, each_s=3.0) == ["sad", "neutral", "happy"]
    turns = [(0.05, 0.53, 0.42), (0.05, 0.42, 0.53)] * 40
    told = [
        emotion
        for number, face in enumerate(turns)
        for emotion in show(emotions, face, 0.4, start_s=9.0 + number * 0.4)
    ]
    ended_s = told.index(next(each for each in told if each != "happy")) / FPS
    assert 8 * REACTION.hold_s <= ended_s <= 8 * REACTION.hold_s + 1.0
    # And what is told then does not go back and forth with them.
    assert len(set(told[round(ended_s * FPS) :])) == 1


def test_an_emotion_that_followed_an_overdue_one_is_not_overdue_itself() -> None:
    emotions = EmotionFilter(LABELS, 0.4, Reaction(time_constant_s=0.01, hold_s=0.4, margin=0.1))
    turns = [(0.05, 0.9, 0.05), (0.05, 0.05, 0.9)] * 30
    told = told_of(emotions, [(0.9, 0.05, 0.05)] * 5 + turns, each_s=0.2)
    assert told[0] == "happy"
    assert len(told) == 2


def test_a_first_reading_decides_nothing_however_long_another_leads() -> None:
    emotions = EmotionFilter(LABELS, 0.4, REACTION)
    happy, sad, neutral = (0.9, 0.05, 0.05), (0.05, 0.9, 0.05), (0.05, 0.05, 0.9)
    seldom = [
        emotions.update(np.array(face, np.float32), n * 5 * 10**9)
        for n, face in enumerate((happy, happy, sad, neutral, neutral))
    ]
    assert seldom == [None, "happy", "happy", "happy", "neutral"]


def test_a_stray_reading_changes_nothing_where_readings_are_seldom() -> None:
    emotions = EmotionFilter(LABELS, 0.4, REACTION)
    told = set()
    for n in range(40):
        face = SADDER if n % 4 == 3 else HAPPIER
        told.add(emotions.update(np.array(face, np.float32), n * 5 * 10**9))
    assert told == {None, "happy"}


def test_a_clear_face_goes_back_and_forth_at_once() -> None:
    emotions = EmotionFilter(LABELS, 0.4, REACTION)
    faces = [(0.9, 0.05, 0.05), (0.05, 0.9, 0.05)] * 5
    assert told_of(emotions, faces, each_s=3.0) == ["happy", "sad"] * 5


def test_a_face_goes_back_to_what_it_was_when_that_lasts() -> None:
    emotions = EmotionFilter(LABELS, 0.4, REACTION)
    faces = [HAPPIER, SADDER, *[HAPPIER] * 4]
    assert told_of(emotions, faces, each_s=3.0) == ["happy", "sad", "happy"]
    assert emotions.update(np.array(HAPPIER, np.float32), int(18e9)) == "happy"


def test_what_a_face_was_long_ago_does_not_matter() -> None:
    emotions = EmotionFilter(LABELS, 0.4, REACTION)
    show(emotions, HAPPIER, 2.0)
    show(emotions, SADDER, RETURN_S + 3.0, start_s=2.0)
    assert show(emotions, HAPPIER, 1.5, start_s=RETURN_S + 5.0)[-1] == "happy"


def test_a_face_that_is_unsure_now_and_then_stays_so() -> None:
    emotions = EmotionFilter(LABELS, 0.5, REACTION)
    faces = [(0.62, 0.2, 0.18), (0.38, 0.32, 0.3)] * 20
    assert told_of(emotions, faces, each_s=3.0) == ["happy", UNSURE]


def test_an_emotion_that_is_told_may_fall_a_little_below_the_threshold() -> None:
    emotions = EmotionFilter(LABELS, 0.5, REACTION)
    show(emotions, (0.62, 0.2, 0.18), 2.0)
    assert set(show(emotions, (0.45, 0.3, 0.25), 10.0, start_s=2.0)) == {"happy"}
    assert show(emotions, (0.37, 0.33, 0.3), 10.0, start_s=12.0)[-1] == UNSURE
    # Which it must reach again, and a little more.
    assert set(show(emotions, (0.55, 0.25, 0.2), 10.0, start_s=22.0)) == {UNSURE}


@pytest.mark.parametrize("unsure_below", [0.0, 0.5, 0.86, 0.95, 0.99])
@pytest.mark.parametrize("reaction", REACTIONS.values(), ids=REACTIONS)
def test_a_sure_model_gets_out_of_unsure(reaction: Reaction, unsure_below: float) -> None:
    emotions = EmotionFilter(LABELS, unsure_below, reaction)
    show(emotions, (0.34, 0.33, 0.33), 5.0)
    assert show(emotions, (0.998, 0.001, 0.001), 30.0, start_s=5.0)[-1] == "happy"


@pytest.mark.parametrize("reaction", REACTIONS.values(), ids=REACTIONS)
def test_what_is_shown_comes_and_goes_with_the_average_while_an_emotion_is_held(
    reaction: Reaction,
) -> None:
    """A face that smiles a little all the time, and more for 3 s of every 10."""
    emotions = EmotionFilter(LABELS, 0.4, reaction)
    held: list[str | None] = []
    shown: list[str | None] = []
    for n in range(600):
        now = (0.9, 0.05, 0.05) if n % 100 >= 70 else (0.3, 0.05, 0.65)
        held.append(emotions.update(np.array(now, np.float32), n * 100_000_000))
        shown.append(emotions.shown)
    assert [each is None for each in shown] == [each is None for each in held]
    # Each smile lasts in the average a little longer than in the face.
    assert 0.0 <= shown.count("happy") / 60 - 3.0 <= 1.2 * reaction.time_constant_s
    if reaction is not REACTIONS["quick"]:
        assert held.count("happy") / 60 > 5.0


def test_what_is_shown_is_unsure_below_the_threshold_itself() -> None:
    emotions = EmotionFilter(LABELS, 0.5, REACTION)
    show(emotions, (0.62, 0.2, 0.18), 2.0)
    assert set(show(emotions, (0.45, 0.3, 0.25), 10.0, start_s=2.0)) == {"happy"}
    assert emotions.shown == UNSURE
    assert show(emotions, (0.52, 0.25, 0.23), 10.0, start_s=12.0)[-1] == "happy"
    assert emotions.shown == "happy"


def test_a_face_without_a_likely_emotion_is_unsure() -> None:
    emotions = EmotionFilter(LABELS, 0.5, REACTION)
    assert show(emotions, (0.35, 0.33, 0.32), 1.0)[-1] == UNSURE
    assert show(emotions, (0.9, 0.05, 0.05), 2.0, start_s=1.0)[-1] == "happy"
    assert show(emotions, (0.35, 0.33, 0.32), 6.0, start_s=3.0)[-1] == UNSURE


def test_the_average_is_a_distribution() -> None:
    emotions = EmotionFilter(LABELS, 0.4, REACTION)
    assert np.isclose(emotions.probabilities.sum(), 1.0)
    show(emotions, (1.0, 0.0, 0.0), 0.5)
    assert np.isclose(emotions.probabilities.sum(), 1.0)
    assert emotions.probabilities.argmax() == 0


def test_frames_weigh_by_their_quality() -> None:
    emotions = EmotionFilter(LABELS, 0.4, REACTION)
    happy, sad = np.array([0.9, 0.05, 0.05]), np.array([0.05, 0.9, 0.05])
    for n in range(20):
        row, weight = (happy, 1.0) if n % 2 else (sad, 0.1)
        emotions.update(row.astype(np.float32), int(n * 1e8), weight)
    assert emotions.emotion == "happy"
    assert emotions.probabilities[0] > 0.8


def test_a_frame_without_weight_says_nothing() -> None:
    emotions = EmotionFilter(LABELS, 0.4, REACTION)
    sad = np.array([0.05, 0.9, 0.05], np.float32)
    for n in range(10):
        assert emotions.update(sad, int(n * 1e8), weight=0.0) is None
    assert emotions.probabilities.tolist() == np.full(3, 1 / 3, np.float32).tolist()
    show(emotions, (0.8, 0.1, 0.1), 1.0, start_s=1.0)
    for n in range(20, 30):
        assert emotions.update(sad, int(n * 1e8), weight=0.0) == "happy"
    assert (emotions.shown, emotions.affect is None) == ("happy", False)


SAD = np.array([0.05, 0.9, 0.05], np.float32)


def test_a_face_that_can_no_longer_be_read_is_unsure_until_it_can() -> None:
    emotions = EmotionFilter(LABELS, 0.4, REACTION)
    show(emotions, (0.8, 0.1, 0.1), 1.0)
    told = [emotions.update(SAD, int(n * 1e8), weight=0.0) for n in range(10, 40)]
    assert told == ["happy"] * round(UNREAD_S * 10) + [UNSURE] * (30 - round(UNREAD_S * 10))
    assert (emotions.shown, emotions.affect) == (UNSURE, None)
    assert emotions.probabilities.tolist() == np.full(3, 1 / 3, np.float32).tolist()
    # What it showed before has no part in what it shows now, and needs no longer hold than that.
    emotions.update(np.array((0.8, 0.1, 0.1), np.float32), int(40e8))
    assert emotions.shown == "happy"
    assert emotions.affect is not None
    assert emotions.probabilities[0] == pytest.approx(0.8)
    assert show(emotions, (0.8, 0.1, 0.1), 0.5, start_s=4.1)[-1] == "happy"


def test_a_poor_frame_now_and_then_says_nothing() -> None:
    """A profile, which once a second is taken for a poor front."""
    emotions = EmotionFilter(LABELS, 0.4, REACTION)
    show(emotions, (0.8, 0.1, 0.1), 3.0)
    told = [
        emotions.update(SAD, int(n * 1e8), weight=0.0 if n % 10 else 0.25) for n in range(30, 630)
    ]
    assert "sad" not in told
    assert set(told[60:]) == {UNSURE}
    assert (emotions.shown, emotions.affect) == (UNSURE, None)


def test_frames_that_are_next_to_nothing_decide_nothing() -> None:
    emotions = EmotionFilter(LABELS, 0.4, REACTION)
    told = [emotions.update(SAD, int(n * 1e8), weight=0.01) for n in range(100)]
    assert set(told) == {None, UNSURE}
    # One that can be read is not held up by what could not.
    assert show(emotions, (0.8, 0.1, 0.1), 2.0, start_s=10.0)[-1] == "happy"


def test_a_face_that_can_be_read_again_goes_back_to_what_it_was_after_one_hold() -> None:
    emotions = EmotionFilter(LABELS, 0.4, REACTION)
    assert told_of(emotions, [HAPPIER, SADDER, SADDER], each_s=3.0) == ["happy", "sad"]
    for n in range(90, 120):
        emotions.update(SAD, int(n * 1e8), weight=0.0)
    assert emotions.emotion == UNSURE
    assert show(emotions, HAPPIER, REACTION.hold_s + 0.2, start_s=12.0)[-1] == "happy"


def test_a_face_that_could_never_be_read_is_unsure() -> None:
    emotions = EmotionFilter(LABELS, 0.4, REACTION)
    told = [emotions.update(SAD, int(n * 1e8), weight=0.0) for n in range(30)]
    assert (told[0], told[-1], emotions.shown, emotions.affect) == (None, UNSURE, UNSURE, None)


def test_one_failed_reading_does_not_end_an_emotion_where_readings_are_seldom() -> None:
    emotions = EmotionFilter(LABELS, 0.4, REACTION)
    happy = np.array([0.8, 0.1, 0.1], np.float32)
    for n in range(20):
        emotions.update(happy, n * 5 * 10**9)
        assert emotions.update(SAD, (n * 5 + 3) * 10**9, weight=0.0) in {None, "happy"}
    assert emotions.emotion == "happy"


def test_poor_frames_alone_are_followed_as_quickly_as_good_ones() -> None:
    """Weight is relative to the frames around: a face that is always dim is read all the same."""
    shown = []
    for weight in (1.0, 0.15):
        emotions = EmotionFilter(LABELS, 0.4, REACTION)
        rows = [(0.8, 0.1, 0.1)] * 10 + [(0.05, 0.9, 0.05)] * 20
        shown.append(
            [
                emotions.update(np.array(row, np.float32), int(n * 1e8), weight)
                for n, row in enumerate(rows)
            ]
        )
    assert shown[0] == shown[1]


def test_the_first_frame_does_not_decide_alone() -> None:
    emotions = EmotionFilter(LABELS, 0.4, REACTION)
    show(emotions, (0.02, 0.96, 0.02), 0.1)
    assert set(show(emotions, (0.7, 0.15, 0.15), 1.0, start_s=0.1)) == {None, "happy"}


def test_valence_and_arousal_follow_the_average() -> None:
    emotions = EmotionFilter(LABELS, 0.4, REACTION)
    assert emotions.affect is None
    assert show(emotions, (1.0, 0.0, 0.0), 0.1) == [None]
    assert emotions.affect is None, "nothing is said of a face before an emotion is"
    show(emotions, (1.0, 0.0, 0.0), 1.0)
    assert emotions.affect is not None
    assert emotions.affect.valence > 0.8
    assert emotions.affect.arousal > 0.5
    show(emotions, (0.0, 1.0, 0.0), 4.0, start_s=1.1)
    assert emotions.affect.valence < -0.6
    assert emotions.affect.arousal < -0.25
