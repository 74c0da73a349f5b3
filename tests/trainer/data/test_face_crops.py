from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge_app.perception import EmotionClassifier, Perception, classifier
from edge_app.perception.card import ModelError
from edge_app.perception.shipped import FACE_320
from trainer.data import DataError
from trainer.data.face_crops import FaceCrops, NoFaceError

NOBODY = np.zeros((64, 64), np.uint8)


def test_models_are_loaded_once_with_the_first_photo() -> None:
    loaded: list[Perception] = []

    def load() -> Perception:
        loaded.append(Perception.load())
        return loaded[-1]

    crops = FaceCrops(load)
    assert loaded == []
    for _ in range(2):
        with pytest.raises(NoFaceError):
            crops.cut(NOBODY)
    assert len(loaded) == 1


def test_a_detector_in_the_classifiers_place_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classifier, "EMOTION", FACE_320)
    with pytest.raises(ModelError, match="no emotion classifier's"):
        FaceCrops.shipped().cut(NOBODY)


def test_a_missing_card_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(classifier, "EMOTION", tmp_path / "emotion.tflite")
    with pytest.raises(ModelError, match=r"emotion\.json"):
        FaceCrops.shipped().cut(NOBODY)


def test_a_classifier_of_another_side_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    other = EmotionClassifier.load()
    monkeypatch.setattr(other, "side", 40)
    perception = Perception(Perception.load().detector, other)
    with pytest.raises(DataError, match=r"takes crops of 40x40 pixels.*48x48"):
        FaceCrops(lambda: perception).cut(NOBODY)
