from dataclasses import asdict

import numpy as np

from tests.trainer.reports.examples import figures
from tests.trainer.synthetic import synthetic_faces
from trainer.evaluation import evaluate
from trainer.report import lines


def test_conditions_have_a_line_each_under_their_split() -> None:
    told = list(lines({"public_test": figures().as_json(), "macs": 2e6, "parameters": 3000,
                       "bytes": 4000}))  # fmt: skip
    fog = next(index for index, line in enumerate(told) if line.split()[0] == "Fog")
    assert told[fog].split() == [
        "Fog", "half", "<a>", "76.5%", "(3.5)", "whole", "60.0%", "(20.0)",
    ]  # fmt: skip
    assert told[fog - 1].split()[0] == "condition"
    assert told[fog + 1].split()[0] == "Rain"
    assert told[-1] == "2.0 M multiply-accumulates, 3 K parameters, 4 KB"


def test_nothing_is_said_of_conditions_that_were_not_measured() -> None:
    measured = figures(()).as_json()
    without = {name: value for name, value in measured.items() if name != "conditions"}
    told = list(lines({"public_test": measured}))
    assert told == list(lines({"public_test": without}))
    assert not any("condition" in line for line in told)


def test_what_does_not_exist_is_a_dash() -> None:
    faces = synthetic_faces(70).where(np.arange(70) % 7 != 1)
    report = evaluate(np.eye(7, dtype=np.float32)[faces.labels], faces, np.ones(60, bool))
    told = list(lines({"public_test": asdict(report)}))
    assert "100.0% of 60 faces, - without twins" in told[0]
    assert "balanced 100.0%" in told[0]
    (disgust,) = [line for line in told if line.split()[0] == "disgust"]
    assert disgust.split() == ["disgust", "recall", "-", "precision", "-"]
