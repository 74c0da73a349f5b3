import json
from dataclasses import asdict

import numpy as np
import pytest

from edge_app.perception.labels import FERPLUS
from tests.trainer.synthetic import synthetic_faces
from trainer.data import DataError
from trainer.evaluation import (
    evaluate,
    fer2013_agreement,
)
from trainer.reliability import calibration_error
from trainer.report import lines


def test_figures_of_a_known_answer_sheet() -> None:
    faces = synthetic_faces(14)
    answers = faces.labels.copy()
    answers[0] = 6  # one angry face is called neutral
    probabilities = np.eye(7, dtype=np.float32)[answers]
    twins = np.zeros(14, bool)
    twins[1] = True
    report = evaluate(probabilities, faces, twins)
    assert report.accuracy == pytest.approx(13 / 14)
    assert report.without_twins == pytest.approx(12 / 13)
    assert report.recall["angry"] == pytest.approx(0.5)
    assert report.precision["neutral"] == pytest.approx(2 / 3)
    assert report.balanced_accuracy == pytest.approx(6.5 / 7)
    assert report.confusion[0] == [1, 0, 0, 0, 0, 0, 1]
    assert report.calibration_error == pytest.approx(1 / 14)


def test_calibration_error_is_the_gap_between_confidence_and_truth() -> None:
    probabilities = np.tile(np.array([[0.8, 0.2]], np.float32), (100, 1))
    labels = np.array([0] * 60 + [1] * 40, np.int64)
    assert calibration_error(probabilities, labels) == pytest.approx(0.2, abs=1e-6)


def test_ferplus_counts_majorities_only() -> None:
    faces = synthetic_faces(3)  # angry, disgust, fear
    faces.votes[0, 4] = 8  # a majority for angry
    faces.votes[1, :2] = 5  # none
    faces.votes[2, 7] = 9  # a majority for contempt, which seven classes cannot answer
    report = evaluate(np.eye(7, dtype=np.float32)[faces.labels], faces, np.zeros(3, bool))
    assert (report.ferplus_majority, report.ferplus_majority_faces) == (0.5, 2)
    assert (report.ferplus_authors, report.ferplus_authors_faces) == (0.5, 2)
    faces.votes[1] = [6, 0, 1, 1, 1, 1, 1, 1, 0, 0]
    report = evaluate(np.eye(7, dtype=np.float32)[faces.labels], faces, np.zeros(3, bool))
    assert (report.ferplus_majority, report.ferplus_majority_faces) == (0.5, 2)
    assert (report.ferplus_authors, report.ferplus_authors_faces) == (pytest.approx(1 / 3), 3)
    assert list(lines({"public_test": asdict(report)}))[2:4] == [
        "  agrees with FER+'s majority of eight emotions: 50.0% of 2 faces",
        "  as FER+'s authors count, single votes taken out first: 33.3% of 3 faces",
    ]


def test_confidence_in_contempt_is_held_to_the_votes() -> None:
    faces = synthetic_faces(100)
    faces.votes[:, 7] = 10  # every voter says contempt, which no label is
    sure = np.full((100, 8), 0.01, np.float32)
    sure[:, 7] = 0.93
    report = evaluate(sure, faces, np.zeros(100, bool), FERPLUS)
    assert report.calibration_error == pytest.approx(0.07, abs=1e-5)
    assert report.ferplus_majority == 1.0
    # An answer of seven emotions says what the labels say, whatever the voters do.
    seven = np.eye(7, dtype=np.float32)[faces.labels]
    assert evaluate(seven, faces, np.zeros(100, bool)).calibration_error == 0.0


def test_a_class_without_faces_has_no_recall_and_no_part_in_the_mean() -> None:
    faces = synthetic_faces(14).where(np.arange(14) % 7 < 5)  # nobody is surprised or neutral
    answers = faces.labels.copy()
    answers[0] = 6
    report = evaluate(np.eye(7, dtype=np.float32)[answers], faces, np.zeros(10, bool))
    assert report.recall["surprise"] is None
    assert report.recall["neutral"] is None
    assert report.balanced_accuracy == pytest.approx(4.5 / 5)
    # Nobody was called surprised; the one who was called neutral is not.
    assert (report.precision["surprise"], report.precision["neutral"]) == (None, 0.0)


def test_contempt_has_no_part_in_the_figures_of_labels() -> None:
    faces = synthetic_faces(14)
    answers = np.eye(7, dtype=np.float32)[faces.labels]
    faces.labels[:4] = 7
    assert fer2013_agreement(answers, faces) == 1.0
    report = evaluate(answers, faces, np.zeros(14, bool))
    assert (report.faces, report.accuracy, report.calibration_error) == (10, 1.0, 0.0)
    assert report.left_out == {"contempt": 4}
    faces.labels[:] = 7
    with pytest.raises(DataError, match="none of 14 faces"):
        fer2013_agreement(answers, faces)
    with pytest.raises(DataError, match="none of 14 faces"):
        evaluate(answers, faces, np.zeros(14, bool))


def test_an_answer_that_has_contempt_is_judged_by_it_too() -> None:
    faces = synthetic_faces(14)
    answers = faces.labels.copy()
    answers[:3] = 7
    said = np.eye(8, dtype=np.float32)[answers]
    said[0, faces.labels[0]] = 0.9  # the best of the other seven is no answer
    report = evaluate(said, faces, np.zeros(14, bool), FERPLUS)
    assert (report.faces, report.accuracy) == (14, 11 / 14)
    assert (report.recall["contempt"], report.precision["contempt"]) == (None, 0.0)
    faces.labels[:4] = 7
    report = evaluate(said, faces, np.zeros(14, bool), FERPLUS)
    assert (report.faces, report.accuracy, report.left_out) == (14, 13 / 14, {})
    assert (report.recall["contempt"], report.precision["contempt"]) == (3 / 4, 1.0)
    assert report.confusion[7] == [0, 0, 0, 1, 0, 0, 0, 3]


def test_figures_of_few_labels_are_of_faces_that_have_them() -> None:
    faces = synthetic_faces(14)
    faces.votes[:7, 1] = 9  # voters see happy faces
    answers = np.isin(np.arange(14), [0, 11])
    report = evaluate(
        np.eye(2, dtype=np.float32)[answers.astype(int)],
        faces,
        np.zeros(14, bool),
        ("happy", "sad"),
    )
    assert (report.faces, report.accuracy, report.confusion) == (4, 0.75, [[2, 0], [1, 1]])
    assert report.balanced_accuracy == 0.75
    assert report.left_out == dict.fromkeys(("angry", "disgust", "fear", "surprise", "neutral"), 2)
    assert report.ferplus_majority == 6 / 7
    told = list(lines({"all": asdict(report)}))
    assert told[1].startswith("  left out: 2 labelled angry, 2 labelled disgust, ")
    assert [line.split()[0] for line in told[-2:]] == ["happy", "sad"]


def test_where_all_faces_are_twins_nothing_is_said_without_them() -> None:
    faces = synthetic_faces(7)
    report = evaluate(np.eye(7, dtype=np.float32)[faces.labels], faces, np.ones(7, bool))
    assert (report.accuracy, report.without_twins) == (1.0, None)
    json.dumps(asdict(report), allow_nan=False)
