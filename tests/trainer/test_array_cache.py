import os
import stat
import time
from pathlib import Path

import numpy as np
import pytest

from tests.trainer.full_disk import full_disk
from tests.trainer.little_memory import little_memory
from trainer.array_cache import load_arrays, save_arrays


def test_arrays_come_back(tmp_path: Path) -> None:
    path = tmp_path / "made" / "a.npz"
    assert load_arrays(path, "made again") is None
    save_arrays(path, {"one": np.arange(3), "two": np.zeros((2, 2), np.float32)})
    stored = load_arrays(path, "made again")
    assert stored is not None
    assert stored.keys() == {"one", "two"}
    assert stored["one"].tolist() == [0, 1, 2]


def test_others_do_not_read_what_is_kept(tmp_path: Path) -> None:
    # What a killed run left, when anybody might read it.
    (tmp_path / "new-a.npz").touch(0o644)
    save_arrays(tmp_path / "a.npz", {"one": np.arange(3)})
    assert stat.S_IMODE((tmp_path / "a.npz").stat().st_mode) == 0o600


def test_what_killed_runs_left_is_removed_once_nobody_may_be_writing_it(tmp_path: Path) -> None:
    save_arrays(tmp_path / "a.npz", {"one": np.arange(3)})
    for name, hours in (
        ("new-01234567-a.npz", 25),
        ("new-89abcdef-a.npz", 23),
        ("new-01234567-b.npz", 25),
    ):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time.time() - hours * 3600,) * 2)
    # Nobody writes it again: a run that finds it whole removes them.
    assert load_arrays(tmp_path / "a.npz", "made again") is not None
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "a.npz",
        "new-01234567-b.npz",
        "new-89abcdef-a.npz",
    ]


def test_a_damaged_file_is_told_and_not_taken(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.npz"
    save_arrays(path, {"one": np.arange(3000)})
    path.write_bytes(path.read_bytes()[:1000])
    assert load_arrays(path, "it is made again") is None
    assert "a.npz: damaged" in caplog.text
    assert caplog.text.rstrip().endswith("it is made again")


def test_a_lack_of_memory_is_no_damage(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, one=np.zeros(100_000_000, np.uint8))
    with little_memory(), pytest.raises(MemoryError):
        load_arrays(path, "it is made again")
    assert caplog.text == ""
    assert load_arrays(path, "it is made again") is not None


def test_flipped_bits_are_told_and_not_taken(tmp_path: Path) -> None:
    """Wherever they are: of the archive, of an array's header, or of its numbers."""
    path = tmp_path / "a.npz"
    save_arrays(path, {"one": np.arange(9, dtype=np.uint8)})
    whole = path.read_bytes()
    for place in range(len(whole)):
        content = bytearray(whole)
        content[place] ^= 1 << place % 8
        path.write_bytes(content)
        stored = load_arrays(path, "it is made again")
        # What nothing is read from, such as the times of files, may be anything.
        assert stored is None or "one" not in stored or stored["one"].tolist() == [*range(9)]


@pytest.mark.parametrize("place", ["a.npz", "file/a.npz"])
def test_what_cannot_be_kept_is_told_and_ends_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, place: str
) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / place
    with full_disk():
        save_arrays(path, {"one": np.arange(3000)})
    (told,) = caplog.messages
    assert told.startswith(f"{path}: ")
    assert "goes on" in told
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
