"""Discovery on a real broker."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from edge_app.mqtt.connection import Connection
from edge_app.mqtt.discovery import Description
from edge_app.mqtt.home_assistant import BIRTH_TOPIC, HomeAssistant
from tests.brokers import Mosquitto
from tests.edge_app.mqtt.listener import Listener

TOPIC = "home/device/mien_kitchen/config"


@pytest.fixture
def listener(mosquitto: Mosquitto) -> Iterator[Listener]:
    with Listener(mosquitto.address, "home/#") as listener:
        yield listener


@pytest.fixture
def connection(mosquitto: Mosquitto, listener: Listener) -> Iterator[Connection]:
    description = Description(device="kitchen", version="1", emotions=("happy",), prefix="home")
    connection = Connection(mosquitto.address, HomeAssistant(description), client_id="kitchen")
    # A birth of before, retained: it is no reason to say it twice.
    for birth in (BIRTH_TOPIC, "home/status"):
        listener.client.publish(birth, b"online", qos=1, retain=True).wait_for_publish(10)
    connection.start()
    yield connection
    connection.close()


def test_it_is_said_once_a_connection_and_retained(
    mosquitto: Mosquitto, listener: Listener, connection: Connection
) -> None:
    said = listener.wait_for(TOPIC)[0]
    assert json.loads(said.payload)["dev"]["ids"] == ["mien_kitchen"]
    with Listener(mosquitto.address, TOPIC) as late:
        assert late.wait_for(TOPIC)[0].retain
    connection.close()
    assert len(listener.on(TOPIC)) == 1


# Home Assistant's birth message keeps its topic under another prefix, unless it was moved as well.
@pytest.mark.parametrize("birth", [BIRTH_TOPIC, "home/status"])
def test_it_is_said_again_when_home_assistant_starts(
    listener: Listener, connection: Connection, birth: str
) -> None:
    # It subscribes before it speaks: who hears the first one can be heard.
    listener.wait_for(TOPIC)
    listener.client.publish(birth, b"online", qos=1).wait_for_publish(10)
    listener.wait_for(TOPIC, 2)
    # A farewell is no reason; the birth behind it shows that it was read.
    listener.client.publish(birth, b"offline", qos=1).wait_for_publish(10)
    listener.client.publish(birth, b"online", qos=1).wait_for_publish(10)
    listener.wait_for(TOPIC, 3)
    connection.close()
    assert len(listener.on(TOPIC)) == 3
