from pathlib import Path

import numpy as np

from tests.trainer.synthetic import all_splits
from trainer.data import read
from trainer.data.known import KNOWN, describe, same_pictures


def test_a_set_of_ones_own_is_told_by_its_size() -> None:
    faces = all_splits(1400, 14)
    faces.votes[:30, 0] = 10
    assert describe(faces.sha256(), faces) == "1,400 faces, 30 of them with FER+ votes"
    assert describe("0" * 64, faces) == "faces that were not at hand"


def test_fer2013_is_known_with_and_without_votes(shared_data: Path) -> None:
    faces = read(shared_data)
    said = describe(faces.sha256(), all_splits(14, 14))
    assert said == (
        "FER2013 Training (Goodfellow et al. 2013) with FER+ votes (Barsoum et al. 2016)"
    )
    faces.votes[:] = np.float32(0)
    assert describe(faces.sha256(), faces) == "FER2013 Training (Goodfellow et al. 2013)"


def test_a_data_set_is_the_same_with_and_without_votes() -> None:
    voted, unvoted = KNOWN
    assert same_pictures(voted, unvoted)
    assert same_pictures("a" * 64, "a" * 64)
    assert not same_pictures("a" * 64, unvoted)
    assert not same_pictures(None, voted)
