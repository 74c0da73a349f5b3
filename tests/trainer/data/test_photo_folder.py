from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage.data import astronaut

from edge_app.perception import Perception
from trainer.data import DataError, Faces
from trainer.data.face_crops import FaceCrops
from trainer.data.photo_folder import is_photo_folder, read_photo_folder
from trainer.data.rejections import Reading


def one_face() -> np.ndarray:
    return np.asarray(cv2.cvtColor(astronaut(), cv2.COLOR_RGB2BGR))


def turned(angle_deg: float) -> np.ndarray:
    """The photo turned clockwise about the face."""
    turn = cv2.getRotationMatrix2D((222, 110), -angle_deg, 1.0)
    return np.asarray(cv2.warpAffine(one_face(), turn, (512, 512), borderMode=cv2.BORDER_REPLICATE))


def shown_to_the_classifier(
    photo: np.ndarray, perception: Perception, monkeypatch: pytest.MonkeyPatch
) -> np.ndarray:
    """The crops that the device's own path gives to its network."""
    shown: list[np.ndarray] = []
    predict = perception.classifier.predict

    def record(crops: np.ndarray) -> np.ndarray:
        shown.append(crops)
        return predict(crops)

    with monkeypatch.context() as patch:
        patch.setattr(perception.classifier, "predict", record)
        (face,) = perception.find(photo)
        perception.read(photo, [face])
    return np.concatenate(shown)


def add(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture)


def read(folder: Path, crops: FaceCrops | None) -> tuple[Faces, Reading]:
    told: list[Reading] = []
    faces = read_photo_folder(folder, crops, told.append)
    return faces, told[0]


def test_the_face_is_cut_out(
    tmp_path: Path, crops: FaceCrops, perception: Perception, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = one_face()
    add(tmp_path / "happy" / "photo.png", photo)
    faces, reading = read(tmp_path, crops)
    assert faces.labels.tolist() == [3]
    assert np.array_equal(faces.pixels, shown_to_the_classifier(photo, perception, monkeypatch))
    assert (reading.rows, reading.left_out) == (1, 0)
    assert faces.where(faces.labels == 3).alignment == perception.classifier.alignment


@pytest.mark.parametrize("angle_deg", [-30.0, -22.0, 15.0, 30.0])
def test_a_tilted_face_is_cut_upright_as_on_the_device(
    angle_deg: float, crops: FaceCrops, perception: Perception, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = turned(angle_deg)
    crop = crops.cut(photo)
    assert np.array_equal([crop], shown_to_the_classifier(photo, perception, monkeypatch))
    # The detector's own landmarks leave so much of the roll that at 30° this is 0.4 and less.
    upright = crops.cut(turned(0.0))
    assert np.corrcoef(crop.ravel(), upright.ravel())[0, 1] > 0.7


def test_a_flat_face_is_spread_as_on_the_device(
    crops: FaceCrops, perception: Perception, monkeypatch: pytest.MonkeyPatch
) -> None:
    flat = (one_face() // 12 + 60).astype(np.uint8)
    crop = crops.cut(flat)
    assert np.array_equal([crop], shown_to_the_classifier(flat, perception, monkeypatch))
    assert crop.std() > 40


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
        f"{Path('sad/e.jpg')}: not a picture that can be read, or damaged; copy it again",
    )
    assert reading.text().endswith("cut out already: --crops find, which leaves none out")


def test_a_folder_without_a_single_face_is_refused(tmp_path: Path, crops: FaceCrops) -> None:
    add(tmp_path / "happy" / "a.png", np.zeros((300, 400, 3), np.uint8))
    with pytest.raises(
        DataError,
        match=r"1 of 1 rows left out: happy/a\.png: no face found; where .*: --crops find,",
    ):
        read(tmp_path, crops)


def test_an_empty_or_missing_folder_is_named(tmp_path: Path, crops: FaceCrops) -> None:
    with pytest.raises(DataError, match="none: no such folder"):
        read(tmp_path / "none", crops)
    with pytest.raises(DataError, match=r"without a single row; put pictures \(.*\.jpg.*class"):
        read(tmp_path, crops)


def test_a_folder_is_known_by_a_class(tmp_path: Path) -> None:
    (tmp_path / "holiday").mkdir()
    assert not is_photo_folder(tmp_path)
    (tmp_path / "Happy").mkdir()
    assert is_photo_folder(tmp_path)


def test_a_folder_of_classes_that_are_numbers_is_refused(tmp_path: Path, crops: FaceCrops) -> None:
    (tmp_path / "1").mkdir()
    # Such as the numbers of versions that archives are kept under.
    assert not is_photo_folder(tmp_path)
    add(tmp_path / "1" / "a.png", one_face())
    assert is_photo_folder(tmp_path)
    with pytest.raises(DataError, match=r"/1: .*name the folder .*0_angry"):
        read(tmp_path, crops)


def test_copies_of_a_photo_are_in_one_split(tmp_path: Path, crops: FaceCrops) -> None:
    for index, name in enumerate("abcdefghijkl"):
        add(tmp_path / ("sad" if index % 2 else "happy") / f"{name}.png", one_face())
    faces, _ = read(tmp_path, crops)
    assert len(faces) == 12
    assert len(set(faces.split.tolist())) == 1


def test_what_is_passed_over_is_told(tmp_path: Path, crops: FaceCrops) -> None:
    add(tmp_path / "happy" / "a.png", one_face())
    add(tmp_path / "happy" / "alice" / "b.png", one_face())
    (tmp_path / "happy" / "c.heic").write_text("no picture that is read")
    add(tmp_path / "d.png", one_face())
    _, reading = read(tmp_path, crops)
    assert (reading.rows, reading.left_out) == (1, 0)
    beside, below, other = reading.passed_over
    assert "d.png" in beside
    assert str(Path("happy/alice/b.png")) in below
    assert str(Path("happy/c.heic")) in other


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
