"""The same on each broker that people have: Mosquitto, RabbitMQ and NATS, as Debian ships them."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

from edge_app.events.payloads import decode_event, encode
from edge_app.mqtt.address import BrokerAddress
from edge_app.mqtt.backoff import Backoff
from edge_app.mqtt.connection import BrokerError
from edge_app.mqtt.credentials import Credentials
from edge_app.mqtt.publisher import MqttPublisher
from edge_app.mqtt.subscriber import Subscriber
from tests.brokers import Broker, MissingBrokerError, Mosquitto, wait_until
from tests.brokers_nats import Nats
from tests.brokers_rabbitmq import RabbitMq
from tests.edge_app.mqtt.held_backoff import HeldBackoff
from tests.edge_app.mqtt.listener import Heard, Listener
from tests.edge_app.mqtt.samples import appeared, info, left, state

# The start of a broker counts, too.
pytestmark = pytest.mark.timeout(600)

USER, PASSWORD = "mien", "correct-horse"  # the same for devices and listeners

#: Name → how it is made, and the protocol that is spoken with it.
BROKERS: dict[str, tuple[Callable[[Path], Broker], str]] = {
    "mosquitto": (lambda folder: Mosquitto(folder, passwords={USER: PASSWORD}), "MQTT 5"),
    "rabbitmq": (lambda folder: RabbitMq(folder, user=USER, password=PASSWORD), "MQTT 3.1.1"),
    "nats": (lambda folder: Nats(folder, passwords={USER: PASSWORD}), "MQTT 3.1.1"),
}


@pytest.fixture(scope="module", params=list(BROKERS))
def broker(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Broker]:
    name: str = request.param
    try:
        broker = BROKERS[name][0](tmp_path_factory.mktemp(name))
    except MissingBrokerError as error:
        if name == "mosquitto" or os.environ.get("MIEN_ALL_BROKERS") == "1":
            pytest.fail(str(error))
        pytest.skip(f"{error}; with MIEN_ALL_BROKERS=1 this is a failure")
    try:
        broker.start()
        yield broker
    finally:
        broker.close()


@pytest.fixture
def credentials(tmp_path: Path) -> Credentials:
    file = tmp_path / "password"
    file.touch(mode=0o600)
    file.write_text(PASSWORD, encoding="utf-8")
    return Credentials(password_file=file)


class Publish(Protocol):
    def __call__(
        self, device: str, backoff: Backoff | None = None
    ) -> contextlib.AbstractContextManager[MqttPublisher]: ...


@pytest.fixture
def publishing(broker: Broker, credentials: Credentials) -> Publish:
    """Opens a publisher for a device."""

    @contextlib.contextmanager
    def publishing(device: str, backoff: Backoff | None = None) -> Iterator[MqttPublisher]:
        publisher = MqttPublisher(
            replace(broker.address, username=USER),
            device=device,
            credentials=credentials,
            backoff=backoff,
        )
        try:
            publisher.connect(10)
            yield publisher
        finally:
            publisher.close()

    return publishing


def listening(broker: Broker, topic: str) -> Listener:
    return Listener(broker.address, topic, login=(USER, PASSWORD))


def test_the_newest_protocol_that_it_speaks(
    request: pytest.FixtureRequest,
    broker: Broker,
    publishing: Publish,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    with publishing("greeter"):
        pass
    name = next(name for name in BROKERS if f"[{name}]" in request.node.name)
    assert f"broker {broker.address}: connected, {BROKERS[name][1]}" in caplog.text


def test_events_arrive_once_and_in_order(broker: Broker, publishing: Publish) -> None:
    with listening(broker, "mien/+/event") as listener, publishing("hall") as publisher:
        for number in range(200):
            publisher.publish_event(appeared(number))
        heard = listener.wait_for("mien/hall/event", 200)
        wait_until(lambda: publisher.unacknowledged == 0)
    assert [decode_event(each.payload).id for each in heard] == [
        appeared(number).id for number in range(200)
    ]
    assert {(each.qos, each.retain) for each in heard} == {(1, False)}


@pytest.mark.parametrize("name", ["availability", "info", "state"])
def test_what_is_retained(broker: Broker, publishing: Publish, name: str) -> None:
    with publishing(f"attic-{name}") as publisher:
        publisher.announce(info())
        publisher.publish_event(appeared())
        publisher.publish_state(state())
        wait_until(lambda: publisher.unacknowledged == 0)
        topic = f"mien/attic-{name}/{name}"
        # RabbitMQ 3.10 keeps messages for exact topics only, not for wildcards.
        with listening(broker, topic) as listener:
            heard = listener.wait_for(topic)[0]
    expected = {"availability": b"online", "info": encode(info()), "state": encode(state())}
    assert heard == Heard(topic, expected[name], 1, retain=True)


def test_wildcards_and_what_is_retained(
    request: pytest.FixtureRequest, broker: Broker, publishing: Publish
) -> None:
    """docs/brokers.md says it of RabbitMQ; a newer one may do better."""
    with publishing("loft") as publisher:
        publisher.announce(info())
        publisher.publish_event(appeared())
        wait_until(lambda: publisher.unacknowledged == 0)
        with listening(broker, "mien/loft/+") as listener:
            publisher.publish_event(left())
            listener.wait_for("mien/loft/event")
            if "[rabbitmq]" in request.node.name:
                assert listener.on("mien/loft/info") == []
            else:
                assert listener.wait_for("mien/loft/info")[0].payload == encode(info())


def test_no_event_is_retained(broker: Broker, publishing: Publish) -> None:
    with publishing("cellar") as publisher:
        publisher.publish_event(appeared())
        wait_until(lambda: publisher.unacknowledged == 0)
        with listening(broker, "mien/cellar/event") as listener:
            publisher.publish_event(left())
            heard = listener.wait_for("mien/cellar/event")
    assert [each.payload for each in heard] == [encode(left())]


def test_a_clean_end_says_offline(broker: Broker, publishing: Publish) -> None:
    topic = "mien/porch/availability"
    with listening(broker, topic) as listener:
        with publishing("porch"):
            assert listener.wait_for(topic)[0].payload == b"online"
        assert listener.wait_for(topic, 2)[1].payload == b"offline"
    with listening(broker, topic) as late:
        assert late.wait_for(topic) == [Heard(topic, b"offline", 1, retain=True)]


_DAEMON = """
import pathlib, sys, time
from edge_app.mqtt.address import BrokerAddress
from edge_app.mqtt.credentials import Credentials
from edge_app.mqtt.publisher import MqttPublisher
publisher = MqttPublisher(
    BrokerAddress("127.0.0.1", int(sys.argv[1]), "mien"),
    device="garage",
    credentials=Credentials(password_file=pathlib.Path(sys.argv[2])),
)
publisher.connect(10)
time.sleep(100)
"""


def test_the_last_will_of_a_killed_process(broker: Broker, credentials: Credentials) -> None:
    topic = "mien/garage/availability"
    with (
        listening(broker, topic) as listener,
        subprocess.Popen(
            [sys.executable, "-c", _DAEMON, str(broker.port), str(credentials.password_file)]
        ) as daemon,
    ):
        try:
            assert listener.wait_for(topic)[0].payload == b"online"
        finally:
            daemon.send_signal(signal.SIGKILL)
        assert listener.wait_for(topic, 2)[1].payload == b"offline"
    with listening(broker, topic) as late:
        assert late.wait_for(topic)[0] == Heard(topic, b"offline", 1, retain=True)


def test_a_wrong_password(broker: Broker, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    file = tmp_path / "wrong"
    file.write_text("wrong-horse", encoding="utf-8")
    publisher = MqttPublisher(
        BrokerAddress(broker.address.host, broker.port, USER),
        device="thief",
        credentials=Credentials(password_file=file),
    )
    with pytest.raises(BrokerError, match="user 'mien' is refused; check the user and the passw"):
        publisher.connect(10)
    publisher.close()
    assert "wrong-horse" not in caplog.text


def test_a_kept_session(broker: Broker, publishing: Publish, credentials: Credentials) -> None:
    def subscriber() -> Subscriber:
        return Subscriber(
            replace(broker.address, username=USER),
            ["mien/shed/event"],
            unkept=["mien/shed/state"],
            kept_as="mien-history-shed",
            credentials=credentials,
        )

    with subscriber():
        pass
    with publishing("shed") as publisher:
        for number in range(50):
            publisher.publish_event(appeared(number))
        publisher.publish_state(state())
        wait_until(lambda: publisher.unacknowledged == 0)
        with subscriber() as again:
            heard = []
            while len(heard) < 50:
                message = again.receive(60)
                assert message is not None
                if not message.is_retained:
                    heard.append(message)
                # RabbitMQ sends ten before it wants an answer.
                again.settle(message)
    assert [each.payload for each in heard] == [encode(appeared(number)) for number in range(50)]


def test_a_restart_loses_nothing(broker: Broker, publishing: Publish) -> None:
    backoff = HeldBackoff()
    with publishing("garden", backoff) as publisher:
        publisher.announce(info())
        publisher.publish_event(appeared(0))
        wait_until(lambda: publisher.unacknowledged == 0)
        broker.stop()
        wait_until(lambda: not publisher._delivery.is_connected)
        for number in range(1, 50):
            publisher.publish_event(appeared(number))
        broker.start()
        with listening(broker, "mien/garden/+") as listener:
            backoff.may_go.set()
            heard = listener.wait_for("mien/garden/event", 49)
            assert encode(info()) in [
                each.payload for each in listener.wait_for("mien/garden/info")
            ]
    late = [decode_event(each.payload) for each in heard]
    assert [event.id for event in late] == [appeared(number).id for number in range(1, 50)]
    assert all(event.is_historical for event in late)
