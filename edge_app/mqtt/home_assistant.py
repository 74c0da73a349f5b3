"""A connection, and Home Assistant's birth on it → the discovery message, said again."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

import msgspec
import paho.mqtt.client as mqtt

from edge_app.mqtt.discovery import Description, discovery, discovery_topic
from edge_app.mqtt.handler import ConnectionHandler, Filter
from edge_app.mqtt.link_client import LinkClient
from edge_app.mqtt.messages import DISCOVERY
from edge_app.mqtt.refusal import RETAINED_HOLD_S

#: Where Home Assistant says that it starts. Another prefix for discovery does not change it: the
#: topic of its birth message is a setting of its own.
BIRTH_TOPIC = "homeassistant/status"


class HomeAssistant(ConnectionHandler):
    """Shows a device to Home Assistant, as long as its broker is one of ours.

    Where the broker's rules refuse that, it is said again after a while, and not on each new
    connection: the broker may throw out whom it refuses. clock: monotonic seconds.
    """

    def __init__(
        self, description: Description, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._held_until = -math.inf
        # Whoever moves everything below a prefix moves this, too.
        self._birth_topics = {BIRTH_TOPIC, f"{description.prefix}/status"}
        self._topic = discovery_topic(description.device, description.prefix)
        self._payload = msgspec.json.encode(discovery(description))
        self._is_born = True
        self._packet_id: int | None = None

    @property
    def filters(self) -> Sequence[Filter]:
        """Where Home Assistant says that it starts."""
        return [Filter(topic) for topic in sorted(self._birth_topics)]

    def connected(self, client: LinkClient) -> None:
        """Say it."""
        del client
        self._is_born = True
        self._packet_id = None

    def received(self, message: mqtt.MQTTMessage) -> None:
        """Notice a start. A retained one is old; on this connection it was said already."""
        if not message.retain:
            self._is_born |= message.payload == b"online"

    def proceed(self, client: LinkClient) -> None:
        """Say it once after each start, theirs or ours."""
        if self._is_born and self._clock() >= self._held_until:
            self._is_born = False
            self._packet_id = client.send(DISCOVERY, self._topic, self._payload)

    def refused_by_rules(self, packet_id: int) -> None:
        """Wait with it."""
        if packet_id == self._packet_id:
            self._is_born = True
            self._held_until = self._clock() + RETAINED_HOLD_S

    def topic_of(self, packet_id: int) -> str | None:
        """Where the message went, if it was this one."""
        return self._topic if packet_id == self._packet_id else None
