"""The page about whole machines, from results that nobody had to wait for."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.device.boot.results import Results, Row
from tests.device.boot.table import page
from tests.faults.recorder import Arrival
from tests.faults.tally import Tally

MACHINE = {"image": "a disk", "qemu": "QEMU 7.2"}


@pytest.fixture
def results(tmp_path: Path) -> Results:
    return Results(tmp_path / "results.json", MACHINE)


def cut(lost: int) -> Row:
    tally = Tally("power cut", 2, recoveries_s=[40.0, 61.2])
    tally.count(range(10), [Arrival(number, is_historical=True) for number in range(10 - lost)])
    return Row(tally, "power back → an event", {"boots": 2})


def test_the_page_shows_what_was_lost_and_how_long_it_took(results: Results) -> None:
    results.add_row(cut(lost=3))
    lines = list(page(results.read()))
    assert "| power cut | 2 | 10 | 7 | 3 | 0 | 0 | 51 s | 61 s |" in lines
    assert "- power cut: power back → an event; boots: 2" in lines
    assert "- Image: a disk." in lines


def test_a_fault_that_is_measured_again_takes_its_old_place(results: Results) -> None:
    results.add_row(cut(lost=3))
    results.add_figures(rss_mb=90)
    results.add_row(cut(lost=0))
    (row,) = results.read()["rows"]
    assert row["lost"] == 0
    assert results.read()["figures"] == {"rss_mb": 90}


def test_results_of_another_machine_are_not_mixed_in(results: Results) -> None:
    results.add_row(cut(lost=3))
    other = Results(results.file, MACHINE | {"qemu": "QEMU 10"})
    other.add_row(cut(lost=0))
    assert [row["lost"] for row in other.read()["rows"]] == [0]


def test_figures_that_were_not_measured_are_left_out(results: Results) -> None:
    results.add_figures(rss_mb=90, watched_s=300.0, exposure_offline=1.5, image_packed_mb=271)
    results.add_figures(tried=["bookworm arm64", "trixie arm64"])
    lines = "\n".join(page(results.read()))
    assert "| memory of the daemon, resident, at the end of the time watched | 90 MB |" in lines
    assert "in 300 s, taken to an hour" in lines
    assert "| the SD-card image, compressed | 271 MB | `make image` |" in lines
    assert "| 1.5 | `systemd-analyze security --offline=true` |" in lines
    assert "| bookworm arm64, trixie arm64 |" in lines
    assert "daemon, peak" not in lines


def test_the_boards_are_shown_with_what_they_reached(results: Results) -> None:
    results.add_board("raspi3b", ["the kernel starts", "systemd runs"])
    results.add_board("raspi4b", [])
    lines = list(page(results.read()))
    assert "| raspi3b | the kernel starts, systemd runs |" in lines
    assert "| raspi4b | nothing on the console |" in lines
