import shutil
from pathlib import Path

import numpy as np
import pytest

from edge_app.perception.card import ClassifierCard, read_card
from edge_app.perception.classifier import EmotionClassifier
from edge_app.perception.shipped import CLASSIFIERS
from quantize.calibration import choose
from quantize.classifier import int8_logits, made_by
from quantize.errors import QuantizeError
from quantize.graph import float_tensors
from quantize.runs import FOLDER, find_runs
from quantize.static_int8 import quantize_int8, to_float_tflite
from tests.trainer.synthetic import synthetic_faces
from trainer.batches import as_input
from trainer.data import Split, read_mosaic
from trainer.evaluation import evaluate
from trainer.networks import mien

shipped = pytest.mark.parametrize("path", CLASSIFIERS, ids=lambda path: path.stem)


@shipped
def test_a_shipped_model_is_int8_throughout(path: Path) -> None:
    assert float_tensors(path.read_bytes()) == []


@shipped
def test_a_camera_byte_is_the_input(path: Path) -> None:
    card = read_card(path)
    assert (card.input.dtype, card.input.zero_point) == ("int8", -128)
    assert card.input.scale == pytest.approx(1 / 255)


def test_the_runs_that_the_shipped_models_were_made_of_are_here(tmp_path: Path) -> None:
    cards = [card for path in CLASSIFIERS if isinstance(card := read_card(path), ClassifierCard)]
    runs = find_runs(cards)
    assert len(set(runs)) == len(CLASSIFIERS)
    assert {run.parent for run in runs} == {FOLDER}
    copy = Path(shutil.copytree(runs[0], tmp_path / "copy"))
    assert find_runs(cards, [copy]) == [copy, *runs[1:]]
    with pytest.raises(QuantizeError, match="not the run of emotion"):
        find_runs(cards, [copy, tmp_path])  # and no other instead of the one that was named
    cards[0].recipe["data_sha256"] = "of other data"
    with pytest.raises(QuantizeError, match="emotion: made of no run in"):
        find_runs(cards)


def test_a_card_says_which_command_its_weights_are_from() -> None:
    run = {"recipe": {"name": "base"}}
    assert made_by(run) == "mien train run --recipe base, begun with random weights"
    assert made_by(run | {"start_sha256": "12ab"}) == (
        "mien train run --recipe base, begun with another run's weights (SHA-256 12ab)"
    )
    shares = [{"recipe": "first", "share": 0.35}, {"recipe": "second", "share": 0.65}]
    averaged = run | {"start_sha256": "12ab", "averaged": shares}
    assert made_by(averaged) == "mien train average: 0.35 of first, 0.65 of second"


@shipped
def test_the_cards_figures_are_those_of_the_model(path: Path, shared_data: Path) -> None:
    card = read_card(path)
    assert isinstance(card, ClassifierCard)
    faces = read_mosaic(shared_data)
    private = faces.of(Split.PRIVATE_TEST)
    probabilities = EmotionClassifier.load(path).predict(private.pixels)
    report = evaluate(probabilities, private, private.twins_of(faces.of(Split.TRAINING)))
    said = card.figures["private_test"]
    assert report.accuracy == pytest.approx(said["accuracy"], abs=1e-6)
    assert report.without_twins == pytest.approx(said["without_twins"], abs=1e-6)
    assert report.accuracy >= 0.63


def test_int8_answers_as_float_does() -> None:
    model = mien.build({"logits": 7})
    shown = as_input(synthetic_faces(70).pixels)[:, np.newaxis]
    content = quantize_int8(to_float_tflite(model, "faces"), "faces", list(shown), (0.0, 1.0))
    assert float_tensors(content) == []
    as_float = model.predict(shown[:, 0], verbose=0)["logits"]
    as_int8 = int8_logits(content, synthetic_faces(70).pixels)
    assert np.abs(as_int8 - as_float).max() <= 0.1 * np.ptp(as_float)


def test_weights_that_are_no_numbers_are_refused() -> None:
    model = mien.build({"logits": 7})
    values = model.get_weights()
    values[0][0] = np.nan
    model.set_weights(values)
    with pytest.raises(QuantizeError, match="not finite"):
        to_float_tflite(model, "faces")


def test_calibration_spans_every_class_from_dark_to_bright() -> None:
    faces = synthetic_faces(700)
    for row, picture in enumerate(faces.pixels):
        picture[:] = row // 3
    chosen = choose(faces, a_class=10)
    assert chosen.shape == (70, 48, 48)
    levels = chosen[:, 0, 0].reshape(7, 10).astype(int)
    assert (np.diff(levels, axis=1) > 0).all()
    assert (levels[:, 0] <= 2).all()
    assert (levels[:, -1] >= 231).all()


def test_too_few_faces_are_refused() -> None:
    with pytest.raises(QuantizeError, match="label 0 has 2 faces, 10 are needed"):
        choose(synthetic_faces(14), a_class=10)
