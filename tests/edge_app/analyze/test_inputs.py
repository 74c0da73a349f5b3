from pathlib import Path

from edge_app.analyze.inputs import find_inputs, is_picture
from tests.edge_app.frames.forbidden import forbidden


def test_folders_give_their_pictures_and_videos(tmp_path: Path) -> None:
    for name in ("10.jpg", "9.PNG", "clip.MP4", "notes.txt", ".hidden.jpg"):
        (tmp_path / name).touch()
    (tmp_path / "deeper").mkdir()
    files, wrong = find_inputs([tmp_path])
    assert [file.name for file in files] == ["9.PNG", "10.jpg", "clip.MP4"]
    assert wrong == []


def test_named_files_are_taken_as_they_are(tmp_path: Path) -> None:
    named = [tmp_path / "notes.txt", tmp_path / "missing.jpg"]
    assert find_inputs(named) == (named, [])


def test_each_file_is_taken_once(tmp_path: Path) -> None:
    picture = tmp_path / "a.jpg"
    picture.touch()
    files, _ = find_inputs([picture, tmp_path, tmp_path / ".." / tmp_path.name / "a.jpg"])
    assert files == [picture]


def test_empty_folder_is_told_and_does_not_stop_the_others(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    files, wrong = find_inputs([empty, tmp_path / "a.jpg"])
    assert files == [tmp_path / "a.jpg"]
    (error,) = wrong
    assert str(error).startswith(f"{empty}: the folder holds no picture")


def test_pictures_are_known_by_their_suffix() -> None:
    assert is_picture(Path("a.JPEG"))
    assert not is_picture(Path("a.mp4"))
    assert not is_picture(Path("jpg"))


def test_what_may_not_be_looked_at_is_told_and_does_not_stop_the_others(tmp_path: Path) -> None:
    with forbidden(tmp_path / "shut") as shut:
        files, wrong = find_inputs([shut / "a.jpg", shut, Path("b.jpg")])
    assert files == [Path("b.jpg")]
    assert [str(error).rpartition("; name another")[0] for error in wrong] == [
        f"{shut / 'a.jpg'}: Permission denied",
        f"{shut}: Permission denied",
    ]
