"""What tests of several stages of the device stand on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from edge_app.mqtt.publisher import MqttPublisher
from edge_app.perception import Perception
from tests.brokers import Mosquitto


@pytest.fixture(scope="session")
def perception() -> Perception:
    """The shipped models; nothing that a test does to a frame changes them."""
    return Perception.load()


@pytest.fixture
def publisher(mosquitto: Mosquitto) -> Iterator[MqttPublisher]:
    """A device named kitchen that is connected."""
    publisher = MqttPublisher(mosquitto.address, device="kitchen")
    publisher.connect()
    yield publisher
    publisher.close()
