from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import skimage.data

from edge_app.perception import FaceDetector
from edge_app.perception.faces import Box, Face, FrameError
from edge_app.perception.nearby import NearbySearch, Part, part_for
from edge_app.perception.shipped import FACE_160
from edge_app.perception.upright import turned

WIDTH, HEIGHT = 640, 480
SURE = 0.7


@pytest.fixture(scope="module")
def whole() -> FaceDetector:
    return FaceDetector.load()


@pytest.fixture(scope="module")
def nearby() -> NearbySearch:
    return NearbySearch(FaceDetector.load(FACE_160).at_threshold(0.6), sure_score=SURE)


def scene(*lefts: int, top: int = 100) -> np.ndarray:
    """Her portrait, 150 pixels square, with a face 45 pixels wide, at one place or several."""
    portrait = np.ascontiguousarray(skimage.data.astronaut()[:300:2, 100:400:2, ::-1])
    picture = np.full((HEIGHT, WIDTH, 3), 100, np.uint8)
    for left in lefts:
        picture[top : top + 150, left : left + 150] = portrait
    return picture


def square(x: float, y: float, side: float) -> Box:
    return Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2)


def part(*boxes: Box) -> Part | None:
    return part_for(boxes, height=HEIGHT, width=WIDTH)


def test_a_small_face_is_searched_in_half_of_the_frame_around_it() -> None:
    assert part(square(320, 240, 60)) == Part(160, 80, 320)


@pytest.mark.parametrize("x", [0, 30, 320, 610, 640])
@pytest.mark.parametrize("y", [0, 30, 240, 450, 480])
def test_a_part_lies_inside_of_the_frame(x: float, y: float) -> None:
    found = part(square(x, y, 80))
    assert found is not None
    assert found.left in range(WIDTH - found.side + 1)
    assert found.top in range(HEIGHT - found.side + 1)


def test_a_large_face_has_room_around_it() -> None:
    found = part(square(320, 240, 250))
    assert found is not None
    assert 250 / 0.55 <= found.side < WIDTH


def test_a_face_as_large_as_the_frame_is_searched_in_all_of_it() -> None:
    assert part(square(320, 240, 470)) == Part(0, 0, WIDTH)


def test_several_faces_share_a_part_as_long_as_none_is_too_small_in_it() -> None:
    assert part(square(200, 240, 60), square(330, 200, 70)) == Part(109, 56, 320)
    assert part(square(100, 240, 100), square(540, 240, 100)) == Part(15, 0, 610)
    assert part(square(100, 240, 60), square(540, 240, 60)) is None
    assert part(square(320, 240, 250), square(500, 400, 40)) is None


def test_frames_of_a_pixel_have_a_part() -> None:
    assert part_for([Box(0, 0, 1, 1)], height=1, width=1) == Part(0, 0, 1)


def test_a_face_too_small_for_the_small_network_is_left_to_the_whole_frame() -> None:
    assert part(square(320, 240, 49)) is not None
    assert part(square(320, 240, 47)) is None


@pytest.mark.parametrize("by", [(0, 0), (12, 0), (-9, 9)])
def test_a_face_is_found_again_where_it_is_now(
    nearby: NearbySearch, whole: FaceDetector, by: tuple[int, int]
) -> None:
    (before,) = whole.detect(scene(250))
    now = scene(250 + by[0], top=100 + by[1])
    (truth,) = whole.detect(now)
    found = nearby.detect(now, [before])
    assert found is not None
    (again,) = found
    # Two networks: a tenth of the face.
    assert np.abs(np.subtract(again.box, truth.box)).max() < 0.1 * truth.box.width
    assert np.abs(again.landmarks - truth.landmarks).max() < 0.1 * truth.box.width
    assert again.landmarks.dtype == np.float32


def test_whoever_is_found_again_is_surely_somebody(whole: FaceDetector) -> None:
    picture = scene(250)
    (before,) = whole.detect(picture)
    found = NearbySearch(FaceDetector.load(FACE_160), sure_score=0.999).detect(picture, [before])
    assert found is not None
    assert 0.999 <= found[0].score <= 1.0


def test_a_face_that_the_small_network_is_not_sure_of_is_not_found(whole: FaceDetector) -> None:
    picture = scene(250)
    (before,) = whole.detect(picture)
    unsure = FaceDetector.load(FACE_160).at_threshold(0.99)
    assert NearbySearch(unsure, sure_score=SURE).detect(picture, [before]) is None


def test_two_who_stand_near_are_found_again_by_one_look(
    nearby: NearbySearch, whole: FaceDetector
) -> None:
    known = whole.detect(scene(200, 350))
    assert len(known) == 2
    again = nearby.detect(scene(205, 345), known)
    assert again is not None
    for before, now in zip(known, again, strict=True):
        assert now.box.left == pytest.approx(before.box.left, abs=12)


def test_whoever_went_is_not_found_nearby(nearby: NearbySearch, whole: FaceDetector) -> None:
    known = whole.detect(scene(250))
    assert nearby.detect(scene(), known) is None
    assert nearby.detect(scene(450), known) is None


def test_one_of_two_is_not_enough(nearby: NearbySearch, whole: FaceDetector) -> None:
    known = whole.detect(scene(200, 350))
    assert nearby.detect(scene(200), known) is None


def test_one_face_does_not_stand_for_two(nearby: NearbySearch, whole: FaceDetector) -> None:
    (face,) = whole.detect(scene(250))
    assert nearby.detect(scene(250), [face, replace(face, score=0.8)]) is None


def test_somebody_new_is_left_to_the_whole_frame(nearby: NearbySearch, whole: FaceDetector) -> None:
    known = whole.detect(scene(200))
    assert nearby.detect(scene(200, 350), known) is None


def test_gray_frames_and_frames_upright(nearby: NearbySearch, whole: FaceDetector) -> None:
    for picture in (scene(250)[..., 1], np.ascontiguousarray(scene(80)[:, :360])):
        known = whole.detect(picture)
        assert len(known) == 1
        assert nearby.detect(picture, known) is not None


def test_another_dtype_is_refused(nearby: NearbySearch) -> None:
    points = turned(np.zeros((5, 2), np.float32), 0.0)
    with pytest.raises(FrameError):
        nearby.detect(np.zeros((48, 64), np.float32), [Face(square(32, 24, 20), points, 0.9)])  # type: ignore[arg-type]
