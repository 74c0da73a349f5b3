"""A share of a fleet → its devices' events on a broker, and what became of them."""

from __future__ import annotations

import heapq
import os
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from edge_app.errors import MienError
from edge_app.events.identifiers import TimeOrderedIds
from edge_app.events.payloads import FaceAppeared, FrameBox
from edge_app.mqtt.address import BrokerAddress
from edge_app.mqtt.outbox.place import memory_outbox, open_outbox
from edge_app.mqtt.publisher import MqttPublisher

#: How many connections one process begins at once.
_CONNECTING = 8

#: A connection that is refused in the rush is tried again, as a device's service would be.
_ATTEMPTS = 5

#: How long the processes wait for one another's connections.
_PATIENCE_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one process plays.

    events_per_s: of each device, evenly, each device at its own phase. state: where the outboxes
    are; None: in memory. drain_s: how long to wait for the last acknowledgements.
    """

    devices: tuple[str, ...]
    address: BrokerAddress
    seconds: float
    events_per_s: float
    drain_s: float
    state: Path | None


@dataclass(slots=True)
class Outcome:
    """sent: of each event its id, and when it was handed over (monotonic seconds)."""

    connected: int = 0
    unacknowledged: int = 0
    dropped: int = 0
    sent: list[tuple[str, float]] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


def play(share: Share, everybody: threading.Barrier) -> Outcome:
    """Connect, wait for `everybody`, publish, and wait for the acknowledgements."""
    outcome = Outcome()
    with ExitStack() as open_things:
        devices: list[tuple[str, MqttPublisher]] = []
        with ThreadPoolExecutor(_CONNECTING) as pool:
            connecting = pool.map(lambda name: _connect(share, name), share.devices)
            for name, publisher in zip(share.devices, connecting, strict=True):
                if isinstance(publisher, MqttPublisher):
                    devices.append((name, publisher))
                    open_things.callback(publisher.close)
                else:
                    outcome.troubles.append(f"{name}: {publisher}")
        outcome.connected = len(devices)
        everybody.wait(_PATIENCE_S)
        ids = TimeOrderedIds()
        for number in _moments(len(devices), share.seconds, share.events_per_s):
            event_id = ids.next()
            name, publisher = devices[number]
            publisher.publish_event(_event(event_id, name))
            outcome.sent.append((event_id, time.monotonic()))
        deadline = time.monotonic() + share.drain_s
        while any(each.unacknowledged for _, each in devices) and time.monotonic() < deadline:
            time.sleep(0.05)
        outcome.unacknowledged = sum(each.unacknowledged for _, each in devices)
        outcome.dropped = sum(each.backlog.dropped for _, each in devices)
    return outcome


def _connect(share: Share, device: str) -> MqttPublisher | str:
    trouble = ""
    for _ in range(_ATTEMPTS):
        outbox = (
            memory_outbox() if share.state is None else open_outbox(share.state, device, os.environ)
        )
        publisher = MqttPublisher(share.address, device=device, outbox=outbox)
        try:
            publisher.connect(30)
        except MienError as error:
            publisher.close()
            trouble = str(error)
        else:
            return publisher
    return trouble


def _moments(devices: int, seconds: float, events_per_s: float) -> Iterator[int]:
    """Whose turn it is, when it is."""
    if not devices:
        return
    interval_s = 1 / events_per_s
    began = time.monotonic()
    # The phases need no secrecy.
    turns = [(random.random() * interval_s, number) for number in range(devices)]  # noqa: S311
    heapq.heapify(turns)
    while turns[0][0] < seconds:
        due, number = heapq.heapreplace(turns, (turns[0][0] + interval_s, turns[0][1]))
        time.sleep(max(0.0, began + due - time.monotonic()))
        yield number


def _event(event_id: str, device: str) -> FaceAppeared:
    return FaceAppeared(
        id=event_id,
        episode=event_id,
        time=datetime.now(UTC),
        device=device,
        model="0" * 64,
        box=FrameBox(left=0.4, top=0.3, width=0.1, height=0.2),
    )
