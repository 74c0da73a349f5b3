import numpy as np

from edge_app.perception import Box, Face, SeenFace
from edge_app.perception.faces import middle_of, points_of


def test_faces_can_be_compared_and_counted() -> None:
    """Their arrays have no one answer to `==`, and no hash."""
    one, other = (Face(Box(1, 2, 3, 4), np.zeros((5, 2), np.float32), 0.9) for _ in range(2))
    assert one in [other, one]
    assert one != other
    assert len({one, other, one}) == 2
    seen, again = (SeenFace(one, ("happy",), np.ones(1, np.float32), "happy") for _ in range(2))
    assert seen in [again, seen]
    assert seen != again
    assert len({seen, again, seen}) == 2


def test_a_box_is_around_its_middle() -> None:
    box = Box(10, 20, 40, 100)
    assert (box.longer_side, Box(0, 0, 9, 4).longer_side) == (80, 9)
    assert box.middle == 25 + 60j
    assert Box.about(box.middle, box.width, box.height) == box


def test_the_middle_of_a_face_does_not_follow_its_nose() -> None:
    landmarks = np.array([[30, 40], [70, 40], [99, 60], [35, 80], [65, 80]], np.float32)
    assert middle_of(points_of(landmarks)) == 50 + 60j
