from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from edge_app.cli import main
from edge_app.perception.card import card_path, encode_card
from edge_app.perception.faces import Box, Face
from quantize import classifier, parity_command
from quantize.answers import make_answers
from quantize.classifier import make_classifier
from quantize.detector_report import Found
from quantize.face_photos import FacePhoto
from quantize.parity import classifier_parity, detector_parity, kl_divergence
from tests.quantize.test_bad_input import ALIGNMENT, a_run, tiny
from tests.softmax import softmax
from tests.trainer.synthetic import all_splits, synthetic_faces
from trainer.data import DataError, Faces, Split


def test_divergence_of_equal_rows_is_nothing_and_of_others_what_theory_says() -> None:
    p = np.float32([[0.5, 0.5], [0.9, 0.1], [1.0, 0.0]])
    q = np.float32([[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]])
    expected = [0, 0.9 * np.log(1.8) + 0.1 * np.log(0.2), np.log(2)]
    assert kl_divergence(p, q) == pytest.approx(expected, abs=1e-6)


def test_classifier_parity_counts_what_int8_changes() -> None:
    faces = synthetic_faces(10)
    as_float = 5 * np.eye(7, dtype=np.float32)[faces.labels]
    as_int8 = as_float.copy()
    as_int8[0] = np.roll(as_int8[0], 1)
    as_float, as_int8 = softmax(as_float / 2), softmax(as_int8 / 2)
    parity = classifier_parity(as_float, as_int8, faces)
    assert (parity.faces, parity.float_accuracy, parity.int8_accuracy) == (10, 1.0, 0.9)
    assert parity.points_lost == pytest.approx(10)
    assert parity.same_answer == 0.9
    changed = kl_divergence(as_float[:1], as_int8[:1])[0]
    assert parity.kl_max == pytest.approx(changed, rel=1e-5)
    assert parity.kl_mean == pytest.approx(changed / 10, rel=1e-5)
    assert parity.float_calibration_error != parity.int8_calibration_error


def test_contempt_has_no_part_in_parity() -> None:
    faces = synthetic_faces(10)
    answers = softmax(5 * np.eye(7, dtype=np.float32)[faces.labels])
    without = classifier_parity(answers[3:], answers[3:], faces.where(np.arange(10) >= 3))
    faces.labels[:3] = 7
    assert classifier_parity(answers, answers, faces) == without
    with pytest.raises(DataError, match="none of 3 faces"):
        classifier_parity(answers[:3], answers[:3], faces.where(np.arange(10) < 3))


def test_detector_parity_pairs_detections_that_overlap() -> None:
    def face(left: float, score: float) -> Face:
        points = np.arange(10, dtype=np.float32).reshape(5, 2) + left
        return Face(Box(left, 0, left + 10, 10), points, score)

    boxes = np.float32([[0, 0, 10, 10], [100, 0, 110, 10]])
    photos = [FacePhoto(Path("a.jpg"), boxes, complete=True)]
    by_float = Found([[face(0, 0.9), face(100, 0.8), face(200, 0.8)]], [])
    by_int8 = Found([[face(1, 0.7), face(300, 0.9), face(200, 0.7)]], [])
    parity = detector_parity(photos, by_float, by_int8)
    assert (parity.of_float.recall, parity.of_int8.recall) == (1.0, 0.5)
    assert parity.points_lost == 50
    assert (parity.score_error_mean, parity.score_error_max) == (0.15, 0.2)
    assert detector_parity(photos, by_float, Found([[]], [])).score_error_max == 0.0


def test_a_model_of_one_s_own_is_compared_with_its_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    faces = all_splits(140, 35)
    run, mine = a_run(tmp_path / "run", tiny(), faces), tmp_path / "mine"
    card = make_classifier(run, faces, ALIGNMENT, mine / "emotion.tflite")
    monkeypatch.setattr(parity_command, "read", lambda *_, **__: faces)
    words = ["quantize", "parity", "--data", ".", "--output", str(tmp_path / "json")]
    own = [*words, str(run), "--models", str(mine), "--runs", "10"]
    assert main(own) == 0
    said = capsys.readouterr().out
    assert said.startswith("emotion: float ")
    # Nobody's photos are asked for: detectors are not compared.
    assert [path.name for path in (tmp_path / "json").iterdir()] == ["emotion.json"]
    stored = json.loads((tmp_path / "json" / "emotion.json").read_text())
    assert stored["parity"] == card.figures["parity_public_test"]

    assert main([*words, str(run)]) == 1
    assert "name the folder of the models that were made of it with --models" in (
        capsys.readouterr().err
    )
    assert main([*words, str(run), "--models", str(run)]) == 1
    assert f"{run}: holds no classifier" in capsys.readouterr().err


def test_twins_of_training_pictures_choose_no_temperature(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faces = all_splits(140, 35)
    rows = np.flatnonzero(faces.split == Split.PUBLIC_TEST)
    faces.pixels[rows[20:]] = faces.pixels[:15]
    chosen_by = []

    def watched(heads: object, logits: np.ndarray, shown: Faces, *rest: Any, **more: Any) -> Any:
        chosen_by.append((len(logits), shown.pixels.tobytes()))
        return make_answers(heads, logits, shown, *rest, **more)

    monkeypatch.setattr(classifier, "make_answers", watched)
    run = a_run(tmp_path / "run", tiny(), faces)
    card = make_classifier(run, faces, ALIGNMENT, tmp_path / "mine" / "emotion.tflite")
    assert chosen_by == [(20, faces.pixels[rows[:20]].tobytes())]
    assert card.figures["public_test"]["faces"] == 35


def test_every_way_is_judged_by_the_answer_of_the_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faces = all_splits(140, 35)
    run, model = a_run(tmp_path / "run", tiny(), faces), tmp_path / "mine" / "emotion.tflite"
    card = make_classifier(run, faces, ALIGNMENT, model)
    # So cold an answer makes much of what int8 moves.
    cold = msgspec.structs.replace(card.answers["default"], temperature=0.01)
    card = msgspec.structs.replace(card, answers={"default": cold})
    card_path(model).write_bytes(encode_card(card))
    monkeypatch.setattr(parity_command, "read", lambda *_, **__: faces)
    words = ["--data", ".", str(run), "--models", str(model.parent), "--output", str(tmp_path)]
    assert main(["quantize", "parity", *words, "--runs", "10"]) == 0
    assert main(["quantize", "compare-calibration", *words]) == 0
    stored = json.loads((tmp_path / "emotion.json").read_text())["parity"]
    first, *_ = json.loads((tmp_path / "calibrations.json").read_text())
    assert stored["kl_mean"] > 1e-5
    assert first["Agreement"] == (
        f"same answer {stored['same_answer']:.2%}, KL {stored['kl_mean']:.5f}"
    )


@pytest.mark.parametrize("what", ["parity", "compare-calibration"])
def test_photos_that_are_missing_are_said_before_the_work(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(parity_command, "read", lambda *_, **__: pytest.fail("faces were read"))
    assert main(["quantize", what, "--data", str(tmp_path)]) == 1
    assert f"{tmp_path}/faces/boxes.json: No such file" in capsys.readouterr().err
