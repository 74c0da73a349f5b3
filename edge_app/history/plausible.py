"""How long something lasted, as a device told it → whether that can be true."""

from __future__ import annotations

from collections.abc import Mapping

#: Ten years: no device counts for so long, and whatever is shorter has a finite sum.
LONGEST_S = 10 * 366 * 86_400.0


def is_plausible(length_s: float, emotions_s: Mapping[str, float] | None) -> bool:
    """Whether a visit or an interval may have been so long.

    emotions_s: seconds of each emotion, of all faces together; None where they were not told.
    """
    shown_s = sum(emotions_s.values()) if emotions_s else 0.0
    return 0.0 <= length_s <= LONGEST_S and shown_s <= LONGEST_S
