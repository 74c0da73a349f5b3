import dataclasses

import numpy as np
import pytest

from tests.trainer.synthetic import synthetic_faces
from trainer.data import DataError


def test_contempt_is_a_label_and_nothing_behind_it() -> None:
    faces = synthetic_faces(3)
    assert dataclasses.replace(faces, labels=np.array([0, 7, 6])).labels.max() == 7
    for wrong in (-1, 8):
        with pytest.raises(DataError, match="labels outside 0 to 7"):
            dataclasses.replace(faces, labels=np.array([0, wrong, 6]))


def test_unequal_lengths_are_refused() -> None:
    faces = synthetic_faces(3)
    with pytest.raises(DataError, match="unequal lengths"):
        dataclasses.replace(faces, labels=faces.labels[:2])


def test_no_face_at_all_may_be_held() -> None:
    none = synthetic_faces(3).where(np.zeros(3, bool))
    assert len(none) == 0
    assert none.not_a_face().shape == (0,)


def test_what_is_no_face_is_blank_or_was_voted_so() -> None:
    faces = synthetic_faces(3)
    faces.pixels[0] = 7
    faces.votes[1, 9], faces.votes[1, 0] = 6, 4
    faces.votes[2, 9], faces.votes[2, 0] = 5, 5
    assert faces.blank().tolist() == [True, False, False]
    assert faces.voted_no_face().tolist() == [False, True, False]
    assert faces.not_a_face().tolist() == [True, True, False]
