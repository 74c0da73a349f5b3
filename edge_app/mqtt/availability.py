"""A client's connections, and their ends → `online` and `offline` on its availability topic."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable

from edge_app.mqtt.link_client import LinkClient
from edge_app.mqtt.messages import AVAILABILITY, OFFLINE, ONLINE
from edge_app.mqtt.refusal import RETAINED_HOLD_S, WARNING_S

_LOG = logging.getLogger(__name__)


class Availability:
    """Says `online` once on each connection, and `offline` at its end; else the last will does.

    Where the broker's rules refuse it, it is said again after a while, and not on each new
    connection: the broker may throw out whom it refuses.

    Only the connection's thread calls it. topic: None, nobody waits for this client. clock:
    monotonic seconds.
    """

    def __init__(self, topic: str | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._topic = topic
        self._clock = clock
        self._is_said = False
        self._held_until = self._warned_at = -math.inf
        self._packet_id: int | None = None

    def leave_will(self, client: LinkClient) -> None:
        """Have the broker say `offline` where the connection ends without a good-bye."""
        if self._topic is not None:
            client.will_set(self._topic, OFFLINE, AVAILABILITY.qos, AVAILABILITY.is_retained)

    @property
    def is_under_way(self) -> bool:
        """Whether the broker owes an answer to what was said last."""
        return self._packet_id is not None

    def connected(self) -> None:
        """A connection begins; nothing was said on it yet."""
        self._is_said, self._packet_id = False, None

    def proceed(self, client: LinkClient) -> None:
        """Say `online`, unless it was said on this connection."""
        if self._topic is not None and not self._is_said and not self._is_held:
            self._is_said = True
            self._packet_id = client.send(AVAILABILITY, self._topic, ONLINE)

    def say_offline(self, client: LinkClient) -> None:
        """Take back `online`."""
        if self._topic is not None and not self._is_held:
            self._packet_id = client.send(AVAILABILITY, self._topic, OFFLINE)

    def answered(self, packet_id: int, *, is_accepted: bool) -> bool:
        """The broker answered to a message; whether to this one."""
        if packet_id != self._packet_id:
            return False
        self._packet_id = None
        if not is_accepted:
            now = self._clock()
            self._is_said, self._held_until = False, now + RETAINED_HOLD_S
            if now - self._warned_at >= WARNING_S:
                self._warned_at = now
                _LOG.warning(
                    "the broker refuses messages on %s; check its access rules for this user",
                    self._topic,
                )
        return True

    @property
    def _is_held(self) -> bool:
        return self._clock() < self._held_until
