"""In the guest's daemon: tells the host which events were decided, and which the disk has.

It is imported by a line in the daemon's site-packages, and does nothing unless $MIEN_WITNESS says
`HOST:PORT:EVENTS_PER_S`. Beside what the camera brings, so many events a second are put into the
same outbox, until the file `calm` lies in $RUNTIME_DIRECTORY.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from edge_app.events.identifiers import TimeOrderedIds
from edge_app.events.payloads import Event, FaceAppeared, FrameBox
from edge_app.mqtt.outbox.outbox import Outbox
from edge_app.mqtt.outbox.store import EventStore
from edge_app.mqtt.outbox.stored_event import StoredEvent

#: The device that the storm's events name.
STORM = "storm"
#: Of one datagram, to stay below what a network carries in one piece.
_MOST = 25


class _Witness:
    def __init__(self, host: str, port: int) -> None:
        self._run = secrets.token_hex(4)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._address = (host, port)

    def tell(self, what: str, ids: Sequence[str]) -> None:
        for start in range(0, len(ids), _MOST):
            said = {"run": self._run, "what": what, "ids": ids[start : start + _MOST]}
            try:
                self._socket.sendto(json.dumps(said).encode(), self._address)
            except OSError:
                # Without a network nobody hears what was decided, and nobody counts it.
                return


def _storm(outbox: Outbox, events_per_s: float) -> None:
    calm = Path(os.environ["RUNTIME_DIRECTORY"], "calm")
    ids = TimeOrderedIds()
    while True:
        time.sleep(1 / events_per_s)
        if not calm.exists():
            outbox.put(
                FaceAppeared(
                    id=ids.next(), episode=ids.next(), time=datetime.now(UTC), device=STORM,
                    model="00" * 32, box=FrameBox(left=0.0, top=0.0, width=1.0, height=1.0),
                )
            )  # fmt: skip


def _watch(host: str, port: int, events_per_s: float) -> None:
    witness = _Witness(host, port)
    put, write, start = Outbox.put, EventStore.write, Outbox.start
    one_by_one = threading.Lock()

    def told_put(self: Outbox, event: Event) -> None:
        # So that what is told has the order in which the outbox took it: an id is older than that,
        # and the camera's thread may come between the storm's id and its place in the outbox.
        with one_by_one:
            put(self, event)
            witness.tell("decided", [event.id])

    def told_write(
        self: EventStore, added: Sequence[StoredEvent], *rest: Any, **named: Any
    ) -> tuple[int, int]:
        result = write(self, added, *rest, **named)
        if added and self.is_on_disk:
            witness.tell("stored", [json.loads(event.payload)["id"] for event in added])
        return result

    def begun(self: Outbox, on_ready: object) -> None:
        start(self, on_ready)  # type: ignore[arg-type]
        if events_per_s > 0:
            threading.Thread(target=_storm, args=(self, events_per_s), daemon=True).start()

    Outbox.put = told_put  # type: ignore[method-assign]
    EventStore.write = told_write  # type: ignore[method-assign]
    Outbox.start = begun  # type: ignore[method-assign]


if asked := os.environ.get("MIEN_WITNESS"):
    _host, _port, _rate = asked.split(":")
    _watch(_host, int(_port), float(_rate))
