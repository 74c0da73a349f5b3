from __future__ import annotations

import threading
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from edge_app.mqtt.link_client import LinkClient
from edge_app.mqtt.messages import STATE, SUMMARY
from edge_app.mqtt.refusal import RETAINED_HOLD_S
from edge_app.mqtt.sender import Sender
from tests.clock import Clock


def test_whatever_is_answered_ends_the_silence() -> None:
    clock = Clock()
    sender, client = Sender(clock), LinkClient(CallbackAPIVersion.VERSION2)
    sender.proceed(client)
    assert sender.unanswered_since() is None
    for _ in range(2):
        sender.hand_over(STATE, "mien/kitchen/state", b"{}")
        sender.proceed(client)
        clock.now_s += 10
    assert sender.unanswered_since() == 50
    sender.acknowledged(99)  # an event
    assert sender.unanswered_since() == 70
    clock.now_s += 10
    sender.acknowledged(1)
    assert sender.unanswered_since() == 80
    sender.acknowledged(2)
    assert sender.unanswered_since() is None
    sender.hand_over(STATE, "mien/kitchen/state", b"{}")
    sender.proceed(client)
    sender.disconnected()
    assert sender.unanswered_since() is None


def test_a_retained_topic_that_is_refused_is_said_again_after_a_while() -> None:
    clock = Clock()
    sender, client = Sender(clock), LinkClient(CallbackAPIVersion.VERSION2)

    def said() -> set[str]:
        sender.proceed(client)
        return {each.topic for each in sender._under_way.values()}

    for topic in ("mien/kitchen/state", "mien/kitchen/info"):
        sender.hand_over(STATE, topic, b"{}")
    assert len(said()) == 2
    refused = sender.refused(1)
    assert refused is not None
    assert refused.topic == "mien/kitchen/state"
    sender.disconnected()
    sender.connected()
    sender.hand_over(STATE, "mien/kitchen/state", b'{"newest": true}')
    assert said() == {"mien/kitchen/info"}
    assert sender.wait_until_sent(0)
    clock.now_s += RETAINED_HOLD_S
    assert said() == {"mien/kitchen/info", "mien/kitchen/state"}
    assert b'{"newest": true}' in {each.payload for each in sender._under_way.values()}


class SlowClient(LinkClient):
    """Holds whoever publishes until it is let go."""

    def __init__(self) -> None:
        super().__init__(CallbackAPIVersion.VERSION2)
        self.is_asked, self.may_go = threading.Event(), threading.Event()

    def publish(self, *arguments: Any, **named: Any) -> mqtt.MQTTMessageInfo:
        self.is_asked.set()
        assert self.may_go.wait(60)
        return super().publish(*arguments, **named)


def test_what_is_being_sent_is_not_sent_yet() -> None:
    sender, client = Sender(), SlowClient()
    sender.hand_over(SUMMARY, "mien/kitchen/summary", b"{}")
    thread = threading.Thread(target=sender.proceed, args=(client,))
    thread.start()
    assert client.is_asked.wait(60)
    assert not sender.wait_until_sent(0)
    client.may_go.set()
    thread.join()
    assert not sender.wait_until_sent(0)
    sender.acknowledged(1)
    assert sender.wait_until_sent(0)
