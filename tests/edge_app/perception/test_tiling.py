from __future__ import annotations

import cv2
import numpy as np
import pytest
import skimage.data

from edge_app.perception.detector import FaceDetector
from edge_app.perception.faces import Box, FrameError
from edge_app.perception.tiling import TiledDetector, _is_whole


@pytest.fixture(scope="module")
def plain() -> FaceDetector:
    return FaceDetector.load()


@pytest.fixture(scope="module")
def tiled(plain: FaceDetector) -> TiledDetector:
    return TiledDetector(plain.model, tiles=2)


def room(height: int, *places: tuple[int, int]) -> np.ndarray:
    """Faces of so many pixels' height, with their middles at the places (x, y) of a 640 x 480."""
    head = np.ascontiguousarray(skimage.data.astronaut()[10:230, 124:324, ::-1])
    scale = height / 110
    head = cv2.resize(head, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    frame = np.full((480, 640, 3), 100, np.uint8)
    for x, y in places:
        top, left = y - head.shape[0] // 2, x - head.shape[1] // 2
        frame[top : top + head.shape[0], left : left + head.shape[1]] = head
    return frame


#: In the corners, on the tiles' edges and in the middle.
PLACES = [(60, 60), (580, 420), (285, 100), (355, 300), (320, 240), (100, 240)]


def test_far_faces_are_found_once_each(plain: FaceDetector, tiled: TiledDetector) -> None:
    frame = room(32, *PLACES)
    found = sorted(
        ((face.box.left + face.box.right) / 2, (face.box.top + face.box.bottom) / 2)
        for face in tiled.detect(frame)
    )
    assert len(plain.detect(frame)) < len(PLACES)
    assert np.abs(np.array(found) - sorted(PLACES)).max() < 8


@pytest.mark.parametrize("edge", ["left", "top", "right", "bottom"])
def test_a_far_face_at_the_frame_s_own_edge_is_whole(
    plain: FaceDetector, tiled: TiledDetector, edge: str
) -> None:
    """No neighbour shows more of it than the tile."""
    places = {"left": (29, 240), "top": (320, 33), "right": (610, 240), "bottom": (320, 447)}
    rows = slice(20 * (edge == "top"), 480 - 20 * (edge == "bottom"))
    columns = slice(20 * (edge == "left"), 640 - 20 * (edge == "right"))
    frame = room(32, places[edge])[rows, columns]
    assert plain.detect(frame) == []
    (face,) = tiled.detect(frame)
    far = {"left": 0, "top": 0, "right": frame.shape[1], "bottom": frame.shape[0]}[edge]
    assert getattr(face.box, edge) == pytest.approx(far, abs=1.5)


@pytest.mark.parametrize(("height", "x"), [(220, 320), (140, 320), (160, 270), (220, 300)])
def test_a_near_face_across_all_tiles_is_one_face(
    tiled: TiledDetector, height: int, x: int
) -> None:
    """What a tile shows of it, cut at the chin, would overlap the whole one by too little."""
    (face,) = tiled.detect(room(height, (x, 240)))
    assert face.box.height == pytest.approx(height, rel=0.2)
    inside = (face.landmarks > (face.box.left, face.box.top)) & (
        face.landmarks < (face.box.right, face.box.bottom)
    )
    assert inside.all()


def test_a_near_face_cut_just_above_the_brows_is_the_whole_one(tiled: TiledDetector) -> None:
    """The detector closes the box of what is left of it a pixel within the tile's edge."""
    (face,) = tiled.detect(room(220, (250, 240)))
    assert face.box.height == pytest.approx(220, rel=0.1)


@pytest.mark.parametrize("place", [(270, 180), (370, 300)])
def test_a_face_cut_down_its_middle_is_not_half_a_face_more(
    tiled: TiledDetector, place: tuple[int, int]
) -> None:
    """By the left edge of the right tile, and by the right one of the left tile."""
    (face,) = tiled.detect(room(160, place))
    assert face.box.width > 120


def test_a_face_is_whole_that_ends_a_tenth_of_its_side_from_each_edge() -> None:
    tile = Box(100, 100, 300, 300)
    for off, is_whole in ((9, False), (11, True)):
        for box in (
            Box(100 + off, 150, 200 + off, 250),
            Box(150, 100 + off, 250, 200 + off),
            Box(200 - off, 150, 300 - off, 250),
            Box(150, 200 - off, 250, 300 - off),
        ):
            assert _is_whole(box, tile) is is_whole


@pytest.mark.parametrize("tiles", [2, 3, 4])
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (7, 500), (480, 640)])
def test_frames_of_any_size(plain: FaceDetector, tiles: int, size: tuple[int, int]) -> None:
    detector = TiledDetector(plain.model, tiles=tiles).at_threshold(0.9)
    assert detector.detect(np.full(size, 90, np.uint8)) == []


def test_a_frame_of_another_form_is_refused(tiled: TiledDetector) -> None:
    with pytest.raises(FrameError):
        tiled.detect(np.zeros((5, 5, 4), np.uint8))
