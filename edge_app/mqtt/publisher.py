"""What the daemon has to say → an MQTT broker."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Sequence

import paho.mqtt.client as mqtt

from edge_app.events.payloads import Alert, Event, Info, State, Summary, Telemetry, encode
from edge_app.events.publisher import Backlog, Publisher
from edge_app.events.raised_alerts import RaisedAlerts
from edge_app.events.requests import Response
from edge_app.mqtt.address import BrokerAddress
from edge_app.mqtt.backoff import Backoff
from edge_app.mqtt.connection import FIRST_CONNECTION_S, Connection
from edge_app.mqtt.credentials import Credentials
from edge_app.mqtt.handler import ConnectionHandler, Filter
from edge_app.mqtt.identity import SESSION_S
from edge_app.mqtt.link_client import LinkClient
from edge_app.mqtt.messages import (
    ALERT,
    AVAILABILITY,
    EVENT,
    INFO,
    RESPONSE,
    STATE,
    SUMMARY,
    TELEMETRY,
    Message,
)
from edge_app.mqtt.outbox.alerts import DAMAGED, DROPPED
from edge_app.mqtt.outbox.lanes import WINDOW
from edge_app.mqtt.outbox.outbox import Outbox
from edge_app.mqtt.outbox.place import memory_outbox
from edge_app.mqtt.refusal import WARNING_S, Refusal
from edge_app.mqtt.sender import Sender

#: How long `close` waits for acknowledgements. With the farewell (`FAREWELL_S` and half of it) and
#: a camera that hangs (half a second), the process still ends within two seconds.
LAST_DELIVERY_S = 0.6

#: Of the messages that the broker takes at once, how many are no events: see `WINDOW`.
FOR_OTHERS = 4

_LOG = logging.getLogger(__name__)


class MqttPublisher(Publisher):
    """Publishes events once, and keeps `info` and `state` retained, across lost connections.

    device: the name in the topics, and in the client's id. outbox: where events wait, closed with
    the publisher; None: in memory. beside: what else is done on the same connection, requests for
    example.
    """

    def __init__(
        self,
        address: BrokerAddress,
        *,
        device: str,
        credentials: Credentials | None = None,
        outbox: Outbox | None = None,
        backoff: Backoff | None = None,
        beside: Sequence[ConnectionHandler] = (),
    ) -> None:
        self._device = device
        self._outbox = memory_outbox() if outbox is None else outbox
        self._sender = Sender(on_loss=self._outbox.lose)
        self._delivery = _Delivery(device, self._outbox, self._sender, beside)
        self._connection = Connection(
            address,
            self._delivery,
            client_id=f"mien-{device}",
            availability=AVAILABILITY.topic(device),
            credentials=credentials,
            session_s=SESSION_S,
            backoff=backoff,
        )
        self._alerts = RaisedAlerts(self._say_alert)
        self._is_closed = False

    def connect(
        self,
        timeout_s: float = FIRST_CONNECTION_S,
        *,
        must_succeed: bool = True,
        stop: threading.Event | None = None,
    ) -> None:
        """Make the first connection; a later loss is mended without a word here.

        must_succeed: False waits no longer than `timeout_s` either, and goes on trying. stop: once
        it is set, nobody waits any longer.

        Raises:
            UsageError: the credentials cannot be read, do not fit, or fit no such address.
            BrokerError: no connection within `timeout_s`, or a refusal before that.
        """
        self._outbox.start(self._connection.wake)
        self._connection.start(timeout_s, must_succeed=must_succeed, stop=stop)

    @property
    def unacknowledged(self) -> int:
        """How many events the broker has not acknowledged yet."""
        return len(self._outbox)

    def announce(self, info: Info) -> None:
        """Say what this device is; retained, and said again on each connection."""
        self._say(INFO, encode(info))

    def publish_event(self, event: Event) -> None:
        """Hand over one decided event; without a connection it waits in the outbox."""
        self._outbox.put(event)

    def publish_state(self, state: State) -> None:
        """Say who is there now; without a connection only the newest state is kept."""
        self._say(STATE, encode(state))

    def publish_summary(self, summary: Summary) -> None:
        """Hand over what was seen in an interval; without a connection it waits in memory."""
        self._say(SUMMARY, encode(summary))

    def publish_telemetry(self, telemetry: Telemetry) -> None:
        """Say how the device does; without a connection only the newest is kept.

        Alerts are said again whose beginning is another one since the clock was set.
        """
        self._say(TELEMETRY, encode(telemetry))
        self._alerts.look_at_the_clock()

    def publish_alert(self, alert_id: str, alert: Alert | None) -> None:
        """Raise or change an alert; None resolves it, also one of an earlier process.

        Raises:
            TopicError: `alert_id` is no level of a topic.
        """
        self._alerts.say(alert_id, alert)

    def publish_response(self, request: str, response: Response) -> None:
        """Answer a request.

        Raises:
            TopicError: `request` is no level of a topic.
        """
        self._say(RESPONSE, encode(response), request=request)

    @property
    def backlog(self) -> Backlog:
        """Events that wait for the broker's acknowledgement, and those that no longer can."""
        return Backlog(waiting=len(self._outbox), dropped=self._outbox.dropped)

    def close(self) -> None:
        """Wait a moment for acknowledgements, say `offline`, disconnect, end the threads.

        What hangs is waited for longer: a connection that is being made a second, a disk ten.
        """
        if self._is_closed:
            return
        self._is_closed = True
        self._sender.end()
        self._connection.wake()
        if self._delivery.is_connected:
            deadline = time.monotonic() + LAST_DELIVERY_S
            self._outbox.wait_until_empty(LAST_DELIVERY_S)
            self._sender.wait_until_sent(max(0.0, deadline - time.monotonic()))
        self._connection.close()
        self._outbox.close()
        if left := self.unacknowledged:
            what = "kept for the next start" if self._outbox.is_durable else "lost"
            _LOG.warning(
                "ending with %d %s that the broker did not acknowledge: %s",
                left,
                "event" if left == 1 else "events",
                what,
            )

    def _say_alert(self, alert_id: str, alert: Alert | None) -> None:
        self._say(ALERT, b"" if alert is None else encode(alert), alert=alert_id)

    def _say(self, message: Message, payload: bytes, **levels: str) -> None:
        self._sender.hand_over(message, message.topic(self._device, **levels), payload)
        self._connection.wake()


class _Delivery(ConnectionHandler):
    """The publisher's part on the connection's thread."""

    def __init__(
        self,
        device: str,
        outbox: Outbox,
        sender: Sender,
        beside: Sequence[ConnectionHandler],
    ) -> None:
        self._device = device
        self._outbox = outbox
        self._sender = sender
        self._beside = beside
        #: By packet id, in the order of sending: the event's number, and when it was sent.
        self._under_way: dict[int, tuple[int, float]] = {}
        self._answered_at = -math.inf
        self._refusal = Refusal()
        self._losses = {ALERT.topic(device, alert=alert): alert for alert in (DROPPED, DAMAGED)}
        #: What a warning was given of, and when.
        self._warned: dict[str, float] = {}
        #: What the broker answered last was no event: where it takes one message at once, they take
        #: turns.
        self._is_events_turn = False
        self.is_connected = False

    @property
    def filters(self) -> Sequence[Filter]:
        """What the others want: nothing that comes concerns the delivery."""
        return [each for handler in self._beside for each in handler.filters]

    def connected(self, client: LinkClient) -> None:
        """Say everything retained again, and let the others do what they do on a connection."""
        self.is_connected = True
        self._sender.connected()
        if self._refusal.connected():
            self._outbox.connected()
        for handler in self._beside:
            handler.connected(client)
        self.proceed(client)

    def proceed(self, client: LinkClient) -> None:
        """Send what waits, but no more than the broker takes at once: paho would queue it."""
        if self._refusal.has_waited():
            self._outbox.connected()
        # A broker may take less at once than usual (MQTT 5, Receive Maximum).
        most = client.max_inflight_messages
        if most == 1 and self._is_events_turn:
            self._offer_events(client, most)
        self._send_others(client, most)
        self._offer_events(client, most)

    def _send_others(self, client: LinkClient, most: int) -> None:
        """Leave events the places that they have, and one at least, if there are two."""
        of_events = max(len(self._under_way), min(1, most - 1))
        self._sender.proceed(client, most - of_events)
        for handler in self._beside:
            handler.proceed(client)

    def _offer_events(self, client: LinkClient, most: int) -> None:
        """Offer them in order, within the window."""
        usual = max(1, min(WINDOW, most - FOR_OTHERS))
        window = min(self._refusal.window(usual), most - self._sender.under_way)
        while offer := self._outbox.take(window):
            packet_id = client.send(EVENT, EVENT.topic(self._device), offer.payload)
            if packet_id is None:
                self._outbox.settle(offer.sequence, is_accepted=False)
            else:
                self._under_way[packet_id] = offer.sequence, time.monotonic()

    def unanswered_since(self) -> float | None:
        """Of events, or of all else, whichever is older; slow answers are answers, too."""
        event = next((since for _, since in self._under_way.values()), None)
        if event is not None:
            event = max(event, self._answered_at)
        waiting = [each for each in (event, self._sender.unanswered_since()) if each is not None]
        return min(waiting, default=None)

    def received(self, message: mqtt.MQTTMessage) -> None:
        """Pass it on."""
        for handler in self._beside:
            if handler.wants(message.topic):
                handler.received(message)

    def acknowledged(self, packet_id: int, *, is_accepted: bool) -> None:
        """Let go of an event. One that is refused for what it is would be refused again."""
        is_ours = self._settle(packet_id, is_accepted=is_accepted)
        if not is_accepted:
            self._warn(packet_id, is_ours=is_ours)

    def too_large(self, packet_id: int) -> None:
        """Let go of it: the next one may be smaller."""
        self._settle(packet_id, is_accepted=False)

    def _settle(self, packet_id: int, *, is_accepted: bool) -> bool:
        """The broker has this message, or never will; whether it is the delivery's."""
        said = self._sender.acknowledged(packet_id, is_accepted=is_accepted)
        self._is_events_turn = said is not None
        if is_accepted and said is not None and said.payload and said.topic in self._losses:
            self._outbox.told(self._losses[said.topic])
        if (sent := self._under_way.pop(packet_id, None)) is not None:
            self._answered_at = time.monotonic()
            self._outbox.settle(sent[0], is_accepted=is_accepted)
            if is_accepted:
                self._refusal.end()
        return said is not None or sent is not None

    def refused_by_rules(self, packet_id: int) -> None:
        """Have all events wait: what is wrong with the rules for one is wrong for the others."""
        is_event = packet_id in self._under_way
        self._is_events_turn = self._sender.refused(packet_id) is not None
        is_ours = self._is_events_turn or is_event
        self._answered_at = time.monotonic()
        if is_event:
            # As on a lost connection. Answers to the others, whatever they are, come too late.
            self._under_way.clear()
            self._refusal.begin()
            self._outbox.refused()
        self._warn(packet_id, is_ours=is_ours)
        if not is_ours:
            for handler in self._beside:
                handler.refused_by_rules(packet_id)

    def disconnected(self) -> None:
        """Have what was under way wait for the next connection."""
        self.is_connected = False
        self._refusal.disconnected(is_in_doubt=bool(self._under_way))
        self._sender.disconnected()
        self._under_way.clear()
        self._outbox.disconnected()

    def _warn(self, packet_id: int, *, is_ours: bool) -> None:
        """Tell of a refusal, hourly: of the device's own topics, and of each other one."""
        topic = f"mien/{self._device}/…"
        if not is_ours:
            told = (handler.topic_of(packet_id) for handler in self._beside)
            topic = next(filter(None, told), topic)
        now = time.monotonic()
        if now - self._warned.get(topic, -math.inf) >= WARNING_S:
            self._warned[topic] = now
            _LOG.warning(
                "the broker refuses messages on %s; check its access rules for this user", topic
            )
