"""The request topics of a device → a queue that its frame loop empties."""

from __future__ import annotations

import logging
import queue

import paho.mqtt.client as mqtt
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from edge_app.events.requests import LARGEST_REQUEST, RawRequest
from edge_app.mqtt.connection import ConnectionHandler
from edge_app.mqtt.messages import REQUEST
from edge_app.mqtt.topics import TopicError, Topics

#: How many requests wait at most; a flood of more is left unanswered.
CAPACITY = 64

_LOG = logging.getLogger(__name__)


class RequestInbox(ConnectionHandler):
    """Filled by the connection's thread, emptied by any other; neither waits for the other."""

    def __init__(self, device: str) -> None:
        topics = Topics(device)
        self._topics = topics
        self._prefix = REQUEST.address.format(device=device, request="")
        self._waiting: queue.Queue[RawRequest] = queue.Queue(CAPACITY)
        self._is_flooded = False
        self._subscription: int | None = None

    def take(self) -> RawRequest | None:
        """The next request; None if there is none."""
        try:
            return self._waiting.get_nowait()
        except queue.Empty:
            self._is_flooded = False
            return None

    def connected(self, client: mqtt.Client) -> None:
        """Subscribe to every request, known or not: an unknown one gets an answer, too."""
        client.on_subscribe = self._on_subscribe
        topic_filter = f"{self._prefix}+"
        if client.protocol == MQTTProtocolVersion.MQTTv5:
            # Retained as published: a request that was sent to stay must be seen as such at once,
            # not only when the broker sends it again.
            options = SubscribeOptions(qos=REQUEST.qos, retainAsPublished=True)
            _, self._subscription = client.subscribe(topic_filter, options=options)
        else:
            _, self._subscription = client.subscribe(topic_filter, qos=REQUEST.qos)

    def received(self, message: mqtt.MQTTMessage) -> None:
        """Keep a request. On a topic that no answer can be sent to, or in a flood: nothing."""
        if not message.topic.startswith(self._prefix):
            return
        name = message.topic.removeprefix(self._prefix)
        try:
            self._topics.response(name)
        except TopicError:
            return
        is_oversized = len(message.payload) > LARGEST_REQUEST
        request = RawRequest(
            name=name,
            payload=b"" if is_oversized else bytes(message.payload),
            is_retained=message.retain,
            is_oversized=is_oversized,
        )
        try:
            self._waiting.put_nowait(request)
        except queue.Full:
            if not self._is_flooded:
                _LOG.warning("more requests than can be answered; some are passed over")
            self._is_flooded = True

    def _on_subscribe(
        self,
        _client: mqtt.Client,
        _userdata: object,
        packet_id: int,
        reasons: list[ReasonCode],
        _properties: Properties,
    ) -> None:
        if packet_id == self._subscription and any(reason.is_failure for reason in reasons):
            _LOG.warning(
                "the broker refuses the subscription to %s+; this device cannot be asked anything;"
                " check its access rules for this user",
                self._prefix,
            )
