from __future__ import annotations

import socket
from collections.abc import Sequence

import paho.mqtt.client as mqtt
import pytest

from edge_app.mqtt.connection import Connection
from edge_app.mqtt.handler import ConnectionHandler, Filter
from tests.brokers import wait_until
from tests.edge_app.mqtt.scripted_broker import MakeBroker, accept, publication, refuse_in_5


class Asking(ConnectionHandler):
    """Asks for two topics, and keeps what it is answered and what comes."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.answers: list[tuple[str, bool]] = []

    @property
    def filters(self) -> Sequence[Filter]:
        return (Filter("mien/a"), Filter("mien/+/b"))

    def subscribed(self, topic_filter: str, *, is_accepted: bool) -> None:
        self.answers.append((topic_filter, is_accepted))

    def received(self, message: mqtt.MQTTMessage) -> None:
        self.heard.append(message.topic)


def test_each_subscription_that_is_refused_is_named(
    scripted: MakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    def answer(connection: socket.socket, version: int) -> None:
        if version == 5:
            refuse_in_5(connection)
            return
        accept(connection)
        with connection.makefile("rb") as packets:
            for reason in (b"\x80", b"\x01"):
                _, length = packets.read(2)
                connection.sendall(b"\x90\x03" + packets.read(length)[:2] + reason)

    broker, asking = scripted(answer), Asking()
    connection = Connection(broker.address, asking, client_id="mien-test")
    connection.start()
    wait_until(lambda: len(asking.answers) == 2)
    connection.close()
    assert asking.answers == [("mien/a", False), ("mien/+/b", True)]
    (line,) = caplog.messages
    assert f"broker {broker.address}: the subscription to mien/a is refused" in line


def test_what_nobody_asked_for_is_not_passed_on(scripted: MakeBroker) -> None:
    def answer(connection: socket.socket, version: int) -> None:
        if version == 5:
            refuse_in_5(connection)
            return
        accept(connection)
        for topic in (b"mien/b", b"mien/c/b", b"mien/a/b/c", b"mien/a"):
            connection.sendall(publication(topic, b"\0\7", b"x"))

    broker, asking = scripted(answer), Asking()
    connection = Connection(broker.address, asking, client_id="mien-test")
    connection.start()
    wait_until(lambda: len(asking.heard) == 2)
    connection.close()
    assert asking.heard == ["mien/c/b", "mien/a"]
