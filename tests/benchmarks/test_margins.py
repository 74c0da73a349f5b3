import cv2
import numpy as np
from skimage import data

from benchmarks.margins import row, widened
from edge_app.perception import Perception
from trainer.data import Faces, Split
from trainer.data.faces import FERPLUS_COLUMNS


def test_the_margin_repeats_the_faces_outermost_pixels() -> None:
    face = np.full((48, 48), 50, np.uint8)
    face[12:36, 12:36] = 200
    assert widened(face, 1.0).shape == (160, 160)
    wide = widened(face, 2.0)
    assert wide.shape == (160, 160)
    assert wide[64:96, 64:96].min() == 200
    assert wide[:50].max() == 50


def test_a_wide_picture_is_read_otherwise_as_it_stands_and_alike_where_its_face_is_found() -> None:
    perception = Perception.load()
    portrait = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2GRAY)
    (found,) = perception.find(portrait)
    crop = perception.crop(portrait, found)
    faces = Faces(
        np.stack([crop, crop]), np.array([3, 3]), np.zeros((2, len(FERPLUS_COLUMNS)), np.float32),
        np.full(2, Split.PUBLIC_TEST),
    )  # fmt: skip
    times, fills, *rest = row(perception, faces, 4.0)
    assert times == "4.48"
    assert 0.15 < float(fills) < 0.3
    # A smile of twelve pixels.
    assert rest == ["0.0%", "-100.0 ± 0.0", "100%", "100.0%"]
    times, fills, *rest = row(perception, faces, 1.0)
    assert times == "1.12"
    assert float(fills) > 0.75
    assert rest == ["100.0%", "+0.0 ± 0.0", "0%", "100.0%"]
