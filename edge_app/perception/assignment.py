"""What it costs to pair each with each → the pairs that cost least together."""

from __future__ import annotations

import math
from collections.abc import Sequence


def assign(costs: Sequence[Sequence[float]], limit: float) -> list[tuple[int, int]]:
    """Find the pairs whose savings below `limit` add up to most, exactly.

    The Hungarian method by shortest augmenting paths (Jonker and Volgenant 1987). For the few
    faces of a frame it takes some microseconds, where SciPy would take 30 MB of memory.

    costs: a row for each of the ones, a column for each of the others.

    Returns pairs of row and column, in the order of rows; whoever has no partner below `limit`
    stays alone.
    """
    rows, columns = len(costs), len(costs[0]) if costs else 0
    if rows > columns:
        transposed = [[costs[row][column] for row in range(rows)] for column in range(columns)]
        return sorted((row, column) for column, row in assign(transposed, limit))
    savings = [[min(cost - limit, 0.0) for cost in row] for row in costs]
    partners = _partners(savings, columns) if rows > 1 else [_least(row) for row in savings]
    return [(row, column) for row, column in enumerate(partners) if savings[row][column] < 0.0]


def _least(row: Sequence[float]) -> int:
    return min(range(len(row)), key=row.__getitem__)


def _partners(costs: Sequence[Sequence[float]], columns: int) -> list[int]:
    """Each row's column in the cheapest whole assignment; there are at least as many columns."""
    row_prices, column_prices = [0.0] * len(costs), [0.0] * columns
    owner: list[int | None] = [None] * columns
    for new_row in range(len(costs)):
        # Dijkstra over columns: the cheapest way of moving the rows before to seat one more.
        distance = [math.inf] * columns
        come_from: list[int | None] = [None] * columns
        waiting, settled = set(range(columns)), list[int]()
        row: int | None = new_row
        travelled, at = 0.0, None
        while row is not None:
            for column in waiting:
                reduced = costs[row][column] - row_prices[row] - column_prices[column]
                if travelled + reduced < distance[column]:
                    distance[column], come_from[column] = travelled + reduced, at
            at = min(waiting, key=distance.__getitem__)
            waiting.remove(at)
            settled.append(at)
            travelled, row = distance[at], owner[at]
        for column in settled:
            slack = travelled - distance[column]
            column_prices[column] -= slack
            seated = owner[column]
            if seated is not None:
                row_prices[seated] += slack
        row_prices[new_row] += travelled
        _move_along(owner, come_from, at, new_row)
    return [owner.index(row) for row in range(len(costs))]


def _move_along(
    owner: list[int | None], come_from: Sequence[int | None], last: int | None, new_row: int
) -> None:
    """Give each column of the path, from its end on, the owner of the column before it."""
    at = last
    while at is not None:
        before = come_from[at]
        owner[at] = new_row if before is None else owner[before]
        at = before
