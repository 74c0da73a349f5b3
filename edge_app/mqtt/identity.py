"""Who a client is → one that says so: by its name, its login and its session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge_app.mqtt.address import BrokerAddress
from edge_app.mqtt.credentials import Credentials
from edge_app.mqtt.link_client import LARGEST_PACKET, LinkClient

#: How long a broker keeps what was asked of a device that is away: `Identity` says why.
SESSION_S = 60


@dataclass(frozen=True, slots=True)
class Identity:
    """What a broker knows a client by.

    client_id: unique at the broker; a second client of the same name throws out the first.
    credentials: read anew at each attempt, so that passwords and certificates can be changed.
    session_s: how long an MQTT 5 broker keeps this client's subscriptions, and the messages for
    them, once a connection is lost; 0: not at all. Short for the daemon: a request made while it
    was away for a moment is answered, one of last night is not carried out this morning. MQTT
    3.1.1 knows no end of a session, so there every session is clean; so is a process's first one,
    since a request that ended the process must not meet the next one.
    outlives_process: the session is taken up by the first connection, too, left to the broker at
    the end, and kept with 3.1.1 as well, for as long as the broker likes.
    most_unanswered: messages that may come before the first of them is answered; None: as many as
    the broker likes. With MQTT 5 only.
    """

    client_id: str
    credentials: Credentials
    session_s: int
    outlives_process: bool = False
    most_unanswered: int | None = None

    def client(self, address: BrokerAddress, version: MQTTProtocolVersion) -> LinkClient:
        """A client that has not connected yet.

        Raises:
            UsageError: the credentials cannot be read, do not fit, or fit no such address.
        """
        is_mqtt_5 = version == MQTTProtocolVersion.MQTTv5
        client = LinkClient(
            CallbackAPIVersion.VERSION2,
            client_id=self.client_id,
            # MQTT 5 says so when it connects.
            clean_session=None if is_mqtt_5 else not self.outlives_process,
            protocol=version,
            transport="websockets" if address.has_websockets else "tcp",
            # Otherwise paho falls back to MQTT 3.1, inside of a callback.
            reconnect_on_failure=False,
        )
        login = self.credentials.login(address)
        if login is not None:
            client.username_pw_set(login.username, login.password)
        if address.has_websockets:
            # paho puts no brackets around an IPv6 address.
            origin = "https" if address.has_tls else "http"
            place = address.place
            client.ws_set_options(address.path, {"Host": place, "Origin": f"{origin}://{place}"})
        return client

    def session(self, version: MQTTProtocolVersion, *, is_first: bool) -> dict[str, Any]:
        """What its CONNECT says of it. is_first: the process had no connection yet."""
        if version != MQTTProtocolVersion.MQTTv5:
            return {}
        properties = _expiry(PacketTypes.CONNECT, self.session_s)
        # What is larger, the broker keeps to itself (MQTT 5, 3.1.2.11.4).
        properties.MaximumPacketSize = LARGEST_PACKET
        if self.most_unanswered is not None:
            properties.ReceiveMaximum = self.most_unanswered
        is_kept = self.session_s and (self.outlives_process or not is_first)
        return {"clean_start": not is_kept, "properties": properties}

    @property
    def end_of_session(self) -> Properties | None:
        """What a DISCONNECT of MQTT 5 says of it: the broker need not keep it.

        Whoever stops in order comes back with a clean one. None: nothing.
        """
        is_over = self.session_s and not self.outlives_process
        return _expiry(PacketTypes.DISCONNECT, 0) if is_over else None


def _expiry(packet_type: int, seconds: int) -> Properties:
    properties = Properties(packet_type)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = seconds
    return properties
