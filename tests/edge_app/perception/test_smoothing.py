import numpy as np

from edge_app.perception.labels import UNSURE
from edge_app.perception.smoothing import EmotionFilter, Reaction

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


def test_a_face_without_a_likely_emotion_is_unsure() -> None:
    emotions = EmotionFilter(LABELS, 0.5, REACTION)
    assert show(emotions, (0.35, 0.33, 0.32), 1.0)[-1] == UNSURE
    assert show(emotions, (0.9, 0.05, 0.05), 2.0, start_s=1.0)[-1] == "happy"
    assert show(emotions, (0.35, 0.33, 0.32), 4.0, start_s=3.0)[-1] == UNSURE


def test_the_average_is_a_distribution() -> None:
    emotions = EmotionFilter(LABELS, 0.4, REACTION)
    assert np.isclose(emotions.probabilities.sum(), 1.0)
    show(emotions, (1.0, 0.0, 0.0), 0.5)
    assert np.isclose(emotions.probabilities.sum(), 1.0)
    assert emotions.probabilities.argmax() == 0
