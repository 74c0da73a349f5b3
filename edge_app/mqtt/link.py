"""A paho client → one connection to a broker, from its CONNECT to its end."""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edge_app.mqtt.address import BrokerAddress
from edge_app.mqtt.link_client import LinkClient
from edge_app.mqtt.tls import TlsSocket, describe_tls_error
from edge_app.mqtt.transport import TransportError, open_transport

TCP_TIMEOUT_S = 5.0

# MQTT 5, section 2.4; paho translates the return codes of 3.1.1 to these.
_UNSUPPORTED_PROTOCOL_VERSION = 0x84
_BAD_USER_NAME_OR_PASSWORD = 0x86
_NOT_AUTHORIZED = 0x87
_SESSION_TAKEN_OVER = 0x8E


class LinkError(Exception):
    """Why there is no connection.

    is_version: the broker says that it does not speak this protocol version. may_be_version: it
    says nothing, as some do that do not speak it.
    """

    def __init__(
        self, reason: str, *, is_version: bool = False, may_be_version: bool = False
    ) -> None:
        super().__init__(reason)
        self.is_version, self.may_be_version = is_version, may_be_version


class Link:
    """One connection. Only the thread that made it may use it, or the client in it.

    A link is never opened twice: what paho keeps of a broken connection, its queue above all, goes
    with it, and the owner's outbox is the only queue.

    wakes: a socket whose bytes mean that the owner has work; they end a `step` early.
    """

    def __init__(self, client: LinkClient, wakes: socket.socket) -> None:
        self.client = client
        self.client.connect_timeout = TCP_TIMEOUT_S
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = self._on_disconnect
        self._wakes = wakes
        self._answer: ReasonCode | None = None
        self._end = ""

    @property
    def is_open(self) -> bool:
        """Whether the connection stands, as far as is known."""
        return self.client.socket() is not None

    @property
    def is_mqtt_5(self) -> bool:
        """Whether MQTT 5 is spoken, and properties may be sent."""
        return self.client.protocol == MQTTProtocolVersion.MQTTv5

    @property
    def end(self) -> str:
        """Why the connection ended, in words."""
        return self._end

    def open(
        self,
        address: BrokerAddress,
        *,
        tls: ssl.SSLContext | None = None,
        keep_alive_s: int,
        timeout_s: float,
        ending: threading.Event,
        **session: Any,
    ) -> None:
        """Connect and wait up to `timeout_s` for the broker's answer, or until `ending` is set.

        tls: for an address with TLS.
        session: what paho's `connect` takes for MQTT 5.

        Raises:
            LinkError: there is no connection; says why, and what to do.
        """
        try:
            self.client.open_socket = open_transport(address, tls, TCP_TIMEOUT_S)
        except TransportError as error:
            raise LinkError(str(error)) from error
        try:
            self.client.connect(address.host, address.port, keepalive=keep_alive_s, **session)
        # Whatever stands in the answer to the handshake of websockets.
        except (OSError, ValueError, LookupError) as error:
            self.abandon()
            raise LinkError(
                f"it takes no websockets at {address.path} ({error}); check the port and the path"
            ) from error
        deadline = time.monotonic() + timeout_s
        while self._answer is None and self.is_open and time.monotonic() < deadline:
            self.step(deadline - time.monotonic())
            if ending.is_set():
                self.abandon()
                raise LinkError("given up")
        if self._answer is not None and not self._answer.is_failure:
            return
        was_closed = not self.is_open
        transport = self.client.open_socket
        self.abandon()
        if self._answer is not None:
            raise _refusal(self._answer, self.client.username)
        if isinstance(transport, TlsSocket) and transport.alert is not None:
            raise LinkError(describe_tls_error(transport.alert, address.host))
        # Not every broker that knows 3.1.1 only says so: some close or reset the connection, and
        # amqtt takes the end of an MQTT 5 CONNECT for a string, and waits for the rest of it.
        silence = "closes the connection without an answer" if was_closed else "does not answer"
        advice = "check that it is an MQTT broker"
        if was_closed:
            # Seen where a broker resets the connection before its alert is read.
            advice += (
                ", and whether it wants a client certificate (certificate_file)"
                if address.has_tls
                else ", and whether it wants TLS (mqtts://)"
            )
        raise LinkError(f"what listens there {silence}; {advice}", may_be_version=True)

    def step(self, timeout_s: float) -> None:
        """Send and receive what there is; wait up to `timeout_s` when there is nothing."""
        connection = self.client.socket()
        if connection is None:
            return
        # poll, not paho's own loop: that one selects, which fails for descriptors above 1023.
        poll = select.poll()
        wants = select.POLLIN | (select.POLLOUT if self.client.want_write() else 0)
        poll.register(connection.fileno(), wants)
        poll.register(self._wakes, select.POLLIN)
        # Bytes that TLS has decrypted already are none to wait for.
        is_pending = self._has_pending()
        ready = dict(poll.poll(0 if is_pending else max(0.0, timeout_s) * 1000))
        if self._wakes.fileno() in ready:
            self._wakes.recv(4096)
        happened = ready.get(connection.fileno(), 0)
        if happened & ~select.POLLOUT or is_pending:
            self.client.loop_read()
        if happened & select.POLLOUT and self.is_open:
            self.client.loop_write()
        self.client.loop_misc()

    def disconnect(self, timeout_s: float, properties: Properties | None = None) -> None:
        """Say good-bye, so that the broker keeps the last will to itself."""
        self.client.disconnect(properties=properties)
        deadline = time.monotonic() + timeout_s
        while self.is_open and time.monotonic() < deadline:
            self.step(deadline - time.monotonic())
        self.abandon()

    def abandon(self) -> None:
        """Close the connection without a word."""
        if self.client.open_socket is not None:
            self.client.open_socket.close()

    def _has_pending(self) -> bool:
        transport = self.client.open_socket
        return isinstance(transport, ssl.SSLSocket) and transport.pending() > 0

    def _on_connect(
        self,
        _client: mqtt.Client,
        _userdata: object,
        _flags: mqtt.ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        self._answer = reason
        self.client.keep_to(properties)

    def _on_disconnect(
        self,
        _client: mqtt.Client,
        _userdata: object,
        flags: mqtt.DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        # paho tells of the end again when it finds the socket closed; the first reason is the one.
        if self._end:
            return
        if flags.is_disconnect_packet_from_server and reason.value == _SESSION_TAKEN_OVER:
            self._end = "another client came with the same name; give each device a name of its own"
        elif flags.is_disconnect_packet_from_server:
            self._end = f"the broker ended the connection: {str(reason).lower()}"
        else:
            self._end = self.client.violation or "the connection broke"


def _refusal(answer: ReasonCode, username: str | None) -> LinkError:
    if answer.value == _UNSUPPORTED_PROTOCOL_VERSION:
        return LinkError("it speaks neither MQTT 5 nor 3.1.1; update it", is_version=True)
    if answer.value not in {_BAD_USER_NAME_OR_PASSWORD, _NOT_AUTHORIZED}:
        return LinkError(f"refused: {str(answer).lower()}; the broker's log says more")
    if username is None:
        return LinkError("it wants a user; write mqtt://USER@HOST:PORT and give a password file")
    return LinkError(f"user {username!r} is refused; check the user and the password file")
