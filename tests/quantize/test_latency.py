from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_app.perception.shipped import MODELS
from quantize.footprint import (
    Footprint,
    delegation,
    footprint_figures,
    footprint_lines,
    measure_footprint,
)
from quantize.latency import Latency, compare, profile
from quantize.static_int8 import quantize_int8, to_float_tflite
from tests.quantize.small_networks import as_samples, chain, pictures


@pytest.fixture(scope="module")
def both() -> tuple[bytes, bytes]:
    float_model = to_float_tflite(chain(), "image")
    samples = as_samples(pictures(16, channels=3))
    return float_model, quantize_int8(float_model, "image", samples, (0.0, 1.0))


def ticking(*steps: int) -> Iterator[int]:
    now = 0
    while True:
        for step in steps:
            yield now
            now += step


def test_the_median_of_turns_is_taken_without_the_first_ones(both: tuple[bytes, bytes]) -> None:
    # Float takes 3 ms, int8 1 ms; the first runs are slow and one later run is interrupted.
    slow = [90_000_000, 0] * 4
    usual = [3_000_000, 0, 1_000_000, 0]
    clock = ticking(*slow, *usual * 16, 800_000_000, 0, 700_000_000, 0, *usual)
    assert compare(*both, runs=20, clock=lambda: next(clock)) == Latency(3.0, 1.0)


def test_each_operation_is_timed_alone(both: tuple[bytes, bytes]) -> None:
    clock = ticking(2_000_000, 0, 1_000_000, 0)
    timed = list(profile(*both, runs=4, clock=lambda: next(clock)))
    assert [one.operation for one in timed] == [
        "CONV_2D", "CONV_2D", "DEPTHWISE_CONV_2D", "MAX_POOL_2D", "CONV_2D",
    ]  # fmt: skip
    assert timed[-1].shape == (1, 6, 6, 4)
    assert {one.latency.ratio for one in timed} == {2.0}


def test_a_footprint_is_what_the_models_are(both: tuple[bytes, bytes]) -> None:
    footprint = measure_footprint(*both, macs=1000, runs=4)
    assert (footprint.float_bytes, footprint.int8_bytes) == tuple(map(len, both))
    assert footprint.operations == {"CONV_2D": 3, "DEPTHWISE_CONV_2D": 1, "MAX_POOL_2D": 1}
    assert (footprint.delegate_partitions, footprint.undelegated) == (1, 0)
    assert footprint.latency.int8_ms > 0
    assert "latency" not in footprint_figures(footprint)


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_xnnpack_takes_each_shipped_model_whole(path: Path) -> None:
    assert delegation(path.read_bytes()) == (1, 0)


def test_a_footprint_in_words() -> None:
    footprint = Footprint(2000, 1000, 38_000_000, {"CONV_2D": 3}, 1, 0, Latency(3.0, 1.5))
    said = "\n".join(footprint_lines(footprint))
    for part in ("1,000 bytes (float 2,000)", "38.0 M", "3 CONV_2D", "1 partition", "int8 2.00"):
        assert part in said
