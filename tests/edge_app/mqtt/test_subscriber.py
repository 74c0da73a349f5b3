from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest
from paho.mqtt.client import MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from edge_app.events.payloads import encode
from edge_app.mqtt import subscriber as subscriber_module
from edge_app.mqtt.backoff import Backoff
from edge_app.mqtt.connection import BrokerError
from edge_app.mqtt.handler import Filter
from edge_app.mqtt.link_client import LinkClient
from edge_app.mqtt.publisher import MqttPublisher
from edge_app.mqtt.subscriber import _MOST_WAITING, ReceivedMessage, Subscriber
from tests.brokers import Mosquitto, wait_until
from tests.edge_app.mqtt.samples import appeared
from tests.edge_app.mqtt.scripted_broker import (
    MakeBroker,
    accept_in,
    refuse_subscriptions,
    reset,
)


def test_nothing_is_missed_once_connected(mosquitto: Mosquitto) -> None:
    publisher = MqttPublisher(mosquitto.address, device="kitchen")
    publisher.connect()
    with Subscriber(mosquitto.address, ["mien/+/event", "mien/+/availability"]) as subscriber:
        publisher.publish_event(appeared())
        retained, event = subscriber.receive(5), subscriber.receive(5)
        assert retained == ReceivedMessage(
            "mien/kitchen/availability", b"online", is_retained=True, connection=1
        )
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
        assert (message.payload, message.connection) == (b"online", 2)
        publisher.close()


def test_what_nobody_receives_waits_at_the_broker(mosquitto: Mosquitto) -> None:
    publisher = MqttPublisher(mosquitto.address, device="kitchen")
    publisher.connect()
    with Subscriber(mosquitto.address, ["mien/+/event"]) as subscriber:
        for number in range(1100):
            publisher.publish_event(appeared(number))
        wait_until(lambda: publisher.unacknowledged == 0)
        wait_until(lambda: subscriber._intake.messages.qsize() == 1000)
        for number in range(1100):
            message = subscriber.receive(10)
            assert message is not None
            assert message.payload == encode(appeared(number))
            assert subscriber._intake.messages.qsize() <= 1000
    publisher.close()


def kept(mosquitto: Mosquitto, backoff: Backoff | None = None) -> Subscriber:
    return Subscriber(
        mosquitto.address, ["mien/+/event"], kept_as="mien-history-1", backoff=backoff
    )


def take(subscriber: Subscriber, count: int) -> list[ReceivedMessage]:
    messages = [subscriber.receive(10) for _ in range(count)]
    return [each for each in messages if each is not None]


def payloads(*numbers: int) -> list[bytes]:
    return [encode(appeared(number)) for number in numbers]


def test_what_is_not_settled_comes_again(mosquitto: Mosquitto) -> None:
    publisher = MqttPublisher(mosquitto.address, device="kitchen")
    publisher.connect()
    with kept(mosquitto) as subscriber:
        for number in range(5):
            publisher.publish_event(appeared(number))
        heard = take(subscriber, 5)
        assert [each.payload for each in heard] == payloads(*range(5))
        subscriber.settle(heard[2])
    with kept(mosquitto) as again:
        heard = take(again, 2)
        assert [each.payload for each in heard] == payloads(3, 4)
        again.settle(heard[1])
    publisher.publish_event(appeared(5))
    with kept(mosquitto) as last:
        assert [each.payload for each in take(last, 1)] == payloads(5)
        assert last.receive(0.1) is None
    publisher.close()


def test_a_broker_that_wants_answers_first(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriber_module, "_MOST_UNSETTLED", 10)
    monkeypatch.setattr(subscriber_module, "_SOON_S", 60.0)  # however busy the machine is
    publisher = MqttPublisher(mosquitto.address, device="kitchen")
    publisher.connect()
    with kept(mosquitto) as subscriber:
        for number in range(25):
            publisher.publish_event(appeared(number))
        wait_until(lambda: publisher.unacknowledged == 0)
        heard = take(subscriber, 10)
        assert subscriber.receive(0.2) is None
        # Nothing tells yet that the next ones follow on the answers.
        assert not subscriber.is_awaited
        subscriber.settle(heard[-1])
        # By then they may not all be there, nor at the end as many as before.
        wait_until(lambda: subscriber.is_awaited)
        while len(heard) < 25:
            message = subscriber.receive(10)
            assert message is not None
            # Mosquitto 2.0.11 may send one or two more than it was told.
            heard += [message, *subscriber.waiting()]
            subscriber.settle(heard[-1])
        wait_until(lambda: not subscriber.is_awaited)
        assert [each.payload for each in heard] == payloads(*range(25))
    publisher.close()


def receive(intake: subscriber_module._Intake, *numbers: int) -> None:
    for number in numbers:
        message = MQTTMessage(mid=number, topic=b"mien/kitchen/event")
        message.qos = 1
        intake.received(message)


def settle(intake: subscriber_module._Intake, number: int) -> None:
    intake.settled = number
    intake.proceed(LinkClient(CallbackAPIVersion.VERSION2))


@pytest.mark.parametrize(("away_s", "is_awaited"), [(0.2, True), (0.5, False)])
def test_a_broker_that_wants_answers_first_may_be_far_away(
    monkeypatch: pytest.MonkeyPatch, away_s: float, *, is_awaited: bool
) -> None:
    """Else each window full of messages would wait for half a second, and not for the line."""
    now_s = 1000.0
    monkeypatch.setattr("time.monotonic", lambda: now_s)
    intake = subscriber_module._Intake((Filter("mien/+/event"),), is_kept=True)
    receive(intake, 1)
    assert not intake.is_awaited
    settle(intake, 1)
    now_s += away_s
    receive(intake, 2)
    assert intake.is_awaited == is_awaited


def test_a_broker_that_sent_more_before_does_not_want_answers_to_each() -> None:
    """Else messages that come one by one would be written one by one."""
    intake = subscriber_module._Intake((Filter("mien/+/event"),), is_kept=True)
    receive(intake, 1, 2, 3)
    settle(intake, 3)
    receive(intake, 4)
    assert not intake.is_awaited
    receive(intake, 5)
    assert intake.is_awaited
    settle(intake, 5)
    assert not intake.is_awaited
    intake.disconnected()
    receive(intake, 6)
    assert intake.is_awaited


def test_what_comes_again_on_another_connection_is_not_settled_by_what_came_before(
    tmp_path: Path,
) -> None:
    mosquitto = Mosquitto(tmp_path, lines=("persistence true", f"persistence_location {tmp_path}/"))
    mosquitto.start()
    backoff = Backoff(first_s=0.01, longest_s=0.01)
    publisher = MqttPublisher(mosquitto.address, device="kitchen", backoff=backoff)
    publisher.connect()
    with kept(mosquitto, backoff) as subscriber:
        for number in range(3):
            publisher.publish_event(appeared(number))
        before = take(subscriber, 3)
        mosquitto.stop()
        mosquitto.start()
        assert [each.payload for each in take(subscriber, 3)] == payloads(0, 1, 2)
        subscriber.settle(before[-1])
    with kept(mosquitto) as again:
        heard = take(again, 3)
        assert [each.payload for each in heard] == payloads(0, 1, 2)
        again.settle(heard[-1])
    publisher.close()
    mosquitto.stop()


def test_what_an_earlier_process_asked_for_holds_nothing_up(mosquitto: Mosquitto) -> None:
    """The session remembers it, and what nobody wants any more is never settled."""
    with kept(mosquitto):
        pass
    publisher = MqttPublisher(mosquitto.address, device="kitchen")
    publisher.connect()
    with Subscriber(mosquitto.address, ["mien/hall/event"], kept_as="mien-history-1") as other:
        publisher.publish_event(appeared(0))
        wait_until(lambda: publisher.unacknowledged == 0)
        assert other.receive(0.1) is None
    with kept(mosquitto) as again:
        publisher.publish_event(appeared(1))
        assert [each.payload for each in take(again, 1)] == payloads(1)
    publisher.close()


def connection(subscriber: Subscriber) -> int | None:
    """Which may have changed since it was last asked, whatever mypy believes."""
    return subscriber.connection


def test_which_connection_stands(mosquitto: Mosquitto) -> None:
    backoff = Backoff(first_s=0.01, longest_s=0.01)
    subscriber = Subscriber(mosquitto.address, ["mien/+/availability"], backoff=backoff)
    assert connection(subscriber) is None
    with subscriber:
        assert connection(subscriber) == 1
        mosquitto.stop()
        wait_until(lambda: subscriber.connection is None)
        mosquitto.start()
        wait_until(lambda: subscriber.connection == 2)
    assert connection(subscriber) is None


def test_a_connection_that_refuses_its_subscriptions_is_none(
    scripted: MakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    reasons, connections = [b"\x01", b"\x80", b"\x01"], list[socket.socket]()

    def answer(each: socket.socket, version: int) -> None:
        accept_in(each, version)
        packet_id = each.recv(4096)[2:4]
        connections.append(each)
        each.sendall(b"\x90\x04" + packet_id + b"\x00" + reasons[len(connections) - 1])

    broker = scripted(answer)
    backoff = Backoff(first_s=0.01, longest_s=0.01)
    with Subscriber(broker.address, ["mien/+/event"], backoff=backoff) as subscriber:
        assert connection(subscriber) == 1
        connections[-1].shutdown(socket.SHUT_RDWR)
        wait_until(lambda: "the subscription to mien/+/event is refused" in caplog.text)
        assert connection(subscriber) is None
        connections[-1].shutdown(socket.SHUT_RDWR)
        wait_until(lambda: subscriber.connection == 3)


def test_a_refused_subscription(scripted: MakeBroker) -> None:
    broker = scripted(
        lambda each, version: refuse_subscriptions(each) if version == 4 else reset(each)
    )
    with pytest.raises(BrokerError, match="mien/\\+/event: subscription refused; check the brok"):
        Subscriber(broker.address, ["mien/+/event"]).connect()


def test_a_kept_session_may_bring_much_before_all_is_heard(mosquitto: Mosquitto) -> None:
    """Mosquitto sends all again that was under way when a recorder was killed, and answers then."""
    publisher = MqttPublisher(mosquitto.address, device="kitchen")
    publisher.connect()
    with kept(mosquitto) as subscriber:
        subscriber._intake.is_subscribed.clear()
        for number in range(_MOST_WAITING + 10):
            publisher.publish_event(appeared(number))
        wait_until(lambda: subscriber._intake.messages.qsize() == _MOST_WAITING + 10)
    publisher.close()
