import json
from dataclasses import asdict, dataclass
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from edge_app.perception.card import Answer, Head, ModelError
from edge_app.perception.classifier import EmotionClassifier
from edge_app.perception.labels import FER2013, FERPLUS
from tests.softmax import softmax
from tests.trainer.alignments import UPRIGHT
from tests.trainer.reports.examples import figures
from tests.trainer.synthetic import synthetic_faces
from trainer.conditions import conditions
from trainer.data.faces import FERPLUS_COLUMNS
from trainer.evaluation import evaluate
from trainer.reports.figures import measure


@dataclass
class ByHeight:
    """Reads the bar of a synthetic face."""

    card: SimpleNamespace
    answer: Answer

    def logits(self, pixels: np.ndarray) -> np.ndarray:
        rows = pixels[:, 2:44, 8:40].mean(axis=2, dtype=np.float32)
        return np.asarray(rows.reshape(-1, 7, 6).mean(axis=2) / np.float32(60))

    def predict(self, pixels: np.ndarray) -> np.ndarray:
        return softmax(self.logits(pixels) / np.float32(self.answer.temperature))


@dataclass
class InOrder(ByHeight):
    """The same in the order of the card's labels; of contempt it thinks little."""

    def logits(self, pixels: np.ndarray) -> np.ndarray:
        seven = ByHeight.logits(self, pixels)
        eight = np.concatenate([seven, np.full((len(seven), 1), -1, np.float32)], axis=1)
        return eight[:, [FERPLUS.index(label) for label in self.answer.labels]]


def in_order(labels: tuple[str, ...]) -> EmotionClassifier:
    made = InOrder(
        SimpleNamespace(heads=(Head("logits", labels),), name="mine"),
        Answer(labels, {"logits": 1.0}, temperature=0.5, unsure_below=0.6),
    )
    return cast("EmotionClassifier", made)


CLASSIFIER = cast(
    "EmotionClassifier",
    ByHeight(
        SimpleNamespace(heads=(Head("logits", FER2013),)),
        Answer(FER2013, {"logits": 1.0}, temperature=0.5, unsure_below=0.6),
    ),
)


def test_json_is_the_cards_figures_and_more() -> None:
    made = figures()
    stored = json.loads(json.dumps(made.as_json(), allow_nan=False))
    assert asdict(made.report).items() <= stored.items()
    assert stored["reliability"]["temperature"] == 1.5
    assert stored["risk_coverage"]["chosen"]["threshold"] == 0.345
    assert [one["mild"]["points_lost"] for one in stored["conditions"]] == [3.5, 3.5]


def test_a_classifier_is_measured_as_its_card_says() -> None:
    faces, training = synthetic_faces(70), synthetic_faces(14)
    made = measure(CLASSIFIER, faces, training)
    probabilities = CLASSIFIER.predict(faces.pixels)
    assert made.report == evaluate(probabilities, faces, faces.twins_of(training))
    assert made.report.accuracy == 1.0
    assert made.reliability.temperature == 0.5
    assert made.reliability.error_before > made.reliability.error_after
    assert made.risk_coverage.chosen is not None
    assert made.risk_coverage.chosen.threshold == 0.6
    assert made.conditions == ()


def test_conditions_are_measured_where_they_are_given() -> None:
    low_light = conditions(UPRIGHT)[:1]
    made = measure(CLASSIFIER, synthetic_faces(70), synthetic_faces(14), low_light)
    assert [one.name for one in made.conditions] == ["low_light"]
    assert made.conditions[0].curve[0].accuracy == pytest.approx(1.0)


def test_all_confidence_is_held_to_what_the_answer_is_fitted_to() -> None:
    faces = synthetic_faces(70)
    # The voters call each face by the next emotion but one, and two of three faces have a majority.
    for row in range(70):
        faces.votes[row, FERPLUS_COLUMNS.index(FERPLUS[(faces.labels[row] + 2) % 8])] = row % 3
    faces.votes[:, FERPLUS_COLUMNS.index("unknown")] = 0.5

    @dataclass
    class AsVoted(ByHeight):
        def logits(self, pixels: np.ndarray) -> np.ndarray:
            seven = ByHeight.logits(self, pixels)
            eight = np.concatenate([seven, np.zeros((len(seven), 1), np.float32)], axis=1)
            return np.roll(eight, 2, axis=1)

    classifier = AsVoted(
        SimpleNamespace(heads=(Head("logits", FERPLUS),)),
        Answer(FERPLUS, {"logits": 1.0}, temperature=0.5, unsure_below=0.6),
    )
    made = measure(cast("EmotionClassifier", classifier), faces, synthetic_faces(14))
    assert made.report.ferplus_majority == 1.0
    assert made.reliability.error_after == made.report.calibration_error
    assert [one.accuracy for one in made.reliability.bins_after] == [1.0]
    assert sum(one.faces for one in made.reliability.bins_after) == sum(
        r % 3 > 0 for r in range(70)
    )
    assert made.risk_coverage.area == 0.0


def test_contempt_has_no_part_in_confidence() -> None:
    faces = synthetic_faces(70)
    faces.labels[:14] = 7
    made = measure(CLASSIFIER, faces, synthetic_faces(14))
    assert (made.report.faces, made.report.accuracy) == (56, 1.0)
    assert sum(one.faces for one in made.reliability.bins_after) == 56
    assert made.reliability.error_after == made.report.calibration_error
    assert made.risk_coverage.area == 0.0


@pytest.mark.parametrize("labels", [FER2013, FERPLUS])
def test_labels_are_taken_by_name_not_by_place(labels: tuple[str, ...]) -> None:
    faces, training = synthetic_faces(70), synthetic_faces(14)
    faces.votes[:, FERPLUS_COLUMNS.index("happy")] = faces.labels == FERPLUS.index("happy")
    low_light = conditions(UPRIGHT)[:1]
    made = measure(in_order(labels), faces, training, low_light)
    assert made.report.accuracy == 1.0
    assert made.report.ferplus_majority == 1.0
    turned = in_order((*labels[3:], *labels[:3]))
    assert measure(turned, faces, training, low_light) == made
    mirrored = measure(in_order(labels), faces, training, mirrored=True)
    assert measure(turned, faces, training, mirrored=True) == mirrored


def test_an_answer_of_few_labels_is_measured_on_faces_that_have_them() -> None:
    labels = ("sad", "angry", "happy")
    made = measure(
        in_order(labels), synthetic_faces(70), synthetic_faces(14), conditions(UPRIGHT)[:1]
    )
    assert (made.report.faces, made.report.accuracy) == (30, 1.0)
    assert list(made.report.recall) == ["angry", "happy", "sad"]
    assert sum(made.report.left_out.values()) == 40
    assert sum(one.faces for one in made.reliability.bins_after) == 30
    assert made.conditions[0].curve[0].accuracy == 1.0


@pytest.mark.parametrize(
    ("labels", "wrong"),
    [
        ((*FER2013, "bored"), "bored"),
        ((*FER2013[:6], "calm", "keen"), "calm, keen"),
    ],
)
def test_an_answer_with_other_labels_is_refused(labels: tuple[str, ...], wrong: str) -> None:
    with pytest.raises(ModelError, match=rf"^mine: its answer has {wrong}; faces are labelled "):
        measure(in_order(labels), synthetic_faces(70), synthetic_faces(14))
