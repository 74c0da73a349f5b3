"""`mien home-assistant remove`: a device's name → no retained message speaks of it."""

from __future__ import annotations

import argparse
import secrets
import sys
import threading
from collections.abc import Sequence

import paho.mqtt.client as mqtt

from edge_app.errors import MienError
from edge_app.mqtt.address import parse_address
from edge_app.mqtt.broker_arguments import add_broker_arguments, credentials_from
from edge_app.mqtt.connection import FIRST_CONNECTION_S, BrokerError, Connection
from edge_app.mqtt.discovery import discovery_topic
from edge_app.mqtt.handler import ConnectionHandler, Filter
from edge_app.mqtt.link_client import LinkClient
from edge_app.mqtt.messages import (
    ALERT,
    AVAILABILITY,
    DISCOVERY,
    INFO,
    OFFLINE,
    STATE,
    TELEMETRY,
    Message,
)

#: How long a broker may take, after another answer, to say what it keeps of the availability.
_SAYS_S = 1.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("action", choices=("remove",), help="remove the device")
    parser.add_argument("--device", metavar="NAME", required=True, help="which device")
    add_broker_arguments(parser)
    parser.add_argument(
        "--prefix",
        default="homeassistant",
        help="discovery prefix of Home Assistant (default: %(default)s)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Empty what the broker keeps of the device: the discovery, and where it is offline the rest.

    Raises:
        UsageError: an address, a device or a password file that cannot be.
        BrokerError: the broker cannot be reached, or does not take it.
        MienError: it keeps nothing of such a device.
    """
    address = parse_address(arguments.broker)
    emptying = _Emptying(arguments.device, discovery_topic(arguments.device, arguments.prefix))
    connection = Connection(
        address,
        emptying,
        client_id=f"mien-removal-{secrets.token_hex(4)}",
        credentials=credentials_from(arguments),
    )
    try:
        connection.start()
        is_taken = emptying.is_hidden.wait(FIRST_CONNECTION_S)
        if is_taken and emptying.is_heard.wait(_SAYS_S) and emptying.is_offline:
            is_taken = emptying.is_empty.wait(FIRST_CONNECTION_S)
    finally:
        connection.close()
    if not is_taken or emptying.refused:
        raise BrokerError(
            f"broker {address}: {', '.join(emptying.refused or emptying.unanswered)} is not taken;"
            " check the broker's access rules for this user"
        )
    if not emptying.was_kept:
        raise MienError(
            f"broker {address}: it keeps nothing of {arguments.device} that this user may read;"
            " check --device and --prefix"
        )
    kept = (
        "is gone"
        if emptying.is_offline
        else "stays, since it does not say that the device is offline"
    )
    sys.stderr.write(
        f"mien: {arguments.device} is removed from Home Assistant; it comes back with the"
        " device's next connection, or Home Assistant's next start, unless the device's settings"
        " say [home_assistant] discovery = false\n"
        f"mien: what the broker kept of {arguments.device} itself {kept}\n"
    )
    return 0


class _Emptying(ConnectionHandler):
    """Publishes empty retained messages, and tells any thread how far that is."""

    def __init__(self, device: str, discovery: str) -> None:
        self._device, self._discovery = device, discovery
        self._availability = AVAILABILITY.topic(device)
        #: Topics, in order.
        self._due: dict[str, Message] = {discovery: DISCOVERY}
        #: By the number of the packet on this connection.
        self._sent: dict[int | None, tuple[str, Message]] = {}
        self.refused: list[str] = []
        #: The broker has answered to the discovery; it said what it keeps of the availability; it
        #: has answered to everything else.
        self.is_hidden, self.is_heard, self.is_empty = (threading.Event() for _ in range(3))
        self.is_offline = False
        #: Whether anything was retained of the device.
        self.was_kept = False

    @property
    def unanswered(self) -> list[str]:
        """The topics to which the broker did not answer."""
        return [topic for topic, _ in self._sent.values()] or list(self._due)

    @property
    def filters(self) -> Sequence[Filter]:
        """What there is; alerts first, since the availability begins the rest."""
        alerts = ALERT.filter(self._device)
        return [Filter(each) for each in (alerts, self._discovery, self._availability)]

    def received(self, message: mqtt.MQTTMessage) -> None:
        """Note what the broker keeps."""
        if not message.retain:
            return
        self.was_kept = True
        if message.topic == self._discovery:
            return
        if message.topic != self._availability:
            self._due[message.topic] = ALERT
            return
        self.is_offline = message.payload == OFFLINE
        self.is_heard.set()
        if self.is_offline:
            # Last: who was interrupted may begin again.
            self._due.pop(self._availability, None)
            for each in (INFO, STATE, TELEMETRY, AVAILABILITY):
                self._due[each.topic(self._device)] = each

    def proceed(self, client: LinkClient) -> None:
        """Publish what is due; alerts as soon as the device is known to be offline."""
        for topic, message in list(self._due.items()):
            if self.is_offline or message is DISCOVERY:
                del self._due[topic]
                self._sent[client.send(message, topic, b"")] = topic, message

    def acknowledged(self, packet_id: int, *, is_accepted: bool) -> None:
        """Note what is done."""
        topic, _ = self._sent.pop(packet_id)
        if not is_accepted:
            self.refused.append(topic)
        self.is_hidden.set()
        if self.is_offline and not self._due and not self._sent:
            self.is_empty.set()

    def disconnected(self) -> None:
        """What was not acknowledged is due again; the next connection numbers its packets anew."""
        self._due = dict(self._sent.values()) | self._due
        self._sent.clear()
