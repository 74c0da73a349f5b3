from __future__ import annotations

import threading
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from edge_app.mqtt.link_client import LinkClient
from edge_app.mqtt.messages import ALERT, RESPONSE, STATE, SUMMARY
from edge_app.mqtt.refusal import RETAINED_HOLD_S
from edge_app.mqtt.sender import CAPACITY, LONGEST_ANSWER_S, Sender, Sent
from tests.clock import Clock

#: Messages under way at once.
MOST = 20


def test_whatever_is_answered_ends_the_silence() -> None:
    clock = Clock()
    sender, client = Sender(clock), LinkClient(CallbackAPIVersion.VERSION2)
    sender.proceed(client, MOST)
    assert sender.unanswered_since() is None
    for topic in ("mien/kitchen/state", "mien/kitchen/info"):
        sender.hand_over(STATE, topic, b"{}")
        sender.proceed(client, MOST)
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
    sender.proceed(client, MOST)
    sender.disconnected()
    assert sender.unanswered_since() is None


def test_a_retained_topic_that_is_refused_is_said_again_after_a_while() -> None:
    clock = Clock()
    sender, client = Sender(clock), LinkClient(CallbackAPIVersion.VERSION2)

    def said() -> set[str]:
        sender.proceed(client, MOST)
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


class RecordingClient(LinkClient):
    """Keeps what it is to publish."""

    def __init__(self) -> None:
        super().__init__(CallbackAPIVersion.VERSION2)
        self.payloads: list[bytes] = []

    def publish(self, topic: str, payload: Any = None, *more: Any) -> mqtt.MQTTMessageInfo:
        self.payloads.append(payload)
        return super().publish(topic, payload, *more)


def test_what_was_superseded_is_not_sent_to_a_broker_that_answers_slowly() -> None:
    sender, client = Sender(), RecordingClient()

    def say(*payloads: bytes) -> None:
        for payload in payloads:
            sender.hand_over(STATE, "mien/kitchen/state", payload)
            sender.proceed(client, MOST)

    say(b"1", b"2", b"3")
    assert client.payloads == [b"1"]
    sender.acknowledged(1)
    sender.proceed(client, MOST)
    say(b"4")
    assert client.payloads == [b"1", b"3"]
    # The last word does not wait for an answer.
    sender.end()
    sender.proceed(client, MOST)
    assert client.payloads == [b"1", b"3", b"4"]


def test_an_answer_that_the_broker_swallows_does_not_keep_the_next_message_for_ever() -> None:
    clock = Clock()
    sender, client = Sender(clock), RecordingClient()
    for payload in (b"1", b"2"):
        sender.hand_over(STATE, "mien/kitchen/state", payload)
        sender.proceed(client, MOST)
    clock.now_s += LONGEST_ANSWER_S
    sender.acknowledged(99)  # an event
    sender.proceed(client, MOST)
    assert client.payloads == [b"1", b"2"]
    sender.hand_over(STATE, "mien/kitchen/state", b"3")
    sender.proceed(client, MOST)
    assert client.payloads == [b"1", b"2"]
    sender.acknowledged(2)
    clock.now_s += LONGEST_ANSWER_S
    sender.proceed(client, MOST)
    assert client.payloads == [b"1", b"2", b"3"]


def test_no_more_is_under_way_than_there_are_places_for() -> None:
    sender, client = Sender(), RecordingClient()
    for number in range(4):
        sender.hand_over(SUMMARY, "mien/kitchen/summary", b"%d" % number)
        sender.hand_over(STATE, "mien/kitchen/state", b"state %d" % number)
    for packet_id in range(1, 6):
        sender.proceed(client, 2)
        assert sender.under_way == min(2, 6 - packet_id)
        sender.acknowledged(packet_id)
    assert client.payloads == [b"0", b"state 3", b"1", b"2", b"3"]
    assert sender.wait_until_sent(0)


def test_lost_summaries_are_told_of_and_nothing_else() -> None:
    lost: list[tuple[int, str]] = []
    sender, client = Sender(on_loss=lambda *loss: lost.append(loss)), RecordingClient()
    for _ in range(CAPACITY):
        sender.hand_over(SUMMARY, "mien/kitchen/summary", b"{}")
        sender.hand_over(STATE, "mien/kitchen/state", b"{}")
    assert lost == []
    sender.hand_over(SUMMARY, "mien/kitchen/summary", b"newest")
    assert lost == [(1, "too many summaries wait; the oldest are dropped")]
    sender.proceed(client, 4)
    # The two and the one that waits again count, once they are too many.
    sender.hand_over(RESPONSE, "mien/kitchen/response/pause", b"{}")
    for _ in range(2):
        sender.hand_over(SUMMARY, "mien/kitchen/summary", b"{}")
    assert len(lost) == 1
    sender.disconnected()
    assert [count for count, _ in lost] == [1, 3]
    for _ in range(CAPACITY - 2):
        sender.hand_over(RESPONSE, "mien/kitchen/response/pause", b"{}")
    assert sum(count for count, _ in lost) == 4 + CAPACITY - 3


def test_who_raises_an_alert_is_told_of_no_loss() -> None:
    lost: list[tuple[int, str]] = []
    sender = Sender(on_loss=lambda *loss: lost.append(loss))
    # Some thread has handed over one more, and is put off before it makes room.
    sender._waiting = {
        number: Sent(SUMMARY, "mien/kitchen/summary", b"{}") for number in range(CAPACITY + 1)
    }
    sender.hand_over(ALERT, "mien/kitchen/alert/outbox-storage", b"{}")
    assert lost == []
    sender.disconnected()
    assert [count for count, _ in lost] == [1]


def test_summaries_that_the_broker_refuses_are_lost() -> None:
    lost: list[int] = []
    sender, client = Sender(on_loss=lambda count, _: lost.append(count)), RecordingClient()
    for _ in range(3):
        sender.hand_over(SUMMARY, "mien/kitchen/summary", b"{}")
    sender.proceed(client, MOST)
    sender.acknowledged(1)
    sender.acknowledged(2, is_accepted=False)
    sender.refused(3)
    assert lost == [1, 1]
    client.sizes.refused("mien/kitchen/summary", 0)
    sender.hand_over(SUMMARY, "mien/kitchen/summary", b"{}")
    sender.proceed(client, MOST)
    assert lost == [1, 1, 1]


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
    thread = threading.Thread(target=sender.proceed, args=(client, MOST))
    thread.start()
    assert client.is_asked.wait(60)
    assert not sender.wait_until_sent(0)
    client.may_go.set()
    thread.join()
    assert not sender.wait_until_sent(0)
    sender.acknowledged(1)
    assert sender.wait_until_sent(0)
