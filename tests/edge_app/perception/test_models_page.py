"""What docs/models.md says of the classifier's input is so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge_app.perception import EmotionClassifier

ROOT = Path(__file__).parents[3]


def test_a_classifier_is_fed_by_hand_as_mien_feeds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs/models.md").read_text()
    (example,) = re.findall(r"```python\n(import numpy.*?)```", page, re.DOTALL)
    face = np.random.default_rng(0).integers(0, 256, (48, 48), np.uint8)
    shown = example.replace("np.zeros((48, 48), np.uint8)", "given_face")
    assert shown != example
    monkeypatch.chdir(ROOT)
    names: dict[str, Any] = {"given_face": face}
    exec(compile(shown, "docs/models.md", "exec"), names)  # noqa: S102 - our own page
    assert names["logits"] == pytest.approx(EmotionClassifier.load().logits(face[None])[0])
