import dataclasses
from pathlib import Path

import numpy as np
import pytest

from edge_app.perception.labels import FER2013, FERPLUS
from tests.trainer.synthetic import all_splits, synthetic_faces
from trainer.data import DataError, Faces, Split, read
from trainer.data.faces import FERPLUS_COLUMNS
from trainer.truth import (
    authors_majorities,
    choosing,
    is_measurable,
    labelled,
    majorities,
    measurable,
    truth_for,
)


def voted(*votes: dict[str, int]) -> Faces:
    """A face a dictionary of votes by FER+'s columns."""
    faces = synthetic_faces(len(votes))
    for row, of in zip(faces.votes, votes, strict=True):
        for name, number in of.items():
            row[FERPLUS_COLUMNS.index(name)] = number
    return faces


def test_a_majority_is_more_than_half_of_all_votes() -> None:
    faces = voted(
        {"happy": 6, "sad": 4},
        {"happy": 5, "sad": 5},  # as many
        {"happy": 4, "sad": 3, "fear": 3},  # the most, and no majority
        {"happy": 5, "unknown": 5},
        {"no_face": 10},
        {"contempt": 8, "sad": 2},
        {},
    )
    found = majorities(faces)
    assert found.rows.tolist() == [True, False, False, False, False, True, False]
    assert [FERPLUS[label] for label in found.labels] == ["happy", "contempt"]
    among_seven = majorities(faces, len(FER2013))
    assert np.flatnonzero(among_seven.rows).tolist() == [0]


def test_ferplus_authors_take_single_votes_out_first() -> None:
    faces = voted(
        {"happy": 6, "sad": 4},
        {"happy": 5, "sad": 5},
        {"sad": 5, "fear": 1, "angry": 1, "disgust": 1, "neutral": 1, "unknown": 1},
        {"sad": 2, "fear": 1, "angry": 1},
        {"sad": 3, "no_face": 3, "fear": 1},
        {"sad": 1, "fear": 1},
        {"unknown": 7, "sad": 1},
    )
    assert np.flatnonzero(majorities(faces).rows).tolist() == [0]
    found = authors_majorities(faces)
    assert np.flatnonzero(found.rows).tolist() == [0, 2, 3]
    assert [FERPLUS[label] for label in found.labels] == ["happy", "sad", "sad"]


def test_fer2013_has_as_many_majorities_as_the_documents_say(shared_data: Path) -> None:
    private = read(shared_data).of(Split.PRIVATE_TEST)
    assert majorities(private).rows.sum() == 2729
    assert authors_majorities(private).rows.sum() == 3153


def test_an_answer_with_contempt_is_judged_by_majorities_where_there_are_any() -> None:
    faces = voted({"contempt": 9}, {"happy": 5, "sad": 5}, {"sad": 9})
    assert truth_for(FERPLUS, faces).labels.tolist() == [7, 4]
    assert truth_for(FER2013, faces).labels.tolist() == faces.labels.tolist()
    nobody_voted = synthetic_faces(3)
    assert truth_for(FERPLUS, nobody_voted).labels.tolist() == nobody_voted.labels.tolist()


def test_contempt_is_no_label_to_judge_by() -> None:
    faces = synthetic_faces(3)
    faces.labels[1] = 7
    assert truth_for(FER2013, faces).rows.tolist() == [True, False, True]
    faces.labels[:] = 7
    with pytest.raises(DataError, match="none of 3 faces is labelled angry, disgust, fear, happy"):
        truth_for(FER2013, faces)


def test_faces_are_found_by_the_labels_that_are_asked_for() -> None:
    faces = voted({"sad": 9}, {"fear": 9}, {"contempt": 9}, {}, {})
    assert labelled(("fear", "angry"), faces).rows.tolist() == [True, False, True, False, False]
    assert labelled(("fear", "angry"), faces).labels.tolist() == [1, 0]
    assert truth_for(("fear", "angry"), faces).labels.tolist() == [1, 0]
    by_votes = truth_for(("contempt", "sad"), faces)
    assert by_votes.rows.tolist() == [True, False, True, False, False]
    assert by_votes.labels.tolist() == [1, 0]
    # No majority is for one of these: labels decide.
    alone = faces.where(np.arange(5) == 1)
    assert truth_for(("contempt", "disgust"), alone).labels.tolist() == [1]


def test_twins_of_training_pictures_choose_nothing() -> None:
    faces = all_splits(28, 14)
    training, public = faces.of(Split.TRAINING), faces.of(Split.PUBLIC_TEST)
    assert choosing(public, training).all()
    public.pixels[3:] = training.pixels[3:14]
    assert np.flatnonzero(choosing(public, training)).tolist() == [0, 1, 2]
    # Where all that is labelled by one of the seven is known, it has to do.
    public.labels[:3] = 7
    assert choosing(public, training).all()


def test_a_split_without_labelled_faces_is_named() -> None:
    faces = all_splits(28, 14)
    assert len(measurable(faces, Split.PRIVATE_TEST)) == 14
    without = faces.where(faces.split != Split.PRIVATE_TEST)
    assert not is_measurable(without, Split.PRIVATE_TEST)
    with pytest.raises(DataError, match=r"PrivateTest: no faces; add some.*test/<class>/.*one in"):
        measurable(without, Split.PRIVATE_TEST)
    contempt = dataclasses.replace(faces, labels=np.full_like(faces.labels, 7))
    with pytest.raises(DataError, match=r"PublicTest: of 14 faces none has.*validation/<class>"):
        measurable(contempt, Split.PUBLIC_TEST)
