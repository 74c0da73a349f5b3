"""Messages that are no events → the connection: retained ones again each time, others until the
broker has them.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from edge_app.mqtt.link_client import LinkClient
from edge_app.mqtt.messages import Message
from edge_app.mqtt.refusal import RETAINED_HOLD_S

#: How many unretained messages wait for a connection: of more, the oldest is forgotten.
CAPACITY = 256


class Sent(NamedTuple):
    """A message that the broker is sent."""

    message: Message
    topic: str
    payload: bytes


class Sender:
    """Any thread may hand over; only the connection's thread sends.

    clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._kept: dict[str, Sent] = {}
        self._unsaid: dict[str, Sent] = {}
        #: Retained topics that the broker refuses, and until when nothing is said there.
        self._held: dict[str, float] = {}
        self._once: deque[Sent] = deque(maxlen=CAPACITY)
        #: Whether the connection's thread has some of it in hand, neither waiting nor under way.
        self._is_sending = False
        #: By packet id; and since when the broker owes an answer.
        self._under_way: dict[int, Sent] = {}
        self._silent_since: float | None = None

    def hand_over(self, message: Message, topic: str, payload: bytes) -> None:
        """Have it sent: of a retained topic only the newest, and that on each connection."""
        said = Sent(message, topic, payload)
        with self._changed:
            if message.is_retained:
                self._kept[topic] = self._unsaid[topic] = said
            else:
                self._once.append(said)

    def connected(self) -> None:
        """Say everything retained again: a broker without a disk forgets it."""
        with self._changed:
            self._unsaid = dict(self._kept)

    def proceed(self, client: LinkClient) -> None:
        """Send what waits."""
        with self._changed:
            now = self._clock()
            for topic in [topic for topic, until in self._held.items() if until <= now]:
                del self._held[topic]
                self._unsaid[topic] = self._kept[topic]
            waiting = [*map(self._unsaid.pop, self._sayable()), *self._once]
            self._once.clear()
            self._is_sending = True
        sent = {
            packet_id: each for each in waiting if (packet_id := client.send(*each)) is not None
        }
        with self._changed:
            if not self._under_way:
                self._silent_since = self._clock()
            self._under_way |= sent
            self._is_sending = False
            self._changed.notify_all()

    def unanswered_since(self) -> float | None:
        """Since when the broker has answered nothing, on the clock; None: it owes no answer.

        Anything that it answers counts, an event too: paho queues what is more than the broker
        takes at once, so that a message may wait though all is well.
        """
        with self._changed:
            return self._silent_since if self._under_way else None

    def acknowledged(self, packet_id: int) -> Sent | None:
        """The broker has this message, or refuses it for good. None: an event, none of ours."""
        with self._changed:
            self._silent_since = self._clock()
            sent = self._under_way.pop(packet_id, None)
            self._changed.notify_all()
            return sent

    def refused(self, packet_id: int) -> Sent | None:
        """The broker's rules refuse this message; as `acknowledged`.

        A retained topic is said again after a while, and not on each new connection: the broker may
        throw out whom it refuses.
        """
        said = self.acknowledged(packet_id)
        if said is not None and said.message.is_retained:
            with self._changed:
                self._held[said.topic] = self._clock() + RETAINED_HOLD_S
        return said

    def disconnected(self) -> None:
        """What the broker did not acknowledge is sent again on the next connection."""
        with self._changed:
            self._once = deque((*self._once_under_way(), *self._once), maxlen=CAPACITY)
            self._under_way = {}
            self._is_sending = False

    def wait_until_sent(self, timeout_s: float) -> bool:
        """Wait until the broker has everything, retained messages aside; False: not in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._is_something_left(), timeout_s)

    def _is_something_left(self) -> bool:
        """Whether the broker does not have all of it. The caller locks."""
        return any((self._sayable(), self._once, self._is_sending, self._once_under_way()))

    def _sayable(self) -> list[str]:
        """Retained topics of which something waits that may be said."""
        return [topic for topic in self._unsaid if topic not in self._held]

    def _once_under_way(self) -> list[Sent]:
        """What is not retained, and so is not said again anyway."""
        return [each for each in self._under_way.values() if not each.message.is_retained]
