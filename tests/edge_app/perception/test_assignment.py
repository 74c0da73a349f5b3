from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from edge_app.perception.assignment import assign


def cheapest(costs: np.ndarray, limit: float) -> float:
    """By trying everything; who stays alone costs the limit."""
    rows, columns = costs.shape
    capped = np.minimum(costs, limit)
    if rows > columns:
        capped = capped.T
    return min(
        sum(row[column] for row, column in zip(capped, order, strict=True))
        for order in permutations(range(capped.shape[1]), capped.shape[0])
    )


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (4, 1), (2, 2), (3, 5), (5, 3), (5, 5)])
@pytest.mark.parametrize("limit", [0.3, 0.7, 2.0])
def test_no_other_pairs_cost_less(shape: tuple[int, int], limit: float) -> None:
    rng = np.random.default_rng(7)
    for _ in range(20):
        costs = rng.random(shape)
        pairs = assign(costs.tolist(), limit)
        assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)
        paid = sum(costs[pair] for pair in pairs)
        alone = min(shape) - len(pairs)
        assert paid + alone * limit == pytest.approx(cheapest(costs, limit))
        assert all(costs[pair] < limit for pair in pairs)


def test_the_nearest_first_would_be_wrong() -> None:
    assert assign([[0.1, 0.2], [0.2, 0.9]], 1.0) == [(0, 1), (1, 0)]


def test_nobody_is_paired_with_nobody() -> None:
    assert assign([], 1.0) == []
    assert assign([[], []], 1.0) == []
