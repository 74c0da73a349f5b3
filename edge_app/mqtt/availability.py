"""A client's connections, and their ends → `online` and `offline` on its availability topic."""

from __future__ import annotations

from edge_app.mqtt.link_client import LinkClient
from edge_app.mqtt.messages import AVAILABILITY, OFFLINE, ONLINE


class Availability:
    """Says `online` once on each connection, and `offline` at its end; else the last will does.

    Only the connection's thread calls it. topic: None, nobody waits for this client.
    """

    def __init__(self, topic: str | None) -> None:
        self._topic = topic
        self._is_said = False
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
        if self._topic is not None and not self._is_said:
            self._is_said = True
            self._packet_id = client.send(AVAILABILITY, self._topic, ONLINE)

    def say_offline(self, client: LinkClient) -> None:
        """Take back `online`."""
        if self._topic is not None:
            self._packet_id = client.send(AVAILABILITY, self._topic, OFFLINE)

    def acknowledged(self, packet_id: int) -> None:
        """The broker answered to a message; to this one or another."""
        if packet_id == self._packet_id:
            self._packet_id = None
