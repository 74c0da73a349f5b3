from __future__ import annotations

import pytest
from paho.mqtt.enums import CallbackAPIVersion

from edge_app.mqtt.availability import Availability
from edge_app.mqtt.link_client import LinkClient
from edge_app.mqtt.refusal import RETAINED_HOLD_S, WARNING_S


def test_an_availability_that_is_refused_is_said_again_after_a_while(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now_s, client = 50.0, LinkClient(CallbackAPIVersion.VERSION2)
    availability = Availability("mien/kitchen/availability", lambda: now_s)

    def is_said() -> bool:
        availability.proceed(client)
        return availability.is_under_way

    assert is_said()
    trials = 1
    while not availability.answered(trials, is_accepted=False):
        trials += 1
    began = now_s
    while now_s < began + WARNING_S - RETAINED_HOLD_S:
        availability.connected()
        assert not is_said()
        availability.say_offline(client)
        assert not availability.is_under_way
        now_s += RETAINED_HOLD_S
        # On the same connection.
        assert is_said()
        trials += 1
        assert not availability.answered(trials + 1, is_accepted=False)
        assert availability.answered(trials, is_accepted=False)
    (line,) = caplog.messages
    assert "the broker refuses messages on mien/kitchen/availability; check" in line
    now_s += RETAINED_HOLD_S
    assert is_said()
    assert availability.answered(trials + 1, is_accepted=True)
    availability.say_offline(client)
    assert availability.is_under_way
