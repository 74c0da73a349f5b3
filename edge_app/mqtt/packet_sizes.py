"""What a broker says about sizes → which messages are left out, with a line in the log."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable

from edge_app.mqtt.refusal import RETAINED_HOLD_S, WARNING_S

_LOG = logging.getLogger(__name__)


class PacketSizes:
    """How large a packet may be, in bytes, on this connection, and on each topic.

    A broker may say the former (MQTT 5, 3.2.2.3.6). The latter it tells by its refusals, where it
    may throw out whom it refuses: that is known on later connections, too, and tried again after a
    while, since its limit may have been raised.

    clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._most: int | None = None
        self._told_s = -math.inf
        #: By topic: the smallest size that was refused, and until when none so large is sent.
        self._refused: dict[str, tuple[int, float]] = {}
        self._warned: dict[str, float] = {}

    def connected(self, most: int | None) -> None:
        """The broker takes packets of so many bytes at most; None: it does not say."""
        self._most = most

    def refused(self, topic: str, size: int) -> None:
        """The broker refuses a packet of so many bytes as too large."""
        now = self._clock()
        least, _ = self._refused.get(topic, (size, now))
        self._refused[topic] = min(size, least), now + RETAINED_HOLD_S
        if now - self._warned.get(topic, -math.inf) >= WARNING_S:
            self._warned[topic] = now
            _LOG.warning(
                "%s: the broker refuses a message of %d bytes as too large, and such are left out;"
                " raise its limit for messages",
                topic,
                size,
            )

    def take(self, topic: str, size: int) -> bool:
        """Whether the broker takes a packet of so many bytes; one that is larger is told of hourly.

        To send it would end the connection, and the next one on which it is sent again.
        """
        least, until = self._refused.get(topic, (size, -math.inf))
        if self._clock() >= until:
            self._refused.pop(topic, None)
        elif size >= least:
            return False
        if self._most is None or size <= self._most:
            return True
        now = self._clock()
        if now - self._told_s >= WARNING_S:
            self._told_s = now
            _LOG.warning(
                "%s: a message of %d bytes is left out, since the broker takes %d bytes at most;"
                " raise its limit for packets",
                topic,
                size,
                self._most,
            )
        return False
