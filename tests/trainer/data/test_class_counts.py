import numpy as np

from tests.trainer.synthetic import all_splits
from trainer.data import Faces, Split
from trainer.data.class_counts import class_lines


def relabelled(faces: Faces, row: int, label: int) -> Faces:
    labels = faces.labels.copy()
    labels[row] = label
    return Faces(faces.pixels, labels, faces.votes, faces.split)


def test_faces_are_counted_by_class_and_split() -> None:
    assert class_lines(all_splits(training=15, others=8)) == [
        "label        Training   PublicTest  PrivateTest",
        "angry               3            2            2",
        "disgust             2            1            1",
        "fear                2            1            1",
        "happy               2            1            1",
        "sad                 2            1            1",
        "surprise            2            1            1",
        "neutral             2            1            1",
    ]


def test_a_class_without_training_faces_is_said() -> None:
    faces = all_splits(training=14, others=7)
    without = faces.where((faces.labels != 1) | (faces.split != Split.TRAINING))
    *table, said = class_lines(without)
    assert table[2].split() == ["disgust", "0", "1", "1"]
    assert said == "no Training face is labelled disgust"


def test_contempt_is_a_class_where_a_face_has_it() -> None:
    faces = all_splits(training=14, others=7)
    assert class_lines(relabelled(faces, 0, 7))[-1].split() == ["contempt", "1", "0", "0"]
    # A test split's contempt is none that can be learned.
    row = int(np.flatnonzero(faces.split == Split.PRIVATE_TEST)[0])
    *_, counts, said = class_lines(relabelled(faces, row, 7))
    assert counts.split() == ["contempt", "0", "0", "1"]
    assert said == "no Training face is labelled contempt"
