from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage.data import astronaut

from edge_app.perception import Perception
from trainer.data import DataError, Faces, read
from trainer.data.face_crops import FaceCrops
from trainer.data.one_face_each import LOOSE, OneFaceEach, Way
from trainer.data.photo_folder import read_photo_folder
from trainer.data.rejections import Reading

#: The middle of the face in the photo.
MIDDLE = 222, 118


def square(side: int) -> np.ndarray:
    """A square picture in colour about the face, whose box is 94 by 116 pixels."""
    photo = np.asarray(cv2.cvtColor(astronaut(), cv2.COLOR_RGB2BGR))
    left, top = (place - side // 2 for place in MIDDLE)
    return photo[top : top + side, left : left + side]


def add(path: Path, picture: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture)
    return path


def told(folder: Path, crops: FaceCrops | None, way: str | None = None) -> tuple[Faces, Reading]:
    readings: list[Reading] = []
    faces = read(folder, crops, readings.append, way)
    return faces, readings[0]


def test_loose_pictures_are_told_with_what_to_do(
    tmp_path: Path, crops: FaceCrops, caplog: pytest.LogCaptureFixture
) -> None:
    for index in range(3):
        add(tmp_path / "test" / "happy" / f"{index}.png", square(220))
    read(tmp_path, crops)
    (said,) = caplog.messages
    assert said.startswith(f"{tmp_path}: pictures read as they are: 3; faces fill 0.4")
    assert " of the side (median of 3), FER2013's 0.88: " in said
    assert said.endswith("; add --crops find")


def test_pictures_framed_as_fer2013s_are_told_without_advice(
    tmp_path: Path, crops: FaceCrops
) -> None:
    add(tmp_path / "test" / "happy" / "tight.png", square(120))
    _, reading = told(tmp_path, crops)
    share = crops.fills(square(120))
    assert share > LOOSE > crops.fills(square(160))
    assert reading.cut == (
        f"pictures read as they are: 1; faces fill {share:.2f} of the side (median of 1)"
    )


@pytest.mark.parametrize(("side", "way"), [(48, None), (220, "as-they-are")])
def test_nothing_is_looked_at_without_need(tmp_path: Path, side: int, way: str | None) -> None:
    add(tmp_path / "test" / "happy" / "a.png", cv2.resize(square(220), (side, side)))
    crops = FaceCrops(lambda: pytest.fail("loaded"))
    faces, reading = told(tmp_path, crops, way)
    assert reading.cut == "pictures read as they are: 1"
    gray = cv2.imread(str(tmp_path / "test" / "happy" / "a.png"), cv2.IMREAD_GRAYSCALE)
    assert np.array_equal(faces.pixels[0], cv2.resize(gray, (48, 48), interpolation=cv2.INTER_AREA))


def test_a_sample_stands_for_many(tmp_path: Path) -> None:
    class Counting(FaceCrops):
        shown: list[np.ndarray] = []  # noqa: RUF012 - the test's own

        def fills(self, picture: np.ndarray) -> float:
            self.shown.append(picture)
            return 0.5 if picture.max() < 200 else 0.9

    crops = Counting(lambda: pytest.fail("loaded"))
    pictures = OneFaceEach(crops, None)
    for value in range(250):
        pictures.read(add(tmp_path / f"{value}.png", np.full((50, 50), value, np.uint8)))
    # From all of them, whatever class comes first.
    assert "; faces fill 0.50 of the side (median of 84), FER2013's 0.88: " in pictures.told()
    assert {picture.shape for picture in crops.shown} == {(50, 50, 3)}
    assert [int(picture[0, 0, 0]) for picture in crops.shown] == list(range(0, 250, 3))


def test_a_face_that_is_to_be_found_is_cut_as_read_crop_shows_it(
    tmp_path: Path, perception: Perception, crops: FaceCrops, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = square(220)[:, :180]
    add(tmp_path / "photos" / "happy" / "face.png", wide)
    add(
        tmp_path / "photos" / "happy" / "nobody.png",
        np.tile(np.arange(96, dtype=np.uint8), (60, 1)),
    )
    add(tmp_path / "splits" / "test" / "happy" / "face.png", wide)
    shown: list[np.ndarray] = []
    predict = perception.classifier.predict
    with monkeypatch.context() as patch:
        patch.setattr(
            perception.classifier, "predict", lambda views: shown.append(views) or predict(views)
        )
        perception.read_crop(wide)
    split, _ = told(tmp_path / "splits", crops, "find")
    photos, reading = told(tmp_path / "photos", crops, "find")
    assert split.alignment == photos.alignment == perception.classifier.alignment
    assert np.array_equal(split.pixels[0], shown[0][0])
    assert np.array_equal(photos.pixels[0], shown[0][0])
    # The middle square of the other one, spread: left to right from dark to light.
    assert (np.diff(photos.pixels[1].mean(axis=0)) > 0).all()
    assert (reading.rows, reading.left_out) == (2, 0)
    assert reading.cut == (
        "pictures of which the face about the middle is read: 1; without one, read as they are: 1"
    )


def test_frames_of_ckplus_are_cut_unless_they_are_square(tmp_path: Path, crops: FaceCrops) -> None:
    add(tmp_path / "happy" / "S010_001_00000001.png", square(120))
    add(tmp_path / "happy" / "S010_001_00000002.png", square(220)[:, :180])
    faces, reading = told(tmp_path, crops)
    assert len(faces) == 2
    assert faces.alignment is None, "one of them was framed by somebody else"
    assert reading.cut.startswith("pictures read as they are: 1; faces fill ")
    assert reading.cut.endswith("; photos of which the only face is read: 1")
    _, reading = told(tmp_path, crops, "find")
    assert reading.cut == "pictures of which the face about the middle is read: 2"


def test_photos_are_told_and_can_be_read_as_they_are(tmp_path: Path, crops: FaceCrops) -> None:
    add(tmp_path / "happy" / "a.png", square(220))
    _, reading = told(tmp_path, crops)
    assert reading.cut == "photos of which the only face is read: 1"
    _, reading = told(tmp_path, None, "as-they-are")
    assert reading.cut == "pictures read as they are: 1"
    add(tmp_path / "happy" / "a.png", square(220)[1:])
    with pytest.raises(DataError, match="220x219 pixels are no square crop"):
        read_photo_folder(tmp_path, way=Way.AS_THEY_ARE)
