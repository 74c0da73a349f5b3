import pytest

from edge_app.perception.labels import FERPLUS
from trainer.data import Split
from trainer.data.class_names import is_number, label_of, split_of


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("angry", "angry"), ("Anger", "angry"), ("disgusted", "disgust"), ("FEAR", "fear"),
        ("happiness", "happy"), ("sadness", "sad"), ("surprised", "surprise"),
        ("neutral", "neutral"), ("contempt", "contempt"), ("AF", "fear"), ("3 happy", "happy"),
        ("0_angry", "angry"), ("7-contempt", "contempt"), ("3_angry", None), ("4_", None),
        ("05", None), ("bored", None), ("", None), ("3angry", None), ("a/b", None),
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


@pytest.mark.parametrize("name", ["0", "1", "6", "7", "8", " 05 "])
def test_a_number_alone_means_no_class(name: str) -> None:
    """FER2013 begins with angry, RAF-DB with surprise, AffectNet with neutral."""
    assert is_number(name)
    assert label_of(name) is None


@pytest.mark.parametrize(
    "name", ["0_angry", "", "x1", "\N{SUPERSCRIPT TWO}", "\N{ARABIC-INDIC DIGIT ONE}"]
)
def test_what_is_no_number_alone(name: str) -> None:
    assert not is_number(name)
