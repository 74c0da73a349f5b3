from __future__ import annotations

import contextlib
import functools
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import paho.mqtt.client as mqtt
import pytest

from edge_app.events.payloads import FaceLeft, PresentFace, State, decode_event, encode
from edge_app.events.publisher import Backlog
from edge_app.events.raised_alerts import RaisedAlerts
from edge_app.health.alerts import outbox_alert
from edge_app.mqtt.backoff import Backoff
from edge_app.mqtt.connection import FAREWELL_S
from edge_app.mqtt.discovery import Description
from edge_app.mqtt.handler import ConnectionHandler, Filter
from edge_app.mqtt.home_assistant import HomeAssistant
from edge_app.mqtt.link_client import LinkClient
from edge_app.mqtt.outbox.alerts import DROPPED, REFUSED
from edge_app.mqtt.outbox.lanes import WINDOW
from edge_app.mqtt.outbox.place import open_outbox
from edge_app.mqtt.outbox.stored_event import Limits
from edge_app.mqtt.publisher import FOR_OTHERS, LAST_DELIVERY_S, MqttPublisher
from edge_app.mqtt.sender import CAPACITY
from tests.brokers import Mosquitto, wait_until
from tests.edge_app.mqtt.held_backoff import HeldBackoff
from tests.edge_app.mqtt.listener import Heard, Listener
from tests.edge_app.mqtt.samples import (
    BOX,
    EPISODE,
    TIME,
    appeared,
    changed,
    info,
    left,
    state,
    summary,
    telemetry,
)
from tests.edge_app.mqtt.scripted_broker import MakeBroker, answer_events, publications


@pytest.fixture
def listener(mosquitto: Mosquitto) -> Iterator[Listener]:
    with Listener(mosquitto.address) as listener:
        yield listener


def mqtt_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "mien-mqtt"]


def test_what_a_subscriber_sees(listener: Listener, publisher: MqttPublisher) -> None:
    publisher.announce(info())
    for event in (appeared(), changed(), left()):
        publisher.publish_event(event)
    publisher.publish_state(state())
    heard = listener.wait_for("mien/kitchen/event", 3)
    assert [each.payload for each in heard] == [
        encode(appeared()),
        encode(changed()),
        encode(left()),
    ]
    assert {(each.qos, each.retain) for each in heard} == {(1, False)}
    assert listener.wait_for("mien/kitchen/availability")[0].payload == b"online"
    assert listener.wait_for("mien/kitchen/info")[0].payload == encode(info())
    assert listener.wait_for("mien/kitchen/state")[0].payload == encode(state())
    assert all(each.qos == 1 for each in listener.heard)


def test_nobody_hears_that_a_device_is_online_before_its_state(
    mosquitto: Mosquitto, listener: Listener
) -> None:
    """Otherwise the state of an earlier process would hold for a moment."""
    with contextlib.closing(MqttPublisher(mosquitto.address, device="kitchen")) as publisher:
        publisher.publish_state(state())
        publisher.connect()
        listener.wait_for("mien/kitchen/availability")
        assert [each.topic.removeprefix("mien/kitchen/") for each in listener.heard] == [
            "state", "availability",
        ]  # fmt: skip


def test_what_is_retained_for_a_late_subscriber(
    mosquitto: Mosquitto, publisher: MqttPublisher
) -> None:
    publisher.announce(info())
    publisher.publish_event(appeared())
    publisher.publish_state(state())
    wait_until(lambda: publisher.unacknowledged == 0)
    with Listener(mosquitto.address) as listener:
        for topic in ("availability", "info", "state"):
            heard = listener.wait_for(f"mien/kitchen/{topic}")[0]
            assert (heard.qos, heard.retain) == (1, True)
        assert listener.on("mien/kitchen/event") == []


def test_how_it_connects(mosquitto: Mosquitto, publisher: MqttPublisher) -> None:
    assert publisher.unacknowledged == 0
    # p5: MQTT 5. c1: clean start. k15: keep-alive, in seconds.
    wait_until(lambda: "as mien-kitchen (p5, c1, k15)" in mosquitto.log)
    assert mqtt_threads() == ["mien-mqtt"]


def test_a_clean_end_says_offline(
    mosquitto: Mosquitto, listener: Listener, publisher: MqttPublisher
) -> None:
    publisher.publish_event(appeared())
    publisher.close()
    publisher.close()
    assert publisher.unacknowledged == 0
    assert mqtt_threads() == []
    heard = listener.wait_for("mien/kitchen/availability", 2)
    assert [each.payload for each in heard] == [b"online", b"offline"]
    wait_until(lambda: "Client mien-kitchen disconnected" in mosquitto.log)
    # The disconnection was in order, so the last will stays unsaid.
    assert len(listener.on("mien/kitchen/availability")) == 2
    with Listener(mosquitto.address) as late:
        assert late.wait_for("mien/kitchen/availability") == [
            Heard("mien/kitchen/availability", b"offline", 1, retain=True)
        ]


class Hearing(ConnectionHandler):
    """Keeps what comes on one topic, or should."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self.heard: list[str] = []

    @property
    def filters(self) -> Sequence[Filter]:
        return (Filter(self._topic),)

    def received(self, message: mqtt.MQTTMessage) -> None:
        self.heard.append(message.topic)


def test_what_is_done_beside_hears_what_it_asked_for(
    mosquitto: Mosquitto, listener: Listener
) -> None:
    beside = [Hearing("mien/kitchen/request/pause"), Hearing("mien/kitchen/request/resume")]
    publisher = MqttPublisher(mosquitto.address, device="kitchen", beside=beside)
    publisher.connect()
    # What is said behind the subscriptions shows that they are there.
    publisher.publish_event(appeared())
    listener.wait_for("mien/kitchen/event")
    for _ in range(2):
        for name in ("pause", "resume"):
            listener.client.publish(f"mien/kitchen/request/{name}", b"", qos=1)
    wait_until(lambda: [len(each.heard) for each in beside] == [2, 2])
    publisher.close()
    assert [set(each.heard) for each in beside] == [{each._topic} for each in beside]


_DAEMON = """
import sys, time
from edge_app.mqtt.address import BrokerAddress
from edge_app.mqtt.publisher import MqttPublisher
publisher = MqttPublisher(BrokerAddress("127.0.0.1", int(sys.argv[1])), device="kitchen")
publisher.connect()
time.sleep(60)
"""


def test_the_last_will_of_a_killed_process(mosquitto: Mosquitto, listener: Listener) -> None:
    with subprocess.Popen([sys.executable, "-c", _DAEMON, str(mosquitto.port)]) as daemon:
        try:
            assert listener.wait_for("mien/kitchen/availability")[0].payload == b"online"
        finally:
            daemon.send_signal(signal.SIGKILL)
    assert listener.wait_for("mien/kitchen/availability", 2)[1].payload == b"offline"
    with Listener(mosquitto.address) as late:
        assert late.wait_for("mien/kitchen/availability")[0] == Heard(
            "mien/kitchen/availability", b"offline", 1, retain=True
        )


def test_a_broker_that_goes_and_comes_back_empty(mosquitto: Mosquitto) -> None:
    backoff = HeldBackoff()
    publisher = MqttPublisher(mosquitto.address, device="kitchen", backoff=backoff)
    publisher.connect()
    publisher.announce(info())
    publisher.publish_event(appeared(0))
    wait_until(lambda: publisher.unacknowledged == 0)
    mosquitto.stop()
    wait_until(lambda: not publisher._delivery.is_connected)
    count = 3 * WINDOW
    for number in range(1, count):
        publisher.publish_event(appeared(number))
    publisher.publish_state(state())
    assert publisher.unacknowledged == count - 1
    mosquitto.start()
    with Listener(mosquitto.address) as listener:
        backoff.may_go.set()
        late = [
            decode_event(each.payload)
            for each in listener.wait_for("mien/kitchen/event", count - 1)
        ]
        assert [event.id for event in late] == [appeared(number).id for number in range(1, count)]
        assert all(event.is_historical for event in late)
        publisher.publish_event(left())
        live = decode_event(listener.wait_for("mien/kitchen/event", count)[-1].payload)
        assert not live.is_historical
        assert listener.wait_for("mien/kitchen/availability")[0].payload == b"online"
        assert listener.wait_for("mien/kitchen/info")[0].payload == encode(info())
        assert listener.wait_for("mien/kitchen/state")[0].payload == encode(state())
    publisher.close()
    assert publisher.unacknowledged == 0


def test_events_under_way_when_the_broker_dies(mosquitto: Mosquitto) -> None:
    backoff = HeldBackoff()
    publisher = MqttPublisher(mosquitto.address, device="kitchen", backoff=backoff)
    publisher.connect()
    mosquitto.freeze()
    for number in range(2 * WINDOW):
        publisher.publish_event(appeared(number))
    wait_until(lambda: len(publisher._delivery._under_way) == WINDOW)
    mosquitto.kill()
    mosquitto.start()
    with Listener(mosquitto.address, "mien/+/event") as listener:
        backoff.may_go.set()
        heard = listener.wait_for("mien/kitchen/event", 2 * WINDOW)
        ids = [decode_event(each.payload).id for each in heard]
        assert ids == [appeared(number).id for number in range(2 * WINDOW)]
    publisher.close()


def test_a_broker_that_hangs_holds_nobody(
    mosquitto: Mosquitto, publisher: MqttPublisher, caplog: pytest.LogCaptureFixture
) -> None:
    mosquitto.freeze()
    began = time.monotonic()
    for number in range(1000):
        publisher.publish_event(appeared(number))
    assert time.monotonic() - began < 1.0
    began = time.monotonic()
    with caplog.at_level(logging.WARNING):
        publisher.close()
    # The answers were waited for, and no farewell.
    assert time.monotonic() - began < LAST_DELIVERY_S + FAREWELL_S
    assert publisher.unacknowledged == 1000
    assert "ending with 1000 events" in caplog.text
    wait_until(lambda: not mqtt_threads())


def test_an_end_that_the_broker_does_not_hear_leaves_the_last_will(mosquitto: Mosquitto) -> None:
    """The good-bye must not overtake `offline`, which waits behind what was not answered."""
    mosquitto.restart_with("max_inflight_messages 1")
    publisher = MqttPublisher(mosquitto.address, device="kitchen")
    publisher.connect()
    publisher.publish_event(appeared(0))
    wait_until(lambda: publisher.unacknowledged == 0)
    mosquitto.freeze()
    publisher.publish_event(appeared(1))
    publisher.close()
    mosquitto.thaw()
    wait_until(lambda: "Client mien-kitchen" in mosquitto.log)
    with Listener(mosquitto.address) as listener:
        assert listener.wait_for("mien/kitchen/availability")[0].payload == b"offline"


def test_the_end_without_a_broker_is_quick(mosquitto: Mosquitto, publisher: MqttPublisher) -> None:
    mosquitto.stop()
    wait_until(lambda: not publisher._delivery.is_connected)
    publisher.publish_event(appeared())
    began = time.monotonic()
    publisher.close()
    assert time.monotonic() - began < 0.5
    assert publisher.unacknowledged == 1
    assert mqtt_threads() == []


def test_events_that_the_broker_refuses_wait_until_its_rules_are_mended(
    mosquitto: Mosquitto,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("edge_app.mqtt.refusal.HOLD_S", 0.2)
    forbidding = "topic read #\ntopic write mien/kitchen/alert/+\n"
    rules = mosquitto.restrict(forbidding)
    alerts: dict[str, str | None] = {}
    refusals: list[str | None] = []

    def on_alert(alert: str, text: str | None) -> None:
        alerts[alert] = text
        if alert == REFUSED:
            refusals.append(text)

    outbox = open_outbox(tmp_path / "state", "kitchen", {}, on_alert=on_alert)
    publisher = MqttPublisher(mosquitto.address, device="kitchen", outbox=outbox)
    for number in range(100):
        publisher.publish_event(appeared(number))
    with Listener(mosquitto.address, "mien/kitchen/event") as listener:
        publisher.connect()
        wait_until(lambda: alerts.get(REFUSED) is not None)
        publisher.publish_event(appeared(100))
        # Offered on trial, and refused again.
        wait_until(lambda: mosquitto.log.count("Denied PUBLISH") > WINDOW + 3)
        assert (publisher.unacknowledged, publisher.backlog.dropped) == (101, 0)
        rules.write_text(f"{forbidding}topic write mien/kitchen/event\n", encoding="utf-8")
        os.kill(mosquitto.pid, signal.SIGHUP)
        wait_until(lambda: publisher.unacknowledged == 0)
        wait_until(lambda: alerts[REFUSED] is None)
        heard = [decode_event(each.payload) for each in listener.heard]
        assert [event.id for event in heard] == [appeared(number).id for number in range(101)]
        assert all(event.is_historical for event in heard)
        publisher.publish_event(left())
        assert not decode_event(
            listener.wait_for("mien/kitchen/event", 102)[-1].payload
        ).is_historical
    publisher.close()
    # Raised once, not with each trial.
    assert [text is None for text in refusals] == [True, False, True]
    assert publisher.backlog.dropped == 0
    assert caplog.text.count("the broker refuses messages on mien/kitchen/…") == 1


@pytest.mark.parametrize(
    ("rules", "refused"),
    [
        ("topic readwrite mien/#\n", {"home/device/mien_kitchen/config"}),
        (
            "topic readwrite #\ntopic deny mien/kitchen/availability\n",
            {"mien/kitchen/availability"},
        ),
        ("topic readwrite home/#\n", {"mien/kitchen/availability", "mien/kitchen/…"}),
        (
            "topic read #\n",
            {"mien/kitchen/availability", "mien/kitchen/…", "home/device/mien_kitchen/config"},
        ),
    ],
)
def test_what_the_broker_refuses_is_named(
    mosquitto: Mosquitto,
    caplog: pytest.LogCaptureFixture,
    rules: str,
    refused: set[str],
) -> None:
    mosquitto.restrict(rules)
    description = Description(device="kitchen", version="1", emotions=("happy",), prefix="home")

    def warned() -> list[str]:
        return re.findall(r"the broker refuses messages on (\S+); check", caplog.text)

    publisher = MqttPublisher(
        mosquitto.address,
        device="kitchen",
        backoff=Backoff(first_s=0.01, longest_s=0.01),
        beside=[HomeAssistant(description)],
    )
    publisher.announce(info())
    publisher.connect(must_succeed=False)
    # Mosquitto ends the connection with each refusal.
    wait_until(lambda: set(warned()) == refused)
    publisher.publish_summary(summary())
    wait_until(lambda: publisher._sender.wait_until_sent(0))
    publisher.close()
    assert len(warned()) == len(refused)


def test_a_loss_while_the_broker_was_away_is_told_after_a_restart(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    mosquitto.stop()
    topic = "mien/kitchen/alert/outbox-dropped"

    def start() -> MqttPublisher:
        def on_alert(alert: str, text: str | None) -> None:
            publisher.publish_alert(alert, outbox_alert(alert, text, TIME))

        outbox = open_outbox(tmp_path, "kitchen", {}, limits=Limits(events=100), on_alert=on_alert)
        backoff = Backoff(first_s=0.01, longest_s=0.01)
        publisher = MqttPublisher(
            mosquitto.address, device="kitchen", outbox=outbox, backoff=backoff
        )
        publisher.connect(must_succeed=False)
        return publisher

    publisher = start()
    for number in range(300):
        publisher.publish_event(appeared(number))
    wait_until(lambda: publisher.backlog == Backlog(waiting=100, dropped=200))
    publisher.close()
    mosquitto.start()
    with Listener(mosquitto.address) as listener:
        publisher = start()
        listener.wait_for("mien/kitchen/event", 100)
        alert = msgspec.json.decode(listener.wait_for(topic)[0].payload)
        assert alert["text"].startswith("200 events were dropped before this start")
        wait_until(lambda: publisher.unacknowledged == 0)
        wait_until(lambda: publisher._outbox._alerts.are_told({DROPPED}))
        publisher.close()
        publisher = start()
        assert listener.wait_for(topic, 2)[1].payload == b""
        publisher.close()


def test_what_the_outbox_says_is_as_old_as_it_is_once_the_clock_is_set(
    mosquitto: Mosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, topic = TIME, "mien/kitchen/alert/outbox-dropped"
    monkeypatch.setattr(
        "edge_app.mqtt.publisher.RaisedAlerts",
        functools.partial(RaisedAlerts, now=lambda: now, up_s=lambda: 1000.0),
    )

    def on_alert(alert: str, text: str | None) -> None:
        publisher.publish_alert(alert, outbox_alert(alert, text, now))

    outbox = open_outbox(tmp_path, "kitchen", {}, limits=Limits(events=10), on_alert=on_alert)
    publisher = MqttPublisher(mosquitto.address, device="kitchen", outbox=outbox)
    mosquitto.stop()
    publisher.connect(timeout_s=0, must_succeed=False)
    for number in range(30):
        publisher.publish_event(appeared(number))
    wait_until(lambda: publisher.backlog.dropped == 20)
    mosquitto.start()
    with Listener(mosquitto.address) as listener:

        def since() -> datetime:
            said = [each for each in listener.heard if each.topic == topic][-1]
            return msgspec.convert(msgspec.json.decode(said.payload)["since"], datetime)

        wait_until(lambda: publisher._outbox._alerts.are_told({DROPPED}))
        listener.wait_for(topic)
        assert since() == TIME
        now = TIME + timedelta(days=2)
        publisher.publish_telemetry(telemetry())
        wait_until(lambda: since() == now)
    publisher.close()


def test_lost_summaries_are_told_of_as_events_are(mosquitto: Mosquitto, tmp_path: Path) -> None:
    mosquitto.stop()
    topic = "mien/kitchen/alert/outbox-dropped"

    def start() -> MqttPublisher:
        def on_alert(alert: str, text: str | None) -> None:
            publisher.publish_alert(alert, outbox_alert(alert, text, TIME))

        outbox = open_outbox(tmp_path, "kitchen", {}, on_alert=on_alert)
        publisher = MqttPublisher(
            mosquitto.address, device="kitchen", outbox=outbox, backoff=backoff
        )
        publisher.connect(must_succeed=False)
        return publisher

    backoff = HeldBackoff()
    publisher = start()
    for number in range(CAPACITY + 3):
        publisher.publish_summary(summary(number))
    assert publisher.backlog == Backlog(waiting=0, dropped=3)
    mosquitto.start()
    with Listener(mosquitto.address) as listener:
        backoff.may_go.set()
        listener.wait_for("mien/kitchen/summary", CAPACITY)
        assert b"too many summaries wait" in listener.wait_for(topic)[0].payload
        publisher.close()
    # Once more after a restart, since nobody says that this was seen.
    publisher = start()
    with Listener(mosquitto.address) as listener:
        wait_until(lambda: b"3 events were dropped" in listener.wait_for(topic)[-1].payload)
        assert b"a summary counts as one" in listener.wait_for(topic)[-1].payload
        publisher.close()


def test_a_message_larger_than_the_broker_takes_does_not_end_the_connection(
    mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    mosquitto.restart_with("max_packet_size 1500")
    with Listener(mosquitto.address) as listener:
        publisher = MqttPublisher(mosquitto.address, device="kitchen")
        publisher.connect()
        publisher.publish_state(crowd(12))
        publisher.publish_event(long_stay(60))
        publisher.publish_event(appeared(1))
        publisher.publish_state(crowd(12))
        publisher.publish_summary(summary(2))
        wait_until(lambda: publisher.unacknowledged == 0)
        listener.wait_for("mien/kitchen/summary")
        publisher.publish_state(crowd(3))
        assert listener.wait_for("mien/kitchen/state")[0].payload == encode(crowd(3))
        assert [each.payload for each in listener.on("mien/kitchen/event")] == [encode(appeared(1))]
        assert publisher.backlog == Backlog(waiting=0, dropped=1)
        publisher.close()
        availability = listener.wait_for("mien/kitchen/availability", 2)
    assert [each.payload for each in availability] == [b"online", b"offline"]
    assert caplog.text.count("the broker takes 1500 bytes") == 1


def test_a_message_that_the_broker_refuses_as_too_large_is_left_out(
    mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    """Mosquitto ends the connection with each refusal, for a reason that paho does not know."""
    mosquitto.restart_with("message_size_limit 1500")
    description = Description(device="kitchen", version="1", emotions=("happy",), prefix="home")
    with Listener(mosquitto.address, "#") as listener:
        publisher = MqttPublisher(
            mosquitto.address,
            device="kitchen",
            backoff=Backoff(first_s=0.01, longest_s=0.01),
            beside=[HomeAssistant(description)],
        )
        publisher.connect(must_succeed=False)
        publisher.publish_state(crowd(12))
        publisher.publish_event(long_stay(60))
        publisher.publish_event(appeared(1))
        wait_until(lambda: publisher.unacknowledged == 0)
        wait_until(lambda: caplog.text.count("bytes as too large") == 3)
        publisher.publish_event(long_stay(61))
        publisher.publish_summary(summary(2))
        listener.wait_for("mien/kitchen/summary")
        connections = mosquitto.log.count("as mien-kitchen")
        publisher.publish_state(crowd(3))
        listener.wait_for("mien/kitchen/state")
        wait_until(lambda: publisher.unacknowledged == 0)
        publisher.close()
        assert {each.payload for each in listener.on("mien/kitchen/event")} == {encode(appeared(1))}
        assert {each.payload for each in listener.on("mien/kitchen/state")} == {encode(crowd(3))}
        assert publisher.backlog == Backlog(waiting=0, dropped=2)
    # What is known to be too large ended no further one.
    assert mosquitto.log.count("as mien-kitchen") == connections
    topics = ("home/device/mien_kitchen/config", "mien/kitchen/event", "mien/kitchen/state")
    for topic in topics:
        assert caplog.text.count(f"{topic}: the broker refuses a message of ") == 1
    assert "check its access rules" not in caplog.text


def test_a_message_of_just_the_size_that_the_broker_takes(mosquitto: Mosquitto) -> None:
    # Type, length, topic, packet id, the length of the properties and the expiry (MQTT 5, 3.3).
    size = 1 + 2 + 2 + len("mien/kitchen/state") + 2 + 1 + 5 + len(encode(crowd(9)))
    for limit, is_heard in ((size, True), (size - 1, False)):
        mosquitto.restart_with(f"max_packet_size {limit}")
        with Listener(mosquitto.address) as listener:
            publisher = MqttPublisher(mosquitto.address, device="kitchen")
            publisher.connect()
            publisher.publish_state(crowd(9))
            publisher.publish_summary(summary())
            listener.wait_for("mien/kitchen/summary")
            assert bool(listener.on("mien/kitchen/state")) == is_heard
            assert b"offline" not in {each.payload for each in listener.heard}
            publisher.close()


def crowd(faces: int) -> State:
    """Who is there, with so many faces."""
    face = PresentFace(episode=EPISODE, emotion="neutral", box=BOX, valence=0.5, arousal=-0.25)
    return State(time=TIME, faces=(face,) * faces)


def long_stay(emotions: int) -> FaceLeft:
    """An event that tells of so many emotions."""
    return msgspec.structs.replace(
        left(), emotions_s={f"emotion number {number}": 1.0 for number in range(emotions)}
    )


@pytest.mark.parametrize(
    ("reason", "dropped"),
    # The second is none of those that there are.
    [(b"\x80", 0), (b"\xc0", 0), (b"\x87", 0), (b"\x90", 5), (b"\x99", 5)],
)
def test_only_a_refusal_that_concerns_the_event_alone_is_the_end_of_it(
    scripted: MakeBroker, reason: bytes, dropped: int
) -> None:
    connections: list[list[bytes]] = []
    broker = scripted(lambda each, _: connections.append(answer_events(each, reason)))
    publisher = MqttPublisher(broker.address, device="kitchen")
    publisher.connect()
    for number in range(5):
        publisher.publish_event(appeared(number))
    publisher.publish_summary(summary())
    wait_until(lambda: publisher._delivery._warned)
    wait_until(lambda: not publisher._delivery._under_way and publisher._sender.wait_until_sent(0))
    publisher.close()
    assert publisher.backlog == Backlog(waiting=5 - dropped, dropped=dropped)


def test_a_broker_that_throws_out_whom_it_refuses_has_the_rest_all_the_same(
    scripted: MakeBroker, caplog: pytest.LogCaptureFixture
) -> None:
    connections: list[list[bytes]] = []
    is_mended = threading.Event()

    def answer(connection: socket.socket, _version: int) -> None:
        reason = b"\x00" if is_mended.is_set() else b"\x87"
        connections.append(answer_events(connection, reason, then_closes=not is_mended.is_set()))

    publisher = MqttPublisher(
        scripted(answer).address, device="kitchen", backoff=Backoff(first_s=0.01, longest_s=0.01)
    )
    refusal = publisher._delivery._refusal
    publisher.connect()
    try:
        for number in range(5):
            publisher.publish_event(appeared(number))
        for trial in range(3):
            wait_until(lambda: refusal._held_until and publisher._delivery.is_connected)
            ended = len(connections)
            publisher.publish_summary(summary(trial))
            wait_until(lambda: publisher._sender.wait_until_sent(0))
            assert (len(connections), publisher.unacknowledged) == (ended, 5)
            if trial == 1:
                is_mended.set()  # of which the next connection is the first to know
            refusal._held_until = 0  # as a minute later
            publisher._connection.wake()
            wait_until(lambda: len(connections) == ended + (trial < 2))  # noqa: B023
        wait_until(lambda: publisher.unacknowledged == 0)
    finally:
        publisher.close()
    wait_until(lambda: len(connections) == ended + 1)
    assert [len(events) for events in connections[-3:]] == [1, 1, 5]
    assert caplog.text.count("the broker refuses messages on mien/kitchen/") == 1


@pytest.mark.parametrize(
    "topic_end", [b"kitchen/availability", b"kitchen/state", b"kitchen/config"]
)
def test_a_retained_topic_that_is_refused_does_not_take_the_device_off_line(
    scripted: MakeBroker, caplog: pytest.LogCaptureFixture, topic_end: bytes
) -> None:
    """By a broker that throws out whom it refuses."""
    connections: list[list[bytes]] = []

    def answer(connection: socket.socket, _version: int) -> None:
        connections.append(answer_events(connection, b"\x87", topic_end, then_closes=True))

    description = Description(device="kitchen", version="1", emotions=("happy",), prefix="home")
    publisher = MqttPublisher(
        scripted(answer).address,
        device="kitchen",
        backoff=Backoff(first_s=0.01, longest_s=0.01),
        beside=[HomeAssistant(description)],
    )
    publisher.announce(info())
    publisher.publish_state(state())
    for number in range(20):
        publisher.publish_event(appeared(number))
    publisher.connect(must_succeed=False)
    wait_until(lambda: publisher.unacknowledged == 0)
    publisher.publish_state(state())
    publisher.publish_summary(summary())
    wait_until(lambda: publisher._sender.wait_until_sent(0))
    ended = len(connections)
    publisher.close()
    assert ended <= 3
    wait_until(lambda: len(connections) == ended + 1)
    assert connections[-1] == []
    assert caplog.text.count("the broker refuses messages on") == 1


@pytest.mark.parametrize("reason", [b"\x83", b"\x97"])
def test_events_that_the_broker_refuses_for_now(
    scripted: MakeBroker, caplog: pytest.LogCaptureFixture, reason: bytes
) -> None:
    connections: list[list[bytes]] = []

    def answer(connection: socket.socket, _version: int) -> None:
        connections.append(answer_events(connection, b"\x00" if connections else reason))

    backoff = HeldBackoff()
    publisher = MqttPublisher(scripted(answer).address, device="kitchen", backoff=backoff)
    publisher.connect()
    for number in range(5):
        publisher.publish_event(appeared(number))
    wait_until(lambda: connections)
    assert publisher.unacknowledged == 5
    backoff.may_go.set()
    wait_until(lambda: publisher.unacknowledged == 0)
    publisher.close()
    wait_until(lambda: len(connections) == 2)
    late = [decode_event(payload) for payload in connections[1]]
    assert [event.id for event in late] == [appeared(number).id for number in range(5)]
    assert all(event.is_historical for event in late)
    assert publisher.backlog.dropped == 0
    assert caplog.text.count("the broker takes no more for now: ") == 1


def test_events_that_the_broker_never_answers_are_sent_again(
    scripted: MakeBroker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """One that throttles keeps the connection, and swallows its answers."""
    monkeypatch.setattr("edge_app.mqtt.connection.ANSWER_PERIODS", 0.02)
    connections: list[list[bytes]] = []

    def answer(connection: socket.socket, _version: int) -> None:
        connections.append(answer_events(connection, b"\x00" if connections else None))

    publisher = MqttPublisher(
        scripted(answer).address, device="kitchen", backoff=Backoff(first_s=0.01, longest_s=0.01)
    )
    publisher.connect()
    for number in range(40):
        publisher.publish_event(appeared(number))

    def is_done() -> bool:
        # What else it answers is no answer to an event.
        publisher.publish_summary(summary(1))
        return publisher.unacknowledged == 0

    wait_until(is_done)
    publisher.close()
    wait_until(lambda: len(connections) == 2)
    assert len(connections[0]) == WINDOW
    ids = [decode_event(payload).id for payload in connections[1]]
    assert ids == [appeared(number).id for number in range(40)]
    assert caplog.text.count("acknowledges no messages") == 1


class Watching(ConnectionHandler):
    """Looks how many messages wait in paho, or are under way."""

    def __init__(self) -> None:
        self.most = 0

    def proceed(self, client: LinkClient) -> None:
        self.most = max(self.most, len(client._out_messages))


def test_what_a_broker_has_no_place_for_does_not_wait_in_paho(scripted: MakeBroker) -> None:
    """There it would be sent however old it has become meanwhile."""

    def answer(connection: socket.socket, _version: int) -> None:
        answer_events(connection, None, topic_end=b"")

    watching = Watching()
    publisher = MqttPublisher(scripted(answer).address, device="kitchen", beside=[watching])
    publisher.connect()
    for number in range(2 * WINDOW):
        publisher.publish_event(appeared(number))
        publisher.publish_state(state())
        publisher.publish_summary(summary(number))
    wait_until(lambda: watching.most >= WINDOW)
    publisher.close()
    # As many as Mosquitto takes at once by default, beside the availability.
    assert watching.most <= WINDOW + FOR_OTHERS + 1


def test_where_the_broker_takes_one_message_at_once_nothing_keeps_events_from_it(
    scripted: MakeBroker,
) -> None:
    topics: list[bytes] = []

    def answer(connection: socket.socket, _version: int) -> None:
        # Receive Maximum: 1.
        connection.sendall(b"\x20\x06\x00\x00\x03\x21\x00\x01")
        with contextlib.suppress(OSError):
            for topic, packet_id, _ in publications(connection):
                topics.append(topic)
                for _ in range(2):
                    publisher.publish_state(state())
                    publisher.publish_summary(summary(len(topics)))
                connection.sendall(b"\x40\x02" + packet_id)

    publisher = MqttPublisher(scripted(answer).address, device="kitchen")
    for number in range(10):
        publisher.publish_event(appeared(number))
    publisher.connect()
    wait_until(lambda: publisher.unacknowledged == 0)
    publisher.close()
    # They are read from the outbox by a thread, which may come late to the first turn.
    first = topics.index(b"mien/kitchen/event")
    assert topics[first : first + 20].count(b"mien/kitchen/event") in {9, 10}
    assert {*topics} >= {b"mien/kitchen/state", b"mien/kitchen/summary"}


def test_a_broker_that_answers_slowly_answers(scripted: MakeBroker) -> None:
    may_answer = threading.Event()

    def answer(connection: socket.socket, _version: int) -> None:
        """Take them in, and answer the second event only."""
        connection.sendall(b"\x20\x03\x00\x00\x00")
        topic, received = b"mien/kitchen/event", b""
        while received.count(topic) < 3:
            received += connection.recv(4096)
        assert may_answer.wait(60)
        begin = received.index(topic, received.index(topic) + 1) + len(topic)
        connection.sendall(b"\x40\x03" + received[begin : begin + 2] + b"\x00")

    publisher = MqttPublisher(scripted(answer).address, device="kitchen")
    publisher.connect()
    for number in range(3):
        publisher.publish_event(appeared(number))
    wait_until(lambda: len(publisher._delivery._under_way) == 3)
    since = publisher._delivery.unanswered_since()
    may_answer.set()
    wait_until(lambda: len(publisher._delivery._under_way) == 2)
    assert (publisher._delivery.unanswered_since() or 0) > (since or 0)
    publisher.close()


def test_a_broker_that_acknowledges_nothing_is_left_without_an_event_too(
    scripted: MakeBroker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody is there, or only aggregates are published: retained messages and summaries."""
    monkeypatch.setattr("edge_app.mqtt.connection.ANSWER_PERIODS", 0.02)
    connections: list[list[bytes]] = []

    def answer(connection: socket.socket, _version: int) -> None:
        reason = b"\x00" if connections else None
        connections.append(answer_events(connection, reason, topic_end=b""))

    publisher = MqttPublisher(
        scripted(answer).address, device="kitchen", backoff=Backoff(first_s=0.01, longest_s=0.01)
    )
    publisher.connect()
    for number in range(30):  # more than paho has places for
        publisher.publish_state(state())
        publisher.publish_summary(summary(number))
    wait_until(lambda: len(connections) == 1)
    wait_until(lambda: publisher._sender.wait_until_sent(0))
    assert publisher._delivery.unanswered_since() is None
    publisher.close()
    wait_until(lambda: len(connections) == 2)
    told = [faces for each in connections[1] if (faces := _faces(each)) is not None]
    assert told == list(range(30))
    assert caplog.text.count("acknowledges no messages") == 1


def _faces(payload: bytes) -> int | None:
    """How many a summary tells of; None for what is no summary."""
    if not payload.startswith(b"{"):
        return None
    faces = msgspec.json.decode(payload).get("faces")
    return faces if isinstance(faces, int) else None


def test_a_summary_that_was_not_acknowledged_is_sent_again(scripted: MakeBroker) -> None:
    connections: list[list[bytes]] = []

    def answer(connection: socket.socket, _version: int) -> None:
        reason = b"\x00" if connections else b"\x97"  # quota exceeded: for now
        connections.append(answer_events(connection, reason, b"/summary"))

    backoff = HeldBackoff()
    publisher = MqttPublisher(scripted(answer).address, device="kitchen", backoff=backoff)
    publisher.connect()
    publisher.publish_summary(summary(1))
    wait_until(lambda: connections)
    publisher.publish_summary(summary(2))
    backoff.may_go.set()
    wait_until(lambda: publisher._delivery.is_connected)
    publisher.close()
    wait_until(lambda: len(connections) == 2)
    assert [msgspec.json.decode(payload)["faces"] for payload in connections[1]] == [1, 2]
