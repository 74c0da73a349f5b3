from pathlib import Path

import numpy as np
import pytest

from trainer.data import Faces, Split, read_mosaic
from trainer.data.defects import find_corrections, find_defects

ANGRY, HAPPY, SAD = 0, 3, 4
#: FER+'s columns.
VOTED_HAPPY, VOTED_SAD, NO_FACE = 1, 3, 9


def faces(*rows: tuple[int, int, Split]) -> Faces:
    """Rows of picture, label and split."""
    pixels = np.random.default_rng(7).integers(0, 256, (20, 48, 48)).astype(np.uint8)
    numbers, labels, splits = zip(*rows, strict=True)
    return Faces(
        pixels[list(numbers)],
        np.array(labels, np.int64),
        np.zeros((len(rows), 10), np.float32),
        np.array(splits, np.int64),
    )


T, PUBLIC, PRIVATE = Split.TRAINING, Split.PUBLIC_TEST, Split.PRIVATE_TEST


def test_defects_are_counted() -> None:
    shown = faces(
        (0, HAPPY, T), (0, HAPPY, PUBLIC), (0, SAD, PRIVATE),
        (1, SAD, T), (1, SAD, T), (2, SAD, PUBLIC), (2, SAD, PRIVATE), (3, SAD, T), (4, SAD, T),
    )  # fmt: skip
    shown.votes[7, NO_FACE] = 6
    shown.pixels[8] = 90
    found = find_defects(shown)
    assert (found.rows, found.no_face, found.blank) == (9, 1, 1)
    assert (found.identical_groups, found.identical_rows) == (3, 7)
    assert (found.conflicting_groups, found.conflicting_rows) == (1, 3)
    assert (found.public_test_twins, found.private_test_twins) == (1, 1)
    assert "1 PublicTest and 1 PrivateTest rows with a twin in Training" in found.lines()
    assert len(found.lines()) == 6


def test_what_shows_no_face_is_left_out_of_training_alone() -> None:
    shown = faces(*((number, SAD, split) for number, split in enumerate((T, T, T, PUBLIC, PUBLIC))))
    shown.votes[[1, 3], NO_FACE] = 10
    shown.pixels[[2, 4]] = 0
    found = find_corrections(shown)
    assert found.left_out.tolist() == [False, True, True, False, False]
    assert not found.corrected.any()
    assert len(found.apply(shown)) == 3


def test_conflicting_twins_get_the_label_that_most_have() -> None:
    shown = faces((0, HAPPY, T), (0, SAD, T), (0, SAD, T), (1, HAPPY, T))
    found = find_corrections(shown)
    assert found.apply(shown).labels.tolist() == [SAD, SAD, SAD, HAPPY]
    assert found.corrected.tolist() == [True, False, False, False]
    assert found.lines() == ["0 Training rows left out", "1 Training labels corrected"]


def test_among_equals_the_votes_decide() -> None:
    shown = faces((0, HAPPY, T), (0, SAD, T))
    shown.votes[0, VOTED_HAPPY], shown.votes[:, VOTED_SAD] = 3, 2
    # A label that neither of them has does not come in by its votes.
    shown.votes[:, 0] = 5
    assert find_corrections(shown).apply(shown).labels.tolist() == [SAD, SAD]


def test_twins_that_nothing_decides_between_are_left_out() -> None:
    shown = faces((0, HAPPY, T), (0, SAD, T), (1, ANGRY, T))
    found = find_corrections(shown)
    assert found.left_out.tolist() == [True, True, False]
    assert found.apply(shown).labels.tolist() == [ANGRY]


@pytest.mark.parametrize("split", [PUBLIC, PRIVATE])
def test_labels_of_the_tests_have_no_say(split: Split) -> None:
    shown = faces((0, HAPPY, T), (0, SAD, split), (0, SAD, split))
    found = find_corrections(shown)
    assert not found.left_out.any()
    assert not found.corrected.any()


def test_the_real_data_set_has_its_known_defects(shared_data: Path) -> None:
    """The figures are those of the data set's description."""
    whole = read_mosaic(shared_data)
    found = find_defects(whole)
    assert (found.identical_groups, found.identical_rows) == (1_516, 3_369)
    assert found.conflicting_groups == 57
    assert (found.private_test_twins, found.public_test_twins) == (288, 280)
    assert found.blank == 13
    assert found.no_face == 176
    corrections = find_corrections(whole)
    assert not corrections.left_out[whole.split != Split.TRAINING].any()
    assert (corrections.left_out.sum(), corrections.corrected.sum()) == (158, 35)
    after = corrections.apply(whole).of(Split.TRAINING)
    assert find_defects(after).conflicting_groups == 0
    assert find_defects(after).blank == 0
