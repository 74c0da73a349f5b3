import re

import cv2
import numpy as np
import pytest

from tests.trainer.alignments import UPRIGHT
from trainer import conditions as module
from trainer.conditions import Condition, conditions

ALL = conditions(UPRIGHT)
BY_NAME = {condition.name: condition for condition in ALL}
each = pytest.mark.parametrize("condition", ALL, ids=lambda condition: condition.name)


def pictures(n: int = 6) -> np.ndarray:
    y, x = np.mgrid[:48, :48]
    rng = np.random.default_rng(3)
    ramp = [100 + x + y + 20 * np.sin((x + i) / 2) * np.cos(y / 3) for i in range(n)]
    return np.clip(np.stack(ramp) + rng.normal(0, 5, (n, 48, 48)), 0, 255).astype(np.uint8)


@each
def test_strength_zero_leaves_faces_as_they_are(condition: Condition) -> None:
    shown = pictures()
    changed = condition.apply(shown, 0.0)
    assert np.array_equal(changed, shown)
    assert not np.shares_memory(changed, shown)


@each
def test_more_strength_changes_more_and_the_originals_stay(condition: Condition) -> None:
    shown = pictures()
    before = shown.copy()
    distances = []
    for strength in (0.01, 0.25, condition.mild, condition.hard):
        changed = condition.apply(shown, strength)
        assert changed.shape == shown.shape
        assert changed.dtype == np.uint8
        distances.append(np.abs(changed.astype(float) - shown).mean())
    assert distances == sorted(distances)
    assert distances[0] < distances[-1] / 10
    assert np.array_equal(shown, before)


@each
def test_the_same_seed_gives_the_same_faces(condition: Condition) -> None:
    shown = pictures()
    first = condition.apply(shown, 0.7, seed=1)
    assert np.array_equal(first, condition.apply(shown, 0.7, seed=1))
    drawn = condition.name not in {"blur", "small_face", "jpeg"}
    assert np.array_equal(first, condition.apply(shown, 0.7, seed=2)) != drawn


@each
def test_no_faces_are_none(condition: Condition) -> None:
    assert condition.apply(pictures()[:0], 1.0).shape == (0, 48, 48)


@each
def test_the_table_says_what_is_mild_and_hard(condition: Condition) -> None:
    assert module.__doc__ is not None
    row = re.search(rf"\| {condition.name} +\| ([\d./]+):", module.__doc__)
    assert row
    numerator, _, denominator = row[1].partition("/")
    assert condition.mild == float(numerator) / float(denominator or 1)
    assert condition.hard == 1.0


def test_names_are_unique() -> None:
    assert len(BY_NAME) == len(ALL) == 9


@pytest.mark.parametrize(
    ("name", "mild", "hard"),
    [
        ("low_light", "gamma 1.6, noise 6", "gamma 3.0, noise 15"),
        ("glasses", "frame 1.0 px", "frame 2.0 px"),
        ("sunglasses", "50% opaque", "100% opaque"),
        ("roll", "±10°", "±30°"),
        ("yaw", "±20°", "±40°"),
        ("blur", "sigma 1.0 px", "sigma 2.0 px"),
        ("small_face", "36 px wide", "24 px wide"),
        ("jpeg", "quality 49", "quality 15"),
        ("mask", "pulled up by 50%", "pulled up by 100%"),
    ],
)
def test_strengths_are_told_in_physical_terms(name: str, mild: str, hard: str) -> None:
    condition = BY_NAME[name]
    assert condition.in_words(condition.mild) == mild
    assert condition.in_words(condition.hard) == hard


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan")])
def test_a_strength_outside_its_range_is_refused(strength: float) -> None:
    with pytest.raises(ValueError, match="strength"):
        BY_NAME["blur"].apply(pictures(), strength)


@pytest.mark.parametrize("faces", [np.zeros((2, 48, 48)), np.zeros((2, 64, 64), np.uint8)])
def test_other_pictures_are_refused(faces: np.ndarray) -> None:
    with pytest.raises(ValueError, match="faces are"):
        BY_NAME["blur"].apply(faces, 0.5)


def test_low_light_is_gamma_and_noise() -> None:
    gray = np.full((20, 48, 48), 200, np.uint8)
    dark = BY_NAME["low_light"].apply(gray, 1.0)
    assert dark.mean() == pytest.approx(255 * (200 / 255) ** 3, abs=0.5)
    assert dark.std() == pytest.approx(0.06 * 255, abs=0.3)


def test_roll_turns_to_both_sides_by_its_angle() -> None:
    bars = np.zeros((12, 48, 48), np.uint8)
    bars[:, 22:26, 8:40] = 255
    angles = []
    for turned in BY_NAME["roll"].apply(bars, 1.0):
        moments = cv2.moments(turned)
        spread = 2 * moments["mu11"], moments["mu20"] - moments["mu02"]
        angles.append(np.rad2deg(np.arctan2(*spread) / 2))
    assert np.abs(angles) == pytest.approx(30, abs=0.5)
    assert min(angles) < 0 < max(angles)


def test_yaw_keeps_the_middle_and_shortens_the_far_half() -> None:
    """Figures by hand: asin(8/48/.55 ± sin 40°) - 40° is 31.1° and -20.1°."""
    ramp = np.broadcast_to(np.arange(48, dtype=np.uint8) * 5, (12, 48, 48)).copy()
    far_sides = set()
    for turned in BY_NAME["yaw"].apply(ramp, 1.0):
        columns = turned[20].astype(float) / 5
        middle, left, right = (np.interp(23.5 + d, range(48), columns) for d in (0, -8, 8))
        assert middle == pytest.approx(23.5, abs=0.3)
        far, near = max(middle - left, right - middle), min(middle - left, right - middle)
        assert (far, near) == (pytest.approx(13.6, abs=0.4), pytest.approx(9.1, abs=0.4))
        far_sides.add("left" if middle - left > right - middle else "right")
    assert far_sides == {"left", "right"}


def test_blur_has_the_sigma_that_it_says() -> None:
    edge = np.zeros((1, 48, 48), np.uint8)
    edge[:, :, 24:] = 255
    rise = np.diff(BY_NAME["blur"].apply(edge, 1.0)[0, 24].astype(float)) / 255
    place = np.arange(47) - 23
    assert rise.sum() == pytest.approx(1)
    assert np.sqrt((rise * place**2).sum()) == pytest.approx(2, abs=0.1)


def test_a_small_face_has_no_finer_detail_than_its_pixels() -> None:
    stripes = np.zeros((1, 48, 48), np.uint8)
    stripes[:, :, ::2] = 254
    assert set(np.unique(BY_NAME["small_face"].apply(stripes, 1.0))) == {127}
    assert np.ptp(BY_NAME["small_face"].apply(stripes, 0.5)) > 50


def test_jpeg_stores_at_the_quality_that_it_says() -> None:
    shown = pictures(1)
    _, stored = cv2.imencode(".jpg", shown[0], [cv2.IMWRITE_JPEG_QUALITY, 15])
    read = cv2.imdecode(stored, cv2.IMREAD_GRAYSCALE)
    assert np.array_equal(BY_NAME["jpeg"].apply(shown, 1.0)[0], read)
