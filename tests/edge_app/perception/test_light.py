import numpy as np
import pytest

from edge_app.perception.light import spread

RAMP = np.tile(np.arange(0, 240, 5, dtype=np.uint8), (48, 1))


def test_a_flat_crop_is_spread_over_the_whole_range() -> None:
    flat = (RAMP // 12 + 30).astype(np.uint8)
    wide = spread(flat)
    assert wide.dtype == np.uint8
    assert wide.min() == 0
    assert wide.max() == 255
    assert (np.diff(wide[0].astype(int)) >= 0).all()


def test_single_pixels_do_not_stop_a_crop_from_being_spread() -> None:
    """As a glint in an eye, or a dead pixel."""
    flat = (RAMP // 12 + 100).astype(np.uint8)
    flat[0, :10], flat[1, :10] = 255, 0
    wide = spread(flat)
    assert (wide[2:].min(), wide[2:].max()) == (0, 255)


@pytest.mark.parametrize(("deviation", "is_flat"), [(18, True), (22, False), (69, False)])
def test_a_crop_of_contrast_is_left_as_it_is(deviation: int, *, is_flat: bool) -> None:
    crop = ((RAMP - RAMP.mean()) * (deviation / RAMP.std()) + 128).astype(np.uint8)
    assert (spread(crop) is not crop) == is_flat


def test_an_even_crop_stays_finite() -> None:
    assert (spread(np.full((48, 48), 200, np.uint8)) == 0).all()
