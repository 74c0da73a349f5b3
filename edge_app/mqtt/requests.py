"""The request topics of a device → a queue that its frame loop empties."""

from __future__ import annotations

import logging
import queue
from collections.abc import Sequence

import paho.mqtt.client as mqtt

from edge_app.events.requests import LARGEST_REQUEST, RawRequest
from edge_app.mqtt.handler import ConnectionHandler, Filter
from edge_app.mqtt.messages import REQUEST, RESPONSE
from edge_app.mqtt.topics import TopicError

#: How many requests wait at most; a flood of more is left unanswered.
CAPACITY = 64

_LOG = logging.getLogger(__name__)


class RequestInbox(ConnectionHandler):
    """Filled by the connection's thread, emptied by any other; neither waits for the other."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._filter = REQUEST.filter(device)
        self._waiting: queue.Queue[RawRequest] = queue.Queue(CAPACITY)
        self._is_flooded = False

    def take(self) -> RawRequest | None:
        """The next request; None if there is none."""
        try:
            return self._waiting.get_nowait()
        except queue.Empty:
            self._is_flooded = False
            return None

    @property
    def filters(self) -> Sequence[Filter]:
        """Every request, known or not: an unknown one gets an answer, too."""
        # A request that was sent to stay must be seen as such at once.
        return (Filter(self._filter, keeps_retain=True),)

    def received(self, message: mqtt.MQTTMessage) -> None:
        """Keep a request. On a topic that no answer can be sent to, or in a flood: nothing."""
        name = message.topic.rpartition("/")[2]
        try:
            RESPONSE.topic(self._device, request=name)
        except TopicError:
            return
        payload = bytes(message.payload[: LARGEST_REQUEST + 1])
        request = RawRequest(name=name, payload=payload, is_retained=message.retain)
        try:
            self._waiting.put_nowait(request)
        except queue.Full:
            if not self._is_flooded:
                _LOG.warning("more requests than can be answered; some are passed over")
            self._is_flooded = True
