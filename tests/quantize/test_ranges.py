from __future__ import annotations

import numpy as np
import pytest

from quantize.errors import QuantizeError
from quantize.ranges import FEWEST_SAMPLES, Calibration, Observed, observe
from quantize.static_int8 import SIGNATURE, tensor_ranges, to_float_tflite
from tests.quantize.small_networks import as_samples, pictures, small_network


@pytest.fixture(scope="module")
def float_model() -> bytes:
    return to_float_tflite(small_network(), "faces")


def seen(*rows: list[float]) -> Observed:
    values = Observed()
    for row in rows:
        values.see(np.float32(row))
    for row in rows:
        values.count(np.float32(row))
    return values


def test_min_max_holds_every_value() -> None:
    assert seen([-1, 2], [0, 9], [-3, 1]).range(Calibration.MIN_MAX) == (-3, 9)


def test_a_moving_average_cuts_what_is_rare() -> None:
    observed = seen(*[[0, 1]] * 50, [0, 100])
    assert observed.range(Calibration.MOVING_AVERAGE) == pytest.approx((0, 0.95 + 0.05 * 100))


def test_a_percentile_leaves_out_as_much_on_each_side() -> None:
    values = np.linspace(-1, 1, 100_001)
    low, high = seen(list(values)).range(Calibration.PERCENTILE, percentile=90)
    assert (low, high) == pytest.approx((-0.9, 0.9), abs=2 / 1000)


def test_a_percentile_of_a_constant_is_the_constant() -> None:
    low, high = seen([5.0] * 10).range(Calibration.PERCENTILE)
    assert (low, high) == pytest.approx((5, 5), abs=1e-3)


def test_every_activation_is_observed(float_model: bytes) -> None:
    shown = pictures(32)
    observed = observe(float_model, as_samples(shown))
    ranges = tensor_ranges(observed, "faces", (0.0, 1.0))
    assert ranges[f"{SIGNATURE}_faces:0"] == (0.0, 1.0)
    assert observed[f"{SIGNATURE}_faces:0"].high == shown.max()
    answers = small_network().predict(shown, verbose=0)["logits"]
    last = list(ranges.values())[-1]
    assert last == pytest.approx((answers.min(), answers.max()), abs=1e-5)
    assert all(values.counts is not None for values in observed.values())


def test_too_few_pictures_are_refused(float_model: bytes) -> None:
    few = as_samples(pictures(FEWEST_SAMPLES - 1))
    with pytest.raises(QuantizeError, match=r"calibration: 15 pictures, at least 16"):
        observe(float_model, few)


def test_pictures_of_another_shape_are_refused(float_model: bytes) -> None:
    samples = [*as_samples(pictures(20)), np.zeros((1, 10, 12, 1), np.float32)]
    with pytest.raises(QuantizeError, match=r"picture 20 is \[1, 10, 12, 1\].*\[1, 12, 12, 1\]"):
        observe(float_model, samples)


def test_pictures_that_are_no_numbers_are_refused(float_model: bytes) -> None:
    samples = as_samples(pictures(20))
    samples[3][0, 0, 0] = np.inf
    with pytest.raises(QuantizeError, match="picture 3 has values that are not finite"):
        observe(float_model, samples)
