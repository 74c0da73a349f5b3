"""The broker's settings → name, connection, TLS, login and the right to publish, step by step."""

from __future__ import annotations

import importlib.util
import queue
import secrets
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from paho.mqtt.enums import MQTTProtocolVersion

from edge_app.doctor.credentials import SeenCredentials
from edge_app.doctor.finding import Finding, Group
from edge_app.errors import MienError
from edge_app.events.payloads import encode
from edge_app.events.requests import Response
from edge_app.extras import how_to_add
from edge_app.installation.hearing import REMEDY, UNHEARD
from edge_app.installation.service import SERVICE_SETTINGS
from edge_app.mqtt.address import BrokerAddress, Embedded, parse_broker
from edge_app.mqtt.certificate_ends import DAY_S, SOON_DAYS, ends_of
from edge_app.mqtt.connection import FIRST_CONNECTION_S, Connection
from edge_app.mqtt.credentials import Credentials, Login
from edge_app.mqtt.handler import ConnectionHandler
from edge_app.mqtt.link_client import LinkClient
from edge_app.mqtt.messages import RESPONSE
from edge_app.mqtt.tls import TlsFiles
from edge_app.mqtt.transport import TransportError, open_transport
from edge_app.settings import MqttSettings

GROUP = Group("broker")

#: For each step: name, TCP, TLS, login, acknowledgement.
PATIENCE_S = 5.0


def check_broker(
    settings: MqttSettings,
    device: str,
    *,
    seen: SeenCredentials,
    is_unheard: bool = False,
    resolve: Callable[..., object] = socket.getaddrinfo,
    now_s: Callable[[], float] = time.time,
) -> Iterator[Finding]:
    """Each step as far as the one before it worked.

    seen: what to show the broker. is_unheard: the settings are the installed service's, whose
    standard output goes nowhere. now_s: seconds since 1970, for certificates.
    """
    try:
        address = parse_broker(settings.broker)
        if address is None and is_unheard:
            yield GROUP.failure("address", UNHEARD, REMEDY)
            return
        if address is None:
            yield GROUP.ok("address", "none is set: events are printed on standard output")
            return
        if isinstance(address, Embedded):
            yield _embedded()
            return
        login = seen.credentials.login(address)
        context = seen.credentials.context(address)
    except MienError as error:
        yield GROUP.failed("settings", error)
        return
    found = _name(address, resolve)
    yield found
    if found.verdict != "ok":
        return
    try:
        yield _tcp(address)
        yield from _own_certificates(seen.credentials.tls, now_s)
        if context is not None:
            yield _tls(address, context, now_s)
    except TransportError as error:
        text, _, advice = str(error).partition("; ")
        yield GROUP.failure("connection", f"{address}: {text}", advice)
        return
    for found in _talk(address, seen.credentials, device, login):
        yield found if seen.hidden is None else _unless_hidden(found, seen)


def _embedded() -> Finding:
    if importlib.util.find_spec("amqtt") is None:
        return GROUP.failure(
            "address",
            "embedded, and the package amqtt is missing",
            how_to_add("embedded-broker"),
        )
    return GROUP.ok("address", "embedded: it begins and ends with mien run")


def _name(address: BrokerAddress, resolve: Callable[..., object]) -> Finding:
    """A name server may keep silent for longer than anybody waits: it is asked in a thread."""
    answers: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()

    def ask() -> None:
        try:
            resolve(address.host, address.port, type=socket.SOCK_STREAM)
        # A name too long for the resolver is a ValueError.
        except (OSError, ValueError) as error:
            answers.put(error)
        else:
            answers.put(None)

    threading.Thread(target=ask, name="mien-doctor-name", daemon=True).start()
    try:
        trouble = answers.get(timeout=PATIENCE_S)
    except queue.Empty:
        return GROUP.failure(
            "name",
            f"no answer about {address.host!r} within {PATIENCE_S:g} s",
            "check the network and the name server in /etc/resolv.conf",
        )
    if trouble is None:
        return GROUP.ok("name", f"{address.host} is known")
    return GROUP.failure(
        "name",
        f"{address.host!r} is not known",
        "check the address in [mqtt] broker, and the name server; or write an IP address",
    )


def _tcp(address: BrokerAddress) -> Finding:
    began_s = time.monotonic()
    open_transport(address, None, PATIENCE_S).close()
    return GROUP.ok(
        "connection", f"{address.place} answers in {1000 * (time.monotonic() - began_s):.0f} ms"
    )


def _own_certificates(files: TlsFiles, now_s: Callable[[], float]) -> Iterator[Finding]:
    """Those of the device's own files: what the broker is shown, and what it is trusted by."""
    try:
        ends = ends_of(files)
    except MienError as error:
        yield GROUP.failed("certificates", error)
        return
    for setting, end_s in ends.items():
        text = f"{setting} is of use until {datetime.fromtimestamp(end_s, UTC):%Y-%m-%d %H:%M} UTC"
        days = (end_s - now_s()) / DAY_S
        if days < SOON_DAYS:
            yield GROUP.warning(setting, f"{text}: {days:.0f} days", f"renew {setting} in [mqtt]")
        else:
            yield GROUP.ok(setting, text)


def _tls(address: BrokerAddress, context: ssl.SSLContext, now_s: Callable[[], float]) -> Finding:
    connection = open_transport(address, context, PATIENCE_S)
    assert isinstance(connection, ssl.SSLSocket)  # noqa: S101 - since there is a context
    with connection:
        certificate, version = connection.getpeercert() or {}, connection.version()
    until = str(certificate.get("notAfter", ""))
    days = (ssl.cert_time_to_seconds(until) - now_s()) / DAY_S if until else float("inf")
    text = f"{version}, certificate trusted until {until or 'for ever'}"
    if days < SOON_DAYS:
        return GROUP.warning("tls", f"{text}: {days:.0f} days", "renew the broker's certificate")
    return GROUP.ok("tls", text)


def _talk(
    address: BrokerAddress, credentials: Credentials, device: str, login: Login | None
) -> Iterator[Finding]:
    # A name of its own: under the device's, the broker would throw out the running service.
    trial = _Trial(RESPONSE.topic(device, request="diagnostics"))
    connection = Connection(
        address,
        trial,
        client_id=f"mien-doctor-{secrets.token_hex(4)}",
        credentials=credentials,
    )
    who = "without a user" if login is None else f"user {login.username!r}"
    try:
        connection.start(FIRST_CONNECTION_S)
        text = f"{who}, {'MQTT 5' if trial.is_mqtt_5 else 'MQTT 3.1.1'}"
        if login is not None and login.password is not None and not address.has_tls:
            text += "; without TLS the password is sent as it is"
        yield GROUP.ok("login", text)
        trial.ended.wait(PATIENCE_S)
        yield _right(trial, who)
    except MienError as error:
        yield GROUP.failed("login", error)
    finally:
        connection.close()


def _right(trial: _Trial, who: str) -> Finding:
    if trial.is_accepted:
        text = f"{trial.topic} taken in {1000 * trial.round_trip_s:.0f} ms"
        if not trial.is_mqtt_5:
            text += "; MQTT 3.1.1 does not say whether it was passed on"
        return GROUP.ok("publish", text)
    advice = f"let this user ({who}) write to mien/<device>/# in the broker's access rules"
    if trial.is_accepted is None:
        happened = "ended the connection on it" if trial.ended.is_set() else "does not acknowledge"
        return GROUP.failure("publish", f"{trial.topic}: the broker {happened}", advice)
    return GROUP.failure("publish", f"{trial.topic}: refused, not authorized", advice)


def _unless_hidden(found: Finding, seen: SeenCredentials) -> Finding:
    """Refused without what the service may have: that says nothing about the service."""
    if found.verdict != "failure":
        return found
    why, advice = "which this user may not see", "ask with sudo"
    if seen.is_anothers:
        why = f"which is for the broker and the user in {SERVICE_SETTINGS}, and no other to see"
        advice = "change the broker with sudo mien setup, or name a password_file in [mqtt]"
    return GROUP.warning(found.name, f"{found.text}; but without {seen.hidden}, {why}", advice)


class _Trial(ConnectionHandler):
    """Publishes one answer that nobody asked for: whoever listens there drops unknown ids."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self.ended = threading.Event()
        self.is_mqtt_5 = False
        self.is_accepted: bool | None = None
        self.round_trip_s = 0.0
        self._sent_s: float | None = None

    def connected(self, client: LinkClient) -> None:
        """Publish it, on the first connection only."""
        if self._sent_s is not None:
            return
        self.is_mqtt_5 = client.protocol == MQTTProtocolVersion.MQTTv5
        answer = Response(id=f"doctor-{secrets.token_hex(4)}", status="ok")
        self._sent_s = time.monotonic()
        client.send(RESPONSE, self.topic, encode(answer))

    def acknowledged(self, packet_id: int, *, is_accepted: bool) -> None:
        """It is the only message on this connection."""
        del packet_id
        if self._sent_s is not None:
            self.round_trip_s = time.monotonic() - self._sent_s
        self.is_accepted = is_accepted
        self.ended.set()

    def disconnected(self) -> None:
        """Nothing more will be heard of it."""
        self.ended.set()
