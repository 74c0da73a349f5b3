"""The name of a folder → the label or the split that data sets mean by it."""

from __future__ import annotations

import re
from pathlib import Path

from edge_app.perception.labels import FERPLUS
from trainer.data.faces import Split

#: How data sets and their copies spell each class, by label.
_SPELLINGS: tuple[frozenset[str], ...] = (
    frozenset({"angry", "anger", "an"}),
    frozenset({"disgust", "disgusted", "di"}),
    frozenset({"fear", "fearful", "afraid", "scared", "fe"}),
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

    Takes the usual spellings in any case, a number in FER2013's order (`0` to `7`), and both
    together (`0_angry`, `3 happy`); a number and a name that contradict each other mean none.
    """
    found = re.fullmatch(r"(?:([0-9])(?:[ _.-]+|$))?([a-z]*)", name.strip().casefold())
    if not found or not found[0]:
        return None
    digit = int(found[1]) if found[1] else None
    if not found[2]:
        return digit if digit is not None and digit < len(FERPLUS) else None
    named = next((i for i, names in enumerate(_SPELLINGS) if found[2] in names), None)
    return named if digit in (None, named) else None


def split_of(name: str) -> Split | None:
    """The split that a folder's name means; None where it means none."""
    return _SPLITS.get(re.sub(r"[ _-]", "", name.casefold()))


def folders_in(path: Path) -> list[Path]:
    """A folder's own folders, ordered by name; hidden ones are left out."""
    return sorted(p for p in path.iterdir() if p.is_dir() and not p.name.startswith((".", "__")))
