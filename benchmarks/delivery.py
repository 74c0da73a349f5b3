"""Events → a broker on this machine: how long until it has acknowledged them."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.mosquitto import find_mosquitto, own_mosquitto
from benchmarks.results import Delivery
from benchmarks.sample_events import sample_events
from benchmarks.spread import spread
from edge_app.errors import MienError
from edge_app.mqtt.address import BrokerAddress
from edge_app.mqtt.embedded_broker import EmbeddedBroker, EmbeddedBrokerError
from edge_app.mqtt.outbox.outbox import Outbox
from edge_app.mqtt.outbox.store import EventStore
from edge_app.mqtt.publisher import MqttPublisher

_PATIENCE_S = 5.0
#: Between two events: nothing is in the way of the next one.
_APART_S = 0.002
#: Their spread is told between so many parts of the events.
_BLOCKS = 4


class UnacknowledgedError(MienError):
    """A broker has not acknowledged an event: which one, and for how long."""


@contextmanager
def local_broker() -> Iterator[tuple[str, BrokerAddress] | None]:
    """Mosquitto, else the embedded broker, with its name; None where neither is installed."""
    if find_mosquitto() is not None:
        with own_mosquitto() as (address, _):
            yield "mosquitto", address
        return
    try:
        broker = EmbeddedBroker(None)
    except EmbeddedBrokerError:
        yield None
        return
    with broker:
        yield "embedded", broker.address


def measure_delivery(name: str, publisher: MqttPublisher, events: int) -> Delivery:
    """Publish `events` one after another, each when the one before is acknowledged.

    Raises:
        UnacknowledgedError: one is not, in so long that it would be no figure of this machine's.
    """
    handed: list[list[float]] = []
    acknowledged: list[list[float]] = []
    for event in sample_events(events):
        if len(handed) * events <= _BLOCKS * sum(map(len, handed)):
            handed.append([])
            acknowledged.append([])
        began = time.perf_counter()
        publisher.publish_event(event)
        handed[-1].append(1e3 * (time.perf_counter() - began))
        while publisher.backlog.waiting and time.perf_counter() - began < _PATIENCE_S:
            time.sleep(0.0001)
        if publisher.backlog.waiting:
            raise UnacknowledgedError(
                f"{name} had not acknowledged an event in {_PATIENCE_S:g} s, so that delivery was"
                " not measured; for that, start the run again"
            )
        acknowledged[-1].append(1e3 * (time.perf_counter() - began))
        time.sleep(_APART_S)
    return Delivery(broker=name, handed_over=spread(handed), acknowledged=spread(acknowledged))


@contextmanager
def durable_publisher(address: BrokerAddress, folder: Path) -> Iterator[MqttPublisher]:
    """Connected, with an outbox below `folder`, so that its disk is written to.

    Not where temporary files are: on many devices that is memory.

    Raises:
        BrokerError: no connection.
    """
    with tempfile.TemporaryDirectory(prefix="mien-bench-", dir=folder) as below:
        outbox = Outbox(EventStore(Path(below) / "outbox.sqlite"))
        publisher = MqttPublisher(address, device="bench", outbox=outbox)
        try:
            publisher.connect()
            yield publisher
        finally:
            publisher.close()
