"""Brokers that do one thing, which real ones do seldom or never."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator

from edge_app.mqtt.address import BrokerAddress
from tests.brokers import HOST

#: What to do with a connection; the number is its protocol version.
Answer = Callable[[socket.socket, int], None]


class ScriptedBroker:
    """Answers each CONNECT as told; records the protocol versions that came."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._listening = socket.create_server((HOST, 0))
        self.address = BrokerAddress(HOST, self._listening.getsockname()[1])
        self.versions: list[int] = []
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, name="scripted-broker")
        self._thread.start()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listening.close()
        for connection in self._open:
            connection.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self._open.append(connection)
                version = connection.recv(4096)[8]
                self.versions.append(version)
                self._answer(connection, version)


def accept(connection: socket.socket) -> None:
    connection.sendall(b"\x20\x02\x00\x00")


def accept_in(connection: socket.socket, version: int) -> None:
    connection.sendall(b"\x20\x03\x00\x00\x00" if version == 5 else b"\x20\x02\x00\x00")


def refuse_in_3_1_1(connection: socket.socket) -> None:
    connection.sendall(b"\x20\x02\x00\x01")
    connection.close()


def refuse_in_5(connection: socket.socket) -> None:
    connection.sendall(b"\x20\x03\x00\x84\x00")
    connection.close()


def close(connection: socket.socket) -> None:
    connection.close()


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def say_nothing(_: socket.socket) -> None:
    pass


def say_nonsense(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    connection.close()


def publication(topic: bytes, packet_id: bytes, payload: bytes) -> bytes:
    """A PUBLISH of quality of service 1, as MQTT 3.1.1 has it."""
    body = len(topic).to_bytes(2) + topic + packet_id + payload
    length, left = b"", len(body)
    while left > 0x7F:
        length, left = length + bytes([left & 0x7F | 0x80]), left >> 7
    return b"\x32" + length + bytes([left]) + body


def throw_out(connection: socket.socket, reason: bytes) -> None:
    """MQTT 5: take in, and end it at once."""
    connection.sendall(b"\x20\x03\x00\x00\x00" + b"\xe0\x02" + reason + b"\x00")


def refuse_subscriptions(connection: socket.socket) -> None:
    accept(connection)
    packet_id = connection.recv(4096)[2:4]
    connection.sendall(b"\x90\x03" + packet_id + b"\x80")


def answer_events(
    connection: socket.socket,
    reason: bytes | None,
    topic_end: bytes = b"/event",
    *,
    then_closes: bool = False,
    kept: bytes = b"",
) -> list[bytes]:
    """MQTT 5: take in, and answer each event, or what else ends so, with the reason; None: never.

    Pings are answered in any case. then_closes: ends the connection with the first such answer, as
    Mosquitto 2.0.11 does where its rules refuse one. kept: packets that are sent at once.

    Returns the payloads, once the connection is gone.
    """
    connection.sendall(b"\x20\x03\x00\x00\x00" + kept)
    events = []
    with contextlib.suppress(OSError):
        for topic, packet_id, payload in publications(connection):
            is_event = topic.endswith(topic_end)
            if is_event:
                events.append(payload)
            answer = reason if is_event else b"\x00"
            if answer is not None:
                connection.sendall(b"\x40\x03" + packet_id + answer)
            if is_event and then_closes:
                connection.shutdown(socket.SHUT_RDWR)
    return events


def publications(connection: socket.socket) -> Iterator[tuple[bytes, bytes, bytes]]:
    """MQTT 5: topic, packet id, and properties with the payload, of all that is published.

    Pings are answered.
    """
    with connection.makefile("rb") as packets:
        while kind := packets.read(1):
            length = shift = 0
            while (byte := packets.read(1)[0]) & 0x80:
                length, shift = length | (byte & 0x7F) << shift, shift + 7
            body = packets.read(length | byte << shift)
            if kind == b"\xc0":
                connection.sendall(b"\xd0\x00")
            if kind[0] >> 4 == 3:
                end = 2 + int.from_bytes(body[:2])
                yield body[2:end], body[end : end + 2], body[end + 3 :]


MakeBroker = Callable[[Answer], ScriptedBroker]
