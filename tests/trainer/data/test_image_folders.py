from pathlib import Path

import cv2
import numpy as np
import pytest

from edge_app.picture_file import read_picture_file
from trainer.data import DataError, Faces, Split
from trainer.data.image_folders import is_image_folders, read_image_folders
from trainer.data.pictures import as_crop
from trainer.data.rejections import Reading


def add(path: Path, value: int, size: tuple[int, int] = (48, 48)) -> None:
    """A gray picture of height and width `size`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full(size, value, np.uint8))


def add_deep(path: Path, brightest: int) -> None:
    """A picture of 16 bits a value that uses the lower ones only."""
    values = np.linspace(0, brightest, 48 * 48).reshape(48, 48)
    cv2.imwrite(str(path), values.astype(np.uint16))


def fill(folder: Path, n: int = 30, classes: tuple[str, ...] = ("angry", "happy")) -> None:
    for split in ("train", "test", "validation"):
        for name in classes:
            for index in range(n):
                add(folder / split / name / f"im{index}.png", index + 10)


def read(folder: Path) -> tuple[Faces, Reading]:
    told: list[Reading] = []
    faces = read_image_folders(folder, tell=told.append)
    assert len(told) == 1
    return faces, told[0]


def test_splits_and_classes_come_from_the_folders(tmp_path: Path) -> None:
    add(tmp_path / "train" / "angry" / "a.png", 10)
    add(tmp_path / "train" / "Surprised" / "a.jpg", 20)
    add(tmp_path / "Validation" / "6_neutral" / "a.png", 30)
    add(tmp_path / "test" / "disgust" / "a.png", 40)
    faces, reading = read(tmp_path)
    found = {
        (int(p[0, 0]), int(label), Split(split))
        for p, label, split in zip(faces.pixels, faces.labels, faces.split, strict=True)
    }
    assert found == {
        (10, 0, Split.TRAINING),
        (20, 5, Split.TRAINING),
        (30, 6, Split.PUBLIC_TEST),
        (40, 1, Split.PRIVATE_TEST),
    }
    assert (reading.rows, reading.left_out) == (4, 0)


def test_the_usage_in_a_pictures_name_wins(tmp_path: Path) -> None:
    """As in the copy of FER2013 that knows only train and test."""
    add(tmp_path / "train" / "sad" / "Training_1.png", 1)
    add(tmp_path / "test" / "sad" / "PublicTest_2.png", 2)
    add(tmp_path / "test" / "sad" / "PrivateTest_3.png", 3)
    faces, _ = read(tmp_path)
    assert dict(zip(faces.pixels[:, 0, 0].tolist(), faces.split.tolist(), strict=True)) == {
        1: Split.TRAINING,
        2: Split.PUBLIC_TEST,
        3: Split.PRIVATE_TEST,
    }


def test_without_a_validation_split_a_tenth_of_training_is_held_out(tmp_path: Path) -> None:
    for index in range(200):
        add(tmp_path / "train" / "fear" / f"{index}.png", index)
    add(tmp_path / "train" / "happy" / "twin.png", 7)
    add(tmp_path / "test" / "fear" / "1.png", 1)
    faces, _ = read(tmp_path)
    again, _ = read(tmp_path)
    assert 8 <= len(faces.of(Split.PUBLIC_TEST)) <= 35
    assert len(faces.of(Split.PRIVATE_TEST)) == 1
    assert not faces.of(Split.PUBLIC_TEST).twins_of(faces.of(Split.TRAINING)).any()
    assert faces.sha256() == again.sha256()


def test_pictures_of_another_size_or_in_colour_become_48_gray(tmp_path: Path) -> None:
    add(tmp_path / "train" / "sad" / "large.png", 50, (224, 224))
    add(tmp_path / "train" / "sad" / "small.png", 50, (24, 24))
    cv2.imwrite(str(tmp_path / "train" / "sad" / "colour.png"), np.full((48, 48, 3), 50, np.uint8))
    faces, _ = read(tmp_path)
    assert (faces.pixels == 50).all()
    assert faces.pixels.shape == (3, 48, 48)


@pytest.mark.parametrize("suffix", [".jpe", ".pnm", ".ppm"])
def test_what_mien_analyze_takes_for_a_picture_is_learned_from(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "train" / "sad" / f"a{suffix}"
    path.parent.mkdir(parents=True)
    cv2.imwrite(str(path), np.full((48, 48, 3), 50, np.uint8))
    add(tmp_path / "train" / "sad" / "b.png", 50)
    faces, reading = read(tmp_path)
    assert (faces.pixels == 50).all()
    assert (reading.rows, reading.passed_over) == (2, ())


def test_a_crop_is_averaged_to_its_size_and_enlarged_smoothly(tmp_path: Path) -> None:
    stripes = np.tile(np.array([0, 255], np.uint8), (96, 48))
    ramp = np.tile(np.arange(0, 240, 10, dtype=np.uint8), (24, 1))
    for name, picture in (("large", stripes), ("small", ramp)):
        cv2.imwrite(str(tmp_path / f"{name}.png"), picture)
    large = as_crop(read_picture_file(tmp_path / "large.png", colour=False))
    assert set(np.unique(large)) <= {127, 128}
    # No two of 48 columns alike, away from the edge.
    small = as_crop(read_picture_file(tmp_path / "small.png", colour=False))
    assert (np.diff(small[0].astype(int))[2:-2] > 0).all()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.write_bytes(b"no picture"), "not a picture that can be read"),
        (lambda path: path.write_bytes(b""), "the file is empty"),
        (lambda path: add(path, 9, (48, 64)), "64x48 pixels are no square"),
        (lambda path: add_deep(path, 255), "16 bits a value hold 12 at most"),
        (lambda path: add_deep(path, 4095), "16 bits a value hold 12 at most"),
        (lambda path: path.symlink_to("nowhere"), ""),
    ],
)
def test_a_bad_picture_is_named_and_left_out(tmp_path: Path, make: object, said: str) -> None:
    fill(tmp_path)
    make(tmp_path / "train" / "angry" / "bad.png")  # type: ignore[operator]
    faces, reading = read(tmp_path)
    assert len(faces) == 180
    if said:
        assert reading.left_out == 1
        assert reading.examples[0].startswith(str(Path("train/angry/bad.png")))
        assert said in reading.examples[0]


def test_hidden_files_and_empty_folders_do_not_count(tmp_path: Path) -> None:
    fill(tmp_path, 2)
    (tmp_path / "train" / "angry" / ".hidden.png").write_text("not a picture")
    add(tmp_path / "train" / "angry" / ".thumbnails" / "a.png", 1)
    (tmp_path / "models" / "angry").mkdir(parents=True)
    (tmp_path / "train" / "empty").mkdir()
    _, reading = read(tmp_path)
    assert (reading.rows, reading.left_out) == (12, 0)
    assert reading.passed_over == ()


def test_pictures_in_folders_of_a_class_folder_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fill(tmp_path, 2)
    for name in ("bob/2021/b.png", "alice/b.png", "alice/a.png"):
        add(tmp_path / "train" / "happy" / name, 1)
    _, reading = read(tmp_path)
    assert (reading.rows, reading.left_out) == (12, 0)
    (told,) = reading.passed_over
    assert told.startswith(f"not read: {Path('train/happy/alice/a.png')} and 2 more, ")
    assert "move them" in told
    read_image_folders(tmp_path)
    assert caplog.messages[0] == f"{tmp_path}: {told}"


def test_pictures_without_a_class_are_told(tmp_path: Path) -> None:
    fill(tmp_path, 2)
    for name in ("train/b.png", "train/a.png", "test/c.png", "train/set2/happy/d.png"):
        add(tmp_path / name, 1)
    _, reading = read(tmp_path)
    assert (reading.rows, reading.left_out) == (12, 0)
    beside, in_set = reading.passed_over
    assert beside.startswith(f"not read: {Path('test/c.png')} and 2 more, beside the classes' ")
    assert in_set.startswith(f"not read: {Path('train/set2/happy/d.png')}, in folders inside ")


def test_files_of_another_kind_are_told(tmp_path: Path) -> None:
    """However many: they are no rows."""
    fill(tmp_path, 1)
    for name in ("a.heic", "b.GIF", "c.avif", "notes.txt"):
        (tmp_path / "train" / "angry" / name).write_text("no picture that is read")
    (tmp_path / "test" / "happy" / "d.heic").write_text("no picture that is read")
    _, reading = read(tmp_path)
    assert (reading.rows, reading.left_out) == (6, 0)
    (told,) = reading.passed_over
    # By folder and name, as pictures are read.
    assert told.startswith(f"not read: {Path('test/happy/d.heic')} and 4 more, ")
    assert ".jpg" in told


def test_folders_beside_the_splits_are_told(tmp_path: Path) -> None:
    fill(tmp_path, 2)
    add(tmp_path / "eval" / "happy" / "a.png", 1)
    add(tmp_path / "eval" / "1" / "b.png", 1)
    add(tmp_path / "sad" / "c.png", 1)
    add(tmp_path / "holiday" / "d.png", 1)
    _, reading = read(tmp_path)
    assert (reading.rows, reading.left_out) == (12, 0)
    in_eval, in_sad = reading.passed_over
    assert in_eval.startswith(f"not read: {Path('eval/1/b.png')} and 1 more, in eval, ")
    assert "train, validation and test" in in_eval
    assert in_sad.startswith(f"not read: {Path('sad/c.png')}, in sad, ")


def test_nothing_but_what_is_passed_over_is_refused_with_it(tmp_path: Path) -> None:
    add(tmp_path / "train" / "happy" / "alice" / "a.png", 1)
    with pytest.raises(DataError, match=r"without a single row; not read: train/happy/alice"):
        read_image_folders(tmp_path)


@pytest.mark.parametrize("numbers", ["0123456", "1234567", "01234567"])
def test_classes_that_are_numbers_alone_are_refused(tmp_path: Path, numbers: str) -> None:
    """As in FER2013's copies, in RAF-DB's and in AffectNet's: each means other classes."""
    for number in numbers:
        add(tmp_path / "train" / number / "a.png", 1)
    assert is_image_folders(tmp_path)
    with pytest.raises(DataError, match=rf"train/{numbers[0]}: .*name the folder .*0_angry"):
        read_image_folders(tmp_path)


def test_too_many_bad_pictures_are_another_format(tmp_path: Path) -> None:
    fill(tmp_path, 5)
    for index in range(3):
        (tmp_path / "train" / "angry" / f"bad{index}.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"3 of 33 rows left out.*another format"):
        read_image_folders(tmp_path)


def test_pictures_that_are_not_square_are_told_with_what_to_do(tmp_path: Path) -> None:
    fill(tmp_path, 5)
    for index in range(3):
        add(tmp_path / "train" / "angry" / f"wide{index}.png", 9, (112, 90))
    with pytest.raises(DataError, match=r"3 of 33 rows left out") as caught:
        read_image_folders(tmp_path)
    said = str(caught.value)
    assert "wide0.png: 90x112 pixels are no square crop of a face; " in said
    assert (
        said.count("; cut such pictures square about the face, or let it be found in each: ") == 1
    )
    assert "another format" not in said


def test_an_unknown_class_is_refused(tmp_path: Path) -> None:
    fill(tmp_path, 1, ("angry", "bored"))
    with pytest.raises(DataError, match="bored: no class is spelled so"):
        read_image_folders(tmp_path)


def test_two_folders_of_one_class_are_refused(tmp_path: Path) -> None:
    fill(tmp_path, 1, ("angry", "anger"))
    with pytest.raises(DataError, match="the same class as anger"):
        read_image_folders(tmp_path)


def test_a_missing_or_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="none: no such folder"):
        read_image_folders(tmp_path / "none")
    with pytest.raises(DataError, match=r"without a single row; put pictures \(.*\.jpg.*class"):
        read_image_folders(tmp_path)


def test_a_folder_is_known_by_a_class_in_a_split(tmp_path: Path) -> None:
    (tmp_path / "test" / "holiday").mkdir(parents=True)
    (tmp_path / "angry").mkdir()
    assert not is_image_folders(tmp_path)
    (tmp_path / "test" / "angry").mkdir()
    assert is_image_folders(tmp_path)
