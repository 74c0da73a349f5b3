import dataclasses

import numpy as np
import pytest

from trainer.augmentation import Augmentation

NOTHING = Augmentation(
    rotation_deg=0, scale=0, shift=0, shear=0, gamma=0, contrast=0, brightness=0, noise=0,
    low_resolution=0, erased=0,
)  # fmt: skip


def pictures(n: int = 40) -> np.ndarray:
    y, x = np.mgrid[:48, :48]
    return np.stack([(x * 3 + y * 2 + i) % 256 for i in range(n)]).astype(np.uint8)


def test_nothing_but_the_mirror_is_left_when_all_is_off() -> None:
    shown = pictures()
    changed = NOTHING.apply(shown, np.random.default_rng(1))
    kept = (changed == shown).all(axis=(1, 2))
    mirrored = (changed == shown[:, :, ::-1]).all(axis=(1, 2))
    assert (kept | mirrored).all()
    assert 5 < kept.sum() < 35


def test_the_same_generator_gives_the_same_pictures() -> None:
    first = Augmentation().apply(pictures(), np.random.default_rng([1, 2]))
    again = Augmentation().apply(pictures(), np.random.default_rng([1, 2]))
    other = Augmentation().apply(pictures(), np.random.default_rng([1, 3]))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_what_is_drawn_does_not_depend_on_the_faces() -> None:
    """A student's and its teachers' faces differ by what the student's wear alone."""
    everything = Augmentation(
        low_resolution=0.5, erased=0.5, dark=0.5, blur=0.5, jpeg=0.5, glasses=0.3, mask=0.3
    )
    rngs = [np.random.default_rng(1) for _ in range(2)]
    everything.apply(pictures(), rngs[0])
    everything.apply(255 - pictures(), rngs[1])
    assert rngs[0].random() == rngs[1].random()


def test_pictures_keep_shape_and_dtype_and_the_originals_stay() -> None:
    shown = pictures()
    before = shown.copy()
    changed = Augmentation(erased=1.0, low_resolution=1.0).apply(shown, np.random.default_rng(1))
    assert changed.shape == shown.shape
    assert changed.dtype == np.uint8
    assert np.array_equal(shown, before)


def test_light_is_changed_within_its_limits() -> None:
    gray = np.full((200, 48, 48), 128, np.uint8)
    only_brightness = Augmentation(
        rotation_deg=0, scale=0, shift=0, shear=0, gamma=0, contrast=0, brightness=0.2, noise=0,
        low_resolution=0, erased=0,
    )  # fmt: skip
    levels = only_brightness.apply(gray, np.random.default_rng(1))[:, 0, 0].astype(int)
    assert levels.min() >= 128 - 52
    assert levels.max() <= 128 + 52
    assert levels.max() - levels.min() > 80


def test_a_dark_room_darkens_and_a_blur_flattens() -> None:
    shown = pictures()
    dark = dataclasses.replace(NOTHING, dark=1.0).apply(shown, np.random.default_rng(1))
    assert dark.mean() < 0.8 * shown.mean()
    blurred = dataclasses.replace(NOTHING, blur=1.0).apply(shown, np.random.default_rng(1))
    assert np.abs(np.diff(blurred.astype(int), axis=1)).max() < 255


def test_jpeg_loses_detail_and_keeps_the_face() -> None:
    noisy = np.random.default_rng(0).integers(0, 256, (20, 48, 48)).astype(np.uint8)
    stored = dataclasses.replace(NOTHING, jpeg=1.0).apply(noisy, np.random.default_rng(1))
    difference = np.minimum(
        np.abs(stored.astype(int) - noisy).mean(axis=(1, 2)),
        np.abs(stored[:, :, ::-1].astype(int) - noisy).mean(axis=(1, 2)),
    )
    assert (difference > 5).all()
    assert (difference < 60).all()


@pytest.mark.parametrize("kind", ["glasses", "sunglasses", "mask"])
def test_every_face_wears_what_is_certain_and_half_of_them_what_is_half(kind: str) -> None:
    gray = np.full((300, 48, 48), 140, np.uint8)
    for share in (0.5, 1.0):
        worn = dataclasses.replace(NOTHING, **{kind: share}).apply(gray, np.random.default_rng(1))
        changed = (worn != gray).any(axis=(1, 2)).mean()
        assert abs(changed - share) < 0.1
