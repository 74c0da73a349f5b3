import hashlib
import os

import numpy as np

from trainer.data import Split
from trainer.data.splits import groups_of_photos, hold_out, split_by_group


def test_groups_stay_together_and_every_split_gets_its_share() -> None:
    groups = [f"S{index:04d}" for index in range(2000) for _ in range(2)]
    split = split_by_group(groups)
    assert split.dtype == np.int64
    assert (split[::2] == split[1::2]).all()
    shares = np.bincount(split) / len(split)
    np.testing.assert_allclose(shares, [0.8, 0.1, 0.1], atol=0.02)


def test_a_groups_split_depends_on_its_name_alone() -> None:
    assert split_by_group(["S005"]).tolist() == split_by_group(["S010", "S005"]).tolist()[1:]
    # Written down, so that no later version deals the subjects out anew.
    assert split_by_group(["S005", "S010"]).tolist() == [Split.PUBLIC_TEST, Split.TRAINING]


def test_a_name_that_is_not_utf_8_has_a_split() -> None:
    names = [b"caf\xe9.jpg", "café.jpg".encode()]
    shares = [int.from_bytes(hashlib.sha256(name).digest()[:6], "big") / 2**48 for name in names]
    splits = [
        Split.PUBLIC_TEST if share < 0.1 else Split.PRIVATE_TEST if share < 0.2 else Split.TRAINING
        for share in shares
    ]
    assert split_by_group([os.fsdecode(name) for name in names]).tolist() == splits


def test_photos_are_grouped_by_their_names_and_their_pictures() -> None:
    names = ["c.jpg", "C.PNG", "b.jpg", "d.jpg", "a.jpg", "e.jpg"]
    crops = np.array([1, 2, 2, 3, 3, 4], np.uint8).reshape(6, 1, 1)
    # The second is named like the first and shows what the third does.
    assert groups_of_photos(names, crops) == ["C.PNG"] * 3 + ["a.jpg"] * 2 + ["e.jpg"]
    # Two groups become one where a later photo belongs to both.
    again = groups_of_photos(["x.jpg", "y.jpg", "x.png"], crops[[0, 1, 1]])
    assert again == ["x.jpg"] * 3


def test_identical_pictures_are_held_out_together() -> None:
    pictures = np.random.default_rng(2).integers(0, 256, (1000, 4, 4)).astype(np.uint8)
    held_out = hold_out(np.concatenate([pictures, pictures]))
    assert np.array_equal(held_out[:1000], held_out[1000:])
    assert 0.07 < held_out.mean() < 0.13
