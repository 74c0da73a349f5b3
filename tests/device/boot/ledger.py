"""What the guest's witness says and what the broker brings → the events that were lost."""

from __future__ import annotations

import json
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge_app.closing import Closing
from edge_app.events.payloads import decode_event
from edge_app.mqtt.address import BrokerAddress
from tests.brokers import HOST
from tests.device.boot.witness import STORM
from tests.faults.recorder import Arrival


class Said(NamedTuple):
    """By which process's witness, and when; monotonic seconds of this machine."""

    run: str
    at_s: float


class Ledger(Closing):
    """Counts events by their id, as an integer.

    decided: `publish_event` returned. stored: the commit to the disk returned. order: of each, the
    place in the order in which the outbox took them. arrivals: what a subscriber got, whose session
    the broker keeps while it is away itself.
    """

    def __init__(self, broker: BrokerAddress) -> None:
        self.decided: dict[int, Said] = {}
        self.stored: dict[int, Said] = {}
        self.order: dict[int, int] = {}
        self.arrivals: list[Arrival] = []
        self.arrived: dict[int, float] = {}
        #: Of the events that the camera brought, and not the witness: when they arrived.
        self.seen_at_s: list[float] = []
        self.alerts: list[tuple[str, bool]] = []
        self.telemetry: list[dict[str, Any]] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_000_000)
        self._socket.bind((HOST, 0))
        self._socket.settimeout(0.2)
        self._is_closed = threading.Event()
        self._thread = threading.Thread(target=self._hear, name="mien-test-ledger")
        self._thread.start()
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id="ledger",
            clean_session=False,
            protocol=MQTTProtocolVersion.MQTTv311,
        )
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe("mien/#", qos=1)
        self._client.on_message = self._on_message
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()

    @property
    def port(self) -> int:
        """Where the witness speaks to."""
        port: int = self._socket.getsockname()[1]
        return port

    def close(self) -> None:
        if self._is_closed.is_set():
            return
        self._is_closed.set()
        self._client.disconnect()
        self._client.loop_stop()
        self._thread.join(10)
        self._socket.close()

    def forget(self) -> None:
        """A new case begins, with other machines."""
        for each in (self.decided, self.stored, self.order, self.arrived):
            each.clear()
        for kept in (self.arrivals, self.seen_at_s, self.alerts, self.telemetry):
            kept.clear()

    @property
    def runs(self) -> set[str]:
        """The processes that have decided something."""
        return {said.run for said in list(self.decided.values())}

    def wait_for_arrival(self, since_s: float, before: Iterable[str], timeout_s: float) -> float:
        """Seconds from `since_s` until an event of a process not among `before` has arrived."""
        known = set(before)

        def first() -> float | None:
            return min(
                (
                    self.arrived[number]
                    for number, said in list(self.decided.items())
                    if said.run not in known and number in self.arrived
                ),
                default=None,
            )

        self.wait(lambda: first() is not None, timeout_s, "no event of a new process arrived")
        at_s = first()
        assert at_s is not None
        return at_s - since_s

    def wait_for_all(self, numbers: Iterable[int], timeout_s: float) -> bool:
        """Whether all of these arrived in time; what did not come is for the tally."""
        missing = set(numbers)
        deadline = time.monotonic() + timeout_s
        while missing and time.monotonic() < deadline:
            missing -= set(self.arrived)
            time.sleep(0.05)
        return not missing

    def wait(self, condition: Callable[[], object], timeout_s: float, otherwise: str) -> None:
        """Return as soon as the condition holds."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert time.monotonic() < deadline, f"{otherwise} within {timeout_s:g} s"
            time.sleep(0.05)

    def _hear(self) -> None:
        while not self._is_closed.is_set():
            try:
                said = json.loads(self._socket.recv(65_536))
            except TimeoutError:
                continue
            book = self.decided if said["what"] == "decided" else self.stored
            now_s = time.monotonic()
            for each in said["ids"]:
                number = uuid.UUID(each).int
                self.order.setdefault(number, len(self.order))
                book.setdefault(number, Said(said["run"], now_s))

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        levels = message.topic.split("/")
        if levels[2:] == ["event"]:
            event = decode_event(bytes(message.payload))
            number = uuid.UUID(event.id).int
            self.arrived.setdefault(number, time.monotonic())
            self.arrivals.append(Arrival(number, event.is_historical))
            if event.device != STORM:
                self.seen_at_s.append(time.monotonic())
        elif levels[2:3] == ["alert"]:
            self.alerts.append((levels[3], bool(message.payload)))
        elif levels[2:] == ["telemetry"] and message.payload:
            self.telemetry.append(json.loads(message.payload))
