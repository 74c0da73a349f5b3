from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from benchmarks import delivery
from benchmarks.delivery import (
    UnacknowledgedError,
    durable_publisher,
    local_broker,
    measure_delivery,
)
from edge_app.events.payloads import Event
from edge_app.events.publisher import Backlog
from edge_app.mqtt.publisher import MqttPublisher


class Unheard:
    """A publisher whose broker acknowledges nothing."""

    backlog = Backlog(waiting=1)

    def publish_event(self, event: Event) -> None: ...


def test_an_event_without_an_acknowledgement_is_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "_PATIENCE_S", 0.01)
    with pytest.raises(UnacknowledgedError, match=r"mute had not acknowledged an event in 0\.01 s"):
        measure_delivery("mute", cast("MqttPublisher", Unheard()), 8)


def test_events_are_acknowledged_through_an_outbox_in_the_folder(tmp_path: Path) -> None:
    with local_broker() as broker:
        assert broker is not None
        name, address = broker
        with durable_publisher(address, tmp_path) as publisher:
            (below,) = tmp_path.iterdir()
            assert (below / "outbox.sqlite").exists()
            measured = measure_delivery(name, publisher, 8)
    assert measured.acknowledged.count == 8
    assert len(measured.acknowledged.blocks) == 4
    assert list(tmp_path.iterdir()) == []
