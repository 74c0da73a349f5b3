import pytest

from edge_app.perception.labels import FERPLUS
from trainer.data import Split
from trainer.data.class_names import label_of, split_of


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("angry", "angry"), ("Anger", "angry"), ("disgusted", "disgust"), ("FEAR", "fear"),
        ("happiness", "happy"), ("sadness", "sad"), ("surprised", "surprise"),
        ("neutral", "neutral"), ("contempt", "contempt"), ("0", "angry"), ("6", "neutral"),
        ("7", "contempt"), ("3 happy", "happy"), ("05", None), ("0_angry", "angry"), ("8", None),
        ("3_angry", None), ("bored", None), ("", None), ("3angry", None), ("a/b", None),
        ("\N{SUPERSCRIPT TWO}", None),
    ],
)  # fmt: skip
def test_usual_spellings(name: str, label: str | None) -> None:
    assert label_of(name) == (None if label is None else FERPLUS.index(label))


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train", Split.TRAINING), ("Training", Split.TRAINING), ("val", Split.PUBLIC_TEST),
        ("validation", Split.PUBLIC_TEST), ("public_test", Split.PUBLIC_TEST),
        ("PrivateTest", Split.PRIVATE_TEST), ("test", Split.PRIVATE_TEST), ("images", None),
    ],
)  # fmt: skip
def test_names_of_splits(name: str, split: Split | None) -> None:
    assert split_of(name) == split
