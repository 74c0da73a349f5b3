import argparse
import importlib.util
import json
import shutil
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
from skimage.data import astronaut

from edge_app.errors import UsageError
from edge_app.perception import Perception
from edge_app.perception.card import ClassifierCard, card_path, encode_card, read_card
from edge_app.perception.classifier import EmotionClassifier
from edge_app.perception.shipped import EMOTION
from tests.trainer.synthetic import all_splits, synthetic_faces, write_mosaic
from trainer import evaluate_command
from trainer.data import DataError, Split
from trainer.evaluation import fer2013_agreement
from trainer.report import lines


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A row of synthetic tiles, in the data set's own form."""
    folder = tmp_path_factory.mktemp("data")
    faces = all_splits(training=271, others=35)
    write_mosaic(faces, folder)
    return folder


def evaluate(*words: object) -> int:
    parser = argparse.ArgumentParser()
    evaluate_command.add_arguments(parser)
    return evaluate_command.run(parser.parse_args([str(word) for word in words]))


def test_both_splits_are_measured_when_none_is_named(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate("--data", data, "--json") == 0
    figures = json.loads(capsys.readouterr().out)
    assert list(figures) == ["public_test", "private_test"]
    public = all_splits(271, 35).of(Split.PUBLIC_TEST)
    answers = EmotionClassifier.load().predict(public.pixels)
    assert figures["public_test"]["accuracy"] == fer2013_agreement(answers, public)
    assert figures["public_test"]["conditions"] == []

    assert evaluate("--data", data) == 0
    assert capsys.readouterr().out.splitlines() == list(lines(figures))


def with_card(model: Path, **changes: object) -> Path:
    """The shipped network, with other things in its card."""
    shutil.copy(EMOTION, model)
    card = msgspec.structs.replace(read_card(EMOTION), **changes)
    card_path(model).write_bytes(encode_card(card))
    return model


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[np.ndarray]:
    """The crops that any network is asked about: uint8 [N, 48, 48] a call."""
    asked: list[np.ndarray] = []
    logits = EmotionClassifier.logits

    def watched(self: EmotionClassifier, crops: np.ndarray) -> np.ndarray:
        asked.append(crops)
        return logits(self, crops)

    monkeypatch.setattr(EmotionClassifier, "logits", watched)
    return asked


def test_one_split_leaves_the_other_unseen(
    data: Path, capsys: pytest.CaptureFixture[str], shown: list[np.ndarray]
) -> None:
    assert evaluate("--data", data, "--json", "--split", "public_test") == 0
    assert list(json.loads(capsys.readouterr().out)) == ["public_test"]
    assert [len(crops) for crops in shown] == [35]


def test_photos_are_framed_for_the_model_that_is_measured(
    tmp_path: Path, shown: list[np.ndarray]
) -> None:
    photo = np.asarray(cv2.cvtColor(astronaut(), cv2.COLOR_RGB2BGR))
    (tmp_path / "photos" / "happy").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "photos" / "happy" / "eileen.png"), photo)
    card = read_card(EMOTION)
    assert isinstance(card, ClassifierCard)
    nearer = msgspec.structs.replace(
        card.alignment,
        right_eye=(0.2, 0.3), left_eye=(0.8, 0.3), right_mouth=(0.25, 0.9), left_mouth=(0.75, 0.9),
    )  # fmt: skip
    model = with_card(tmp_path / "mine.tflite", alignment=nearer)

    for named in (model, EMOTION):
        assert evaluate(named, "--data", tmp_path / "photos", "--split", "all") == 0
    perception = Perception.load(classifier=model)
    (face,) = perception.find(photo)
    assert np.array_equal(shown[0][0], perception.crop(photo, face))
    assert np.array_equal(shown[1][0], Perception.load().crop(photo, face))
    assert not np.array_equal(shown[0], shown[1])


def test_crops_are_found_where_that_is_asked_for(
    tmp_path: Path, shown: list[np.ndarray], caplog: pytest.LogCaptureFixture
) -> None:
    photo = np.asarray(cv2.cvtColor(astronaut(), cv2.COLOR_RGB2BGR))
    (tmp_path / "test" / "happy").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "test" / "happy" / "eileen.png"), photo)
    for asked in ((), ("--crops", "find"), ("--crops", "as-they-are")):
        assert evaluate("--data", tmp_path, "--split", "private_test", *asked) == 0
    plain, found, as_it_is = (crops[0] for crops in shown)
    perception = Perception.load()
    (face,) = perception.find(photo)
    assert np.array_equal(found, perception.crop(photo, face))
    assert np.array_equal(plain, as_it_is)
    assert not np.array_equal(plain, found)
    said = [message.removeprefix(f"{tmp_path}: ") for message in caplog.messages]
    assert said[0].endswith("; add --crops find")
    assert said[1:] == [
        "pictures of which the face about the middle is read: 1", "pictures read as they are: 1",
    ]  # fmt: skip


def test_what_finds_faces_is_loaded_for_photos_alone(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Perception, "load", lambda **_: pytest.fail("loaded"))
    assert evaluate("--data", data, "--split", "public_test") == 0


def test_every_face_of_a_data_set_that_is_new_to_the_model(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate("--data", data, "--json", "--split", "all") == 0
    (figures,) = json.loads(capsys.readouterr().out).values()
    faces = all_splits(271, 35)
    answers = EmotionClassifier.load().predict(faces.pixels)
    assert figures["faces"] == len(faces) == 341
    assert figures["accuracy"] == fer2013_agreement(answers, faces)
    # Which of a foreign data set's pictures it has learned from nobody knows.
    assert figures["without_twins"] is None

    assert evaluate("--data", data, "--split", "all") == 0
    assert "of 341 faces, - without twins" in capsys.readouterr().out.splitlines()[0]


def test_faces_that_the_model_has_learned_from_are_said(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    faces = all_splits(271, 35)
    learned = read_card(EMOTION).recipe | {"data_sha256": faces.sha256()}
    model = with_card(tmp_path / "mine.tflite", recipe=learned)
    report = tmp_path / "report.html"
    asked = ("--json", "--split", "all", "--report", report)
    assert evaluate(model, "--data", data, *asked) == 0
    assert "271 faces of this data, its Training" in report.read_text(encoding="utf-8")
    told = capsys.readouterr()
    assert told.err.startswith("--split all: the model has learned from 271 of these 341 faces")
    rest = faces.where(~faces.twins_of(faces.of(Split.TRAINING)))
    answers = EmotionClassifier.load().predict(rest.pixels)
    assert json.loads(told.out)["all"]["without_twins"] == fer2013_agreement(answers, rest)


def test_twins_are_of_what_the_model_has_learned_from(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another data set's Training is not the model's."""
    assert evaluate("--data", data, "--json", "--split", "public_test") == 0
    assert json.loads(capsys.readouterr().out)["public_test"]["without_twins"] is None


def test_twins_are_not_known_where_a_model_began_with_one_of_other_faces(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own, other = all_splits(271, 35).sha256(), "0" * 64
    for learned, earlier in ((own, other), (other, own)):
        recipe = read_card(EMOTION).recipe | {
            "data_sha256": learned,
            "earlier_data_sha256": [earlier],
        }
        model = with_card(tmp_path / f"{learned[:6]}.tflite", recipe=recipe)
        assert evaluate(model, "--data", data, "--json", "--split", "all") == 0
        told = capsys.readouterr()
        assert told.err.startswith("--split all: the model has learned from 271 of these 341 faces")
        assert json.loads(told.out)["all"]["without_twins"] is None


def test_mirrored_is_the_mean_of_a_face_and_its_mirror_image(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("--data", data, "--json", "--split", "public_test", "--mirrored", "--conditions")
    assert evaluate(*asked) == 0
    figures = json.loads(capsys.readouterr().out)["public_test"]
    public = all_splits(271, 35).of(Split.PUBLIC_TEST)
    classifier = EmotionClassifier.load()
    both = classifier.predict(public.pixels) + classifier.predict(public.pixels[:, :, ::-1])
    assert figures["accuracy"] == fer2013_agreement(both, public)
    (clean, *_) = figures["conditions"][0]["curve"]
    assert clean["accuracy"] == figures["accuracy"]


def test_a_report_with_conditions(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    report = tmp_path / "report.html"
    asked = ("--split", "private_test", "--conditions", "--report", report, EMOTION)
    assert evaluate("--data", data, *asked) == 0
    told = capsys.readouterr()
    assert "Sunglasses" in told.out
    assert told.err == f"written: {report}\n"
    page = report.read_text(encoding="utf-8")
    assert EmotionClassifier.load().card.sha256 in page
    assert all_splits(271, 35).sha256() in page
    assert "<h2>PrivateTest</h2>" in page
    assert "PublicTest" not in page
    assert "Learned from" not in page
    assert "<h3>Conditions</h3>" in page


def test_a_split_without_faces_is_left_out_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    faces = all_splits(training=306, others=35)
    write_mosaic(faces.where(faces.split != Split.PRIVATE_TEST), tmp_path)
    report = tmp_path / "report.html"
    assert evaluate("--data", tmp_path, "--json", "--report", report) == 0
    told = capsys.readouterr()
    figures = json.loads(told.out, parse_constant=pytest.fail)
    assert list(figures) == ["public_test"]
    assert "\nPrivateTest: left out" in told.err
    assert "PrivateTest" not in report.read_text(encoding="utf-8")
    with pytest.raises(DataError, match="PrivateTest: no faces"):
        evaluate("--data", tmp_path, "--split", "private_test")


def test_training_faces_alone_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_mosaic(synthetic_faces(341), tmp_path)
    with pytest.raises(DataError, match="PublicTest: no faces"):
        evaluate("--data", tmp_path)
    assert capsys.readouterr().err.startswith("Training: left out, 341 of 341 faces; --split all ")


def test_training_faces_that_are_left_out_are_said(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate("--data", data) == 0
    assert capsys.readouterr().err == (
        "Training: left out, 271 of 341 faces; --split all measures every face, if the model has"
        " not learned from them\n"
    )
    # Whoever names a split knows of splits.
    for split in ("public_test", "all"):
        assert evaluate("--data", data, "--split", split) == 0
        assert capsys.readouterr().err == ""
    # What a model has learned from is no measure of it.
    learned = read_card(EMOTION).recipe | {"data_sha256": all_splits(271, 35).sha256()}
    assert evaluate(with_card(tmp_path / "mine.tflite", recipe=learned), "--data", data) == 0
    assert capsys.readouterr().err == ""


def test_a_report_that_has_no_place_is_refused_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="none: no such folder"):
        evaluate("--data", tmp_path, "--report", tmp_path / "none" / "report.html")
    with pytest.raises(UsageError, match="a folder; name the file"):
        evaluate("--data", tmp_path, "--report", tmp_path)


def test_a_report_without_matplotlib_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"needs matplotlib; .* install .*\[train\]"):
        evaluate("--data", tmp_path, "--report", tmp_path / "report.html")


def test_another_split_is_no_choice(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        evaluate("--data", data, "--split", "training")
    assert "public_test" in capsys.readouterr().err
