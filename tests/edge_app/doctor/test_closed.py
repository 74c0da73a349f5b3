from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge_app.doctor.closed import reason_to_stay_closed
from edge_app.doctor.finding import Group

SETTINGS = Group("settings")
SAID = SETTINGS.ok("purpose", "test")


def test_nothing_keeps_it_closed(tmp_path: Path) -> None:
    assert reason_to_stay_closed(SAID, tmp_path, "desk") is None
    assert reason_to_stay_closed(SAID, tmp_path / "none", "desk") is None


def test_without_a_purpose(tmp_path: Path) -> None:
    lacking = SETTINGS.failure("purpose", "mien.toml: no purpose is acknowledged", "mien setup")
    found = reason_to_stay_closed(lacking, tmp_path, "desk")
    assert found is not None
    assert (found.group, found.name, found.verdict) == ("camera", "source", "warning")
    assert (found.text, found.advice) == ("no purpose is acknowledged", "mien setup")


def test_a_pause_is_what_somebody_wants(tmp_path: Path) -> None:
    file = tmp_path / "privacy-desk.json"
    file.write_text('{"is_paused": true}')
    found = reason_to_stay_closed(SAID, tmp_path, "desk")
    assert found is not None
    assert found.verdict == "ok"
    assert f"kept in {file}" in found.text


def test_a_pause_that_this_user_may_not_see(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # Root may see everything.
    monkeypatch.setattr(os, "access", lambda *_: False)
    found = reason_to_stay_closed(SAID, tmp_path, "desk")
    assert found is not None
    assert found.verdict == "warning"
    assert found.text == f"{tmp_path}: this user may not see whether a pause was asked for"
    assert "sudo" in found.advice
    assert not caplog.records
