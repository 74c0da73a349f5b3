import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage.data import astronaut

from tests.trainer.data.test_fer2013_csv import HEADER, good, write
from tests.trainer.data.test_ferplus_csv import VOTES_HEADER, rows, write_votes
from tests.trainer.data.test_mosaic import write_mosaic
from trainer.data import DataError, read


def add(path: Path, picture: np.ndarray | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.zeros((48, 48), np.uint8) if picture is None else picture)


def test_the_mosaic(tmp_path: Path) -> None:
    write_mosaic(tmp_path, tiles=341, labels=300)
    assert len(read(tmp_path)) == 300


def test_half_a_mosaic_is_named(tmp_path: Path) -> None:
    write_mosaic(tmp_path, tiles=341, labels=300)
    (tmp_path / "fer2013_mosaic.png").unlink()
    with pytest.raises(DataError, match=r"fer2013_mosaic\.png: no such file"):
        read(tmp_path)


@pytest.mark.parametrize("name", ["fer2013.csv", "icml_face_data.csv", "mine.CSV"])
def test_a_csv_file(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, [HEADER, *good()]).rename(tmp_path / name)
    assert not read(path).votes.any()


def test_votes_beside_the_csv_file_are_taken(tmp_path: Path) -> None:
    write(tmp_path, [HEADER, *good()])
    write_votes(tmp_path, [VOTES_HEADER, *rows()])
    faces = read(tmp_path)
    assert len(faces) == 40
    assert faces.votes[:, 0].tolist() == list(range(40))


def test_votes_alone_are_no_data_set(tmp_path: Path) -> None:
    path = write_votes(tmp_path, [VOTES_HEADER, *rows()])
    with pytest.raises(DataError, match="not a data set"):
        read(path)


@pytest.mark.parametrize("folder", ["train/1", "1"])
def test_classes_that_are_numbers_alone_are_refused(tmp_path: Path, folder: str) -> None:
    add(tmp_path / folder / "a.png")
    with pytest.raises(DataError, match="0_angry"):
        read(tmp_path)


def test_a_folder_of_a_version_is_looked_into(tmp_path: Path) -> None:
    add(tmp_path / "1" / "train" / "angry" / "a.png")
    assert len(read(tmp_path)) == 1


def test_image_folders_inside_a_folder_of_an_archive(tmp_path: Path) -> None:
    add(tmp_path / "archive" / "train" / "angry" / "a.png")
    add(tmp_path / "archive" / "test" / "angry" / "b.png")
    (tmp_path / "__MACOSX").mkdir()
    assert len(read(tmp_path)) == 2


def test_ckplus_by_class(tmp_path: Path) -> None:
    add(tmp_path / "CK+48" / "contempt" / "S138_008_00000007.png")
    assert read(tmp_path).labels.tolist() == [7]


def test_ckplus_as_distributed(tmp_path: Path) -> None:
    add(tmp_path / "cohn-kanade-images" / "S005" / "001" / "S005_001_00000011.png")
    label = tmp_path / "Emotion" / "S005" / "001" / "S005_001_00000011_emotion.txt"
    label.parent.mkdir(parents=True)
    label.write_text("   3.0000000e+00\n")
    assert read(tmp_path).labels.tolist() == [1]


def test_photos(tmp_path: Path) -> None:
    add(tmp_path / "happy" / "a.png", cv2.cvtColor(astronaut(), cv2.COLOR_RGB2BGR))
    assert read(tmp_path).labels.tolist() == [3]


def test_a_folder_that_may_not_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    (tmp_path / "happy").mkdir()
    monkeypatch.setattr(Path, "iterdir", forbidden)
    with pytest.raises(DataError, match="Permission denied"):
        read(tmp_path)


def test_what_is_not_understood_is_refused_with_what_is(tmp_path: Path) -> None:
    note = tmp_path / "note.txt"
    note.write_text("a note")
    for path in (note, tmp_path):
        with pytest.raises(DataError, match=r"not a data set; understood is .*fer2013\.csv"):
            read(path)
    shutil.rmtree(tmp_path)
    with pytest.raises(DataError, match="no such file or folder"):
        read(tmp_path)


def test_classes_in_another_language_are_said_to_be_no_classes(tmp_path: Path) -> None:
    """Rather than that the folders, which are right, are no data set."""
    add(tmp_path / "train" / "Glücklich" / "1.png")
    add(tmp_path / "test" / "traurig" / "1.png")
    with pytest.raises(DataError, match=r"traurig: no class is spelled so; rename it to one like"):
        read(tmp_path)
