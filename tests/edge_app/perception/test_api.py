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

RIGHT = """\
import cv2
from edge_app.perception import EmotionClassifier, FaceDetector, Perception, View

picture = cv2.imread("photo.jpg")
assert picture is not None
perception = Perception.load()
perception.read(picture, FaceDetector.load().detect(picture), views=[View.FOUR])
perception.read_crop(picture)
EmotionClassifier.load().predict(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)[None])
_, frame = cv2.VideoCapture(0).read()
perception.see(frame)
"""


def test_whoever_checks_types_is_told_of_ours(tmp_path: Path) -> None:
    """Of what is wrong; pictures as OpenCV types them are right."""
    pytest.importorskip("mypy")
    (tmp_path / "theirs.py").write_text(WRONG)
    (tmp_path / "right.py").write_text(RIGHT)
    told = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", "cache", "theirs.py", "right.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    assert 'Argument 1 to "see" of "Perception" has incompatible type "str"' in told
    assert 'Revealed type is "float"' in told
    assert "Found 1 error in 1 file (checked 2 source files)" in told


def test_the_small_network_is_had_by_what_is_named_there() -> None:
    small = perception.EmotionClassifier.load(perception.EMOTION_SMALL)
    assert small.card.name == "emotion_small"
