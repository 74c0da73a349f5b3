from __future__ import annotations

from pathlib import Path

import pytest

from edge_app.doctor.processes import Process, Processes
from tests.edge_app.doctor.holder import holding_file, holding_outbox


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "outbox.sqlite"


def test_nobody(file: Path) -> None:
    file.touch()
    assert Processes().locking(file) is None
    assert Processes().using(file) is None


def test_our_own_process_does_not_count(file: Path) -> None:
    file.touch()
    with file.open():
        assert Processes().using(file) is None


def test_who_has_a_file_open(file: Path, tmp_path: Path) -> None:
    file.touch()
    link = tmp_path / "by-id"
    link.symlink_to(file)
    with holding_file(file) as other:
        found = Processes().using(link)
    assert found is not None
    assert (found.number, found.is_mien) == (other.pid, False)
    assert found.name.startswith("python")


def test_a_mien_comes_first(file: Path) -> None:
    file.touch()
    with holding_file(file), holding_file(file, "edge_app.cli") as mien, holding_file(file):
        found = Processes().using(file)
    assert str(found) == f"mien (process {mien.pid})"


def test_who_has_the_outbox(file: Path) -> None:
    with holding_outbox(file, "edge_app.cli") as mien:
        assert str(Processes().locking(file)) == f"mien (process {mien.pid})"
        assert sorted(each.name for each in file.parent.iterdir()) == [
            file.name,
            f"{file.name}-wal",
        ]


def test_a_process_that_is_not_shown(file: Path, tmp_path: Path) -> None:
    with holding_outbox(file) as other:
        found = Processes(tmp_path).locking(file)
    assert found == Process(other.pid, "another program")


def test_no_file(file: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Processes().locking(file)
