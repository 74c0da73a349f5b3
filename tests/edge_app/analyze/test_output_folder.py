from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from edge_app.analyze.earlier import Earlier
from edge_app.analyze.output_folder import OutputNames, alone_in
from edge_app.errors import UsageError
from tests.edge_app.frames.forbidden import not_as_root


def chosen(folder: Path, *inputs: str) -> list[str]:
    paths = [Path(name) for name in inputs]
    names = OutputNames(folder, paths)
    return [names.choose(path) for path in paths]


def test_copies_keep_their_names_and_formats(tmp_path: Path) -> None:
    assert chosen(tmp_path, "a.jpg", "b.PNG", "c.webp", "d.mov", "e") == [
        "a.jpg", "b.PNG", "c.png", "d.mp4", "e.mp4",
    ]  # fmt: skip


def test_inputs_of_the_same_name_get_numbers(tmp_path: Path) -> None:
    """On some file systems a.jpg and A.JPG are one file."""
    assert chosen(tmp_path, "x/a.jpg", "y/a.jpg", "z/A.JPG", "a.bmp", "a.png", "a-2.jpg") == [
        "a.jpg", "a-2.jpg", "A-3.JPG", "a.png", "a-2.png", "a-2-2.jpg",
    ]  # fmt: skip


def test_inputs_are_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    inputs = (f"{tmp_path}/a.jpg", f"{tmp_path}/link/b.mp4", f"{tmp_path}/analysis.jpg")
    assert chosen(tmp_path, *inputs) == ["a-2.jpg", "b-2.mp4", "analysis-2.jpg"]


def test_folder_is_made_or_taken_when_it_is_ours(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "analysis"
    for _ in range(2):
        with alone_in(folder) as earlier:
            assert earlier == Earlier()
            assert folder.is_dir()
        # Nothing came to be in it.
        assert not folder.exists()
    with alone_in(folder):
        (folder / "analysis.csv").touch()
        (folder / "a.jpg").touch()
    with alone_in(folder) as earlier:
        assert earlier.foreign == {"a.jpg"}


def test_folder_is_one_analysis_at_a_time(tmp_path: Path) -> None:
    with (
        alone_in(tmp_path),
        pytest.raises(UsageError, match=r"another mien analyze writes to it; wait.*--output"),
        alone_in(tmp_path),
    ):
        pass
    with alone_in(tmp_path):
        pass


def test_what_is_not_ours_is_never_overwritten(tmp_path: Path) -> None:
    """On some file systems A.JPG and a.jpg are one file."""
    names = OutputNames(tmp_path, [], ["A.JPG"])
    assert [names.choose(Path(f"x/{name}")) for name in ("a.jpg", "c.jpg")] == ["a-2.jpg", "c.jpg"]


@pytest.mark.parametrize("name", ["holiday.jpg", "analysis.ipynb", "analysis"])
def test_folder_with_other_things_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(UsageError, match="not from mien analyze"), alone_in(tmp_path):
        pass


def test_folder_that_cannot_be_made_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(UsageError, match=r"--output"), alone_in(folder):
            pass


def test_folder_that_cannot_be_written_to_is_refused() -> None:
    # Not `tmp_path`, which nobody else may enter.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o555)
        with (
            not_as_root(),
            pytest.raises(UsageError, match=r"Permission denied; .*--output"),
            alone_in(Path(folder)),
        ):
            pass
