"""The governor on a simulated Raspberry Pi that warms up with its work."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from edge_app.errors import UsageError
from edge_app.events.payloads import ThrottledFlag
from edge_app.health.board import Board
from edge_app.health.governor import (
    COOLER_C,
    LEAST_PER_SECOND,
    LONGEST_FINE_S,
    STEPS,
    Governor,
    Limits,
)
from edge_app.settings_file import read_settings


class Pi(Board):
    """Warms towards a temperature that its frame rate decides, within a minute or two."""

    def __init__(self, *, room_c: float = 25.0, rise_c: float = 4.0, cpu_s: float = 0.03) -> None:
        super().__init__(Path("/nowhere"))
        self.now_s = self.computed_s = 0.0
        self.heat_c, self.room_c = room_c, room_c
        self.rise_c, self.cost_s = rise_c, cpu_s
        self.flags: tuple[ThrottledFlag, ...] | None = ()
        self.governor = Governor(
            self,
            Limits(frames_per_second=15.0, temperature_c=75.0, cpu_share=4.0),
            clock_s=lambda: self.now_s,
            cpu_s=lambda: self.computed_s,
            may_tell_load=lambda: self.may_tell_load,
        )
        self.may_tell_load = True
        self.rates: list[float] = []

    def temperature_c(self) -> float | None:
        return None if math.isnan(self.heat_c) else self.heat_c

    def throttled(self) -> tuple[ThrottledFlag, ...] | None:
        return self.flags

    def run(self, seconds: int) -> None:
        for _ in range(seconds):
            rate = self.governor.frames_per_second
            goal_c = self.room_c + self.rise_c * rate
            self.heat_c += (goal_c - self.heat_c) / 60.0
            self.computed_s += rate * self.cost_s
            self.now_s += 1.0
            self.governor.turn()
            self.rates.append(self.governor.frames_per_second)


def test_a_cool_board_keeps_its_rate() -> None:
    pi = Pi(rise_c=2.0)
    pi.run(600)
    assert set(pi.rates) == {15.0}
    assert pi.governor.reasons == ()


def test_heat_slows_down_step_by_step_and_does_not_flutter() -> None:
    pi = Pi(rise_c=4.0)
    pi.run(900)
    settled = len(pi.rates)
    pi.run(3600)
    assert pi.governor.reasons in ((), ("heat",))
    assert pi.heat_c < 78
    changes = sum(a != b for a, b in zip(pi.rates[settled:], pi.rates[settled + 1 :], strict=False))
    assert changes <= 15, "a change every four minutes, on average"
    drops = [b / a for a, b in zip(pi.rates, pi.rates[1:], strict=False) if b < a]
    assert min(drops) >= 0.6, "no two steps at once"


def test_it_comes_back_when_it_is_cool_again() -> None:
    pi = Pi(rise_c=4.0)
    pi.run(900)
    assert min(pi.rates) < 15.0
    pi.rise_c = 1.0
    pi.run(900)
    assert pi.rates[-1] == 15.0
    assert pi.governor.reasons == ()


def test_it_waits_before_it_comes_back() -> None:
    pi = Pi(rise_c=0.0)
    pi.heat_c = pi.room_c = 75.0
    pi.run(5)
    assert pi.rates[-1] == pytest.approx(15 * STEPS[1])
    pi.rise_c, pi.heat_c, pi.room_c = 0.0, 75.0 - COOLER_C + 1.0, 75.0 - COOLER_C + 1.0
    pi.run(300)
    assert pi.rates[-1] == pytest.approx(15 * STEPS[1]), "not yet cool enough"
    pi.heat_c = pi.room_c = 60.0
    pi.run(40)
    assert pi.rates[-1] == 15.0


def trouble(pi: Pi, times: int) -> None:
    """Comes each time as soon as the rate is back at its target; but the last one just begins."""
    for _ in range(times):
        while pi.rates and pi.rates[-1] != 15.0:
            pi.run(1)
        pi.flags = ("throttled",)
        pi.run(5)
        pi.flags = ()


def test_each_step_back_that_was_too_early_is_waited_for_longer_up_to_ten_minutes() -> None:
    for times, shortest_s, longest_s in ((1, 25, 35), (3, 115, 125), (7, 595, 605)):
        pi = Pi(rise_c=0.0)
        trouble(pi, times)
        pi.run(shortest_s)
        assert pi.rates[-1] < 15.0
        pi.run(longest_s - shortest_s)
        assert pi.rates[-1] == 15.0


def test_after_a_good_while_the_first_step_back_comes_as_soon_as_at_first() -> None:
    pi = Pi(rise_c=0.0)
    trouble(pi, 5)
    pi.run(480 + 620)
    trouble(pi, 1)
    pi.run(35)
    assert pi.rates[-1] == 15.0


@pytest.mark.parametrize(
    ("flags", "reasons"),
    [
        (("throttled",), ("heat",)),
        (("soft_temperature_limit",), ("heat",)),
        (("frequency_capped",), ("heat",)),
        (("under_voltage", "frequency_capped"), ("power",)),
    ],
)
def test_what_the_firmware_says_counts(
    flags: tuple[ThrottledFlag, ...], reasons: tuple[str, ...]
) -> None:
    pi = Pi(rise_c=0.0)
    pi.flags = flags
    pi.run(5)
    assert pi.governor.reasons == reasons
    assert pi.rates[-1] < 15.0
    pi.flags = ()
    pi.run(60)
    assert pi.governor.reasons == ()


def test_the_rate_never_falls_below_one() -> None:
    pi = Pi()
    pi.flags = ("throttled",)
    pi.run(300)
    assert pi.rates[-1] == pytest.approx(15 * STEPS[-1])
    slow = Governor(pi, Limits(frames_per_second=2.0, temperature_c=75.0, cpu_share=4.0),
                    clock_s=lambda: pi.now_s, cpu_s=lambda: 0.0)  # fmt: skip
    for _ in range(60):
        pi.now_s += 5
        slow.turn()
    assert slow.frames_per_second == 1.0


def test_processor_time_is_held_and_not_swung_around() -> None:
    pi = Pi(rise_c=0.0, cpu_s=0.4)
    pi.run(1200)
    # Six cores' worth at full rate: the limit of four is kept by one step, for good.
    assert set(pi.rates[10:]) == {15 * STEPS[2]} or set(pi.rates[10:]) == {15 * STEPS[1]}
    assert pi.governor.reasons == ("cpu",)


def test_a_board_that_says_nothing_is_believed_to_be_fine() -> None:
    pi = Pi()
    pi.heat_c, pi.flags = math.nan, None
    pi.run(300)
    assert set(pi.rates) == {15.0}


def test_frames_are_spaced_by_the_rate() -> None:
    pi = Pi()
    taken = 0
    for _ in range(1000):
        pi.now_s += 0.01
        if pi.governor.wait_s() == 0:
            pi.governor.took_frame()
            taken += 1
    assert 160 <= taken <= 170, "ten seconds of fifteen, a tenth early at most"


def test_a_pause_is_not_caught_up_with() -> None:
    pi = Pi()
    pi.governor.took_frame()
    pi.now_s = 100.0
    assert pi.governor.wait_s() == 0
    pi.governor.took_frame()
    assert pi.governor.wait_s() > 0


def test_no_target_below_the_least_rate_can_be_set() -> None:
    asked = {"governor": {"frames_per_second": LEAST_PER_SECOND}}
    assert read_settings(None, asked).governor.frames_per_second == LEAST_PER_SECOND
    with pytest.raises(UsageError, match=f"from {LEAST_PER_SECOND:g} to 240"):
        read_settings(None, {"governor": {"frames_per_second": LEAST_PER_SECOND - 0.01}})


def test_where_load_is_not_told_the_log_says_no_rate_and_nothing_of_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    pi = Pi(rise_c=0.0, cpu_s=1.0)
    pi.may_tell_load = False
    pi.run(10)
    assert pi.governor.reasons == ("cpu",)
    pi.cost_s = 0.0
    pi.run(100)
    assert pi.governor.reasons == ()
    assert caplog.messages == []
    pi.cost_s, pi.flags = 1.0, ("under_voltage",)
    pi.run(5)
    assert pi.governor.reasons == ("power", "cpu")
    pi.cost_s, pi.flags = 0.0, ()
    pi.run(100)
    assert caplog.messages == ["power: now fewer frames a second"]
    pi.run(round(LONGEST_FINE_S))
    assert caplog.messages[1:] == ["recovered: now more frames a second"]


def test_the_log_says_how_low_it_went_and_that_it_recovered_for_long(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """With its balance between two steps, a board takes hundreds of them a day."""
    pi = Pi(room_c=35.0)
    pi.run(86_400)
    assert len(set(pi.rates[43_200:])) > 1
    assert [message.split(":")[0] for message in caplog.messages] == ["heat"] * len(caplog.messages)
    assert len(caplog.messages) < len(STEPS)
    pi.room_c = 0.0
    pi.run(10_000)
    assert caplog.messages[-1] == "recovered: now 15 frames a second at most"
    assert caplog.text.count("recovered") == 1
