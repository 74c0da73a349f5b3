from __future__ import annotations

import os
from pathlib import Path

from edge_app.health.time_service import TimeService

NOW_S = 1_780_000_000.0


def test_a_clock_is_right_for_a_day_after_it_was_set(tmp_path: Path) -> None:
    service = TimeService(tmp_path, now_s=lambda: NOW_S)
    folder = tmp_path / "run/systemd/timesync"
    # As in a container, where the time service was switched off, or where another one is.
    assert service.keeps_right() is None
    folder.mkdir(parents=True)
    assert service.keeps_right() is False
    (folder / "synchronized").touch()
    for set_s, is_right in ((NOW_S - 2048, True), (NOW_S + 60, True), (NOW_S - 90_000, False)):
        os.utime(folder / "synchronized", (set_s, set_s))
        assert service.keeps_right() is is_right


def test_this_system_is_asked_and_nothing_fails() -> None:
    assert TimeService().keeps_right() in {True, False, None}
