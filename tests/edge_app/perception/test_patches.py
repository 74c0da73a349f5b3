from __future__ import annotations

import numpy as np

from edge_app.perception.patches import NetworkInput


def test_a_pixel_has_its_neighbours_row_by_row() -> None:
    laid_out = NetworkInput(7, 5, 9)
    for seed in range(2):  # a face leaves nothing behind
        face = np.random.default_rng(seed).integers(1, 256, (7, 5)).astype(np.uint8)
        (windows,) = laid_out.of(face)
        written = np.empty((1, 7, 5, 9), np.int8)
        laid_out.lay_out(face, written)
        assert (written[0].astype(int) + 128 == windows).all()
        assert windows.shape == (7, 5, 9)
        assert windows[3, 2].tolist() == face[2:5, 1:4].ravel().tolist()
        assert windows[0, 0].tolist() == [0, 0, 0, 0, *face[0, :2], 0, *face[1, :2]]
        assert windows[6, 4].tolist() == [*face[5, 3:], 0, *face[6, 3:], 0, 0, 0, 0]


def test_one_channel_is_the_face() -> None:
    face = np.random.default_rng(0).integers(0, 256, (6, 6)).astype(np.uint8)
    assert (NetworkInput(6, 6, 1).of(face) == face[np.newaxis, :, :, np.newaxis]).all()
