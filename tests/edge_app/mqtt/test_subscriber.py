from __future__ import annotations

import threading

import pytest

from edge_app.mqtt.backoff import Backoff
from edge_app.mqtt.connection import BrokerError
from edge_app.mqtt.publisher import MqttPublisher
from edge_app.mqtt.subscriber import ReceivedMessage, Subscriber
from tests.brokers import Mosquitto, wait_until
from tests.edge_app.mqtt.samples import appeared
from tests.edge_app.mqtt.scripted_broker import MakeBroker, refuse_subscriptions, reset


def test_nothing_is_missed_once_connected(mosquitto: Mosquitto) -> None:
    publisher = MqttPublisher(mosquitto.address, device="kitchen")
    publisher.connect()
    with Subscriber(mosquitto.address, ["mien/+/event", "mien/+/availability"]) as subscriber:
        publisher.publish_event(appeared())
        retained, event = subscriber.receive(5), subscriber.receive(5)
        assert retained == ReceivedMessage("mien/kitchen/availability", b"online", is_retained=True)
        assert event is not None
        assert event.topic == "mien/kitchen/event"
        assert not event.is_retained
        assert subscriber.receive(0.01) is None
    publisher.close()
    assert "mien-mqtt" not in [thread.name for thread in threading.enumerate()]


def test_it_subscribes_again(mosquitto: Mosquitto) -> None:
    backoff = Backoff(first_s=0.01, longest_s=0.01)
    with Subscriber(mosquitto.address, ["mien/+/availability"], backoff=backoff) as subscriber:
        mosquitto.stop()
        mosquitto.start()
        wait_until(lambda: mosquitto.log.count(" as mien-events-") == 2)
        publisher = MqttPublisher(mosquitto.address, device="kitchen")
        publisher.connect()
        message = subscriber.receive(5)
        assert message is not None
        assert message.payload == b"online"
        publisher.close()


def test_a_refused_subscription(scripted: MakeBroker) -> None:
    broker = scripted(
        lambda each, version: refuse_subscriptions(each) if version == 4 else reset(each)
    )
    with pytest.raises(BrokerError, match="mien/\\+/event: subscription refused; check the brok"):
        Subscriber(broker.address, ["mien/+/event"]).connect()
