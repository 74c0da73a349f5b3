"""What happens on a connection → its owner, who says what is to be heard."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import paho.mqtt.client as mqtt

from edge_app.mqtt.link_client import LinkClient


class Filter(NamedTuple):
    """What is to be heard: messages whose topic matches.

    keeps_retain: a message that was published to stay is seen as such at once, not only when the
    broker sends it again; with MQTT 5 only.
    is_queued: what comes while a session waits for its client is kept for it. Else it is asked for
    with quality of service 0.
    """

    topic_filter: str
    keeps_retain: bool = False
    is_queued: bool = True


class ConnectionHandler:
    """What a connection's owner does on it. The connection's thread calls every method."""

    @property
    def filters(self) -> Sequence[Filter]:
        """What the broker is asked for, in order, on each connection."""
        return ()

    @property
    def answers_later(self) -> bool:
        """Whether it answers itself to each message that is received (`LinkClient.ack`).

        Else each is answered as soon as `received` returns.
        """
        return False

    def wants(self, topic: str) -> bool:
        """Whether it is to be heard: amqtt also sends what others asked for."""
        return any(mqtt.topic_matches_sub(each.topic_filter, topic) for each in self.filters)

    def connected(self, client: LinkClient) -> None:
        """A connection stands, the first or a later one; nothing is left of the one before."""

    def subscribed(self, topic_filter: str, *, is_accepted: bool) -> None:
        """The broker answered to one of the filters; the log has it where it refuses."""

    def proceed(self, client: LinkClient) -> None:
        """Something may have happened, `Connection.wake` for example: publish what waits."""

    def acknowledged(self, packet_id: int, *, is_accepted: bool) -> None:
        """The broker took a message of quality of service 1, or refuses it for good.

        One that it refuses for now ends the connection instead.
        """

    def refused_by_rules(self, packet_id: int) -> None:
        """The broker refuses a message by its rules, and would take it with other ones.

        Who does not tell this apart gives the message up.
        """
        self.acknowledged(packet_id, is_accepted=False)

    def too_large(self, packet_id: int) -> None:
        """The broker takes no message of this size; the log has it.

        Who does not tell this apart gives the message up.
        """
        self.acknowledged(packet_id, is_accepted=False)

    def topic_of(self, packet_id: int) -> str | None:
        """Where a message of this connection went; None: the handler does not say, or sent none."""
        del packet_id
        return None

    def unanswered_since(self) -> float | None:
        """When the oldest message was sent that waits for an answer, in monotonic seconds."""
        return None

    def received(self, message: mqtt.MQTTMessage) -> None:
        """A message came that is wanted."""

    def disconnected(self) -> None:
        """The connection is gone; what was not acknowledged may or may not have arrived."""
