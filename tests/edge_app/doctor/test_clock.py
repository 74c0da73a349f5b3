from __future__ import annotations

import pytest

from edge_app.doctor.clock import check_clock, kernel_state

IN_2026 = 1_780_000_000.0


@pytest.mark.parametrize(
    ("state", "now_s", "verdict"),
    [(0, IN_2026, "ok"), (5, IN_2026, "warning"), (-1, IN_2026, "warning"), (0, 0.0, "failure")],
)
def test_what_the_kernel_says(state: int, now_s: float, verdict: str) -> None:
    (found,) = check_clock(state=lambda: state, now_s=lambda: now_s)
    assert found.verdict == verdict
    assert bool(found.advice) == (verdict != "ok")


def test_the_time_is_told() -> None:
    (found,) = check_clock(state=lambda: 0, now_s=lambda: IN_2026)
    assert found.text == "2026-05-28 20:26:40 UTC, synchronized"


def test_this_kernel_answers() -> None:
    assert kernel_state() in range(6)
