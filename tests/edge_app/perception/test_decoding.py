"""Hand-made int8 outputs against answers worked out here, cell by cell, in real numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from edge_app.perception.card import SCHEMA_VERSION, DetectorCard, Tensor
from edge_app.perception.decoding import Decoder, Detection, suppress

SIDE = 64
STRIDES = (8, 16, 32)
VALUES = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
SCALE = {"cls": 0.05, "obj": 0.2, "bbox": 0.02, "kps": 0.04}
ZERO_POINT = {"cls": -40, "obj": 90, "bbox": -30, "kps": 10}


def card(*, score_threshold: float = 0.6, nms_iou: float = 0.3) -> DetectorCard:
    return DetectorCard(
        schema_version=SCHEMA_VERSION,
        name="by hand",
        sha256="",
        input=Tensor((1, SIDE, SIDE, 3), "int8", 1.0, -128),
        outputs={
            f"{head}_{stride}": Tensor(
                (1, SIDE // stride, SIDE // stride, values), "int8", SCALE[head], ZERO_POINT[head]
            )
            for head, values in VALUES.items()
            for stride in STRIDES
        },
        licence="",
        source="",
        training_data="",
        recipe={},
        git_revision="",
        figures={},
        strides=STRIDES,
        score_threshold=score_threshold,
        nms_iou=nms_iou,
    )


def byte(head: str, value: float) -> int:
    return round(value / SCALE[head]) + ZERO_POINT[head]


def nothing() -> dict[str, np.ndarray]:
    return {name: np.full(tensor.shape, -128, np.int8) for name, tensor in card().outputs.items()}


def put(
    outputs: dict[str, np.ndarray],
    stride: int,
    row: int,
    column: int,
    **values: float | list[float],
) -> None:
    for head, value in values.items():
        numbers = np.broadcast_to(value, VALUES[head])
        outputs[f"{head}_{stride}"][0, row, column] = [byte(head, number) for number in numbers]


def boxes_of(found: list[Detection]) -> np.ndarray:
    return np.array([face.box for face in found])


def sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


def test_one_cell_becomes_one_face() -> None:
    outputs = nothing()
    offsets = [-0.4, -0.8, 0.4, -0.8, 0.0, 0.2, -0.4, 0.6, 0.4, 0.6]
    put(outputs, 16, 2, 1, cls=1.5, obj=4.0, bbox=[0.5, -0.2, 0.6, 1.0], kps=offsets)

    (face,) = Decoder(card()).decode(outputs)

    centre_x, centre_y = (1 + 0.5) * 16, (2 - 0.2) * 16
    width, height = math.exp(0.6) * 16, math.exp(1.0) * 16
    expected = [
        centre_x - width / 2, centre_y - height / 2, centre_x + width / 2, centre_y + height / 2,
    ]  # fmt: skip
    assert face.box == pytest.approx(expected, abs=1e-3)
    points = (np.reshape(offsets, (5, 2)) + np.array([1, 2])) * 16
    assert np.array(face.landmarks) == pytest.approx(points, abs=1e-3)
    assert face.score == pytest.approx(math.sqrt(sigmoid(1.5) * sigmoid(4.0)), abs=1e-6)


def test_rows_and_columns_of_every_stride() -> None:
    outputs = nothing()
    places = {8: (7, 0), 16: (0, 3), 32: (1, 1)}
    for stride, (row, column) in places.items():
        put(outputs, stride, row, column, cls=3, obj=4, bbox=0, kps=0)

    boxes = boxes_of(Decoder(card()).decode(outputs))

    centres = {tuple(centre) for centre in ((boxes[:, :2] + boxes[:, 2:]) / 2).tolist()}
    assert centres == {(0, 56), (48, 0), (32, 32)}


def test_nothing_found() -> None:
    assert Decoder(card()).decode(nothing()) == []


def test_a_sure_class_without_an_object_is_no_face() -> None:
    outputs = nothing()
    put(outputs, 8, 3, 3, cls=3, obj=-2, bbox=0, kps=0)
    assert Decoder(card()).decode(outputs) == []


@pytest.mark.parametrize("threshold", [0.0, 0.05, 0.3, 0.6, 0.75, 0.9, 0.99, 1.0])
@pytest.mark.parametrize("seed", range(5))
def test_comparing_bytes_finds_what_full_decoding_finds(threshold: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    outputs = {
        name: rng.integers(-128, 128, tensor.shape).astype(np.int8)
        for name, tensor in card().outputs.items()
    }
    # Every score once: none is suppressed when boxes may overlap altogether.
    found = Decoder(card(score_threshold=threshold, nms_iou=1.0)).decode(outputs)

    expected = []
    for stride in STRIDES:
        for row, column in np.ndindex(SIDE // stride, SIDE // stride):
            real = {
                head: (outputs[f"{head}_{stride}"][0, row, column].astype(float) - ZERO_POINT[head])
                * SCALE[head]
                for head in VALUES
            }
            score = math.sqrt(sigmoid(real["cls"][0]) * sigmoid(real["obj"][0]))
            if score >= threshold:
                x, y, width, height = real["bbox"]
                points = (real["kps"].reshape(5, 2) + np.array([column, row])) * stride
                size = np.exp([width, height]) * stride
                centre = np.array([column + x, row + y]) * stride
                box = [*(centre - size / 2), *(centre + size / 2)]
                expected.append([score, *box, *points.ravel()])
    rows = [[face.score, *face.box, *np.ravel(face.landmarks)] for face in found]
    assert len(rows) == len(expected)
    # Scores can be equal: order by everything.
    for ours, theirs in zip(
        sorted(np.round(rows, 2).tolist()), sorted(np.round(expected, 2).tolist()), strict=True
    ):
        assert ours == pytest.approx(theirs, abs=0.02)


def test_a_full_threshold_wants_more_than_any_byte_says() -> None:
    outputs = {name: np.full_like(values, 127) for name, values in nothing().items()}
    assert Decoder(card(score_threshold=1.0)).decode(outputs) == []


def test_best_score_comes_first_and_neighbours_go() -> None:
    outputs = nothing()
    # Two cells that mean the same face, and one far away that is the surest.
    put(outputs, 8, 1, 1, cls=2.0, obj=4, bbox=[0, 0, 1, 1], kps=0)
    put(outputs, 8, 1, 2, cls=2.4, obj=4, bbox=[-0.9, 0, 1, 1], kps=0)
    put(outputs, 8, 6, 6, cls=3.0, obj=4, bbox=[0, 0, 1, 1], kps=0)

    found = Decoder(card()).decode(outputs)

    scores, boxes = [face.score for face in found], boxes_of(found)
    assert scores == sorted(scores, reverse=True)
    centres = (boxes[:, :2] + boxes[:, 2:]) / 2
    assert centres == pytest.approx(np.array([[48, 48], [8.8, 8]]), abs=0.1)


def test_suppression_keeps_an_overlap_of_just_the_threshold() -> None:
    # Intersection over union: 8 / 16.
    boxes, scores = [[0, 0, 3, 4], [1, 0, 4, 4]], [0.8, 0.9]
    assert suppress(boxes, scores, 0.5) == [1, 0]
    assert suppress(boxes, scores, 0.49) == [1]


def test_a_suppressed_box_suppresses_nothing() -> None:
    # The second overlaps both others; the first and the third do not meet.
    boxes = [[0, 0, 4, 4], [2, 0, 6, 4], [4, 0, 8, 4]]
    assert suppress(boxes, [0.9, 0.8, 0.7], 0.3) == [0, 2]
