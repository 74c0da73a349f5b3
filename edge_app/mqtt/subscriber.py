"""A broker's address and topic filters → the messages that come."""

from __future__ import annotations

import queue
import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import paho.mqtt.client as mqtt

from edge_app.closing import Closing
from edge_app.mqtt.address import BrokerAddress
from edge_app.mqtt.backoff import Backoff
from edge_app.mqtt.connection import FIRST_CONNECTION_S, BrokerError, Connection
from edge_app.mqtt.credentials import Credentials
from edge_app.mqtt.handler import ConnectionHandler, Filter
from edge_app.mqtt.link_client import LinkClient


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

    filters: topic filters, each with quality of service 1.
    """

    def __init__(
        self,
        address: BrokerAddress,
        filters: Sequence[str],
        *,
        credentials: Credentials | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        self._address = address
        self._intake = _Intake(tuple(filters))
        self._connection = Connection(
            address,
            self._intake,
            client_id=f"mien-events-{secrets.token_hex(4)}",
            credentials=credentials,
            backoff=backoff,
        )

    @property
    def address(self) -> BrokerAddress:
        """The broker's."""
        return self._address

    @property
    def connection(self) -> int | None:
        """The number of the connection on which everything is heard that was asked for, from 1 on.

        None while there is none: what is said meanwhile never comes.
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
        """The next message; None when none comes within `timeout_s`."""
        try:
            return self._intake.messages.get(timeout=timeout_s)
        except queue.Empty:
            return None

    def close(self) -> None:
        """Disconnect and end the thread. Again: does nothing."""
        self._connection.close()

    def __enter__(self) -> Self:
        self.connect()
        return self


class _Intake(ConnectionHandler):
    """The subscriber's part on the connection's thread."""

    def __init__(self, filters: tuple[str, ...]) -> None:
        self._filters = filters
        self._unanswered: set[str] = set()
        self._connections = 0
        self._is_refused = False
        #: As `Subscriber.connection` tells it to any thread.
        self.connection: int | None = None
        self.messages: queue.SimpleQueue[ReceivedMessage] = queue.SimpleQueue()
        self.is_subscribed = threading.Event()
        self.refused: list[str] = []

    @property
    def filters(self) -> Sequence[Filter]:
        """All that the subscriber was made with."""
        return [Filter(each) for each in self._filters]

    def connected(self, client: LinkClient) -> None:
        """Begin anew: the broker forgets a clean session with its connection."""
        del client
        self._connections += 1
        self._is_refused = False
        self._unanswered = set(self._filters)

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
        """Pass a message on."""
        self.messages.put(
            ReceivedMessage(
                message.topic, bytes(message.payload), message.retain, self._connections
            )
        )

    def disconnected(self) -> None:
        """Nothing is heard any more."""
        self.connection = None
