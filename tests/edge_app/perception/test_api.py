"""What other people's code sees of `edge_app.perception`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edge_app import perception

ROOT = Path(__file__).parents[3]

WRONG = """\
from edge_app.perception import Perception

for seen in Perception.load().see("photo.jpg"):
    reveal_type(seen.face.box.left)
"""


def test_whoever_checks_types_is_told_of_ours(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    (tmp_path / "theirs.py").write_text(WRONG)
    told = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", "cache", "theirs.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    assert 'Argument 1 to "see" of "Perception" has incompatible type "str"' in told
    assert 'Revealed type is "float"' in told


def test_the_small_network_is_had_by_what_is_named_there() -> None:
    small = perception.EmotionClassifier.load(perception.EMOTION_SMALL)
    assert small.card.name == "emotion_small"
