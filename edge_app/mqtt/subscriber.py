"""A broker's address and topic filters → the messages that come."""

from __future__ import annotations

import math
import queue
import secrets
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Self

import paho.mqtt.client as mqtt

from edge_app.closing import Closing
from edge_app.mqtt.address import BrokerAddress
from edge_app.mqtt.backoff import Backoff
from edge_app.mqtt.connection import FIRST_CONNECTION_S, BrokerError, Connection
from edge_app.mqtt.credentials import Credentials
from edge_app.mqtt.handler import ConnectionHandler, Filter
from edge_app.mqtt.link_client import LinkClient

#: How long an MQTT 5 broker keeps what it has for a subscriber whose session is kept: as long as a
#: recorder may be away without losing an event.
_KEPT_SESSION_S = 7 * 86_400

#: There is one subscriber where there are many devices: it need not spare the broker, and is back
#: before they hand over what waited for it.
_LONGEST_DELAY_S = 2.0

#: Messages that wait for `receive`; the broker is left with further ones.
_MOST_WAITING = 1000

#: Messages of a kept session that come before the first of them is settled, where the broker speaks
#: MQTT 5: some that were told no number stop at ten.
_MOST_UNSETTLED = 10_000

#: What follows so soon on answers was waiting for them, though the broker be an ocean away.
_SOON_S = 0.25

#: How long the end of the connection waits for answers to be on their way.
_LAST_ANSWERS_S = 0.25

_LOOK_S = 0.01


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A message as it came.

    is_retained: the broker kept it; it is not news. connection: the number of the one that it came
    on; what is retained may come before `Subscriber.connection` says that number. number: of the
    message, from 1 on.
    """

    topic: str
    payload: bytes
    is_retained: bool
    connection: int
    number: int = field(default=0, compare=False)


class Subscriber(Closing):
    """Listens, also across lost connections, until it is closed.

    filters: topic filters.
    kept_as: a name that is unique at the broker, which keeps for it what is said while nobody
    listens under it, and what came and was not settled; None keeps nothing, under a name of its
    own.
    unkept: further topic filters, of which nothing is kept.
    """

    def __init__(
        self,
        address: BrokerAddress,
        filters: Sequence[str],
        *,
        kept_as: str | None = None,
        unkept: Sequence[str] = (),
        credentials: Credentials | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        self._address = address
        kept = (Filter(each) for each in filters)
        passing = (Filter(each, is_queued=False) for each in unkept)
        self._intake = _Intake((*kept, *passing), is_kept=kept_as is not None)
        self._connection = Connection(
            address,
            self._intake,
            client_id=kept_as or f"mien-events-{secrets.token_hex(4)}",
            credentials=credentials,
            session_s=0 if kept_as is None else _KEPT_SESSION_S,
            outlives_process=kept_as is not None,
            most_unanswered=None if kept_as is None else _MOST_UNSETTLED,
            backoff=backoff or Backoff(longest_s=_LONGEST_DELAY_S),
        )

    @property
    def address(self) -> BrokerAddress:
        """The broker's."""
        return self._address

    @property
    def connection(self) -> int | None:
        """The number of the connection on which everything is heard that was asked for, from 1 on.

        None while there is none: what is said meanwhile comes late, if at all.
        """
        return self._intake.connection

    def connect(self, timeout_s: float = FIRST_CONNECTION_S) -> None:
        """Connect, and return when the broker has the subscriptions: nothing later is missed.

        Raises:
            UsageError: the credentials cannot be read, do not fit, or fit no such address.
            BrokerError: a refusal; no connection within `timeout_s`, or no answer to the
                subscriptions within as long again.
        """
        self._connection.start(timeout_s)
        if self._intake.is_subscribed.wait(timeout_s) and not self._intake.refused:
            return
        self.close()
        if self._intake.refused:
            raise BrokerError(
                f"broker {self._address}: {', '.join(self._intake.refused)}: subscription refused;"
                " check the broker's access rules for this user"
            )
        raise BrokerError(f"broker {self._address}: no answer to the subscription; try again")

    def receive(self, timeout_s: float | None = None) -> ReceivedMessage | None:
        """The next message; None when none comes within `timeout_s`, or `interrupt` was called."""
        try:
            return self._intake.messages.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def interrupt(self) -> None:
        """End a wait for the next message; a signal's handler may call it."""
        self._intake.messages.put(None)

    def waiting(self) -> Iterator[ReceivedMessage]:
        """What came and was not received yet; waits for nothing."""
        while not self._intake.messages.empty():
            message = self._intake.messages.get()
            if message is not None:
                yield message

    def settle(self, message: ReceivedMessage) -> None:
        """This one and all before it are safe: a broker that keeps what it sent may forget them.

        What is not settled when a connection ends, the broker sends again on the next one.
        """
        if message.number > self._intake.settled:
            self._intake.settled = message.number
            self._intake.is_answered.clear()
            self._connection.wake()

    @property
    def is_awaited(self) -> bool:
        """Whether the broker seems to send nothing more until what it sent is settled."""
        return self._intake.is_awaited

    def close(self) -> None:
        """Disconnect and end the thread. Again: does nothing."""
        if self._intake.connection is not None:
            self._intake.is_answered.wait(_LAST_ANSWERS_S)
        self._intake.is_ending.set()
        self._connection.close()

    def __enter__(self) -> Self:
        self.connect()
        return self


class _Unsettled(NamedTuple):
    """A message that the broker has no answer to yet, and what the answer must say."""

    number: int
    packet_id: int
    qos: int


class _Intake(ConnectionHandler):
    """The subscriber's part on the connection's thread.

    is_kept: messages are answered when they are settled; else as they come.
    """

    def __init__(self, filters: tuple[Filter, ...], *, is_kept: bool) -> None:
        self._filters, self._is_kept = filters, is_kept
        #: Of this connection, in the order in which they came, which answers have to keep.
        self._unsettled: deque[_Unsettled] = deque()
        self._number = 0
        self._answered_s = -math.inf
        #: The most that there were at once; and whether the oldest followed on answers.
        self._most = 0
        self._was_waiting = False
        #: Up to which message all are settled; any thread may say so.
        self.settled = 0
        #: Whether all that is settled is answered, or was asked on a connection that is gone.
        self.is_answered = threading.Event()
        self.is_answered.set()
        self.is_awaited = False
        self._unanswered: set[str] = set()
        self._connections = 0
        self._is_refused = False
        #: As `Subscriber.connection` tells it to any thread.
        self.connection: int | None = None
        self.messages: queue.SimpleQueue[ReceivedMessage | None] = queue.SimpleQueue()
        self.is_ending = threading.Event()
        self.is_subscribed = threading.Event()
        self.refused: list[str] = []

    @property
    def filters(self) -> Sequence[Filter]:
        """All that the subscriber was made with."""
        return self._filters

    @property
    def answers_later(self) -> bool:
        """Where a session is kept: what was never safe here is to come again."""
        return self._is_kept

    def connected(self, client: LinkClient) -> None:
        """Begin anew: what was asked for on an earlier connection may have been forgotten."""
        del client
        self._connections += 1
        self._is_refused = False
        self._unanswered = {each.topic_filter for each in self._filters}

    def subscribed(self, topic_filter: str, *, is_accepted: bool) -> None:
        """Once all are answered, all is heard, unless one was refused."""
        self._unanswered.discard(topic_filter)
        if not is_accepted:
            self.refused.append(topic_filter)
            self._is_refused = True
        if not self._unanswered:
            self.connection = None if self._is_refused else self._connections
            self.is_subscribed.set()

    def proceed(self, client: LinkClient) -> None:
        """Answer what is settled."""
        settled = self.settled
        while self._unsettled and self._unsettled[0].number <= settled:
            each = self._unsettled.popleft()
            client.ack(each.packet_id, each.qos)
            self._answered_s = time.monotonic()
        self.is_awaited = self.is_awaited and bool(self._unsettled)
        if settled == self.settled:
            self.is_answered.set()

    def received(self, message: mqtt.MQTTMessage) -> None:
        """Pass a message on, once there is room.

        A kept session may bring any number before the broker says that all is heard, and until then
        nobody receives.
        """
        while (
            self.is_subscribed.is_set()
            and self.messages.qsize() >= _MOST_WAITING
            and not self.is_ending.wait(_LOOK_S)
        ):
            pass
        self._number += 1
        if self._is_kept and message.qos > 0:
            if not self._unsettled:
                self._was_waiting = time.monotonic() - self._answered_s <= _SOON_S
            self._unsettled.append(_Unsettled(self._number, message.mid, message.qos))
            self._most = max(self._most, len(self._unsettled))
            # Of far fewer than there were before it does not wait: they come one by one.
            self.is_awaited = self._was_waiting and 2 * len(self._unsettled) >= self._most
        self.messages.put(
            ReceivedMessage(
                message.topic,
                bytes(message.payload),
                message.retain,
                self._connections,
                self._number,
            )
        )

    def disconnected(self) -> None:
        """Nothing is heard any more, and what was not answered comes again."""
        self.connection = None
        self._unsettled.clear()
        self._most, self.is_awaited = 0, False
        self.is_answered.set()
