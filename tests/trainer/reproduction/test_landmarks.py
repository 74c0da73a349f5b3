"""68 landmarks of a real face, and a run on landmarks."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

from tests.trainer.synthetic import all_splits
from trainer.batches import as_input
from trainer.reproduction import RECIPES
from trainer.reproduction.inputs import batches, inputs
from trainer.reproduction.landmarks import LandmarksError, find_landmarks
from trainer.reproduction.running import run_recipe

needs_dlib = pytest.mark.skipif(
    importlib.util.find_spec("dlib") is None,
    reason="needs dlib: pip install dlib-bin face_recognition_models",
)
LANDMARKS = RECIPES["kuchuk-landmarks"]


@pytest.fixture(scope="module")
def face() -> np.ndarray:
    portrait = cv2.cvtColor(skimage.data.astronaut()[50:180, 160:290], cv2.COLOR_RGB2GRAY)
    return cv2.resize(portrait, (48, 48), interpolation=cv2.INTER_AREA)


@needs_dlib
def test_eyes_nose_and_mouth_are_where_a_face_has_them(face: np.ndarray, tmp_path: Path) -> None:
    found = find_landmarks(np.stack([face, face, np.zeros_like(face)]), tmp_path)
    assert (found.shape, found.dtype) == ((3, 68, 2), np.float32)
    assert (found[0] == found[1]).all()
    assert (found.min(), found.max()) == (0.0, 1.0)
    right_eye, left_eye, nose, mouth = (
        found[0, part].mean(axis=0) for part in (range(36, 42), range(42, 48), [30], range(48, 68))
    )
    assert right_eye[0] < nose[0] < left_eye[0]
    assert max(right_eye[1], left_eye[1]) < nose[1] < mouth[1]
    assert right_eye[0] < mouth[0] < left_eye[0]


@needs_dlib
def test_landmarks_are_looked_for_once(
    face: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = find_landmarks(face[np.newaxis], tmp_path)
    monkeypatch.setattr("trainer.reproduction.landmarks.Landmarker", None)
    assert (find_landmarks(face[np.newaxis], tmp_path) == found).all()


@needs_dlib
def test_a_run_reads_landmarks(tmp_path: Path) -> None:
    small = replace(LANDMARKS, training=56, validation=28, batch=28, epochs=2)
    result = run_recipe(small, all_splits(training=112, others=14), tmp_path / "run")
    assert (result.full, result.macs) == (True, 136 * 256 + 256 * 128 + 128 * 7)
    # Of training and validation, and of both tests.
    assert len(list((tmp_path / "landmarks").iterdir())) == 4


def test_without_dlib_nothing_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(LandmarksError, match="landmarks need dlib: pip install dlib-bin"):
        run_recipe(LANDMARKS, all_splits(training=112, others=14), tmp_path / "run")
    assert not list(tmp_path.iterdir())


def test_a_face_that_is_not_augmented_is_shown_as_it_is(tmp_path: Path) -> None:
    faces = all_splits(training=112, others=14)
    recipe = replace(RECIPES["kuchuk-a"], batch=50)
    shown = inputs(recipe, faces, tmp_path)
    assert (shown == as_input(faces.pixels)).all()
    rows = np.arange(len(faces), dtype=np.float32)
    epochs = [
        batches(recipe, faces, shown, {"logits": (rows, -rows)}, epoch) for epoch in (0, 0, 1)
    ]
    assert [len(each) for each in epochs] == [2, 2, 2]
    first, again, other = (
        np.concatenate([each[index][1]["logits"] for index in range(2)]) for each in epochs
    )
    assert len(set(first)) == 100
    assert (first == again).all()
    assert (first != other).any()
    pictures, _, weights = epochs[0][1]
    assert (pictures == shown[first[50:].astype(int)]).all()
    assert (weights["logits"] == -first[50:]).all()
