from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage.data import astronaut

from trainer.data import DataError, Faces
from trainer.data.ckplus import is_ckplus, read_ckplus
from trainer.data.rejections import Reading

FRAMES = 6


def add(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture)


def add_sequence(folder: Path, subject: int, sequence: int, emotion: str | None) -> None:
    """Square frames, each as bright as its number, so that no detector is needed."""
    parts = (f"S{subject:03d}", f"{sequence:03d}")
    for number in range(1, FRAMES + 1):
        name = f"{'_'.join(parts)}_{number:08d}"
        add(
            folder.joinpath("cohn-kanade-images", *parts, f"{name}.png"),
            np.full((64, 64), number * 10, np.uint8),
        )
    labels = folder.joinpath("Emotion", *parts)
    labels.mkdir(parents=True)
    if emotion is not None:
        (labels / f"{name}_emotion.txt").write_text(emotion)


def read(folder: Path) -> tuple[Faces, Reading]:
    told: list[Reading] = []
    faces = read_ckplus(folder, None, told.append)
    return faces, told[0]


def test_every_emotion_has_its_label(tmp_path: Path) -> None:
    for number in range(1, 8):
        add_sequence(tmp_path, 10, number, f"   {number}.0000000e+00\n")
    faces, _ = read(tmp_path)
    # anger, contempt, disgust, fear, happy, sadness, surprise
    assert faces.labels[::3].tolist() == [0, 7, 1, 2, 3, 4, 5]


def test_the_last_frames_are_peaks(tmp_path: Path) -> None:
    add_sequence(tmp_path, 10, 1, "7.0")
    add_sequence(tmp_path, 10, 2, None)
    faces, reading = read(tmp_path)
    assert faces.pixels[:, 0, 0].tolist() == [40, 50, 60]
    assert faces.labels.tolist() == [5, 5, 5]
    assert reading.rows == 3


def test_a_subject_is_in_one_split(tmp_path: Path) -> None:
    for subject in range(40):
        for sequence in (1, 2):
            add_sequence(tmp_path, subject, sequence, "5.0")
    faces, _ = read(tmp_path)
    by_subject = faces.split.reshape(40, 6)
    assert (by_subject == by_subject[:, :1]).all()
    assert set(faces.split.tolist()) == {0, 1, 2}


@pytest.mark.parametrize(
    ("emotion", "said"),
    [("8.0", "emotion 8 is none"), ("-1", "none of 0 to 7"), ("1.5", "emotion 1.5"),
     ("happy", "'happy' is no number"), ("", "'' is no number"), ("nan", "emotion nan")],
)  # fmt: skip
def test_a_malformed_label_is_reported_with_its_file(
    tmp_path: Path, emotion: str, said: str
) -> None:
    for sequence in range(1, 9):
        add_sequence(tmp_path, 10, sequence, "5.0")
    add_sequence(tmp_path, 11, 1, emotion)
    faces, reading = read(tmp_path)
    assert len(faces) == 24
    assert (reading.rows, reading.left_out) == (25, 1)
    where = Path("Emotion/S011/001/S011_001_00000006_emotion.txt")
    assert reading.examples[0].startswith(f"{where}:1: ")
    assert said in reading.examples[0]


def test_a_label_without_frames_is_reported(tmp_path: Path) -> None:
    for sequence in range(1, 9):
        add_sequence(tmp_path, 10, sequence, "5.0")
    lost = tmp_path / "Emotion" / "S011" / "001"
    lost.mkdir(parents=True)
    (lost / "S011_001_00000006_emotion.txt").write_text("5.0")
    _, reading = read(tmp_path)
    assert "no frames in cohn-kanade-images/S011/001" in reading.examples[0]


def test_frames_are_cut_as_the_device_would(tmp_path: Path) -> None:
    photo = cv2.cvtColor(astronaut()[:400, :], cv2.COLOR_RGB2GRAY)
    add_sequence(tmp_path, 10, 1, "5.0")
    frames = sorted((tmp_path / "cohn-kanade-images").rglob("*.png"))
    for frame in frames[-3:-1]:
        cv2.imwrite(str(frame), photo)
    faces, _ = read(tmp_path)
    assert faces.pixels[0].std() > 20
    assert np.array_equal(faces.pixels[0], faces.pixels[1])
    assert faces.pixels[2].std() == 0


def test_frames_without_a_face_are_too_many(tmp_path: Path) -> None:
    add_sequence(tmp_path, 10, 1, "5.0")
    frames = sorted((tmp_path / "cohn-kanade-images").rglob("*.png"))
    cv2.imwrite(str(frames[-1]), np.zeros((480, 640), np.uint8))
    with pytest.raises(DataError, match=r"1 of 3 rows left out.*no face found"):
        read(tmp_path)


def test_folders_of_classes(tmp_path: Path) -> None:
    """As in CK+48."""
    for name, value in (("anger", 1), ("contempt", 2), ("sadness", 3)):
        for subject in (10, 11):
            add(
                tmp_path / name / f"S{subject:03d}_004_00000017.png",
                np.full((48, 48), value, np.uint8),
            )
    assert is_ckplus(tmp_path)
    faces, _ = read(tmp_path)
    assert faces.labels.tolist() == [0, 0, 7, 7, 4, 4]
    assert faces.pixels[:, 0, 0].tolist() == [1, 1, 2, 2, 3, 3]
    assert (faces.split[::2] == faces.split[0]).all()


def test_a_picture_of_nobody_is_reported(tmp_path: Path) -> None:
    picture = np.zeros((48, 48), np.uint8)
    for number in range(30):
        add(tmp_path / "anger" / f"S010_004_{number:08d}.png", picture)
    add(tmp_path / "anger" / "selfie.png", picture)
    faces, reading = read(tmp_path)
    assert len(faces) == 30
    assert "selfie.png: named like no frame" in reading.examples[0]


def test_another_folder_is_refused(tmp_path: Path) -> None:
    add(tmp_path / "anger" / "face.png", np.zeros((48, 48), np.uint8))
    with pytest.raises(DataError, match="not CK"):
        read(tmp_path)
