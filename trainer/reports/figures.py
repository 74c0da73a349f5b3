"""A classifier and one split of faces → every figure of a report, ready to become JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from edge_app.perception.classifier import EmotionClassifier
from trainer.conditions import Condition
from trainer.data import Faces
from trainer.evaluation import Report, evaluate
from trainer.reliability import Reliability, reliability
from trainer.robustness import ConditionFigures, measure_conditions
from trainer.selective import RiskCoverage, risk_coverage


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
    training: Faces,
    conditions: Sequence[Condition] = (),
) -> SplitFigures:
    """Show `shown` to the classifier; `training` says which of its pictures are known already.

    Temperature and threshold are the card's.
    """
    probabilities = classifier.predict(shown.pixels)
    card = classifier.card
    return SplitFigures(
        report=evaluate(probabilities, shown, shown.twins_of(training)),
        reliability=reliability(probabilities, shown.labels, card.temperature),
        risk_coverage=risk_coverage(probabilities, shown.labels, card.unsure_below),
        conditions=measure_conditions(classifier.predict, shown, conditions) if conditions else (),
    )
