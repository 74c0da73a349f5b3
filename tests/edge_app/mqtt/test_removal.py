from __future__ import annotations

import socket

import pytest

from edge_app import cli
from edge_app.events.payloads import Alert
from edge_app.mqtt.publisher import MqttPublisher
from tests.brokers import Mosquitto, free_port, wait_until
from tests.edge_app.mqtt.listener import Listener
from tests.edge_app.mqtt.samples import TIME, info, state, telemetry
from tests.edge_app.mqtt.scripted_broker import MakeBroker, accept_in, answer_events

TOPIC = "homeassistant/device/mien_kitchen/config"
KINDS = ("availability", "info", "state", "telemetry", "alert/camera", "alert/too-hot")


def test_a_device_is_taken_away(mosquitto: Mosquitto, capsys: pytest.CaptureFixture[str]) -> None:
    with Listener(mosquitto.address, "homeassistant/#") as listener:
        listener.client.publish(TOPIC, b"{}", qos=1, retain=True).wait_for_publish(10)
        words = ["home-assistant", "remove", "--device", "kitchen", "--broker"]
        assert cli.main([*words, str(mosquitto.address)]) == 0
        assert [each.payload for each in listener.wait_for(TOPIC, 2)] == [b"{}", b""]
    assert "discovery = false" in capsys.readouterr().err
    with Listener(mosquitto.address, "homeassistant/#") as late:
        late.client.publish("homeassistant/end", b"", qos=1)
        late.wait_for("homeassistant/end")
        assert late.on(TOPIC) == []


def keep_everything(device: str, mosquitto: Mosquitto) -> None:
    """Let the broker keep one of each kind, and the device be gone."""
    publisher = MqttPublisher(mosquitto.address, device=device)
    publisher.connect()
    publisher.announce(info())
    publisher.publish_state(state())
    publisher.publish_telemetry(telemetry())
    for name in ("camera", "too-hot"):
        alert = Alert(id=name, severity="critical", text="lost", since=TIME)
        publisher.publish_alert(name, alert)
    wait_until(lambda: kept(mosquitto) >= {f"mien/{device}/{kind}" for kind in KINDS})
    publisher.close()


def kept(mosquitto: Mosquitto) -> set[str]:
    with Listener(mosquitto.address) as late:
        late.client.publish("mien/end", b"", qos=1)
        late.wait_for("mien/end")
        return {each.topic for each in late.heard if each.retain}


def retained(topic: bytes, payload: bytes) -> bytes:
    """As a broker sends it; MQTT 5 has properties before the payload, here none."""
    body = len(topic).to_bytes(2) + topic + b"\x00" + payload
    return bytes([0x31, len(body)]) + body


@pytest.mark.parametrize("is_offline", [False, True])
def test_what_a_lost_connection_left_unanswered_is_sent_again(
    scripted: MakeBroker, capsys: pytest.CaptureFixture[str], *, is_offline: bool
) -> None:
    topic = b"mien/kitchen/availability"
    last = topic if is_offline else TOPIC.encode()
    connections: list[list[bytes]] = []

    def answer(connection: socket.socket, version: int) -> None:
        if connections:
            connections.append(answer_events(connection, b"\x00", last))
            return
        connections.append([])
        accept_in(connection, version)
        connection.sendall(retained(last, b"offline" if is_offline else b"{}"))
        came = b""
        # The subscriptions came before.
        while last not in came.replace(last + b"\x01", b""):
            came += connection.recv(4096)
        connection.close()

    broker = scripted(answer)
    words = ["home-assistant", "remove", "--device", "kitchen", "--broker", str(broker.address)]
    assert cli.main(words) == 0
    kept = "is gone" if is_offline else "stays"
    assert f"what the broker kept of kitchen itself {kept}" in capsys.readouterr().err
    wait_until(lambda: len(connections) == 2)
    assert connections[1] == [b""]


def test_what_only_others_asked_for_is_left_alone(
    scripted: MakeBroker, capsys: pytest.CaptureFixture[str]
) -> None:
    """amqtt sends it to everybody who asks for anything."""
    topics = (b"mien/hall/alert/camera", b"zigbee/lamp", b"mien/kitchen/availability")
    kept = b"".join(retained(topic, b"offline") for topic in topics)
    # Refused, each of them is named.
    broker = scripted(lambda each, _: answer_events(each, b"\x87", b"", kept=kept))
    words = ["home-assistant", "remove", "--device", "kitchen", "--broker", str(broker.address)]
    assert cli.main(words) == 1
    kinds = ("info", "state", "telemetry", "availability")
    said = [TOPIC, *(f"mien/kitchen/{kind}" for kind in kinds)]
    assert f"{', '.join(said)} is not taken" in capsys.readouterr().err


def remove(device: str, mosquitto: Mosquitto) -> int:
    words = ["home-assistant", "remove", "--device", device, "--broker"]
    return cli.main([*words, str(mosquitto.address)])


def test_nothing_is_left_of_a_device_that_is_gone(
    mosquitto: Mosquitto, capsys: pytest.CaptureFixture[str]
) -> None:
    for device in ("kitchen", "hall"):
        keep_everything(device, mosquitto)
    hall = {f"mien/hall/{kind}" for kind in KINDS}
    assert kept(mosquitto) == {f"mien/kitchen/{kind}" for kind in KINDS} | hall
    assert remove("kitchen", mosquitto) == 0
    assert "what the broker kept of kitchen itself is gone" in capsys.readouterr().err
    assert kept(mosquitto) == hall


def test_a_device_that_never_was_is_said_to_be_none(
    mosquitto: Mosquitto, capsys: pytest.CaptureFixture[str]
) -> None:
    keep_everything("kitchen", mosquitto)
    assert remove("kitchn", mosquitto) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "keeps nothing of kitchn" in line
    assert "check --device and --prefix" in line
    assert kept(mosquitto) == {f"mien/kitchen/{kind}" for kind in KINDS}


def test_a_device_that_is_online_keeps_its_own(
    mosquitto: Mosquitto, capsys: pytest.CaptureFixture[str]
) -> None:
    publisher = MqttPublisher(mosquitto.address, device="kitchen")
    publisher.connect()
    publisher.announce(info())
    wait_until(lambda: kept(mosquitto) == {"mien/kitchen/availability", "mien/kitchen/info"})
    assert remove("kitchen", mosquitto) == 0
    assert "stays, since it does not say that the device is offline" in capsys.readouterr().err
    assert kept(mosquitto) == {"mien/kitchen/availability", "mien/kitchen/info"}
    publisher.close()


def test_what_the_rules_leave_is_named(
    mosquitto: Mosquitto, capsys: pytest.CaptureFixture[str]
) -> None:
    mosquitto.restrict("topic readwrite #\ntopic deny mien/kitchen/info\n")
    with Listener(mosquitto.address) as other:
        topic = "mien/kitchen/availability"
        other.client.publish(topic, b"offline", qos=1, retain=True)
        other.wait_for(topic)
        assert remove("kitchen", mosquitto) == 1
        other.wait_for(topic, 2)
    assert "mien/kitchen/info is not taken" in capsys.readouterr().err
    assert kept(mosquitto) == set()


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["remove", "--device", "a/b"], 2, "device name 'a/b'"),
        (["remove", "--device", "kitchen", "--prefix", "a/#"], 2, "discovery prefix 'a/#'"),
        (["remove", "--device", "kitchen", "--prefix", ""], 2, "discovery prefix ''"),
        (["remove", "--device", "kitchen"], 1, "connection refused"),
    ],
)
def test_what_cannot_be_is_said(
    words: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    broker = ["--broker", f"127.0.0.1:{free_port()}"]
    assert cli.main(["home-assistant", *words, *broker]) == code
    assert said in capsys.readouterr().err


def test_a_broker_that_refuses_is_named(
    mosquitto: Mosquitto, capsys: pytest.CaptureFixture[str]
) -> None:
    mosquitto.restrict("topic read #\n")
    words = ["home-assistant", "remove", "--device", "kitchen", "--broker"]
    assert cli.main([*words, str(mosquitto.address)]) == 1
    assert "is not taken; check the broker's access rules" in capsys.readouterr().err
