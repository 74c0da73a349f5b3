import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from edge_app.perception.card import ClassifierCard, Head, read_card
from edge_app.perception.classifier import EmotionClassifier
from edge_app.perception.labels import FER2013
from edge_app.perception.shipped import CLASSIFIERS
from quantize.calibration import choose
from quantize.checks import check_sources
from quantize.classifier import int8_logits, made_by, training_data
from quantize.errors import QuantizeError
from quantize.runs import FOLDER, find_runs
from quantize.static_int8 import quantize_int8, to_float_tflite
from quantize.trained import TrainedClassifier
from tests.quantize.graphs import float_tensors
from tests.trainer.synthetic import all_splits, synthetic_faces
from trainer.batches import as_input
from trainer.checkpoints import MODEL, RECIPE, RunError, read_alignment, read_recipe
from trainer.data import Split, read_mosaic
from trainer.data.known import EARLIER_DATA, KNOWN, UNKNOWN
from trainer.evaluation import evaluate
from trainer.networks import kuchuk_landmarks, lenet, mien

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
    (copy / RECIPE).write_text('{"recipe": ')
    with pytest.raises(RunError, match=r"copy/recipe\.json: not JSON"):
        find_runs(cards, [copy])
    cards[0].recipe["data_sha256"] = "of other data"
    with pytest.raises(QuantizeError, match="emotion: made of no run in"):
        find_runs(cards)


def test_the_runs_that_ship_note_how_their_faces_are_framed() -> None:
    cards = [card for path in CLASSIFIERS if isinstance(card := read_card(path), ClassifierCard)]
    for card, run in zip(cards, find_runs(cards), strict=True):
        assert read_alignment(run) == card.alignment


def test_a_card_says_which_command_its_weights_are_from() -> None:
    run = {"recipe": {"name": "base"}}
    assert made_by(run) == "mien train run --recipe base, begun with random weights"
    assert made_by(run | {"start_sha256": "12ab"}) == (
        "mien train run --recipe base, begun with another run's weights (SHA-256 12ab)"
    )
    shares = [{"recipe": "first", "share": 0.35}, {"recipe": "second", "share": 0.65}]
    averaged = run | {"start_sha256": "12ab", "averaged": shares}
    assert made_by(averaged) == "mien train average: 0.35 of first, 0.65 of second"
    paper = {"recipe": {"name": "kuchuk-a", "network": "kuchuk_a"}}
    assert made_by(paper) == "mien train reproduce kuchuk-a, begun with random weights"


def test_a_card_says_what_its_weights_have_learned_from() -> None:
    faces = all_splits(70, 14)
    own, other = faces.sha256(), "0" * 64
    learned = {"data_sha256": own}
    assert training_data(learned, faces) == (f"70 faces, 0 of them with FER+ votes; SHA-256 {own}")
    assert training_data({"data_sha256": other}, faces) == (
        f"faces that were not at hand; SHA-256 {other}; quantized with 70 faces, 0 of them with"
        f" FER+ votes; SHA-256 {own}"
    )
    (fer2013, *_) = KNOWN
    assert training_data(learned | {EARLIER_DATA: [fer2013, UNKNOWN]}, faces) == (
        f"70 faces, 0 of them with FER+ votes; SHA-256 {own}"
        f"; begun with or taught by weights of {KNOWN[fer2013]}; SHA-256 {fer2013}"
        "; begun with or taught by weights of faces that were not at hand; SHA-256 unknown"
    )
    cards = [read_card(path) for path in CLASSIFIERS]
    for card in cards:
        assert training_data(card.recipe, faces).startswith(card.training_data)


def test_the_runs_that_ship_have_learned_from_the_data_at_hand(shared_data: Path) -> None:
    faces = read_mosaic(shared_data)
    cards = [card for path in CLASSIFIERS if isinstance(card := read_card(path), ClassifierCard)]
    for card, run in zip(cards, find_runs(cards), strict=True):
        check_sources(run, faces)
        assert training_data(read_recipe(run), faces) == card.training_data


def test_a_papers_run_is_loaded(tmp_path: Path) -> None:
    lenet.build().save(tmp_path / MODEL)
    stored = {"recipe": {"name": "lenet", "network": "lenet"}, "data_sha256": "0"}
    (tmp_path / RECIPE).write_text(json.dumps(stored))
    trained = TrainedClassifier.load(tmp_path)
    assert trained.heads == (Head("logits", FER2013),)
    assert trained.logits(synthetic_faces(3).pixels).shape == (3, 7)
    assert trained.logits(synthetic_faces(0).pixels).shape == (0, 7)


def test_a_network_of_landmarks_is_none_of_pictures(tmp_path: Path) -> None:
    kuchuk_landmarks.build().save(tmp_path / MODEL)
    stored = {"recipe": {"name": "landmarks", "network": "kuchuk_landmarks"}, "data_sha256": "0"}
    (tmp_path / RECIPE).write_text(json.dumps(stored))
    with pytest.raises(QuantizeError, match="takes 68 x 2 numbers, and the device gray pictures"):
        TrainedClassifier.load(tmp_path)


def test_a_damaged_run_is_said_in_one_line(tmp_path: Path) -> None:
    lenet.build().save(tmp_path / MODEL)
    with pytest.raises(RunError, match=r"recipe\.json: No such file"):
        TrainedClassifier.load(tmp_path)
    heads = [{"name": "fer2013", "labels": FER2013}]
    stored = {"recipe": {"name": "base", "heads": heads}, "data_sha256": "0"}
    (tmp_path / RECIPE).write_text(json.dumps(stored))
    with pytest.raises(QuantizeError, match="has the heads logits, its recipe fer2013"):
        TrainedClassifier.load(tmp_path)
    (tmp_path / MODEL).write_bytes((tmp_path / MODEL).read_bytes()[:1000])
    with pytest.raises(RunError, match=r"model\.keras: not a Keras model"):
        TrainedClassifier.load(tmp_path)
    (tmp_path / MODEL).unlink()
    with pytest.raises(RunError, match=r"model\.keras: no such file"):
        TrainedClassifier.load(tmp_path)


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
    assert int8_logits(content, synthetic_faces(0).pixels).shape == (0, 7)


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


def test_of_a_rare_class_every_face_is_chosen() -> None:
    faces = synthetic_faces(700)
    rare = faces.where((faces.labels != 1) | (np.arange(700) < 7 * 4))
    chosen = choose(rare, a_class=10)
    assert len(chosen) == 6 * 10 + 4
    pictures = {picture.tobytes() for picture in chosen}
    assert pictures >= {picture.tobytes() for picture in rare.pixels[rare.labels == 1]}
    assert choose(faces.where(faces.labels > 7), a_class=10).shape == (0, 48, 48)
