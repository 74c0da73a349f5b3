from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from edge_app.events.emotion_colours import COLOURS, OTHER
from edge_app.perception.labels import FERPLUS, UNSURE

#: Linear light as seen without one kind of cone, wholly (Machado, Oliveira and Fernandes 2009).
DEFICIENCIES = {
    "none": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
}


def linear(colour: str) -> NDArray[np.float64]:
    """Linear red, green and blue, each 0 to 1."""
    shares = np.array([*bytes.fromhex(colour[1:])]) / 255
    return np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)


def lab(light: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIELAB under D65."""
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = np.cbrt(np.clip(to_xyz @ light / [0.9505, 1.0, 1.089], 0.008856, None))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_each_emotion_has_a_colour_of_its_own() -> None:
    assert set(COLOURS) == {*FERPLUS, UNSURE}
    assert len({*COLOURS.values(), OTHER}) == len(COLOURS) + 1


@pytest.mark.parametrize("colour", [*COLOURS.values(), OTHER])
def test_black_writing_can_be_read_on_it(colour: str) -> None:
    luminance = float(linear(colour) @ [0.2126, 0.7152, 0.0722])
    assert (luminance + 0.05) / 0.05 >= 4.5, "WCAG 2.2, 1.4.3"


@pytest.mark.parametrize("matrix", DEFICIENCIES.values(), ids=DEFICIENCIES)
def test_they_are_told_apart(matrix: list[list[float]]) -> None:
    for one, other in itertools.combinations(COLOURS.values(), 2):
        seen = [lab(np.clip(np.array(matrix) @ linear(each), 0, 1)) for each in (one, other)]
        assert np.linalg.norm(seen[0] - seen[1]) >= 10, (one, other)
