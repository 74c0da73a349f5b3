from __future__ import annotations

import stat
from pathlib import Path

import pytest

from edge_app.durable_file import write_durably


def test_a_file_is_replaced_and_nothing_stays_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for content in (b"old", b"new"):
        write_durably(path, content)
        assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_a_mode_holds_whatever_the_file_s_was(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch(0o644)
    write_durably(path, b"secret", mode=0o600)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_an_earlier_failure_left_is_no_way_to_another_file(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.touch()
    (tmp_path / "file.new").symlink_to(other)
    write_durably(tmp_path / "file", b"secret")
    assert other.read_bytes() == b""


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError):
        write_durably(tmp_path / "folder", b"new")
    assert list(tmp_path.iterdir()) == [tmp_path / "folder"]
