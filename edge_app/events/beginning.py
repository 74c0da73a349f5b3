"""A clock that may be set, and one that is not → when something began."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

#: A clock that is set by less does no harm: whoever was told of a beginning need not hear of it.
_LEAP = timedelta(seconds=60)


def system_up_s() -> float:
    """Seconds since the system's start, asleep or awake; no clock that is set changes them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True)
class Beginning:
    """since: as it is told, in UTC. up_s: as `system_up_s` had it then."""

    since: datetime
    up_s: float

    def seen_from(self, now: datetime, up_s: float) -> Beginning:
        """The same, unless the clock was set by a minute or more: then the time that is true."""
        since = now - timedelta(seconds=up_s - self.up_s)
        return self if abs(since - self.since) < _LEAP else Beginning(since, self.up_s)
