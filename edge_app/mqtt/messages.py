"""Every message on the wire: where, of which type, and how it is sent; the documents' source."""

from __future__ import annotations

import re
import types
from dataclasses import dataclass
from typing import Any, Literal, get_args

import msgspec

from edge_app.events.payloads import Alert, Event, Info, State, Summary, Telemetry
from edge_app.events.requests import Response
from edge_app.mqtt.topics import level

#: What the availability says, retained: the birth and the last will.
ONLINE = b"online"
OFFLINE = b"offline"

#: When a broker forgets `telemetry`, and `state`, which is told again with it: after three of the
#: longest intervals. Kept for ever, they would say of a device that is gone who is there.
GONE_S = 1800


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One kind of message.

    address: the topic, its variable levels in braces. payload: the type of its JSON; None where it
    is no JSON of ours. expiry_s: how long a broker that speaks MQTT 5 keeps it for somebody;
    None: for ever. sender: who publishes it.
    """

    address: str
    purpose: str
    payload: Any
    qos: Literal[0, 1]
    is_retained: bool
    expiry_s: int | None = None
    sender: Literal["device", "others"] = "device"

    @property
    def payload_types(self) -> tuple[type[msgspec.Struct], ...]:
        """The types that the payload may be of; none where it is no JSON of ours."""
        if self.payload is None:
            return ()
        is_union = isinstance(self.payload, types.UnionType)
        return get_args(self.payload) if is_union else (self.payload,)

    @property
    def levels(self) -> list[str]:
        """What stands in braces in the address."""
        return re.findall(r"{(\w+)}", self.address)

    def topic(self, device: str, **others: str) -> str:
        """Where one goes. others: its variable levels but for the device's name.

        Raises:
            TopicError: one of them is no level of a topic.
        """
        named = {kind: level(kind, name) for kind, name in others.items()}
        return self.address.format(device=level("device name", device), **named)

    def filter(self, device: str) -> str:
        """What matches the topics of one device, whatever else is variable.

        Raises:
            TopicError: its name is no level of a topic.
        """
        named = dict.fromkeys(self.levels, "+") | {"device": level("device name", device)}
        return self.address.format(**named)


AVAILABILITY = Message(
    address="mien/{device}/availability",
    purpose="`online` or `offline`; the last will.",
    payload=None, qos=1, is_retained=True,
)  # fmt: skip
INFO = Message(
    address="mien/{device}/info",
    purpose="What the device is.",
    payload=Info, qos=1, is_retained=True,
)  # fmt: skip
STATE = Message(
    address="mien/{device}/state",
    purpose="Who is there now.",
    payload=State, qos=1, is_retained=True, expiry_s=GONE_S,
)  # fmt: skip
EVENT = Message(
    address="mien/{device}/event",
    purpose="What happened, in order; again after a failure, with the same id.",
    payload=Event, qos=1, is_retained=False,
)  # fmt: skip
SUMMARY = Message(
    address="mien/{device}/summary",
    purpose="What was seen in an interval, by all faces together.",
    payload=Summary, qos=1, is_retained=False,
)  # fmt: skip
TELEMETRY = Message(
    address="mien/{device}/telemetry",
    purpose="The device's own health.",
    payload=Telemetry, qos=1, is_retained=True, expiry_s=GONE_S,
)  # fmt: skip
ALERT = Message(
    address="mien/{device}/alert/{alert}",
    purpose="What a person should look at; an empty message says that it is over.",
    payload=Alert, qos=1, is_retained=True,
)  # fmt: skip
REQUEST = Message(
    address="mien/{device}/request/{request}",
    purpose="What others ask of the device.",
    # None of the types below: which one it is depends on the topic's last level.
    payload=None, qos=1, is_retained=False, expiry_s=60, sender="others",
)  # fmt: skip
RESPONSE = Message(
    address="mien/{device}/response/{request}",
    purpose="The device's answer to a request, with its id.",
    payload=Response, qos=1, is_retained=False, expiry_s=60,
)  # fmt: skip
DISCOVERY = Message(
    address="{prefix}/device/mien_{device}/config",
    purpose="What Home Assistant shows of the device; an empty message removes it there.",
    payload=None, qos=1, is_retained=True,
)  # fmt: skip

#: By name, in the order of the documents.
MESSAGES = {
    "availability": AVAILABILITY,
    "info": INFO,
    "state": STATE,
    "event": EVENT,
    "summary": SUMMARY,
    "telemetry": TELEMETRY,
    "alert": ALERT,
    "request": REQUEST,
    "response": RESPONSE,
    "discovery": DISCOVERY,
}
