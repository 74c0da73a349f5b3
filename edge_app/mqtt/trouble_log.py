"""How a connection fares → lines in the log: few enough for months, and the last of them true."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable

#: How often a trouble that comes again and again is told.
REPEAT_S = 3600.0

_LOG = logging.getLogger(__name__)


class TroubleLog:
    """Tells a trouble when it begins, and its end once the connection has stood for a while.

    That while doubles with each end, up to REPEAT_S, and is as short as at first once a connection
    stood for so long: one that breaks again and again gets a line every REPEAT_S, and its trouble
    keeps the last word. A broker that is away for a night is one line.

    Only the connection's thread may call it.
    """

    def __init__(
        self, name: str, *, lasting_s: float, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        """name: whose connection it is. lasting_s: the first while. clock_s: never goes back."""
        self._name, self._lasting_s, self._clock_s = name, lasting_s, clock_s
        self._needed_s, self._since_s, self._how = lasting_s, 0.0, ""
        #: What has the last word; empty: a connection that stands, or none yet.
        self._trouble = ""
        self._last_s = -math.inf
        self._told_s: dict[str, float] = {}
        self._connections = 0

    def connected(self, how: str) -> None:
        """A connection was made; how: what it speaks."""
        self._since_s, self._how = self._clock_s(), how
        self._connections += 1
        level = logging.DEBUG if self._trouble else logging.INFO
        _LOG.log(level, "%s: connected, %s", self._name, how)

    def stands(self) -> None:
        """The connection goes on; to be called now and then."""
        stood_s = self._clock_s() - self._since_s
        if stood_s >= REPEAT_S:
            self._needed_s = self._lasting_s
        if self._trouble and stood_s >= self._needed_s:
            # Whoever was told of the trouble is told of its end.
            _LOG.warning("%s: connected, %s", self._name, self._how)
            self._trouble = ""
            # Of what comes after it, each trouble is new.
            self._told_s.clear()
            self._needed_s = min(2 * self._needed_s, REPEAT_S)

    def broke(self, trouble: str, error: Exception | None = None) -> None:
        """The connection is gone, or could not be made. error: one that should not have been."""
        now_s = self._clock_s()
        self._told_s = {
            each: at_s for each, at_s in self._told_s.items() if now_s - at_s < REPEAT_S
        }
        is_new = trouble != self._trouble and trouble not in self._told_s
        is_due = self._connections > 0 and now_s - self._last_s >= REPEAT_S
        if self._trouble and not is_new and not is_due:
            _LOG.debug("%s: %s; trying again", self._name, trouble, exc_info=error)
            return
        again = ""
        if self._connections > 1:
            again = f" ({self._connections} connections ended since the last such line)"
        _LOG.warning("%s: %s%s; trying again", self._name, trouble, again, exc_info=error)
        self._trouble, self._last_s, self._connections = trouble, now_s, 0
        self._told_s[trouble] = now_s
