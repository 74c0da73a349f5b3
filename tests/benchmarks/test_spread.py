from __future__ import annotations

from statistics import median

import pytest

from benchmarks.spread import percentile, spread


def test_percentiles_of_a_known_row() -> None:
    values = [float(n) for n in range(101)]
    assert [percentile(values, share) for share in (0.0, 0.5, 0.9, 0.99, 1.0)] == [
        0.0, 50.0, 90.0, 99.0, 100.0,
    ]  # fmt: skip
    assert percentile([1.0, 2.0], 0.5) == 1.5
    assert percentile([7.0], 0.99) == 7.0


def test_no_values_have_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)
    with pytest.raises(ValueError, match="no values"):
        spread([[], []])


def test_a_pass_is_a_block_and_all_passes_make_the_percentiles() -> None:
    of_means = spread([[1.0, 2.0, 9.0], [], [4.0]])
    assert of_means.blocks == (4.0, 4.0)
    assert (of_means.count, of_means.mean, of_means.p50) == (4, 4.0, 3.0)
    assert spread([[1.0, 2.0, 9.0]], median).blocks == (2.0,)
