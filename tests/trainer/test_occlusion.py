import msgspec
import numpy as np
import pytest

from tests.trainer.alignments import UPRIGHT
from trainer.occlusion import glasses, mask, sunglasses

LEVEL = 140


def faces(n: int = 10) -> np.ndarray:
    return np.full((n, 48, 48), LEVEL, np.uint8)


def at(picture: np.ndarray, place: tuple[float, float]) -> int:
    return int(picture[int(place[1] * 48), int(place[0] * 48)])


def test_sunglasses_cover_the_eyes_and_nothing_below_them() -> None:
    for shown in sunglasses(faces(), 1.0, np.random.default_rng(1), UPRIGHT):
        for eye in (UPRIGHT.right_eye, UPRIGHT.left_eye):
            assert at(shown, eye) <= 45
        assert (shown[int(0.55 * 48) :] == LEVEL).all()
        assert (shown[: int(0.25 * 48)] == LEVEL).all()


def test_half_dark_sunglasses_let_half_of_the_light_through() -> None:
    shown = sunglasses(faces(200), 0.5, np.random.default_rng(1), UPRIGHT)
    seen = [at(picture, UPRIGHT.left_eye) for picture in shown]
    assert min(seen) >= LEVEL / 2
    assert np.mean(seen) == pytest.approx((LEVEL + 25) / 2, abs=2)


def test_they_follow_the_eyes() -> None:
    lower = msgspec.structs.replace(UPRIGHT, right_eye=(0.32, 0.49), left_eye=(0.68, 0.49))
    for drawn in (glasses, sunglasses):
        high = drawn(faces(), 1.0, np.random.default_rng(1), UPRIGHT) != LEVEL
        low = drawn(faces(), 1.0, np.random.default_rng(1), lower) != LEVEL
        rows = np.arange(48)
        centre_high, centre_low = (
            (rows * drawn.sum(axis=(0, 2))).sum() / drawn.sum() for drawn in (high, low)
        )
        assert centre_low - centre_high == pytest.approx(4.8, abs=0.3)


def test_glasses_rim_the_eyes_and_let_them_be_seen() -> None:
    rim = 0.32 + 0.41 * 0.36
    for shown in glasses(faces(), 1.0, np.random.default_rng(1), UPRIGHT):
        assert at(shown, (rim, 0.41)) <= 100
        for eye in (UPRIGHT.right_eye, UPRIGHT.left_eye):
            assert LEVEL <= at(shown, eye) <= 0.7 * 245 + 0.3 * LEVEL + 1
        assert at(shown, (0.5, 0.39)) <= 100  # the bridge
        assert (shown[int(0.6 * 48) :] == LEVEL).all()


def test_a_stronger_frame_is_thicker() -> None:
    dark = [
        (glasses(faces(), strength, np.random.default_rng(1), UPRIGHT) < LEVEL - 30).sum()
        for strength in (0.25, 0.5, 1.0)
    ]
    assert dark[0] < dark[1] < dark[2]


def test_a_mask_hides_the_mouth_and_leaves_the_eyes() -> None:
    shown = mask(faces(), 1.0, np.random.default_rng(1), UPRIGHT)
    for picture in shown:
        covered = picture != LEVEL
        for corner in (UPRIGHT.right_mouth, UPRIGHT.left_mouth):
            assert covered[int(corner[1] * 48), int(corner[0] * 48)]
        assert not covered[: int(0.57 * 48)].any()
    assert len({at(picture, (0.5, 0.75)) for picture in shown}) > 5


def test_half_a_mask_ends_below_the_corners_of_the_mouth() -> None:
    for picture in mask(faces(), 0.5, np.random.default_rng(1), UPRIGHT):
        covered = picture != LEVEL
        assert not covered[: int(0.77 * 48)].any()
        assert covered[int(0.85 * 48), 24]
