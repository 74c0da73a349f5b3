from __future__ import annotations

import threading
from typing import cast

import cv2
import numpy as np

from edge_app.frames.capture import Capture, Captured
from tests.edge_app.frames.fake_capture import FakeCapture


def wrap(fake: FakeCapture) -> Capture:
    return Capture(cast("cv2.VideoCapture", fake))


def test_pictures_come_until_there_are_none() -> None:
    capture = wrap(FakeCapture(pictures=1))
    captured = capture.read()
    assert captured is not None
    assert captured.image.shape == (4, 6, 3)
    assert capture.read() is None
    assert not capture.closed.is_set()


def test_what_is_not_wanted_is_taken_and_not_given() -> None:
    fake, asked = FakeCapture(pictures=5), []

    def is_wanted(position_ms: float) -> bool:
        asked.append(position_ms)
        return len(asked) % 2 == 0

    capture = wrap(fake)
    assert capture.read(is_wanted) is not None
    assert capture.read(is_wanted) is not None
    assert (len(asked), fake.conversions) == (4, 2)
    assert capture.read(is_wanted) is None


def test_close_ends_a_read_to_which_no_picture_is_wanted() -> None:
    fake = FakeCapture(pictures=5)
    capture = wrap(fake)

    def is_wanted(_position_ms: float) -> bool:
        capture.close()
        return False

    assert capture.read(is_wanted) is None
    # One was asked about, and one more taken.
    assert (fake.pictures, fake.releases) == (3, 1)


def test_no_value_is_wrapped() -> None:
    """Perception refuses pictures of 16 bits; cast, 256 would be black."""
    fake = FakeCapture()
    fake.read = lambda: (True, np.full((4, 6), 256, np.uint16))  # type: ignore[method-assign]
    captured = wrap(fake).read()
    assert captured is not None
    assert captured.image.dtype == np.uint16


def test_close_releases_at_once_when_nobody_reads() -> None:
    fake = FakeCapture()
    capture = wrap(fake)
    capture.close()
    assert fake.releases == 1
    assert capture.read() is None


def test_close_during_a_read_leaves_the_release_to_the_reader() -> None:
    fake = FakeCapture()
    fake.gate.clear()
    capture = wrap(fake)
    answers: list[Captured | None] = []
    reader = threading.Thread(target=lambda: answers.append(capture.read()))
    reader.start()
    assert fake.is_reading.wait(10)
    capture.close()
    assert fake.releases == 0
    fake.gate.set()
    reader.join(10)
    assert answers == [None]
    assert fake.releases == 1
