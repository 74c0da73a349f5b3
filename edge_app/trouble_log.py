"""How a connection or camera fares → lines in the log, few for months, and what is wrong now."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable

#: How often a trouble that comes again and again is told.
REPEAT_S = 3600.0
#: For how long a trouble that was told before must be the only one, to be the one of now.
SETTLED_S = 60.0
#: So many different ones are told in that time; a camera may have another one each time.
_MOST_TOLD = 12
#: After so many ends, not after one: a cable may be tried a few times.
_QUICK_ENDS = 4

_LOG = logging.getLogger(__name__)


class TroubleLog:
    """Tells a trouble when it begins, and its end once all has gone well for a while.

    That while doubles with each end from the fourth on, up to REPEAT_S, and is as short as at first
    once all went well for so long: what breaks again and again gets a line every REPEAT_S, and a
    trouble has the last word. A broker that is away for a night is one line. Of troubles that take
    turns each is told every REPEAT_S, and of many the first ones; one that stays is known by
    `trouble` after SETTLED_S.

    Only one thread may call it.
    """

    def __init__(self, *, lasting_s: float, clock_s: Callable[[], float] = time.monotonic) -> None:
        """lasting_s: the first while. clock_s: never goes back."""
        self._lasting_s, self._clock_s = lasting_s, clock_s
        self._since_s, self._how = 0.0, ""
        #: For `trouble`; in the last line; and at last, since when.
        self._trouble = self._told = self._latest = ""
        self._latest_s = self._last_s = -math.inf
        self._told_s: dict[str, float] = {}
        self._beginnings = self._ends = 0

    @property
    def trouble(self) -> str:
        """What is wrong, though no line says so; empty: its end was told, or nothing was yet.

        An alert has it for its text, and should not change with each attempt.
        """
        return self._trouble

    def began(self, how: str) -> None:
        """It goes well, for now. how: the line for that."""
        self._since_s, self._how = self._clock_s(), how
        self._beginnings += 1
        _LOG.log(logging.DEBUG if self._trouble else logging.INFO, "%s", how)

    def stands(self) -> None:
        """It goes on well; to be called now and then."""
        stood_s = self._clock_s() - self._since_s
        if stood_s >= REPEAT_S:
            self._ends = 0
        doublings = max(0, self._ends + 1 - _QUICK_ENDS)
        if self._trouble and stood_s >= min(self._lasting_s * 2**doublings, REPEAT_S):
            # Whoever was told of the trouble is told of its end.
            _LOG.warning("%s", self._how)
            self._trouble = self._told = ""
            # Of what comes after it, each trouble is new.
            self._told_s.clear()
            self._ends += 1

    def broke(self, trouble: str, error: Exception | None = None) -> None:
        """It is over, or could not begin. error: one that should not have been."""
        now_s = self._clock_s()
        self._told_s = {
            each: at_s for each, at_s in self._told_s.items() if now_s - at_s < REPEAT_S
        }
        if trouble != self._latest:
            self._latest, self._latest_s = trouble, now_s
        is_new = trouble not in {self._told, *self._told_s} and len(self._told_s) < _MOST_TOLD
        is_due = self._beginnings > 0 and now_s - self._last_s >= REPEAT_S
        if self._told and not is_new and not is_due:
            if now_s - self._latest_s >= SETTLED_S:
                self._trouble = trouble
            _LOG.debug("%s; trying again", trouble, exc_info=error)
            return
        again = ""
        if self._beginnings > 1:
            again = f" (ended {self._beginnings} times since the last such line)"
        _LOG.warning("%s%s; trying again", trouble, again, exc_info=error)
        self._trouble = self._told = trouble
        self._last_s, self._beginnings = now_s, 0
        self._told_s[trouble] = now_s
