"""Labelled faces → those that answers are judged by, and what is right of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge_app.perception.labels import CONTEMPT, FER2013, FERPLUS
from trainer.data import DataError, Faces, Split
from trainer.data.class_names import folder_of


@dataclass(frozen=True, slots=True)
class Truth:
    """What is right of some of N faces.

    rows: which ones, bool [N]. labels: of those, int64 [n], index into the labels that were asked
    for.
    """

    rows: NDArray[np.bool_]
    labels: NDArray[np.int64]


def truth_for(labels: Sequence[str], faces: Faces) -> Truth:
    """What an answer of these labels is judged by.

    FER+'s majorities, where the answer has contempt and a face has a majority; the faces' labels
    else. A face of another emotion than the answer's is left out.

    labels: some of `labels.FERPLUS`, in any order.

    Raises:
        DataError: there is nothing to judge by.
    """
    if CONTEMPT in labels:
        voted = _among(labels, majorities(faces))
        if len(voted.labels):
            return voted
    return labelled(labels, faces)


def labelled(labels: Sequence[str], faces: Faces) -> Truth:
    """The faces that have one of these labels, which are some of `labels.FERPLUS`.

    Raises:
        DataError: there is none.
    """
    found = _among(labels, Truth(np.ones(len(faces), np.bool_), faces.labels))
    if not len(found.labels):
        raise DataError(f"none of {len(faces)} faces is labelled {', '.join(labels)}")
    return found


def majorities(faces: Faces, emotions: int = len(FERPLUS)) -> Truth:
    """The faces that more than half of FER+'s votes call by one of the first `emotions`.

    All votes count, those for no emotion and single ones too; without such a majority a face is
    left out.
    """
    votes = faces.emotion_votes()
    voted = votes.argmax(axis=1)
    rows = (votes.max(axis=1) > faces.votes.sum(axis=1) / 2) & (voted < emotions)
    return Truth(rows, voted[rows])


def authors_majorities(faces: Faces) -> Truth:
    """The majorities as FER+'s authors count: single votes for anything are taken out first.

    A face that three say is sad, and two others each something else, has such a majority and none
    of the above: it is a harder one. What is fitted to votes here keeps to the others; figures to
    hold beside published ones are of these (`_process_data` in src/ferplus.py of the authors'
    repository, microsoft/FERPlus).
    """
    return majorities(replace(faces, votes=np.where(faces.votes > 1, faces.votes, 0)))


def choosing(public: Faces, training: Faces) -> NDArray[np.bool_]:
    """Which faces of PublicTest something may be chosen by: bool [N].

    Not those whose picture stands in Training too, byte for byte, as 280 of FER2013's 3,589 do: a
    network that has learned its faces by heart knows them. All, where none but twins is labelled.
    """
    unseen = ~public.twins_of(training)
    return unseen if _is_known(public)[unseen].any() else np.ones_like(unseen)


def _among(labels: Sequence[str], found: Truth) -> Truth:
    """Of what was found by `labels.FERPLUS`, that which these labels have, by them."""
    places = np.full(len(FERPLUS), -1)
    places[[FERPLUS.index(label) for label in labels]] = np.arange(len(labels))
    placed = places[found.labels]
    rows = found.rows.copy()
    rows[rows] = placed >= 0
    return Truth(rows, placed[placed >= 0])


def measurable(faces: Faces, split: Split | None = None) -> Faces:
    """The faces of a split, None: of all, that figures shall be of.

    Raises:
        DataError: there is none, or none with one of FER2013's seven labels.
    """
    found = faces if split is None else faces.of(split)
    if not _is_known(found).any():
        where = "the data set" if split is None else split.usage
        lack = f"of {len(found)} faces none has one of FER2013's seven labels"
        raise DataError(
            f"{where}: {lack if len(found) else 'no faces'}; {_remedy(split)}:"
            ' see "The data" in docs/training.md'
        )
    return found


def _remedy(split: Split | None) -> str:
    if split is None:
        return "add some"
    folder = f"{folder_of(split)}/<class>/*"
    if split is Split.TRAINING:
        return f"add some, of crops in {folder}"
    return f"add some, of crops in {folder}; of photos in <class>/* a hash takes one in ten"


def is_measurable(faces: Faces, split: Split) -> bool:
    """Whether a split has a face with one of FER2013's seven labels."""
    return bool(_is_known(faces.of(split)).any())


def _is_known(faces: Faces) -> NDArray[np.bool_]:
    """Faces labelled contempt, which is none of the seven, are not: bool [N]."""
    return np.asarray(faces.labels < len(FER2013))
