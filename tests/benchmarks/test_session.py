from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from benchmarks import delivery
from benchmarks.load import SCENES
from benchmarks.session import FULL, QUICK, Watch, under_load
from tests.benchmarks.synthetic_results import condition, result
from tests.benchmarks.test_delivery import Unheard


def looks(*bits: int | None) -> Iterator[object]:
    return iter([condition(each) for each in bits])


def watch(*bits: int | None) -> Watch:
    seen = looks(*bits)
    watching = Watch(lambda: next(seen))  # type: ignore[arg-type, return-value]
    for _ in bits[1:]:
        watching.look()
    return watching


def test_a_run_in_which_the_throttling_bits_change_is_invalid() -> None:
    assert watch(0, 0, 0x50005, 0x50000).invalid == (
        "the throttling bits changed during the run: 0x0 → 0x50005 → 0x50000",
    )
    # It was over before the end, and only the firmware remembers.
    assert watch(0, 0x40000).invalid


@pytest.mark.parametrize("bits", [0x1, 0x2, 0x4, 0x8, 0x50005])
def test_a_run_that_is_slowed_down_from_beginning_to_end_is_invalid(bits: int) -> None:
    assert watch(bits, bits).invalid == (f"throttled all through the run: {bits:#x}",)


def test_a_run_without_a_change_is_valid() -> None:
    assert watch(0, 0, 0).invalid == ()
    assert watch(None, None).invalid == ()
    assert watch(0x50000, 0x50000).invalid == ()


def test_what_was_before_the_run_is_a_warning() -> None:
    assert watch(0, 0).warnings(FULL, 4, "ext4") == ()
    (said,) = watch(0x50000).warnings(FULL, 4, "ext4")
    assert said == "throttled since it was started, before the run: 0x50000"
    # Only now, for the first time: that makes it invalid.
    assert watch(0x4).warnings(FULL, 4, "ext4") == ()
    busy = msgspec.structs.replace(condition(), load=3.0)
    assert "load 3.0 on 4 cores" in Watch(lambda: busy).warnings(FULL, 4, "ext4")[0]


def test_a_quick_look_says_so() -> None:
    usual = "usual are 100 s, 5 starts, 200 events"
    assert watch(0).warnings(QUICK, 4, "ext4") == (f"rough: 4 s, 1 starts, 8 events; {usual}",)
    for few in (replace(QUICK, seconds=100.0), replace(FULL, starts=4), replace(FULL, events=8)):
        assert watch(0).warnings(few, 4, "ext4") == (f"rough: {few}; {usual}",)


def test_an_outbox_that_is_in_memory_is_a_warning() -> None:
    (said,) = watch(0, 0).warnings(FULL, 4, "tmpfs")
    assert "in memory (tmpfs)" in said
    assert "--output" in said


def test_an_event_that_is_not_acknowledged_costs_no_other_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "_PATIENCE_S", 0.01)
    monkeypatch.setattr("benchmarks.session.durable_publisher", lambda *_: nullcontext(Unheard()))
    monkeypatch.setattr("benchmarks.session.measure_load", lambda *_, **__: result().loads[0])
    measured, loads, (said,) = under_load(QUICK, tmp_path, Watch(condition), None)
    assert measured is None
    assert len(loads) == len(SCENES)
    assert "had not acknowledged an event in 0.01 s, so that delivery was not measured" in said
