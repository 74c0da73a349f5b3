"""The request topics on a real broker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from paho.mqtt.enums import MQTTProtocolVersion

from edge_app.events.requests import LARGEST_REQUEST, RawRequest
from edge_app.mqtt.connection import Connection
from edge_app.mqtt.link_client import LARGEST_PACKET
from edge_app.mqtt.requests import CAPACITY, RequestInbox
from tests.brokers import Mosquitto, wait_until
from tests.edge_app.mqtt.listener import Listener
from tests.edge_app.mqtt.scripted_broker import MakeBroker, refuse_subscriptions, reset


@pytest.fixture
def inbox(mosquitto: Mosquitto) -> Iterator[RequestInbox]:
    inbox = RequestInbox("kitchen")
    connection = Connection(mosquitto.address, inbox, client_id="kitchen")
    connection.start()
    yield inbox
    connection.close()


@pytest.fixture
def others(mosquitto: Mosquitto) -> Iterator[Listener]:
    with Listener(mosquitto.address, version=MQTTProtocolVersion.MQTTv5) as listener:
        yield listener


def take(inbox: RequestInbox) -> RawRequest:
    taken: list[RawRequest] = []
    wait_until(lambda: (request := inbox.take()) and not taken.append(request))
    return taken[0]


def first_request(inbox: RequestInbox, others: Listener) -> RawRequest:
    """Ask until the first request arrives: the subscription is there."""
    taken: list[RawRequest] = []

    def is_there() -> bool:
        others.client.publish("mien/kitchen/request/probe", b"", qos=1)
        return (request := inbox.take()) is not None and not taken.append(request)

    wait_until(is_there)
    return taken[0]


def subscribed(inbox: RequestInbox, others: Listener) -> None:
    """The subscription is there, and nothing waits."""
    first_request(inbox, others)
    others.client.publish("mien/kitchen/request/last-probe", b"", qos=1).wait_for_publish(10)
    while take(inbox).name != "last-probe":
        pass


def test_what_is_asked_arrives_as_it_was_sent(inbox: RequestInbox, others: Listener) -> None:
    subscribed(inbox, others)
    others.client.publish("mien/kitchen/request/pause", b'{"id": "1"}', qos=1)
    assert take(inbox) == RawRequest(name="pause", payload=b'{"id": "1"}')
    others.client.publish("mien/kitchen/request/unheard-of", b"\xff\0", qos=0)
    assert take(inbox) == RawRequest(name="unheard-of", payload=b"\xff\0")


def test_a_retained_request_is_seen_as_such_at_once(inbox: RequestInbox, others: Listener) -> None:
    subscribed(inbox, others)
    others.client.publish("mien/kitchen/request/restart", b"{}", qos=1, retain=True)
    assert take(inbox) == RawRequest(name="restart", payload=b"{}", is_retained=True)


def test_an_oversized_request_is_cut(inbox: RequestInbox, others: Listener) -> None:
    subscribed(inbox, others)
    others.client.publish("mien/kitchen/request/pause", b"x" * LARGEST_REQUEST, qos=1)
    assert len(take(inbox).payload) == LARGEST_REQUEST
    others.client.publish("mien/kitchen/request/pause", b"x" * (LARGEST_REQUEST + 9), qos=1)
    assert len(take(inbox).payload) == LARGEST_REQUEST + 1


@pytest.mark.parametrize("is_retained", [False, True])
def test_a_huge_request_stays_at_the_broker(
    mosquitto: Mosquitto, others: Listener, *, is_retained: bool
) -> None:
    huge = b"x" * (LARGEST_PACKET + 1)
    if is_retained:
        others.client.publish("mien/kitchen/request/pause", huge, qos=1, retain=True)
        others.wait_for("mien/kitchen/request/pause")
    inbox = RequestInbox("kitchen")
    connection = Connection(mosquitto.address, inbox, client_id="kitchen")
    connection.start()
    taken = [first_request(inbox, others)]
    others.client.publish("mien/kitchen/request/pause", huge, qos=1)
    others.client.publish("mien/kitchen/request/last", b"{}", qos=1)
    while taken[-1].name != "last":
        taken.append(take(inbox))
    connection.close()
    assert {each.name for each in taken} == {"probe", "last"}


def test_topics_that_have_no_answer_are_passed_over(inbox: RequestInbox, others: Listener) -> None:
    subscribed(inbox, others)
    for name in ("küche", "a b", "x" * 65, ""):
        others.client.publish(f"mien/kitchen/request/{name}", b"{}", qos=1)
    others.client.publish("mien/kitchen/request/pause", b"{}", qos=1)
    assert take(inbox).name == "pause"


def test_a_flood_is_bounded(
    inbox: RequestInbox, others: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    subscribed(inbox, others)
    for number in range(3 * CAPACITY):
        others.client.publish(f"mien/kitchen/request/r{number}", b"{}", qos=1)
    wait_until(lambda: "more requests than can be answered" in caplog.text)
    others.client.publish("mien/kitchen/request/last", b"{}", qos=1).wait_for_publish(10)
    kept = 0
    while inbox.take() is not None:
        kept += 1
    assert kept >= CAPACITY
    assert caplog.text.count("more requests") == 1
    others.client.publish("mien/kitchen/request/pause", b"{}", qos=1)
    while take(inbox).name != "pause":
        pass


def test_a_broker_that_lets_nobody_ask_is_named(
    scripted: MakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    broker = scripted(
        lambda each, version: refuse_subscriptions(each) if version == 4 else reset(each)
    )
    connection = Connection(broker.address, RequestInbox("kitchen"), client_id="kitchen")
    connection.start()
    wait_until(lambda: "mien/kitchen/request/+ is refused" in caplog.text)
    connection.close()
