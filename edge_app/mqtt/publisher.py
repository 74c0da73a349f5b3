"""What the daemon has to say → an MQTT broker."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import paho.mqtt.client as mqtt

from edge_app.events.payloads import Event, Info, State, encode
from edge_app.events.publisher import Publisher
from edge_app.mqtt.address import BrokerAddress
from edge_app.mqtt.backoff import Backoff
from edge_app.mqtt.connection import FIRST_CONNECTION_S, Connection, ConnectionHandler
from edge_app.mqtt.outbox import MemoryOutbox
from edge_app.mqtt.topics import Topics

#: Events under way at once. Mosquitto takes 20 messages by default, paho's own limit too; the rest
#: is room for retained ones, so that nothing but the outbox queues.
WINDOW = 16

#: How long `close` waits for acknowledgements.
LAST_DELIVERY_S = 1.0

_LOG = logging.getLogger(__name__)


class MqttPublisher(Publisher):
    """Publishes events once, and keeps `info` and `state` retained, across lost connections.

    device: the name in the topics, and in the client's id.
    """

    def __init__(
        self,
        address: BrokerAddress,
        *,
        device: str,
        password_file: Path | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        topics = Topics(device)
        self._topics = topics
        self._outbox = MemoryOutbox()
        self._delivery = _Delivery(topics, self._outbox)
        self._connection = Connection(
            address,
            self._delivery,
            client_id=f"mien-{device}",
            availability=topics.availability,
            password_file=password_file,
            backoff=backoff,
        )
        self._is_closed = False

    def connect(self, timeout_s: float = FIRST_CONNECTION_S) -> None:
        """Make the first connection; a later loss is mended without a word here.

        Raises:
            UsageError: the password file cannot be read, or there is no user for it.
            BrokerError: no connection within `timeout_s`, or a refusal before that.
        """
        self._connection.start(timeout_s)

    @property
    def unacknowledged(self) -> int:
        """How many events the broker has not acknowledged yet; after `close`: how many it lost."""
        return len(self._outbox)

    def announce(self, info: Info) -> None:
        """Say what this device is; retained, and said again on each connection."""
        self._delivery.retain(self._topics.info, encode(info))
        self._connection.wake()

    def publish_event(self, event: Event) -> None:
        """Hand over one decided event; without a connection it waits in memory."""
        self._outbox.put(event)
        self._connection.wake()

    def publish_state(self, state: State) -> None:
        """Say who is there now; without a connection only the newest state is kept."""
        self._delivery.retain(self._topics.state, encode(state))
        self._connection.wake()

    def close(self) -> None:
        """Wait up to a second for acknowledgements, say `offline`, disconnect, end the thread."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._delivery.is_connected:
            self._outbox.wait_until_empty(LAST_DELIVERY_S)
        self._connection.close()
        if lost := self.unacknowledged:
            _LOG.warning("ending with %d events that the broker did not acknowledge", lost)


class _Delivery(ConnectionHandler):
    """The publisher's part on the connection's thread."""

    def __init__(self, topics: Topics, outbox: MemoryOutbox) -> None:
        self._topics = topics
        self._outbox = outbox
        self._event_ids: dict[int, str] = {}
        self._lock = threading.Lock()
        self._retained: dict[str, bytes] = {}
        self._unsaid: dict[str, bytes] = {}
        self._has_warned = False
        self.is_connected = False

    def retain(self, topic: str, payload: bytes) -> None:
        """Keep the newest payload of a topic, to be said now and on each connection."""
        with self._lock:
            self._retained[topic] = payload
            self._unsaid[topic] = payload

    def connected(self, client: mqtt.Client) -> None:
        """Say everything retained again: a broker without a disk forgets it."""
        self.is_connected = True
        self._has_warned = False
        with self._lock:
            self._unsaid = dict(self._retained)
        self._outbox.mark_historical()
        self.proceed(client)

    def proceed(self, client: mqtt.Client) -> None:
        """Offer what waits, in order, within the window."""
        with self._lock:
            unsaid, self._unsaid = self._unsaid, {}
        for topic, payload in unsaid.items():
            client.publish(topic, payload, qos=1, retain=True)
        while self._outbox.under_way < WINDOW and (event := self._outbox.take()):
            packet = client.publish(self._topics.event, encode(event), qos=1)
            self._event_ids[packet.mid] = event.id

    def acknowledged(self, packet_id: int, *, is_accepted: bool) -> None:
        """Let go of an event. A refused one too: the broker's rules will not change for it."""
        event_id = self._event_ids.pop(packet_id, None)
        if event_id is not None:
            self._outbox.settle(event_id)
        if not is_accepted and not self._has_warned:
            self._has_warned = True
            _LOG.warning(
                "the broker refuses messages on mien/%s/…; check its access rules for this user",
                self._topics.device,
            )

    def disconnected(self) -> None:
        """Have what was under way wait for the next connection."""
        self.is_connected = False
        self._event_ids.clear()
        self._outbox.take_back()
