"""A classifier and one split of faces → every figure of a report, ready to become JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge_app.perception.answers import Mixture
from edge_app.perception.card import ModelError
from edge_app.perception.classifier import EmotionClassifier
from edge_app.perception.labels import FERPLUS
from trainer.conditions import Condition
from trainer.data import Faces
from trainer.evaluation import Report, evaluate
from trainer.reliability import Reliability, reliability
from trainer.robustness import ConditionFigures, measure_conditions
from trainer.selective import RiskCoverage, risk_coverage
from trainer.truth import truth_for


@dataclass(frozen=True, slots=True)
class SplitFigures:
    """All that is measured on one split; `conditions` is empty where they were not asked for."""

    report: Report
    reliability: Reliability
    risk_coverage: RiskCoverage
    conditions: tuple[ConditionFigures, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The figures of a model's card, with what goes beyond them in keys of their own."""
        return asdict(self.report) | {
            "reliability": asdict(self.reliability),
            "risk_coverage": asdict(self.risk_coverage),
            "conditions": [asdict(condition) for condition in self.conditions],
        }


def measure(
    classifier: EmotionClassifier,
    shown: Faces,
    training: Faces | None,
    conditions: Sequence[Condition] = (),
    *,
    mirrored: bool = False,
) -> SplitFigures:
    """Show `shown` to the classifier; `training`: what it has learned from, None where unknown.

    mirrored: the answer to a face is the mean of the answers to it and to its mirror image, which
    is what smoothing makes of a camera's frames.

    Temperature and threshold are those of the classifier's answer, and confidence is held to what
    they were fitted to.

    Raises:
        ModelError: the answer has a label that is not FER+'s.
        DataError: none of `shown` has one of the answer's labels.
    """
    answer = classifier.answer
    columns = _columns(classifier)
    labels = [answer.labels[column] for column in columns]
    calibrated, raw = (
        Mixture(classifier.card.heads, one)
        for one in (answer, msgspec.structs.replace(answer, temperature=1.0))
    )

    def views(pixels: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
        return [pixels, pixels[:, :, ::-1]] if mirrored else [pixels]

    def predict(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        mean = np.mean([classifier.predict(view) for view in views(pixels)], axis=0)
        return np.asarray(mean[:, columns])

    logits = [classifier.logits(view) for view in views(shown.pixels)]
    probabilities, uncalibrated = (
        np.mean([mixture.probabilities(each) for each in logits], axis=0)[:, columns]
        for mixture in (calibrated, raw)
    )
    twins = None if training is None else shown.twins_of(training)
    truth = truth_for(labels, shown)
    judged = probabilities[truth.rows]
    return SplitFigures(
        report=evaluate(probabilities, shown, twins, labels),
        reliability=reliability(uncalibrated[truth.rows], judged, truth.labels, answer.temperature),
        risk_coverage=risk_coverage(judged, truth.labels, answer.unsure_below),
        conditions=(
            measure_conditions(predict, shown, conditions, labels=labels) if conditions else ()
        ),
    )


def _columns(classifier: EmotionClassifier) -> list[int]:
    """Where those of FER+'s emotions that the answer has, in their order, stand in it."""
    labels = classifier.answer.labels
    unknown = [label for label in labels if label not in FERPLUS]
    if unknown:
        raise ModelError(
            f"{classifier.card.name}: its answer has {', '.join(unknown)}; faces are labelled"
            f" {', '.join(FERPLUS)}: name a model that answers so"
        )
    return [labels.index(label) for label in FERPLUS if label in labels]
