"""What each visit gives to a sum → whether the sum may be told."""

from __future__ import annotations

from collections.abc import Iterable

#: Of the largest part, how much the others must add beside the second largest.
LEAST_REST = 0.5


def may_tell(parts: Iterable[float], minimum_group: int) -> bool:
    """Whether a sum tells of a group and not of one of its members; always for a group of 1.

    It has `minimum_group` parts at least, and obeys the p % rule of official statistics (Hundepool
    et al., Statistical Disclosure Control, 2012, chapter 4), with p = 50: whoever gave the second
    largest part knows it, subtracts it, and must not know the largest one nearer than by half.
    Otherwise four glimpses would make a group of one person who was there all the time.
    """
    if minimum_group <= 1:
        return True
    largest_first = sorted(parts, reverse=True)
    if len(largest_first) < minimum_group:
        return False
    largest, _, *rest = largest_first
    return sum(rest) >= LEAST_REST * largest
