"""The name of a folder → the label or the split that data sets mean by it."""

from __future__ import annotations

import re
from pathlib import Path

from trainer.data.faces import Split

#: How data sets and their copies spell each class, by label.
_SPELLINGS: tuple[frozenset[str], ...] = (
    frozenset({"angry", "anger", "an"}),
    frozenset({"disgust", "disgusted", "di"}),
    frozenset({"fear", "fearful", "afraid", "scared", "fe", "af"}),
    frozenset({"happy", "happiness", "happily", "joy", "ha"}),
    frozenset({"sad", "sadness", "sa"}),
    frozenset({"surprise", "surprised", "su"}),
    frozenset({"neutral", "neutrality", "ne"}),
    frozenset({"contempt", "contemptuous", "co"}),
)

_SPLITS = {
    "train": Split.TRAINING, "training": Split.TRAINING,
    "validation": Split.PUBLIC_TEST, "valid": Split.PUBLIC_TEST, "val": Split.PUBLIC_TEST,
    "publictest": Split.PUBLIC_TEST,
    "test": Split.PRIVATE_TEST, "testing": Split.PRIVATE_TEST,
    "privatetest": Split.PRIVATE_TEST,
}  # fmt: skip


def label_of(name: str) -> int | None:
    """The index into `labels.FERPLUS` that a class' folder means; None where it means none.

    Takes the usual spellings in any case, also behind their number in FER2013's order (`0_angry`,
    `3 happy`); a number and a name that contradict each other mean none.
    """
    found = re.fullmatch(r"(?:([0-9])[ _.-]+)?([a-z]+)", name.strip().casefold())
    if not found:
        return None
    named = next((i for i, names in enumerate(_SPELLINGS) if found[2] in names), None)
    return named if found[1] in (None, str(named)) else None


def is_number(name: str) -> bool:
    """Whether a folder's name is a number alone, which is another class in each data set.

    1 is disgust in FER2013, surprise in RAF-DB and happy in AffectNet.
    """
    return re.fullmatch("[0-9]+", name.strip()) is not None


def split_of(name: str) -> Split | None:
    """The split that a folder's name means; None where it means none."""
    return _SPLITS.get(re.sub(r"[ _-]", "", name.casefold()))


def folder_of(split: Split) -> str:
    """The name that a split's folder has first of all: train, validation or test."""
    return next(name for name, meant in _SPLITS.items() if meant is split)


def folders_in(path: Path) -> list[Path]:
    """A folder's own folders, ordered by name; hidden ones are left out."""
    return sorted(p for p in path.iterdir() if p.is_dir() and not p.name.startswith((".", "__")))
