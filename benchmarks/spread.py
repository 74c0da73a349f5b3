"""Durations, pass after pass over the same work → percentiles, and what each pass took."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from statistics import fmean

import numpy as np

from benchmarks.results import Spread


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0…1) of `values` lie, with a line between two neighbours.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("no values")
    return float(np.quantile(np.asarray(values, np.float64), share))


def spread(
    passes: Iterable[Sequence[float]], block: Callable[[Sequence[float]], float] = fmean
) -> Spread:
    """Milliseconds of each pass's measurements as one `Spread`; empty passes are left out.

    block: what stands for a pass: the mean where it holds frames of many kinds, the median where
    all of its work is the same.

    Raises:
        ValueError: nothing was measured.
    """
    filled = [values for values in passes if values]
    together = [value for values in filled for value in values]
    return Spread(
        count=len(together),
        mean=_rounded(sum(together) / max(1, len(together))),
        p50=_rounded(percentile(together, 0.5)),
        p90=_rounded(percentile(together, 0.9)),
        p99=_rounded(percentile(together, 0.99)),
        blocks=tuple(_rounded(block(values)) for values in filled),
    )


def _rounded(milliseconds: float) -> float:
    """To a tenth of a microsecond, which no clock here tells."""
    return round(milliseconds, 4)
