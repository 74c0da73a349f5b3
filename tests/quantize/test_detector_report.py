from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge_app.perception.faces import Box, Face
from quantize.detector_report import Agreement, Found, Quality, agreement, quality
from quantize.face_photos import FacePhoto


def face(left: float, *, score: float = 0.9) -> Face:
    points = np.array([[3, 3], [7, 3], [5, 5], [3, 8], [7, 8]], np.float32)
    return Face(Box(left, 0, left + 10, 10), points + np.float32([left, 0]), score)


def photo(*lefts: float, complete: bool = True) -> FacePhoto:
    boxes = np.array([[left, 0, left + 10, 10] for left in lefts], np.float32).reshape(-1, 4)
    return FacePhoto(Path("photo.jpg"), boxes, complete)


def test_quality_counts_hits_misses_and_extras() -> None:
    photos = [photo(0, 100), photo(0), photo(0, complete=False)]
    # A hit of 9/11, a miss and an extra; nothing; a hit with an extra that no label can judge.
    found = Found([[face(1), face(50)], [], [face(0), face(50)]], [[], [face(3), face(4)]])
    expected = Quality(
        recall=0.5, mean_iou=pytest.approx((9 / 11 + 1) / 2, abs=1e-4), extra=1, false_alarms=2
    )
    assert quality(photos, found) == expected


def test_quality_without_detections() -> None:
    assert quality([photo(0)], Found([[]], [[]])) == Quality(0.0, 0.0, 0, 0)


def test_agreement_counts_what_int8_keeps() -> None:
    by_float = Found([[face(0), face(100)], []], [])
    by_int8 = Found([[face(1)], [face(7)]], [])
    expected = Agreement(2, 0.5, pytest.approx(9 / 11, abs=1e-4), landmark_distance=1 / 4)
    assert agreement(by_float, by_int8) == expected
    assert agreement(Found([[]], []), Found([[]], [])) == Agreement(0, 0.0, 0.0, 0.0)


def test_a_threshold_leaves_out_what_is_below_it() -> None:
    found = Found([[face(0, score=0.6), face(0, score=0.59)]], [[face(0, score=0.3)]])
    assert [len(faces) for faces in found.at(0.6).in_photos] == [1]
    assert [len(faces) for faces in found.at(0.6).without_faces] == [0]
