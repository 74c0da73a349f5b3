"""Groups of faces → splits, the same ones on every machine, no group in two of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

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
