"""What cannot be quantized: one line, exit code 1, and the old model is as it was."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import keras
import msgspec
import numpy as np
import pytest
from keras import layers, ops

from edge_app.cli import main
from edge_app.perception.card import Alignment, read_card
from edge_app.perception.classifier import EmotionClassifier
from edge_app.perception.labels import FER2013
from quantize import classifier, classifier_command, cli
from quantize.classifier import Options, make_classifier
from quantize.errors import QuantizeError
from quantize.parity import ClassifierParity
from quantize.trained import TrainedClassifier
from tests.trainer.synthetic import all_splits
from trainer import evaluate_command
from trainer.checkpoints import MODEL, RECIPE, RunError
from trainer.data import DataError, Faces, Split
from trainer.report import lines

ALIGNMENT = Alignment((0.3, 0.4), (0.7, 0.4), (0.35, 0.8), (0.65, 0.8), 0.8)
OLD = b"the model that works"


def tiny(side: int = 48, seed: int = 1) -> keras.Model:
    keras.utils.set_random_seed(seed)
    shown = layers.Input((side, side, 1), name="faces")
    x = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, strides=4)(shown))
    return keras.Model(shown, {"logits": layers.Dense(7, name="logits")(x)}, name="tiny")


def not_finite() -> keras.Model:
    model = tiny()
    kernel, bias = model.get_layer("logits").get_weights()
    kernel[2, 3] = np.nan
    model.get_layer("logits").set_weights([kernel, bias])
    return model


def unsupported() -> keras.Model:
    shown = layers.Input((48, 48, 1), name="faces")
    x = ops.erfinv(0.1 * layers.Conv2D(4, 3, strides=4)(shown))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(shown, {"logits": layers.Dense(7, name="logits")(x)}, name="odd")


RECIPE_OF_TINY = {"name": "tiny", "heads": [{"name": "logits", "labels": FER2013}]}


def a_run(folder: Path, model: keras.Model, faces: Faces, **noted: object) -> Path:
    """A finished run that has learned from `faces`."""
    folder.mkdir()
    model.save(folder / MODEL)
    stored = {"recipe": RECIPE_OF_TINY, "data_sha256": faces.sha256(), **noted}
    (folder / RECIPE).write_text(json.dumps(stored))
    return folder


@pytest.fixture
def output(tmp_path: Path) -> Path:
    path = tmp_path / "models" / "emotion.tflite"
    path.parent.mkdir()
    path.write_bytes(OLD)
    path.with_suffix(".json").write_bytes(OLD)
    return path


@pytest.mark.parametrize(
    ("model", "faces", "said"),
    [
        (not_finite, 700, r"weight .*kernel is not finite"),
        (unsupported, 700, "TFLite has no operation for Erfinv"),
        (tiny, 8, r"8 Training faces \(2 angry, 1 disgust, .*\), at least 16 are needed"),
        (lambda: tiny(40), 700, r"picture 0 is \[1, 48, 48, 1\], the model takes \[1, 40, 40, 1\]"),
    ],
    ids=["not finite", "unsupported layer", "too few pictures", "another shape"],
)
def test_bad_input_leaves_the_old_model(
    model: object, faces: int, said: str, output: Path, tmp_path: Path
) -> None:
    shown = all_splits(faces, 14)
    run = a_run(tmp_path / "run", model(), shown)  # type: ignore[operator]
    with pytest.raises(QuantizeError, match=said) as caught:
        make_classifier(run, shown, ALIGNMENT, output)
    assert "\n" not in str(caught.value)
    assert sorted(path.name for path in output.parent.iterdir()) == [
        "emotion.json",
        "emotion.tflite",
    ]
    assert {path.read_bytes() for path in output.parent.iterdir()} == {OLD}


def test_a_folder_that_cannot_be_written_is_said_in_one_line(tmp_path: Path) -> None:
    faces = all_splits(700, 14)
    run = a_run(tmp_path / "run", tiny(), faces)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(QuantizeError, match="file: cannot be written") as caught:
        make_classifier(run, faces, ALIGNMENT, tmp_path / "file" / "emotion.tflite")
    assert "\n" not in str(caught.value)
    assert (tmp_path / "file").read_text() == "in the way"


def give_the_command(faces: Faces, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have it read these, and no minutes of framing, which all of Training is given to."""

    def framing(pixels: np.ndarray, _: object) -> Alignment:
        assert np.array_equal(pixels, faces.of(Split.TRAINING).pixels)
        return ALIGNMENT

    monkeypatch.setattr(classifier_command, "read", lambda *_, **__: faces)
    monkeypatch.setattr("trainer.framing.measure_alignment", framing)


def test_the_command_says_it_and_exits_with_one(
    output: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    faces = all_splits(700, 14)
    run = a_run(tmp_path / "run", not_finite(), faces)
    give_the_command(faces, monkeypatch)
    arguments = ["quantize", "classifier", str(run), "--data", ".", "--output", str(output)]
    assert main(arguments) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("mien: ")]
    assert "is not finite; train it again" in line
    assert output.read_bytes() == OLD


def test_a_balance_of_emotions_that_training_lacks_is_told(
    output: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    faces = all_splits(140, 14)
    faces = faces.where((faces.labels != 1) | (faces.split != Split.TRAINING))
    run = a_run(tmp_path / "run", tiny(), all_splits(70, 14))
    give_the_command(faces, monkeypatch)
    words = [str(run), "--data", ".", "--output", str(output), "--other-data", "--balance", "0.5"]
    assert main(["quantize", "classifier", *words]) == 0
    told = capsys.readouterr().err.splitlines()
    assert "balance: no Training face is labelled disgust; weighed 1, as average" in told
    # What the run learned from may have had it.
    assert EmotionClassifier.load(output).answer.labels == FER2013


def test_emotions_that_training_lacks_are_in_no_answer(
    output: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    faces = all_splits(140, 14)
    four = ("angry", "happy", "surprise", "neutral")
    of_four = np.isin(faces.labels, [FER2013.index(label) for label in four])
    faces = faces.where(of_four | (faces.split != Split.TRAINING))
    run = a_run(tmp_path / "run", tiny(), faces)
    give_the_command(faces, monkeypatch)
    monkeypatch.setattr(evaluate_command, "read", lambda *_, **__: faces)
    words = [str(run), "--data", ".", "--output", str(output), "--balance", "0.5"]
    assert main(["quantize", "classifier", *words]) == 0
    told = capsys.readouterr().err.splitlines()
    assert "disgust, fear, sad: left out of the answers, since no Training face shows them" in told
    assert not [line for line in told if line.startswith("balance")]
    classifier = EmotionClassifier.load(output)
    assert classifier.labels == four
    assert classifier.card.heads[0].labels == FER2013
    assert classifier.predict(faces.pixels[:3]).shape == (3, 4)
    figures = classifier.card.figures["public_test"]
    assert figures["left_out"] == {"disgust": 2, "fear": 2, "sad": 2}
    assert main(["train", "evaluate", str(output), "--data", ".", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)["public_test"]
    assert shown.items() >= figures.items()


def test_a_model_answers_with_the_labels_that_are_asked_for(
    output: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    faces = all_splits(140, 140)
    # Taught by a network that knows all seven, which no face takes away.
    run = a_run(tmp_path / "run", tiny(), faces, recipe=RECIPE_OF_TINY | {"taught": 0.3})
    give_the_command(faces, monkeypatch)
    words = ["quantize", "classifier", str(run), "--data", ".", "--output", str(output)]
    assert main([*words, "--labels", "neutral, happy,sad"]) == 0
    told = capsys.readouterr()
    assert "left out of the answers" not in told.err
    assert "PublicTest: " in told.out
    assert "of 60 faces" in told.out
    classifier = EmotionClassifier.load(output)
    assert classifier.labels == ("happy", "sad", "neutral")
    assert classifier.card.heads[0].labels == FER2013
    assert classifier.card.figures["public_test"]["faces"] == 60

    two = faces.where((faces.labels < 2) | (faces.split != Split.TRAINING))
    run = a_run(tmp_path / "two", tiny(), two)
    with pytest.raises(
        QuantizeError, match=r"two: has not learned happy; leave it out of --labels"
    ):
        make_classifier(
            run, two, ALIGNMENT, output, options=Options(labels=("angry", "disgust", "happy"))
        )


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ("happy,bored", "'bored' is no label; name some of angry, "),
        ("happy", "an answer needs two labels"),
        ("happy,happy", "an answer needs two labels"),
        ("happy,contempt", "an answer needs two labels; name two of angry, "),
    ],
)
def test_labels_that_make_no_answer_are_refused_before_the_work(
    labels: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["quantize", "classifier", "run", "--data", ".", "--labels", labels])
    assert said in capsys.readouterr().err


def test_one_emotion_makes_no_answer(tmp_path: Path, output: Path) -> None:
    faces = all_splits(140, 14)
    faces = faces.where((faces.labels == 3) | (faces.split != Split.TRAINING))
    run = a_run(tmp_path / "run", tiny(), faces)
    with pytest.raises(
        QuantizeError, match=r"has learned happy of angry, .*; add Training pictures"
    ):
        make_classifier(run, faces, ALIGNMENT, output)


def test_a_good_run_prints_size_operations_and_speed(
    output: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    faces = all_splits(700, 70)
    run = a_run(tmp_path / "run", tiny(), faces)
    give_the_command(faces, monkeypatch)
    arguments = ["quantize", "classifier", str(run), "--data", ".", "--output", str(output)]
    assert main([*arguments, "--calibration", "percentile"]) == 0
    said = capsys.readouterr().out
    for part in ("operations: 1 CONV_2D, 1 MEAN, 1 FULLY_CONNECTED", "XNNPACK: 1 partition",
                 "float / int8"):  # fmt: skip
        assert part in said
    card = json.loads(output.with_suffix(".json").read_text())
    assert card["recipe"]["quantization"]["calibration"] == "percentile"
    assert card["figures"]["parity_public_test"]["same_answer"] > 0.8
    assert output.read_bytes() != OLD


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ((), "LicenseRef-unknown"),
        (("--licence", "CC-BY-NC-4.0"), "CC-BY-NC-4.0"),
        (("--licence", "(MIT OR Apache-2.0)"), "(MIT OR Apache-2.0)"),
    ],
)
def test_whoever_owns_the_weights_says_their_licence(
    asked: tuple[str, ...], written: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faces, output = all_splits(140, 14), tmp_path / "emotion.tflite"
    run = a_run(tmp_path / "run", tiny(), faces)
    give_the_command(faces, monkeypatch)
    words = ["quantize", "classifier", str(run), "--data", ".", "--output", str(output)]
    assert main([*words, *asked]) == 0
    assert read_card(output).licence == written


def test_weights_of_this_repository_have_its_licence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faces, output = all_splits(140, 14), tmp_path / "emotion.tflite"
    run = a_run(tmp_path / "run", tiny(), faces)
    monkeypatch.setattr(classifier, "FOLDER", tmp_path)
    assert make_classifier(run, faces, ALIGNMENT, output).licence == "Apache-2.0"


@pytest.mark.parametrize("licence", ["", " ", "yours & mine", "a\nb"])
def test_what_is_no_licence_is_refused_before_the_work(
    licence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["quantize", "classifier", "run", "--data", ".", "--licence", licence])
    assert "no SPDX identifier, as CC-BY-4.0" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("lost", "said"),
    [
        ((1.11, 2.22), "thrown away; int8 loses 2.22 points on PublicTest with it, 1.11 without"),
        ((1.11, 0.5), "kept; int8 loses 0.50 points on PublicTest with it, 1.11 without"),
        ((0.2,), "left out, since int8 loses 0.20 points on PublicTest without"),
        ((0.0,), "left out, since int8 loses 0.00 points on PublicTest without"),
    ],
    ids=["worse", "better", "not needed", "nothing lost"],
)
def test_fine_tuning_is_kept_where_it_is_worth_something(
    lost: tuple[float, ...],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    faces, output = all_splits(140, 14), tmp_path / "emotion.tflite"
    run = a_run(tmp_path / "run", tiny(), faces)
    other = TrainedClassifier.load(a_run(tmp_path / "other", tiny(seed=2), faces)).model
    give_the_command(faces, monkeypatch)
    measured = iter([ClassifierParity(14, 0.5, 0.5 - each / 100, 0.9, 0, 0, 0, 0) for each in lost])
    with monkeypatch.context() as patch:
        patch.setattr(classifier, "classifier_parity", lambda *_: next(measured))
        patch.setattr(classifier, "fine_tune", lambda *_: other)
        words = ["quantize", "classifier", str(run), "--data", ".", "--output", str(output)]
        assert main([*words, "--fine-tune"]) == 0
    assert list(measured) == []
    assert f"fine-tuning: {said}" in capsys.readouterr().err.splitlines()
    card = json.loads(output.with_suffix(".json").read_text())
    is_kept = said.startswith("kept")
    assert card["recipe"]["quantization"]["fine_tuned"] is is_kept
    assert card["figures"]["int8_minus_float_public_test"] == pytest.approx(-min(lost) / 100)
    plain = tmp_path / "plain.tflite"
    make_classifier(run, faces, ALIGNMENT, plain)
    assert (plain.read_bytes() == output.read_bytes()) is not is_kept


def test_faces_that_the_device_cut_are_not_measured(
    output: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faces = all_splits(700, 70)
    run = a_run(tmp_path / "run", tiny(), faces)
    cut_by = msgspec.structs.replace(ALIGNMENT, margin=0.4)
    give_the_command(replace(faces, alignment=cut_by), monkeypatch)
    monkeypatch.setattr("trainer.framing.measure_alignment", lambda *_: pytest.fail("measured"))
    assert main(["quantize", "classifier", str(run), "--data", ".", "--output", str(output)]) == 0
    card = json.loads(output.with_suffix(".json").read_text())
    assert card["alignment"]["margin"] == 0.4


def test_devices_cut_faces_as_the_run_learned_them_whatever_it_is_quantized_with(
    output: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    learned, given = all_splits(700, 70), all_splits(140, 70)
    own = msgspec.structs.replace(ALIGNMENT, margin=0.4)
    run = a_run(tmp_path / "run", tiny(), learned, alignment=msgspec.to_builtins(own))
    give_the_command(given, monkeypatch)
    words = ["quantize", "classifier", "--data", ".", "--output", str(output), "--other-data"]
    assert main([*words, str(run)]) == 0
    card = json.loads(output.with_suffix(".json").read_text())
    assert card["alignment"] == json.loads(msgspec.json.encode(own))
    assert "alignment" not in card["recipe"]
    assert "framed" not in capsys.readouterr().err

    older = a_run(tmp_path / "older", tiny(), learned)
    assert main([*words, str(older)]) == 0
    card = json.loads(output.with_suffix(".json").read_text())
    assert card["alignment"]["margin"] == ALIGNMENT.margin
    assert f"{older}: does not note how the faces that it has learned from are framed; devices" in (
        capsys.readouterr().err
    )
    damaged = a_run(tmp_path / "damaged", tiny(), learned, alignment={"margin": 0.4})
    assert main([*words, str(damaged)]) == 1
    assert "recipe.json: alignment: Object missing required field" in capsys.readouterr().err


def test_of_what_was_learned_elsewhere_twins_are_not_known(tmp_path: Path) -> None:
    faces, output = all_splits(140, 70), tmp_path / "emotion.tflite"
    alone = make_classifier(a_run(tmp_path / "a", tiny(), faces), faces, ALIGNMENT, output)
    assert alone.figures["public_test"]["without_twins"] is not None
    onward = a_run(tmp_path / "b", tiny(), faces, earlier_data_sha256=["0" * 64])
    card = make_classifier(onward, faces, ALIGNMENT, output)
    assert card.figures["public_test"]["without_twins"] is None
    assert card.recipe["earlier_data_sha256"] == ["0" * 64]
    assert f"taught by weights of faces that were not at hand; SHA-256 {'0' * 64}" in (
        card.training_data
    )


def test_what_cannot_be_quantized_is_said_before_the_framing(
    output: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def framing(*_: object) -> None:
        pytest.fail("measured")

    monkeypatch.setattr("trainer.framing.measure_alignment", framing)
    parser = argparse.ArgumentParser()
    cli.add_arguments(parser)

    def quantize(run: Path, faces: Faces) -> None:
        monkeypatch.setattr(classifier_command, "read", lambda *_, **__: faces)
        words = ["classifier", str(run), "--data", ".", "--output", str(output)]
        cli.run(parser.parse_args(words))

    faces = all_splits(70, 14)
    run = a_run(tmp_path / "run", tiny(), faces)
    with pytest.raises(
        QuantizeError,
        match=r"run: has learned from other data .* with the run's --crops, .* --other-data",
    ):
        quantize(run, all_splits(77, 14))
    few = all_splits(8, 14)
    with pytest.raises(QuantizeError, match=r"8 Training faces \(2 angry"):
        quantize(a_run(tmp_path / "few", tiny(), few), few)
    alone = faces.of(Split.TRAINING)
    with pytest.raises(DataError, match="PublicTest: no faces"):
        quantize(a_run(tmp_path / "alone", tiny(), alone), alone)
    (run / RECIPE).unlink()
    with pytest.raises(RunError, match=r"recipe\.json: No such file"):
        quantize(run, faces)
    (run / MODEL).unlink()
    with pytest.raises(QuantizeError, match=r"model\.keras: no such file; finish the run"):
        quantize(run, faces)


def test_a_small_data_set_of_ones_own_makes_a_card_that_says_so(
    output: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Few faces are disgusted, and nobody is in PrivateTest.
    faces = all_splits(210, 70)
    faces = faces.where(faces.split != Split.PRIVATE_TEST)
    faces = faces.where((faces.labels != 1) | (np.arange(len(faces)) < 70))
    run = a_run(tmp_path / "run", tiny(), all_splits(70, 14))
    # As many as int8 once read less of PublicTest.
    parity = ClassifierParity(3589, 2408 / 3589, 2401 / 3589, 0.99, 0.0, 0.0, 0.02, 0.02)
    monkeypatch.setattr(classifier, "classifier_parity", lambda *_: parity)
    give_the_command(faces, monkeypatch)
    arguments = ["quantize", "classifier", str(run), "--data", ".", "--output", str(output)]
    assert main([*arguments, "--other-data"]) == 0
    assert "PrivateTest: left out" in capsys.readouterr().err
    card = json.loads(output.with_suffix(".json").read_text(), parse_constant=pytest.fail)
    training = faces.of(Split.TRAINING)
    assert (training.labels == 1).sum() == 10
    assert card["recipe"]["quantization"]["calibration_faces"] == len(training)
    assert card["training_data"] == (
        f"faces that were not at hand; SHA-256 {all_splits(70, 14).sha256()}; quantized with"
        f" {len(training)} faces, 0 of them with FER+ votes; SHA-256 {faces.sha256()}"
    )
    assert "private_test" not in card["figures"]
    assert card["figures"]["public_test"]["recall"]["disgust"] is None
    # Whether these stood in the run's own Training nobody knows.
    assert card["figures"]["public_test"]["without_twins"] is None
    # The same digits as the parity page has: seven faces of 3,589 are 0.20 points.
    assert f"{parity.points_lost:.2f}" == "0.20"
    assert "int8 - float, PublicTest: -0.20 points" in list(lines(card["figures"]))
