from pathlib import Path

import pytest

from edge_app.analyze.inputs import count, find_inputs, is_picture
from tests.edge_app.frames.forbidden import forbidden


def test_folders_give_their_pictures_and_videos(tmp_path: Path) -> None:
    for name in ("10.jpg", "9.PNG", "clip.MP4", "notes.txt", ".hidden.jpg"):
        (tmp_path / name).touch()
    (tmp_path / "deeper").mkdir()
    files, wrong, left_out = find_inputs([tmp_path])
    assert [file.name for file in files] == ["9.PNG", "10.jpg", "clip.MP4"]
    assert wrong == []
    assert left_out == {tmp_path / "notes.txt", tmp_path / "deeper"}


@pytest.mark.parametrize(
    ("folders", "files", "text"),
    [
        (0, 0, ""),
        (1, 0, "1 folder"),
        (0, 1, "1 file of another kind"),
        (2, 3, "2 folders, 3 files of other kinds"),
    ],
)
def test_what_is_left_out_is_counted(tmp_path: Path, folders: int, files: int, text: str) -> None:
    for index in range(folders):
        (tmp_path / f"{index}").mkdir()
    for index in range(files):
        (tmp_path / f"{index}.gif").touch()
    assert count(tmp_path.iterdir()) == text


def test_what_was_named_itself_is_not_left_out(tmp_path: Path) -> None:
    below = tmp_path / "below"
    below.mkdir()
    for path in (tmp_path / "a.jpg", tmp_path / "b.h264", below / "c.jpg"):
        path.touch()
    (tmp_path / "loop.gif").symlink_to(tmp_path / "loop.gif")
    found = find_inputs([tmp_path, below, tmp_path / "b.h264"])
    assert [path.name for path in found.files] == ["a.jpg", "c.jpg", "b.h264"]
    assert found.left_out == {tmp_path / "loop.gif"}


def test_folder_of_folders_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "2024").mkdir()
    (tmp_path / "a.HEIC").touch()
    _, (error,), _ = find_inputs([tmp_path])
    assert str(error) == (
        f"{tmp_path}: the folder holds no picture and no video, only 1 folder, 1 file of another"
        f" kind; name its folders, as in {tmp_path}/*/"
    )


@pytest.mark.parametrize("name", ["portrait.HEIC", "portrait.heif", "portrait.avif"])
def test_photos_that_would_be_read_as_videos_are_refused(tmp_path: Path, name: str) -> None:
    """FFmpeg shows them as their sensor lay; a photo that lies on its side is read wrongly."""
    (tmp_path / name).touch()
    files, (error,), left_out = find_inputs([tmp_path / name])
    assert (files, left_out) == ([], set())
    assert str(error) == f"{tmp_path / name}: Mien reads no such photos; convert it to JPEG"


def test_named_files_are_taken_as_they_are(tmp_path: Path) -> None:
    named = [tmp_path / "notes.txt", tmp_path / "missing.jpg"]
    assert find_inputs(named) == (named, [], set())


def test_each_file_is_taken_once(tmp_path: Path) -> None:
    picture = tmp_path / "a.jpg"
    picture.touch()
    files, _, _ = find_inputs([picture, tmp_path, tmp_path / ".." / tmp_path.name / "a.jpg"])
    assert files == [picture]


def test_empty_folder_is_told_and_does_not_stop_the_others(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    files, wrong, _ = find_inputs([empty, tmp_path / "a.jpg"])
    assert files == [tmp_path / "a.jpg"]
    (error,) = wrong
    assert str(error).startswith(f"{empty}: the folder holds no picture")


def test_pictures_are_known_by_their_suffix() -> None:
    assert is_picture(Path("a.JPEG"))
    assert not is_picture(Path("a.mp4"))
    assert not is_picture(Path("jpg"))


def test_what_may_not_be_looked_at_is_told_and_does_not_stop_the_others(tmp_path: Path) -> None:
    with forbidden(tmp_path / "shut") as shut:
        files, wrong, _ = find_inputs([shut / "a.jpg", shut, Path("b.jpg")])
    assert files == [Path("b.jpg")]
    assert [str(error).rpartition("; name another")[0] for error in wrong] == [
        f"{shut / 'a.jpg'}: Permission denied",
        f"{shut}: Permission denied",
    ]
