"""Messages that are no events → the connection: retained ones again each time, others until the
broker has them.
"""

from __future__ import annotations

import threading
from collections import deque

import paho.mqtt.client as mqtt

from edge_app.mqtt.messages import Message, send

#: How many unretained messages wait for a connection: of more, the oldest is forgotten.
CAPACITY = 256


class Sender:
    """Any thread may hand over; only the connection's thread sends."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._kept: dict[str, tuple[Message, bytes]] = {}
        self._unsaid: dict[str, tuple[Message, bytes]] = {}
        self._once: deque[tuple[Message, str, bytes]] = deque(maxlen=CAPACITY)
        self._under_way: dict[int, tuple[Message, str, bytes]] = {}

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
        for topic, (message, payload) in unsaid.items():
            send(client, message, topic, payload)
        sent = {send(client, *each).mid: each for each in once}
        with self._changed:
            self._under_way |= sent
            self._changed.notify_all()

    def acknowledged(self, packet_id: int) -> None:
        """The broker has it, or refuses it for good."""
        with self._changed:
            self._under_way.pop(packet_id, None)
            self._changed.notify_all()

    def disconnected(self) -> None:
        """What the broker did not acknowledge is sent again on the next connection."""
        with self._changed:
            self._once = deque((*self._under_way.values(), *self._once), maxlen=CAPACITY)
            self._under_way = {}

    def wait_until_sent(self, timeout_s: float) -> bool:
        """Wait until nothing waits any more; False when `timeout_s` was not enough."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not (self._unsaid or self._once or self._under_way), timeout_s
            )
