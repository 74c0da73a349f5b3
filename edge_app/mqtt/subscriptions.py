"""A handler's filters → the broker, and from there its answers and what comes."""

from __future__ import annotations

import logging

import paho.mqtt.client as mqtt
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from edge_app.mqtt.address import BrokerAddress
from edge_app.mqtt.handler import ConnectionHandler
from edge_app.mqtt.link_client import LinkClient

_LOG = logging.getLogger(__name__)


class Subscriptions:
    """Of one handler, on one connection after the other."""

    def __init__(self, address: BrokerAddress, handler: ConnectionHandler) -> None:
        self._address, self._handler = address, handler
        #: Filters that the broker did not answer to on this connection, by packet id.
        self._asked: dict[int | None, str] = {}

    def listen(self, client: LinkClient) -> None:
        """Hear what comes to a client, from its first packet on: a session goes on at once."""
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.manual_ack_set(self._handler.answers_later)

    def ask(self, client: LinkClient) -> None:
        """Ask for everything, on a connection that has just begun."""
        self._asked = {}
        for each in self._handler.filters:
            qos = 1 if each.is_queued else 0
            if client.protocol == MQTTProtocolVersion.MQTTv5:
                options = SubscribeOptions(qos=qos, retainAsPublished=each.keeps_retain)
                _, packet_id = client.subscribe(each.topic_filter, options=options)
            else:
                _, packet_id = client.subscribe(each.topic_filter, qos=qos)
            self._asked[packet_id] = each.topic_filter

    def _on_subscribe(
        self,
        _client: mqtt.Client,
        _userdata: object,
        packet_id: int,
        reasons: list[ReasonCode],
        _properties: Properties,
    ) -> None:
        topic_filter = self._asked.pop(packet_id, None)
        if topic_filter is None:
            return
        is_accepted = not any(reason.is_failure for reason in reasons)
        if not is_accepted:
            _LOG.warning(
                "broker %s: the subscription to %s is refused, and nothing that is said there is"
                " heard; check its access rules for this user",
                self._address,
                topic_filter,
            )
        self._handler.subscribed(topic_filter, is_accepted=is_accepted)

    def _on_message(
        self, client: mqtt.Client, _userdata: object, message: mqtt.MQTTMessage
    ) -> None:
        if self._handler.wants(message.topic):
            self._handler.received(message)
        else:
            client.ack(message.mid, message.qos)
