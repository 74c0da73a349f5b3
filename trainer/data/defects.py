"""Faces → what is wrong with them, and which Training rows to leave out or to correct.

FER2013 was gathered by an image search and labelled by its queries (Goodfellow et al. 2013): it
holds pictures without a face, and the same picture more than once, under other labels and in other
splits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge_app.perception.labels import FERPLUS
from trainer.data.faces import Faces, Split


@dataclass(frozen=True, slots=True)
class Defects:
    """Counts of rows, and of groups of rows that show the same picture, byte for byte.

    no_face: more than half of FER+'s voters saw none. conflicting: groups with more than one
    label. twins: rows whose picture stands in Training too.
    """

    rows: int
    no_face: int
    blank: int
    identical_groups: int
    identical_rows: int
    conflicting_groups: int
    conflicting_rows: int
    public_test_twins: int
    private_test_twins: int

    def lines(self) -> list[str]:
        """For people, a finding a line."""
        twins = f"{self.public_test_twins} PublicTest and {self.private_test_twins} PrivateTest"
        return [
            f"{self.rows} faces",
            f"{self.no_face} that FER+'s voters called no face",
            f"{self.blank} blank pictures",
            f"{self.identical_groups} groups of identical pictures: {self.identical_rows} rows",
            f"{self.conflicting_groups} with conflicting labels: {self.conflicting_rows} rows",
            f"{twins} rows with a twin in Training",
        ]


@dataclass(frozen=True, slots=True)
class Corrections:
    """What to do to Training; rows of other splits are never touched.

    left_out: bool [N]; labels: int64 [N], all of them, the corrected ones among them;
    corrected: bool [N], rows whose label changed.
    """

    left_out: NDArray[np.bool_]
    labels: NDArray[np.int64]
    corrected: NDArray[np.bool_]

    def apply(self, faces: Faces) -> Faces:
        """The faces of every split, less those left out, with the corrected labels."""
        kept = ~self.left_out
        return replace(faces, labels=self.labels).where(kept)

    def lines(self) -> list[str]:
        """For people, a count a line."""
        return [
            f"{int(self.left_out.sum())} Training rows left out",
            f"{int(self.corrected.sum())} Training labels corrected",
        ]


def find_defects(faces: Faces) -> Defects:
    """Count them."""
    group, sizes = _groups(faces)
    several = sizes > 1
    conflicting = several & _conflicting(group, len(sizes), faces.labels)
    training = np.zeros(len(sizes), np.bool_)
    training[group[faces.split == Split.TRAINING]] = True
    twin = training[group]
    return Defects(
        rows=len(faces),
        no_face=int(faces.voted_no_face().sum()),
        blank=int(faces.blank().sum()),
        identical_groups=int(several.sum()),
        identical_rows=int(sizes[several].sum()),
        conflicting_groups=int(conflicting.sum()),
        conflicting_rows=int(sizes[conflicting].sum()),
        public_test_twins=int((twin & (faces.split == Split.PUBLIC_TEST)).sum()),
        private_test_twins=int((twin & (faces.split == Split.PRIVATE_TEST)).sum()),
    )


def find_corrections(faces: Faces) -> Corrections:
    """Say which Training rows to leave out or to correct.

    Left out: blank pictures, and rows that more than half of FER+'s voters called no face.
    Identical Training pictures under several labels get the one that most of them have; among
    equals, the one that FER+'s voters gave to these pictures most often; where that decides
    nothing either, they are left out, because no label of theirs is better than another. Labels
    of PublicTest and PrivateTest have no say: else they would leak into Training.
    """
    training = faces.split == Split.TRAINING
    left_out = training & faces.not_a_face()
    labels = faces.labels.copy()
    group, sizes = _groups(faces)
    used = training & ~left_out
    conflicting = _conflicting(group[used], len(sizes), faces.labels[used])
    votes = faces.emotion_votes()
    for number in np.flatnonzero(conflicting):
        rows = np.flatnonzero(used & (group == number))
        counts = np.bincount(faces.labels[rows], minlength=len(FERPLUS))
        likeliest = np.flatnonzero(counts == counts.max())
        said = votes[rows].sum(axis=0)[likeliest]
        likeliest = likeliest[said == said.max()]
        if len(likeliest) == 1:
            labels[rows] = likeliest[0]
        else:
            left_out[rows] = True
    return Corrections(left_out, labels, labels != faces.labels)


def _groups(faces: Faces) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The group of identical pictures that each row is in, and the size of each group."""
    number_of: dict[bytes, int] = {}
    group = np.array(
        [number_of.setdefault(picture.tobytes(), len(number_of)) for picture in faces.pixels],
        np.intp,
    )
    return group, np.bincount(group, minlength=len(number_of))


def _conflicting(
    group: NDArray[np.intp], groups: int, labels: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Groups with more than one label: bool [groups]."""
    has = np.zeros((groups, len(FERPLUS)), np.bool_)
    has[group, labels] = True
    return np.asarray(has.sum(axis=1) > 1)
