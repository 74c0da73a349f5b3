"""What a broker says → the events that arrived, across several brokers and connections."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import paho.mqtt.client as mqtt

from edge_app.closing import Closing
from edge_app.events.payloads import decode_event
from edge_app.mqtt.address import BrokerAddress
from edge_app.mqtt.messages import EVENT
from tests.edge_app.mqtt.listener import Listener
from tests.faults.deciding import DEVICE


class Arrival(NamedTuple):
    """One message: the number in the event's id, and whether it was sent late."""

    number: int
    is_historical: bool


class _SilentListener(Listener):
    """Answers nothing: a broker that is killed with an answer unread takes back, by a reset of the
    connection, what it had sent and we had not read.
    """

    def _on_connect(self, client: mqtt.Client, *_: Any) -> None:
        client.subscribe(self._filter, qos=0)


class Recorder(Closing):
    """Subscribed from `listen` on; what arrived is kept until the end."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self._listener: Listener | None = None
        self._seen = 0

    def listen(self, address: BrokerAddress) -> None:
        """Subscribe, at a broker that forgot us, or another address."""
        self.close()
        self._listener = _SilentListener(address, EVENT.topic(DEVICE))
        self._listener.__enter__()

    def close(self) -> None:
        if self._listener is not None:
            # What a broker sent before its end is still to be read.
            deadline = time.monotonic() + 0.5
            while self._listener.client.is_connected() and time.monotonic() < deadline:
                time.sleep(0.01)
            self._listener.close()
            self._take_in()
            self._listener, self._seen = None, 0

    def wait_for(self, numbers: list[int], timeout_s: float = 60.0) -> float:
        """Seconds until all of these had arrived. What does not come is for the tally."""
        began = time.monotonic()
        missing = set(numbers) - {arrival.number for arrival in self.arrivals}
        while True:
            missing -= {arrival.number for arrival in self._take_in()}
            waited_s = time.monotonic() - began
            if not missing or waited_s > timeout_s:
                return waited_s
            time.sleep(0.01)

    def _take_in(self) -> list[Arrival]:
        assert self._listener is not None
        new: list[Any] = self._listener.heard[self._seen :]
        self._seen += len(new)
        events = [decode_event(each.payload) for each in new]
        found = [Arrival(int(event.id[-12:], 16), event.is_historical) for event in events]
        self.arrivals += found
        return found
