import numpy as np

from edge_app.perception import Box, Face, SeenFace


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
