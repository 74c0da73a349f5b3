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


def alone(n: int, shown: np.ndarray, **change: float) -> np.ndarray:
    """One change, n times: float64 [n, H, W], 0…255."""
    faces = np.broadcast_to(shown.astype(np.uint8), (n, *shown.shape))
    augmentation = dataclasses.replace(NOTHING, **change)
    return augmentation.apply(faces, np.random.default_rng(1)).astype(float)


def movements(n: int, **change: float) -> dict[str, np.ndarray]:
    """What is done to places, from where pictures of their coordinates end up."""
    y, x = np.mgrid[:48, :48]
    # The same draws for both: a changed pixel tells from which column and which row it came.
    came_from = np.stack([alone(n, 5 * each, **change) / 5 for each in (x, y)], axis=-1)
    middle, around = 23.5, slice(17, 31)
    places = np.stack([x, y, np.ones_like(x)], axis=-1)[around, around].reshape(-1, 3)
    found: dict[str, list[float]] = {name: [] for name in ("rotation_deg", "scale", "shear")}
    shifts = []
    for one in came_from[:, around, around].reshape(n, -1, 2):
        back = np.linalg.lstsq(places, one, rcond=None)[0].T
        linear = np.linalg.inv(back[:, :2])
        first, second = np.sign(np.linalg.det(linear)) * linear[:, 0], linear[:, 1]
        found["rotation_deg"].append(np.rad2deg(np.arctan2(first[1], first[0])))
        found["scale"].append(np.log(np.hypot(*first)))
        found["shear"].append(first @ second / (first @ first))
        shifts.append(linear @ (middle - back[:, 2]) - middle)
    return {name: np.array(each) for name, each in found.items()} | {
        "shift": np.array(shifts).ravel() / 48
    }


@pytest.mark.parametrize(
    ("name", "most"), [("rotation_deg", 20.0), ("scale", 0.2), ("shear", 0.1), ("shift", 0.08)]
)
def test_a_face_is_moved_to_its_limits_and_in_no_other_way(name: str, most: float) -> None:
    for other, done in movements(60, **{name: most}).items():
        within = most if other == name else 0.0
        error = 0.3 if other == "rotation_deg" else 0.005
        assert np.abs(done).max() < within + error, other
        assert done.max() >= 0.8 * within - 1e-6, other
        assert done.min() <= -0.8 * within + 1e-6, other


def test_light_is_changed_to_its_limits_and_in_no_other_way() -> None:
    half = alone(200, np.full((1, 1), 128), brightness=0.2)
    assert (half.min(), half.max()) == pytest.approx((128 - 51, 128 + 51), abs=5)
    levels = np.array([[64, 128, 192]])
    dark, half, bright = np.sort(alone(200, levels, contrast=0.3), axis=2).T[:, 0]
    assert np.abs(half - 128).max() <= 1
    assert ((bright - dark).min(), (bright - dark).max()) == pytest.approx((90, 166), abs=4)
    for level in (64, 192):
        changed = alone(200, np.full((1, 1), level), gamma=0.5)
        gamma = np.log2(np.log(changed / 255) / np.log(level / 255))
        assert (gamma.min(), gamma.max()) == pytest.approx((-0.5, 0.5), abs=0.04)


def test_noise_is_each_faces_own_and_more_in_a_dark_room() -> None:
    gray = np.full((48, 48), 128)
    noise = alone(100, gray, noise=0.03).std(axis=(1, 2)) / 255
    assert noise.min() < 0.003
    assert 0.027 < noise.max() < 0.032
    bright = np.full((48, 48), 200)
    noise = alone(100, bright, noise=0.03, dark=1.0).std(axis=(1, 2)) / 255
    assert 0.06 < noise.max() < 0.075


def test_a_dark_room_darkens() -> None:
    shown = pictures()
    dark = dataclasses.replace(NOTHING, dark=1.0).apply(shown, np.random.default_rng(1))
    assert dark.mean() < 0.8 * shown.mean()


@pytest.mark.parametrize(
    ("change", "finest", "coarsest"), [("blur", 200.0, 60.0), ("low_resolution", 150.0, 65.0)]
)
def test_edges_are_lost_on_their_share_of_faces(
    change: str, finest: float, coarsest: float
) -> None:
    edge = np.repeat(np.where(np.arange(48) < 23, 0, 255)[np.newaxis], 48, axis=0)
    steps = np.abs(np.diff(alone(200, edge, **{change: 0.5}), axis=2)).max(axis=(1, 2))
    lost = steps < 255
    assert abs(lost.mean() - 0.5) < 0.1
    assert steps[lost].max() > finest
    assert steps[lost].min() < coarsest


def test_a_rectangle_is_erased_on_its_share_of_faces() -> None:
    y, x = np.mgrid[:48, :48]
    # Alike in a mirror, and no two neighbours alike.
    shown = 50 + 20 * ((y + np.minimum(x, 47 - x)) % 7)
    erased = (alone(200, shown, erased=0.5) != shown).reshape(200, -1).sum(axis=1)
    assert abs((erased > 0).mean() - 0.5) < 0.1
    # Of 6 to 15 pixels each way; where it happens to be as gray, a pixel is not counted.
    covered = erased[erased > 0]
    assert covered.min() >= 6 * 6 * 5 / 7
    assert 12 * 12 < covered.max() <= 15 * 15


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
