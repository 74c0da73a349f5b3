"""A broker's address and topic filters → the messages that come."""

from __future__ import annotations

import functools
import queue
import secrets
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import paho.mqtt.client as mqtt

from edge_app.closing import Closing
from edge_app.mqtt.address import BrokerAddress
from edge_app.mqtt.backoff import Backoff
from edge_app.mqtt.connection import FIRST_CONNECTION_S, BrokerError, Connection
from edge_app.mqtt.credentials import Credentials
from edge_app.mqtt.handler import ConnectionHandler, Filter
from edge_app.mqtt.link import LinkError
from edge_app.mqtt.link_client import LinkClient

#: How long an MQTT 5 broker keeps what it has for a subscriber whose session is kept: as long as a
#: recorder may be away without losing an event.
_KEPT_SESSION_S = 7 * 86_400

#: There is one subscriber where there are many devices: it need not spare the broker, and is back
#: before they hand over what waited for it.
_LONGEST_DELAY_S = 2.0

#: Messages that wait for `receive`; the broker is left with further ones.
_MOST_WAITING = 1000

_LOOK_S = 0.01


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """A message as it came.

    is_retained: the broker kept it; it is not news. connection: the number of the one that it came
    on; what is retained may come before `Subscriber.connection` says that number.
    """

    topic: str
    payload: bytes
    is_retained: bool
    connection: int


class Subscriber(Closing):
    """Listens, also across lost connections, until it is closed.

    filters: topic filters.
    kept_as: a name that is unique at the broker, which keeps for it what is said while nobody
    listens under it; None keeps nothing, under a name of its own.
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
        self._intake = _Intake((*kept, *passing))
        self._make_connection = functools.partial(
            Connection,
            address,
            self._intake,
            client_id=kept_as or f"mien-events-{secrets.token_hex(4)}",
            credentials=credentials,
            session_s=0 if kept_as is None else _KEPT_SESSION_S,
            outlives_process=kept_as is not None,
            backoff=backoff or Backoff(longest_s=_LONGEST_DELAY_S),
        )
        self._connection = self._make_connection()

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

    def rest(self) -> Iterator[ReceivedMessage]:
        """After `close`: what came and was not received; the broker does not send it again."""
        while not self._intake.messages.empty():
            message = self._intake.messages.get()
            if message is not None:
                yield message

    def abandon(self) -> None:
        """Leave to the broker what comes from now on: nothing can be done with it."""
        self._intake.is_abandoned = True
        self.close()

    def close(self) -> None:
        """Disconnect and end the thread. Again: does nothing."""
        self._intake.is_ending.set()
        self._connection.close()

    def come_back(self) -> None:
        """After `abandon`: listen again, as after a lost connection, and wait for nothing.

        Raises:
            UsageError: see `connect`.
        """
        self._intake.is_abandoned = False
        self._intake.is_ending.clear()
        self._connection = self._make_connection()
        self._connection.start(0.0, must_succeed=False)

    def __enter__(self) -> Self:
        self.connect()
        return self


class _Intake(ConnectionHandler):
    """The subscriber's part on the connection's thread."""

    def __init__(self, filters: tuple[Filter, ...]) -> None:
        self._filters = filters
        self._unanswered: set[str] = set()
        self._connections = 0
        self._is_refused = False
        #: As `Subscriber.connection` tells it to any thread.
        self.connection: int | None = None
        self.messages: queue.SimpleQueue[ReceivedMessage | None] = queue.SimpleQueue()
        self.is_ending = threading.Event()
        self.is_abandoned = False
        self.is_subscribed = threading.Event()
        self.refused: list[str] = []

    @property
    def filters(self) -> Sequence[Filter]:
        """All that the subscriber was made with."""
        return self._filters

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

    def received(self, message: mqtt.MQTTMessage) -> None:
        """Pass a message on, once there is room: until then the broker has no answer to it.

        A kept session may bring any number before the broker says that all is heard, and until then
        nobody receives.

        Raises:
            LinkError: the broker is to keep it.
        """
        while (
            self.is_subscribed.is_set()
            and self.messages.qsize() >= _MOST_WAITING
            and not self.is_ending.wait(_LOOK_S)
        ):
            pass
        if self.is_abandoned:
            raise LinkError("given up")
        self.messages.put(
            ReceivedMessage(
                message.topic, bytes(message.payload), message.retain, self._connections
            )
        )

    def disconnected(self) -> None:
        """Nothing is heard any more."""
        self.connection = None
