from __future__ import annotations

from pathlib import Path

import pytest

from edge_app.installation.exposed_password import exposed_password

URL = "rtsp://me:hunter2@cam/1"


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
def test_a_password_in_settings_is_told_where_all_may_read_them(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "mien.toml"
    file.touch()
    file.chmod(mode)
    said = exposed_password(URL, file, is_word=False)
    assert (said is None) == (mode != 0o644)
    if said is not None:
        assert said.startswith(f"{file}: every user of this machine can read the password in")
        assert "hunter2" not in said
        assert "\n" not in said


def test_a_password_in_the_command_line_is_told(tmp_path: Path) -> None:
    for file in (None, tmp_path / "mien.toml"):
        said = exposed_password(URL, file, is_word=True)
        assert said is not None
        assert said.startswith("--source: every user")
        assert "hunter2" not in said


@pytest.mark.parametrize(
    "source", ["rtsp://me@cam/1", "rtsp://cam/1", "http://cam:80/1", "/dev/video0", "sample:", "x"]
)
def test_without_a_password_nothing_is_told(tmp_path: Path, source: str) -> None:
    file = tmp_path / "mien.toml"
    file.touch(mode=0o644)
    assert exposed_password(source, file, is_word=False) is None
    assert exposed_password(source, file, is_word=True) is None


def test_settings_that_are_not_there_are_for_nobody(tmp_path: Path) -> None:
    assert exposed_password(URL, None, is_word=False) is None
    assert exposed_password(URL, tmp_path / "none", is_word=False) is None
