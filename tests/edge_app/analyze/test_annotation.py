from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_app.analyze.annotation import annotate
from tests.edge_app.analyze.fake_perception import seen


def changed(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return np.asarray((before != after).any(axis=2))


def gray(height: int, width: int) -> NDArray[np.uint8]:
    return np.full((height, width, 3), 100, np.uint8)


def test_original_is_left_alone_and_nothing_is_drawn_without_faces() -> None:
    image = gray(100, 100)
    copy = annotate(image, [])
    assert copy is not image
    np.testing.assert_array_equal(copy, image)
    annotate(image, [seen((20, 20, 80, 80))])
    assert (image == 100).all()


def test_gray_pictures_become_coloured_ones() -> None:
    copy = annotate(np.full((100, 100), 100, np.uint8), [seen((20, 40, 80, 90))])
    assert copy.shape == (100, 100, 3)
    assert (copy[..., 0] != copy[..., 2]).any()


def test_box_landmarks_and_label_are_drawn_where_they_belong() -> None:
    image = gray(480, 640)
    face = seen((200, 150, 400, 400))
    is_drawn = changed(image, annotate(image, [face]))
    for edge in (is_drawn[275, 200], is_drawn[275, 400], is_drawn[400, 300]):
        assert edge
    for x, y in face.face.landmarks.astype(int):
        assert is_drawn[y, x]
    label = is_drawn[:149]
    rows, columns = np.nonzero(label)
    assert rows.min() > 90
    assert columns.min() >= 195
    # Nothing beside the box, and nothing inside but the landmarks.
    assert not is_drawn[:, :195].any()
    assert not is_drawn[410:].any()
    assert is_drawn[160:390, 210:390].mean() < 0.05


@pytest.mark.parametrize(
    ("width", "most"), [(15, 0.0), (25, 0.0), (47, 0.0), (48, 0.07), (200, 0.07)]
)
def test_landmarks_never_cover_the_face(width: int, most: float) -> None:
    """most: share of what lies within the box; a small face has no landmarks."""
    image = gray(480, 640)
    right, bottom = 200 + width, 150 + round(1.25 * width)
    inside = changed(image, annotate(image, [seen((200, 150, right, bottom))]))
    rim = 4
    share = inside[150 + rim : bottom - rim, 200 + rim : right - rim].mean()
    assert share <= most
    assert (share > 0) == (most > 0)


def test_writing_can_be_read() -> None:
    """Black on light: the label holds much of both."""
    copy = annotate(gray(480, 640), [seen((200, 150, 400, 400))])
    label = copy[120:145, 203:340].astype(int).sum(axis=2)
    assert (label < 90).mean() > 0.08
    assert (label > 400).mean() > 0.5


@pytest.mark.parametrize(
    ("height", "width", "least"),
    [(24, 32, 4), (48, 48, 6), (120, 90, 10), (480, 640, 20), (2160, 3840, 80)],
)
def test_label_grows_with_the_picture(height: int, width: int, least: int) -> None:
    """least: rows of pixels that the label has."""
    image = gray(height, width)
    box = (0.3 * width, 0.0, 0.7 * width, 0.5 * height)
    is_drawn = changed(image, annotate(image, [seen(box)]))
    # The label stands below, as there is no room above.
    rows = is_drawn[round(0.5 * height) + 3 :].any(axis=1).sum()
    assert least <= rows < 0.4 * height


def test_emotions_differ_in_colour_and_unknown_ones_have_one_too() -> None:
    box = (200.0, 150.0, 400.0, 400.0)
    colours = {
        tuple(annotate(gray(480, 640), [seen(box, emotion)])[275, 200].tolist())
        for emotion in ("happy", "angry", "neutral", "unsure")
    }
    assert len(colours) == 4


def test_faces_at_and_beyond_every_edge_can_be_drawn() -> None:
    image = gray(60, 80)
    boxes = [(-10, -10, 20, 20), (70, 50, 95, 75), (0, 0, 80, 60), (79, 59, 80, 60)]
    assert annotate(image, [seen(box) for box in boxes]).shape == image.shape
    one_pixel = gray(1, 1)
    assert annotate(one_pixel, [seen((0, 0, 1, 1))]).shape == (1, 1, 3)


def test_neighbours_labels_do_not_hide_each_other() -> None:
    """Two heads side by side, each too narrow for its label."""
    image = gray(480, 640)
    pair = [seen((300, 200, 330, 240), "happy"), seen((335, 200, 365, 240), "angry")]
    both = annotate(image, pair)
    one, other = (changed(image, annotate(image, [face])) for face in pair)
    # Alone, both would be written above; together, one gives way.
    assert (one & other).any()
    moved = changed(image, both) & ~one & ~other
    assert moved.any()
