import argparse
import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from edge_app.errors import UsageError
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


def test_one_split_leaves_the_other_unseen(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = []
    logits = EmotionClassifier.logits

    def watched(self: EmotionClassifier, crops: np.ndarray) -> np.ndarray:
        shown.append(len(crops))
        return logits(self, crops)

    monkeypatch.setattr(EmotionClassifier, "logits", watched)
    assert evaluate("--data", data, "--json", "--split", "public_test") == 0
    assert list(json.loads(capsys.readouterr().out)) == ["public_test"]
    assert shown == [35]


def test_every_face_of_a_data_set_that_is_new_to_the_model(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate("--data", data, "--json", "--split", "all") == 0
    (figures,) = json.loads(capsys.readouterr().out).values()
    faces = all_splits(271, 35)
    answers = EmotionClassifier.load().predict(faces.pixels)
    assert figures["faces"] == len(faces) == 341
    assert figures["accuracy"] == fer2013_agreement(answers, faces)
    # Of a data set that it has not learned from it knows no twin.
    assert figures["without_twins"] == figures["accuracy"]

    assert evaluate("--data", data, "--split", "all") == 0
    assert capsys.readouterr().out.startswith("All faces: ")


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
    assert told.err.startswith("PrivateTest: left out")
    assert "PrivateTest" not in report.read_text(encoding="utf-8")
    with pytest.raises(DataError, match="PrivateTest: no faces"):
        evaluate("--data", tmp_path, "--split", "private_test")


def test_training_faces_alone_are_refused(tmp_path: Path) -> None:
    write_mosaic(synthetic_faces(341), tmp_path)
    with pytest.raises(DataError, match="PublicTest: no faces"):
        evaluate("--data", tmp_path)


def test_a_report_that_has_no_place_is_refused_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="none: no such folder"):
        evaluate("--data", tmp_path, "--report", tmp_path / "none" / "report.html")


def test_a_report_without_matplotlib_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"install mien\[train\]"):
        evaluate("--data", tmp_path, "--report", tmp_path / "report.html")


def test_another_split_is_no_choice(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        evaluate("--data", data, "--split", "training")
    assert "public_test" in capsys.readouterr().err
