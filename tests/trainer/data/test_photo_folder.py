from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage.data import astronaut

from edge_app.perception.alignment import align
from edge_app.perception.card import ClassifierCard, ModelError, read_card
from edge_app.perception.detector import FaceDetector
from edge_app.perception.shipped import EMOTION, FACE_320
from trainer.data import DataError, Faces, face_crops
from trainer.data.face_crops import FaceCrops
from trainer.data.photo_folder import is_photo_folder, read_photo_folder
from trainer.data.rejections import Reading


@pytest.fixture(scope="module")
def crops() -> FaceCrops:
    return FaceCrops.shipped()


def one_face() -> np.ndarray:
    return np.asarray(cv2.cvtColor(astronaut(), cv2.COLOR_RGB2BGR))


def add(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture)


def read(folder: Path, crops: FaceCrops | None) -> tuple[Faces, Reading]:
    told: list[Reading] = []
    faces = read_photo_folder(folder, crops, told.append)
    return faces, told[0]


def test_the_face_is_cut_out(tmp_path: Path, crops: FaceCrops) -> None:
    photo = one_face()
    add(tmp_path / "happy" / "photo.png", photo)
    faces, reading = read(tmp_path, crops)
    assert faces.labels.tolist() == [3]
    card = read_card(EMOTION)
    assert isinstance(card, ClassifierCard)
    (face,) = FaceDetector.load().detect(photo)
    assert np.array_equal(faces.pixels[0], align(photo, face.landmarks, card.alignment, 48))
    assert (reading.rows, reading.left_out) == (1, 0)


def test_photos_without_or_with_several_faces_are_reported(
    tmp_path: Path, crops: FaceCrops
) -> None:
    photo = one_face()
    add(tmp_path / "happy" / "a.png", photo)
    add(tmp_path / "happy" / "b.png", np.zeros((300, 400, 3), np.uint8))
    add(tmp_path / "sad" / "c.png", np.concatenate([photo, photo], axis=1))
    add(tmp_path / "sad" / "d.png", photo)
    (tmp_path / "sad" / "e.jpg").write_bytes(b"no picture")
    faces, reading = read(tmp_path, crops)
    assert faces.labels.tolist() == [3, 4]
    assert (reading.rows, reading.left_out) == (5, 3)
    assert reading.examples == (
        f"{Path('happy/b.png')}: no face found",
        f"{Path('sad/c.png')}: 2 faces",
        f"{Path('sad/e.jpg')}: not a picture that OpenCV can read",
    )


def test_a_folder_without_a_single_face_is_refused(tmp_path: Path, crops: FaceCrops) -> None:
    add(tmp_path / "happy" / "a.png", np.zeros((300, 400, 3), np.uint8))
    with pytest.raises(DataError, match=r"1 of 1 rows left out: happy/a\.png: no face"):
        read(tmp_path, crops)


def test_an_empty_or_missing_folder_is_named(tmp_path: Path, crops: FaceCrops) -> None:
    with pytest.raises(DataError, match="none: no such folder"):
        read(tmp_path / "none", crops)
    with pytest.raises(DataError, match="without a single row"):
        read(tmp_path, crops)


def test_a_folder_is_known_by_a_class(tmp_path: Path) -> None:
    (tmp_path / "holiday").mkdir()
    assert not is_photo_folder(tmp_path)
    (tmp_path / "Happy").mkdir()
    assert is_photo_folder(tmp_path)


def test_a_detector_in_the_classifiers_place_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(face_crops, "EMOTION", FACE_320)
    with pytest.raises(DataError, match="no emotion classifier's"):
        FaceCrops.shipped()


def test_a_missing_card_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(face_crops, "EMOTION", tmp_path / "emotion.tflite")
    with pytest.raises(ModelError, match=r"emotion\.json"):
        FaceCrops.shipped()


def test_real_photos(shared_data: Path, tmp_path: Path, crops: FaceCrops) -> None:
    """The posed ones show one person each, the others several."""
    photos = sorted((shared_data / "photos").glob("*.jpg"))
    for photo in photos:
        kind = "happy" if photo.name.startswith("stock") else "neutral"
        (tmp_path / kind).mkdir(exist_ok=True)
        (tmp_path / kind / photo.name).write_bytes(photo.read_bytes())
    faces, reading = read(tmp_path, crops)
    assert reading.rows == len(photos)
    assert (faces.labels == 3).sum() >= 6
    assert (faces.labels == 6).sum() <= 2
