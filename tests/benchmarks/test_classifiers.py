import numpy as np

from benchmarks.classifiers import figures
from tests.trainer.synthetic import synthetic_faces
from trainer.data.faces import FERPLUS_COLUMNS


def test_majorities_are_more_than_half_of_all_votes() -> None:
    faces = synthetic_faces(4)  # angry, disgust, fear, happy
    for row, votes in enumerate(
        (
            {"sad": 6, "angry": 4},
            {"happy": 4, "sad": 3, "unknown": 3},  # the most, and no majority
            {"contempt": 8, "sad": 2},  # one, of none of the seven
            {"happy": 10},
        )
    ):
        for name, number in votes.items():
            faces.votes[row, FERPLUS_COLUMNS.index(name)] = number
    said = np.array([0, 1, 2, 3])
    assert figures(said, faces) == ("100.0%", "100.0%", "50.0%", "50.0%")


def test_without_votes_nothing_is_said_of_majorities() -> None:
    faces = synthetic_faces(7)
    assert figures(np.zeros(7, np.intp), faces) == ("14.3%", "14.3%", "-", "-")
