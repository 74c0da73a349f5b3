"""Messages that are no events → the connection: retained ones again each time, others until the
broker has them.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

import paho.mqtt.client as mqtt

from edge_app.mqtt.messages import Message, send

#: How many unretained messages wait for a connection: of more, the oldest is forgotten.
CAPACITY = 256


class Sent(NamedTuple):
    """A message that the broker was sent."""

    topic: str
    payload: bytes


class Sender:
    """Any thread may hand over; only the connection's thread sends.

    clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._kept: dict[str, tuple[Message, bytes]] = {}
        self._unsaid: dict[str, tuple[Message, bytes]] = {}
        self._once: deque[tuple[Message, str, bytes]] = deque(maxlen=CAPACITY)
        #: By packet id: what is sent again on the next connection.
        self._under_way: dict[int, tuple[Message, str, bytes]] = {}
        #: By packet id: all that was sent; and since when the broker owes an answer.
        self._unanswered: dict[int, Sent] = {}
        self._silent_since: float | None = None

    def hand_over(self, message: Message, topic: str, payload: bytes) -> None:
        """Have it sent: of a retained topic only the newest, and that on each connection."""
        with self._changed:
            if message.is_retained:
                self._kept[topic] = self._unsaid[topic] = (message, payload)
            else:
                self._once.append((message, topic, payload))

    def connected(self) -> None:
        """Say everything retained again: a broker without a disk forgets it."""
        with self._changed:
            self._unsaid = dict(self._kept)

    def proceed(self, client: mqtt.Client) -> None:
        """Send what waits."""
        with self._changed:
            unsaid, self._unsaid = self._unsaid, {}
            once = list(self._once)
            self._once.clear()
        retained = {
            send(client, message, topic, payload).mid: Sent(topic, payload)
            for topic, (message, payload) in unsaid.items()
        }
        sent = {send(client, *each).mid: each for each in once}
        with self._changed:
            self._under_way |= sent
            if not self._unanswered:
                self._silent_since = self._clock()
            self._unanswered |= retained
            self._unanswered |= {mid: Sent(*each[1:]) for mid, each in sent.items()}
            self._changed.notify_all()

    def unanswered_since(self) -> float | None:
        """For how long the broker has answered nothing that it was sent; None: it owes no answer.

        Anything it answers counts, an event too: paho queues what is more than the broker takes at
        once, so that a message may wait though all is well.
        """
        with self._changed:
            return self._silent_since if self._unanswered else None

    def acknowledged(self, packet_id: int) -> Sent | None:
        """The broker has this message, or refuses it for good. None: an event, none of ours."""
        with self._changed:
            self._silent_since = self._clock()
            self._under_way.pop(packet_id, None)
            self._changed.notify_all()
            return self._unanswered.pop(packet_id, None)

    def disconnected(self) -> None:
        """What the broker did not acknowledge is sent again on the next connection."""
        with self._changed:
            self._once = deque((*self._under_way.values(), *self._once), maxlen=CAPACITY)
            self._under_way = {}
            self._unanswered = {}

    def wait_until_sent(self, timeout_s: float) -> bool:
        """Wait until nothing waits any more; False when `timeout_s` was not enough."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not (self._unsaid or self._once or self._under_way), timeout_s
            )
