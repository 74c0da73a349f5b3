"""Messages → paho's client, on a socket that is open already."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any, Literal

import paho.mqtt.client as mqtt
from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge_app.mqtt.messages import Message
from edge_app.mqtt.packet_sizes import PacketSizes

#: In bytes; nothing that concerns us is nearly as large. Above the longest topic there can be, so
#: that the beginning of a larger packet tells which message it is.
LARGEST_PACKET = 131_072

#: The upper one of the two bits that tell a message's quality of service.
_ABOVE_1 = 0x04

#: Where the reason stands in an answer, behind the packet id.
_REASON_AT = 2

_SUCCESS = 0x00


class LinkClient(mqtt.Client):
    """paho's client on a socket that is open already.

    paho would open it itself, but leaves it open when a handshake fails, and tells neither what
    TLS said nor what is left in its buffer.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.open_socket: socket.socket | None = None
        self.sizes = PacketSizes()
        #: Called with the id and the reason code of each message that the broker answered.
        self.on_answer: Callable[[int, int], None] | None = None
        self._reason = _SUCCESS
        #: What the broker did against the protocol, so that the connection ends; else nothing.
        self.violation = ""
        self.on_publish = self._tell_answer

    def keep_to(self, limits: Properties | None) -> None:
        """Keep to what the broker takes (MQTT 5, 3.2.2.3.3 and 3.2.2.3.6); paho reads neither."""
        receive_maximum = getattr(limits, "ReceiveMaximum", None)
        if receive_maximum is not None:
            # Its own setter refuses on an open connection, and the answer comes on one.
            self._max_inflight_messages = min(self._max_inflight_messages, receive_maximum)
        self.sizes.connected(getattr(limits, "MaximumPacketSize", None))

    def take_turns(self) -> None:
        """Send a message only once the one before is answered, so that an answer is never lost."""
        self._usual_inflight_messages = self._max_inflight_messages
        self._max_inflight_messages = 1

    def end_turns(self) -> None:
        """Send as many at once as usual again."""
        self._max_inflight_messages = self._usual_inflight_messages

    def send(self, message: Message, topic: str, payload: bytes) -> int | None:
        """Publish as the message's kind says; only on the connection's thread.

        Returns the packet id; None where the message is larger than the broker takes, and left out.
        """
        properties = None
        if message.expiry_s is not None and self.protocol == MQTTProtocolVersion.MQTTv5:
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.MessageExpiryInterval = message.expiry_s
        if not self.sizes.take(topic, _size(topic, payload, properties)):
            return None
        return self.publish(topic, payload, message.qos, message.is_retained, properties).mid

    def too_large(self, packet_id: int) -> None:
        """The broker just refused this message as too large: send none like it for a while."""
        refused = self._out_messages[packet_id]
        self.sizes.refused(refused.topic, _size(refused.topic, refused.payload, refused.properties))

    def _handle_publish(self) -> MQTTErrorCode:
        """End the connection where a message has a quality of service that nobody asked for.

        paho keeps one of 2 until the broker's second word on it, and any number of them.
        """
        if self._in_packet["command"] & _ABOVE_1:
            self.violation = (
                "it sends a message of quality of service 2, where at most 1 was asked for;"
                " check or update the broker"
            )
            return MQTTErrorCode.MQTT_ERR_PROTOCOL
        return super()._handle_publish()

    def _handle_pubackcomp(self, cmd: Literal["PUBACK", "PUBCOMP"]) -> MQTTErrorCode:
        """Keep the reason from paho, which takes one that it does not list, such as Mosquitto's
        0x95, for a broken packet, and ends the connection.

        Nobody would hear which message it was, and the next connection would end the same way.
        """
        packet = self._in_packet["packet"]
        self._reason = _SUCCESS
        if len(packet) > _REASON_AT:
            self._reason, packet[_REASON_AT] = packet[_REASON_AT], _SUCCESS
        return super()._handle_pubackcomp(cmd)

    def _tell_answer(
        self, _: mqtt.Client, _userdata: object, packet_id: int, *_more: object
    ) -> None:
        if self.on_answer is not None:
            self.on_answer(packet_id, self._reason)

    def _sock_recv(self, bufsize: int) -> bytes:
        """Of a packet that is too large, keep the beginning.

        paho holds a whole packet in memory, and a second time while it reads it: a single one may
        have 256 MB. Not every broker can be asked to keep it to itself, and to end the connection
        would end every later one, too, where the message is retained.

        Not so in websockets, where paho keeps a whole frame before any of it comes here: there only
        a broker that speaks MQTT 5, and keeps to the size that it is told, spares the memory.
        """
        data = super()._sock_recv(min(bufsize, LARGEST_PACKET))
        packet = self._in_packet
        if len(packet["packet"]) < LARGEST_PACKET:
            return data
        # One byte of each piece stays: paho takes nothing for the end of the connection.
        packet["to_process"] -= len(data[1:])
        return data[:1]

    def _create_socket_connection(self) -> socket.socket:
        assert self.open_socket is not None  # noqa: S101 - `Link.open` sets it
        return self.open_socket


def _size(topic: str, payload: bytes | bytearray, properties: Properties | None) -> int:
    """Bytes of a PUBLISH of quality of service 1 (MQTT 5, 3.3)."""
    packed = 1 if properties is None else len(properties.pack())  # type: ignore[no-untyped-call]
    body = 2 + len(topic.encode()) + 2 + packed + len(payload)
    # The length of the rest takes a byte for each seven bits.
    return 1 + max(1, -(-body.bit_length() // 7)) + body
