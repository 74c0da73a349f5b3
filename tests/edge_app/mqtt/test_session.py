"""What a broker keeps for a client that is away, and for how long."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge_app.mqtt.backoff import Backoff
from edge_app.mqtt.connection import Connection
from edge_app.mqtt.handler import ConnectionHandler, Filter
from edge_app.mqtt.identity import SESSION_S
from tests.brokers import Mosquitto, wait_until
from tests.edge_app.mqtt.held_backoff import HeldBackoff
from tests.edge_app.mqtt.listener import Listener

TOPIC = "mien/kitchen/request/pause"


class Asked(ConnectionHandler):
    """Subscribes to requests, and breaks its connection when told to."""

    def __init__(self) -> None:
        self.connections = 0
        self.lost = threading.Event()
        self.is_subscribed = threading.Event()
        self.heard: list[bytes] = []
        self.cut = False

    @property
    def filters(self) -> Sequence[Filter]:
        return (Filter("mien/kitchen/request/+"),)

    def connected(self, client: mqtt.Client) -> None:
        del client
        self.connections += 1

    def subscribed(self, topic_filter: str, *, is_accepted: bool) -> None:
        assert (topic_filter, is_accepted) == ("mien/kitchen/request/+", True)
        self.is_subscribed.set()

    def proceed(self, client: mqtt.Client) -> None:
        if self.cut:
            self.cut = False
            connection = client.socket()
            assert connection is not None
            connection.close()

    def received(self, message: mqtt.MQTTMessage) -> None:
        self.heard.append(bytes(message.payload))

    def disconnected(self) -> None:
        self.lost.set()


@pytest.fixture
def asker(mosquitto: Mosquitto) -> Iterator[Listener]:
    with Listener(mosquitto.address, version=MQTTProtocolVersion.MQTTv5) as asker:
        yield asker


def connect(mosquitto: Mosquitto, asked: Asked, **options: object) -> Connection:
    connection = Connection(
        mosquitto.address,
        asked,
        client_id="mien-kitchen",
        **options,  # type: ignore[arg-type]
    )
    connection.start()
    assert asked.is_subscribed.wait(10)
    return connection


def stay_away() -> Backoff:
    """A back-off for a connection that is closed before it comes back."""
    return Backoff(first_s=600, longest_s=600)


def ask(asker: Listener, payload: bytes) -> None:
    before = len(asker.on(TOPIC))
    asker.client.publish(TOPIC, payload, qos=1)
    asker.wait_for(TOPIC, before + 1)


@pytest.mark.parametrize(
    ("session_s", "expected"), [(SESSION_S, [b"while away", b"now"]), (0, [b"now"])]
)
def test_what_was_asked_while_away_for_a_moment(
    mosquitto: Mosquitto, asker: Listener, session_s: int, expected: list[bytes]
) -> None:
    asked, backoff = Asked(), HeldBackoff()
    connection = connect(mosquitto, asked, backoff=backoff, session_s=session_s)
    asked.is_subscribed.clear()
    asked.cut = True
    connection.wake()
    assert asked.lost.wait(10)
    # Mosquitto tells when it has noticed as well.
    wait_until(lambda: "Client mien-kitchen closed its connection" in mosquitto.log)
    ask(asker, b"while away")
    backoff.may_go.set()
    assert asked.is_subscribed.wait(10)
    ask(asker, b"now")
    wait_until(lambda: b"now" in asked.heard)
    connection.close()
    assert asked.heard == expected


def test_a_session_is_short(mosquitto: Mosquitto, asker: Listener) -> None:
    asked, backoff = Asked(), HeldBackoff()
    connection = connect(mosquitto, asked, backoff=backoff, session_s=1)
    asked.cut = True
    connection.wake()
    assert asked.lost.wait(10)
    ask(asker, b"last night")
    wait_until(lambda: "Expiring client mien-kitchen" in mosquitto.log, 30)
    asked.is_subscribed.clear()
    backoff.may_go.set()
    assert asked.is_subscribed.wait(10)
    ask(asker, b"now")
    wait_until(lambda: b"now" in asked.heard)
    connection.close()
    assert asked.heard == [b"now"]


@pytest.mark.parametrize("is_clean", [True, False])
def test_another_process_begins_anew(
    mosquitto: Mosquitto, asker: Listener, *, is_clean: bool
) -> None:
    """A request to restart must not meet the process that it started."""
    first = Asked()
    connection = connect(mosquitto, first, session_s=SESSION_S, backoff=stay_away())
    if not is_clean:
        first.cut = True
        connection.wake()
        assert first.lost.wait(10)
    connection.close()
    ask(asker, b"restart")
    second = Asked()
    connection = connect(mosquitto, second, session_s=SESSION_S)
    ask(asker, b"now")
    wait_until(lambda: b"now" in second.heard)
    connection.close()
    assert second.heard == [b"now"]
    # c1: clean start.
    assert mosquitto.log.count("as mien-kitchen (p5, c1, ") == 2


@pytest.mark.parametrize("is_clean", [True, False])
def test_only_a_clean_end_gives_the_session_back(mosquitto: Mosquitto, *, is_clean: bool) -> None:
    asked = Asked()
    connection = connect(mosquitto, asked, session_s=SESSION_S, backoff=stay_away())
    if not is_clean:
        asked.cut = True
        connection.wake()
        assert asked.lost.wait(10)
    connection.close()
    present: list[bool] = []
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2, client_id="mien-kitchen", protocol=MQTTProtocolVersion.MQTTv5
    )
    client.on_connect = lambda _client, _data, flags, *_: present.append(flags.session_present)
    client.connect(mosquitto.address.host, mosquitto.port, clean_start=False)
    client.loop_start()
    wait_until(lambda: present)
    client.disconnect()
    client.loop_stop()
    assert present == [not is_clean]
