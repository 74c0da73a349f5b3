"""What several MQTT tests stand on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.edge_app.mqtt.scripted_broker import Answer, MakeBroker, ScriptedBroker


@pytest.fixture
def scripted() -> Iterator[MakeBroker]:
    """Makes scripted brokers, and ends them."""
    brokers: list[ScriptedBroker] = []

    def make(answer: Answer) -> ScriptedBroker:
        brokers.append(ScriptedBroker(answer))
        return brokers[-1]

    yield make
    for broker in brokers:
        broker.close()
