from __future__ import annotations

import pytest

from edge_app.mqtt.packet_sizes import PacketSizes
from edge_app.mqtt.refusal import RETAINED_HOLD_S, WARNING_S
from tests.clock import Clock


def test_what_was_refused_on_a_topic_is_tried_again_after_a_while(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now_s = 50.0
    sizes = PacketSizes(lambda: now_s)
    assert sizes.take("a", 1000)
    for size in (700, 600, 800):
        sizes.refused("a", size)
    sizes.connected(None)
    assert [sizes.take("a", 599), sizes.take("a", 600), sizes.take("b", 600)] == [True, False, True]
    assert len(caplog.messages) == 1
    now_s += RETAINED_HOLD_S
    assert sizes.take("a", 600)
    sizes.refused("a", 800)
    assert [sizes.take("a", 799), sizes.take("a", 800)] == [True, False]
    now_s += WARNING_S
    sizes.refused("a", 800)
    assert len(caplog.messages) == 2


def test_what_the_broker_says_holds_for_one_connection(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    sizes = PacketSizes(clock)
    for most in (100, None, 100):
        sizes.connected(most)
        assert [sizes.take("a", size) for size in (100, 101, 102)] == [True, *2 * [most is None]]
    assert len(caplog.messages) == 1
    # A network that breaks each minute does not have it told each minute.
    clock.now_s += WARNING_S
    sizes.connected(100)
    assert not sizes.take("a", 101)
    assert len(caplog.messages) == 2
