"""`mien home-assistant remove`: a device's name → Home Assistant shows it no longer."""

from __future__ import annotations

import argparse
import secrets
import sys
import threading

import paho.mqtt.client as mqtt

from edge_app.mqtt.address import parse_address
from edge_app.mqtt.broker_arguments import add_broker_arguments, credentials_from
from edge_app.mqtt.connection import (
    FIRST_CONNECTION_S,
    BrokerError,
    Connection,
    ConnectionHandler,
)
from edge_app.mqtt.discovery import discovery_topic
from edge_app.mqtt.messages import DISCOVERY, send


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("action", choices=("remove",), help="take the device away")
    parser.add_argument("--device", metavar="NAME", required=True, help="which device")
    add_broker_arguments(parser)
    parser.add_argument(
        "--prefix", default="homeassistant", help="Home Assistant's (default: %(default)s)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Empty the retained message, and say how it stays so.

    Raises:
        UsageError: an address, a device or a password file that cannot be.
        BrokerError: the broker cannot be reached, or does not take it.
    """
    address = parse_address(arguments.broker)
    emptying = _Emptying(discovery_topic(arguments.device, arguments.prefix))
    connection = Connection(
        address,
        emptying,
        client_id=f"mien-removal-{secrets.token_hex(4)}",
        credentials=credentials_from(arguments),
    )
    try:
        connection.start()
        if not emptying.is_answered.wait(FIRST_CONNECTION_S) or not emptying.is_accepted:
            raise BrokerError(
                f"broker {address}: {emptying.topic} is not taken; check the broker's access rules"
                " for this user"
            )
    finally:
        connection.close()
    sys.stderr.write(
        f"mien: {arguments.device} is taken away from Home Assistant; it comes back with the"
        " device's next connection unless its settings say [home_assistant] discovery = false\n"
    )
    return 0


class _Emptying(ConnectionHandler):
    """Publishes one empty retained message."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self.is_answered = threading.Event()
        self.is_accepted = False

    def connected(self, client: mqtt.Client) -> None:
        """Publish it."""
        send(client, DISCOVERY, self.topic, b"")

    def acknowledged(self, packet_id: int, *, is_accepted: bool) -> None:
        """It is the only message on this connection."""
        del packet_id
        self.is_accepted = is_accepted
        self.is_answered.set()
