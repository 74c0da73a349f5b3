from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from edge_app.mqtt.embedded_broker import EmbeddedBroker, EmbeddedBrokerError
from edge_app.mqtt.publisher import MqttPublisher
from edge_app.mqtt.subscriber import Subscriber
from tests.brokers import HOST, wait_until
from tests.edge_app.mqtt.listener import Listener
from tests.edge_app.mqtt.samples import appeared, info, state

# A CONNECT of client "t" with the last will "gone", retained, on mien/t/availability.
_PAYLOAD = b"\x00\x01t%b\x00\x13mien/t/availability\x00\x04gone"


def connect_packet(version: int) -> bytes:
    properties = b"\x00" if version == 5 else b""
    body = (
        b"\x00\x04MQTT" + bytes([version, 0x2E]) + b"\x00\x0f" + properties + _PAYLOAD % properties
    )
    return bytes([0x10, len(body)]) + body


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    with EmbeddedBroker(port=None) as broker:
        yield broker


def test_a_publisher_falls_back_and_everything_arrives(broker: EmbeddedBroker) -> None:
    began = time.monotonic()
    publisher = MqttPublisher(broker.address, device="kitchen")
    with Listener(broker.address) as listener:
        publisher.connect()
        assert time.monotonic() - began < 2.0
        publisher.announce(info())
        for number in range(100):
            publisher.publish_event(appeared(number))
        publisher.publish_state(state())
        # The end waits for six tenths of a second, and a busy machine takes longer.
        wait_until(lambda: publisher.unacknowledged == 0)
        publisher.close()
        heard = listener.wait_for("mien/kitchen/event", 100)
        assert len(heard) == 100
        assert {(each.qos, each.retain) for each in heard} == {(1, False)}
        availability = listener.wait_for("mien/kitchen/availability", 2)
        assert [each.payload for each in availability] == [b"online", b"offline"]
    with Listener(broker.address) as late:
        for topic in ("availability", "info", "state"):
            assert late.wait_for(f"mien/kitchen/{topic}")[0].retain
        assert late.on("mien/kitchen/event") == []


def test_the_last_will(broker: EmbeddedBroker) -> None:
    with Listener(broker.address) as listener:
        with socket.create_connection((HOST, broker.address.port)) as client:
            client.sendall(connect_packet(4))
            assert client.recv(4) == b"\x20\x02\x00\x00"
        assert listener.wait_for("mien/t/availability")[0].payload == b"gone"
    with Listener(broker.address) as late:
        assert late.wait_for("mien/t/availability")[0].retain


@pytest.mark.parametrize("version", [3, 5])
def test_another_version_is_refused_at_once(broker: EmbeddedBroker, version: int) -> None:
    with socket.create_connection((HOST, broker.address.port), timeout=1.0) as client:
        client.sendall(connect_packet(version))
        assert client.recv(100) == b"\x20\x02\x00\x01"
        assert client.recv(100) == b""


@pytest.mark.parametrize(
    "first", [b"", b"\x10", b"GET / HTTP/1.1\r\n\r\n", b"\x10\xff\xff\xff\xff\xff"]
)
def test_whoever_only_knocks_is_not_heard_of(
    broker: EmbeddedBroker, first: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.create_connection((HOST, broker.address.port)) as client:
        client.sendall(first)
        client.shutdown(socket.SHUT_WR)
        assert client.recv(100) == b""
    wait_until(lambda: not broker._conversations)
    assert caplog.text == ""


def test_a_subscriber_gets_only_what_it_asked_for(broker: EmbeddedBroker) -> None:
    publisher = MqttPublisher(broker.address, device="kitchen")
    publisher.connect()
    publisher.announce(info())
    with (
        Listener(broker.address) as other,
        Subscriber(broker.address, ["mien/+/event"]) as subscriber,
    ):
        other.wait_for("mien/kitchen/info")
        publisher.publish_event(appeared())
        message = subscriber.receive(5)
        assert message is not None
        assert message.topic == "mien/kitchen/event"
    publisher.close()


def test_a_port_in_use(broker: EmbeddedBroker) -> None:
    port = broker.address.port
    with pytest.raises(EmbeddedBrokerError) as caught:
        EmbeddedBroker(port).start()
    assert f"port {port} is in use" in str(caught.value)
    assert f"mqtt://127.0.0.1:{port}" in str(caught.value)


def test_a_port_that_cannot_be() -> None:
    with pytest.raises(EmbeddedBrokerError, match="port 65536: a port is at most 65535"):
        EmbeddedBroker(65536).start()


def test_without_amqtt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "amqtt.broker", None)
    with pytest.raises(EmbeddedBrokerError, match=r"; .*pip install .*\[embedded-broker\]'"):
        EmbeddedBroker()


def test_amqtt_is_imported_by_the_constructor_only() -> None:
    code = "import sys, edge_app.mqtt.embedded_broker; sys.exit('amqtt' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_end_is_quick_and_whole() -> None:
    broker = EmbeddedBroker(0)
    broker.start()
    port = broker.address.port
    with Listener(broker.address), socket.create_connection((HOST, port)):
        began = time.monotonic()
        broker.close()
        assert time.monotonic() - began < 1.0
    assert "mien-embedded-broker" not in [thread.name for thread in threading.enumerate()]
    broker.close()
    with EmbeddedBroker(port):
        pass
