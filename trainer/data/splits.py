"""Groups of faces → splits, the same ones on every machine, no group in two of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import PurePath

import numpy as np
from numpy.typing import NDArray

from trainer.data.faces import Split

#: Of the groups: FER2013's own shares.
PUBLIC_TEST_SHARE = PRIVATE_TEST_SHARE = 0.1


def split_by_group(groups: Sequence[str]) -> NDArray[np.int64]:
    """Deal groups out by the hash of their names: 10 % PublicTest, 10 % PrivateTest, rest Training.

    groups: each face's group, for example its subject. A group's split depends on its name alone,
    so that a face that is added or left out moves no other one.

    Returns int64 [N], a `Split` a face.
    """
    return np.array([_split_of(group) for group in groups], np.int64)


def groups_of_photos(names: Sequence[str], crops: NDArray[np.uint8]) -> list[str]:
    """Group photos with the same crop, and those named alike but for case and suffix.

    names: of their files. crops: uint8 [N, H, W]. Returns the first name, by order, of each photo's
    group: a photo that is added moves none, but copies of itself that are named later.
    """
    groups = list(range(len(names)))

    def group_of(index: int) -> int:
        while groups[index] != index:
            index = groups[index]
        return index

    seen: dict[str | bytes, int] = {}
    for index, (name, crop) in enumerate(zip(names, crops, strict=True)):
        for key in (PurePath(name).stem.casefold(), crop.tobytes()):
            one, other = group_of(index), group_of(seen.setdefault(key, index))
            groups[max(one, other)] = min(one, other)
    first: dict[int, str] = {}
    for index, name in enumerate(names):
        group = group_of(index)
        first[group] = min(name, first.get(group, name))
    return [first[group_of(index)] for index in range(len(names))]


def hold_out(pictures: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """One picture in ten by the hash of its pixels, so that identical ones stay together.

    pictures: uint8 [N, H, W]. Returns bool [N].
    """
    shares = [_share(picture.tobytes()) for picture in pictures]
    return np.array(shares, np.float64) < PUBLIC_TEST_SHARE


def _split_of(group: str) -> Split:
    # As the bytes of the file's name, which need not be UTF-8, whatever the locale.
    share = _share(group.encode("utf-8", "surrogateescape"))
    if share < PUBLIC_TEST_SHARE:
        return Split.PUBLIC_TEST
    return Split.PRIVATE_TEST if share < PUBLIC_TEST_SHARE + PRIVATE_TEST_SHARE else Split.TRAINING


def _share(content: bytes) -> float:
    """A number from 0 to below 1 that a hash draws."""
    return int.from_bytes(hashlib.sha256(content).digest()[:6], "big") / 2**48
