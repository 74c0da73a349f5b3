import errno
import os
from pathlib import Path

import pytest

from tests.trainer.full_disk import full_disk
from trainer.replacing import WriteError, remove_left, replaced, reserve, write_beside


def test_the_new_text_takes_the_old_ones_place(tmp_path: Path) -> None:
    path = tmp_path / "made" / "a.txt"
    write_beside(path, "old")
    write_beside(path, "new")
    assert path.read_text() == "new"
    assert [each.name for each in path.parent.iterdir()] == ["a.txt"]


def test_a_full_disk_leaves_the_old_text(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_beside(path, "old")
    with full_disk(), pytest.raises(WriteError, match=r"a\.txt: File too large; free space"):
        write_beside(path, "new" * 1000)
    assert path.read_text() == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WriteError, match=r"file/a\.txt: .*name another folder"):
        write_beside(tmp_path / "file" / "a.txt", "new")


@pytest.mark.parametrize("failure", [KeyboardInterrupt(), ValueError("a bad face")])
def test_what_is_not_finished_is_removed(tmp_path: Path, failure: BaseException) -> None:
    def fail_half_way() -> None:
        with replaced(tmp_path / "a.txt") as beside:
            beside.write_text("half")
            raise failure

    with pytest.raises(type(failure)):
        fail_half_way()
    assert list(tmp_path.iterdir()) == []


def test_two_writers_of_one_file_each_leave_a_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with replaced(path) as first, first.open("w") as slow:
        slow.write("ha")
        slow.flush()
        write_beside(path, "whole")
        assert path.read_text() == "whole"
        slow.write("lf")
    assert path.read_text() == "half"
    assert [each.name for each in tmp_path.iterdir()] == ["a.txt"]


def test_what_a_kill_left_is_removed(tmp_path: Path) -> None:
    with replaced(tmp_path / "view-1.npy") as beside:
        beside.touch()
    for left in (beside, tmp_path / "new-face.jpg"):
        left.touch()
    remove_left(tmp_path, "view-*.npy")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["new-face.jpg", "view-1.npy"]


def test_space_is_reserved_before_it_is_used(tmp_path: Path) -> None:
    with (tmp_path / "a").open("wb") as file:
        reserve(file, 100_000)
        file.write(b"first")
    assert (tmp_path / "a").stat().st_blocks * 512 >= 100_000
    with full_disk(), (tmp_path / "b").open("wb") as file, pytest.raises(OSError, match="large"):
        reserve(file, 100_000)


@pytest.mark.parametrize("number", [errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS])
def test_who_cannot_reserve_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """As on macOS, and on file systems without `fallocate` where C's library has no way around."""

    def refuse(*_: int) -> None:
        raise OSError(number, os.strerror(number))

    with (tmp_path / "a").open("wb") as file:
        monkeypatch.setattr(os, "posix_fallocate", refuse)
        reserve(file, 100_000)
        monkeypatch.delattr(os, "posix_fallocate")
        reserve(file, 100_000)
        file.write(b"first")
    assert (tmp_path / "a").read_bytes() == b"first"
