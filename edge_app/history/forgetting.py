"""When was recorded, and what time it is → before which time everything is surely too old."""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter

#: A day of running shows that up to a week has passed. Of the time between two runs there is only
#: the clock's word, and it is wrong for minutes after a start more often than for weeks.
_TRUST = 7


def surely_before_ms(stretches: Iterable[tuple[int, int]], now_ms: int, keep_ms: int) -> int:
    """`now_ms - keep_ms`, or earlier, where that much time has not surely passed.

    It counts back from now. The time that was recorded counts in full, the time between only for
    as long as the whole is not more than a week for each day of recording since then.

    stretches: from when until when was recorded, in any order, by clocks that may have been wrong.
    Milliseconds since 1970 in UTC.
    """
    at_ms, ran_ms, age_ms = now_ms, 0, 0
    for start_ms, recorded_to_ms in sorted(stretches, key=itemgetter(1), reverse=True):
        # What lies in the future, or beside another, tells nothing.
        end_ms = min(recorded_to_ms, at_ms)
        if start_ms > end_ms:
            continue
        age_ms += min(at_ms - end_ms, _TRUST * ran_ms - age_ms)
        at_ms = end_ms
        if age_ms >= keep_ms:
            break
        age_ms += end_ms - start_ms
        ran_ms += end_ms - start_ms
        at_ms = start_ms
        if age_ms >= keep_ms:
            break
    return at_ms + age_ms - keep_ms
