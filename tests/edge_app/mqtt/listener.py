"""A subscriber that is none of ours: plain paho, which sees what is on the wire."""

from __future__ import annotations

import threading
from typing import Any, NamedTuple, Self

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge_app.closing import Closing
from edge_app.mqtt.address import BrokerAddress
from tests.brokers import wait_until


class Heard(NamedTuple):
    topic: str
    payload: bytes
    qos: int
    retain: bool


class Listener(Closing):
    """Subscribed to a filter by the time that its `with` block begins."""

    def __init__(
        self,
        address: BrokerAddress,
        topic_filter: str = "mien/#",
        *,
        version: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv311,
        login: tuple[str, str] | None = None,
    ) -> None:
        self.heard: list[Heard] = []
        self._address = address
        self._filter = topic_filter
        self._subscribed = threading.Event()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=version)
        if login is not None:
            self.client.username_pw_set(*login)
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = self._on_subscribe
        self.client.on_message = self._on_message

    def __enter__(self) -> Self:
        self.client.connect(self._address.host, self._address.port)
        self.client.loop_start()
        assert self._subscribed.wait(60)
        return self

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def on(self, topic: str) -> list[Heard]:
        return [each for each in self.heard if each.topic == topic]

    def wait_for(self, topic: str, count: int = 1) -> list[Heard]:
        wait_until(lambda: len(self.on(topic)) >= count)
        return self.on(topic)

    def _on_connect(self, client: mqtt.Client, *_: Any) -> None:
        client.subscribe(self._filter, qos=1)

    def _on_subscribe(self, *_: Any) -> None:
        self._subscribed.set()

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        self.heard.append(Heard(message.topic, message.payload, message.qos, message.retain))
