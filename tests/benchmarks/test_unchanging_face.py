from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from skimage import data

from benchmarks.unchanging_face import FRAMES_PER_SECOND, answers, changes, frames, hour_of
from edge_app.perception import Box, Face, Perception, SeenFace
from edge_app.perception.smoothing import REACTIONS

LABELS = ("happy", "sad")


def seen(happy: float) -> SeenFace:
    face = Face(Box(0, 0, 9, 9), np.zeros((5, 2), np.float32), 0.9)
    emotion = "happy" if happy > 0.5 else "sad"
    return SeenFace(face, LABELS, np.array([happy, 1 - happy], np.float32), emotion)


def test_an_unchanging_face_never_changes_its_emotion_in_an_hour() -> None:
    """Her portrait under noise, flicker and movement, through the whole of perception."""
    perception = Perception.load()
    portrait = np.ascontiguousarray(data.astronaut()[..., ::-1])
    (face,) = perception.see(portrait)
    read = answers(perception, frames(portrait, face, 75))
    # Somebody counts from the third frame on, and is read ten times a second at most.
    assert [face is not None for face in read] == [False, False, *[True, False] * 36, True]
    hour = hour_of(read)
    assert len(hour) == 3600 * FRAMES_PER_SECOND
    result = changes(hour, perception.classifier.answer.unsure_below, REACTIONS["normal"])
    assert result.smoothed == 0
    assert result.emotions == ("happy",)


def test_frames_differ_although_the_face_does_not_change() -> None:
    portrait = np.ascontiguousarray(data.astronaut()[..., ::-1])
    face = Face(Box(170, 60, 280, 180), np.zeros((5, 2), np.float32), 0.9)
    shown = frames(portrait, SeenFace(face, LABELS, np.ones(2, np.float32) / 2, "happy"), 20)
    first, *_, last = (cv2.GaussianBlur(frame, (0, 0), 3.0).astype(int) for frame in shown)
    assert np.abs(first - last).mean() > 2


@pytest.mark.parametrize("reaction", list(REACTIONS))
def test_what_really_changes_is_counted(reaction: str) -> None:
    def minute() -> Iterator[SeenFace]:
        for happy in (0.95, 0.05, 0.95, 0.05):
            yield from [seen(happy)] * (15 * FRAMES_PER_SECOND)

    result = changes(list(minute()), 0.4, REACTIONS[reaction])
    assert (result.raw, result.smoothed) == (3, 3)


@pytest.mark.parametrize("reaction", ["normal", "calm"])
def test_a_face_between_two_emotions_keeps_one(reaction: str) -> None:
    """Every other frame says something else, and slowly one leads, then the other."""
    shown = []
    for index in range(600 * FRAMES_PER_SECOND):
        slowly = 0.04 * np.sin(index / FRAMES_PER_SECOND)
        shown.append(seen(0.5 + slowly + (0.3 if index % 2 else -0.3)))
    result = changes(shown, 0.4, REACTIONS[reaction])
    assert result.raw > 5000
    assert result.smoothed == 0
