"""The shipped detectors on the astronaut (public domain), whose face is at a known place."""

from __future__ import annotations

from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest
import skimage.data

from edge_app.perception.card import ModelError, Tensor, card_path, encode_card, read_card
from edge_app.perception.decoding import Detection
from edge_app.perception.detector import FaceDetector, check_detector, in_frame
from edge_app.perception.faces import FrameError
from edge_app.perception.letterbox import Scale
from edge_app.perception.overlap import intersection_over_union
from edge_app.perception.shipped import FACE_160, FACE_320

#: Left, top, right, bottom of the astronaut's face, chin to hairline, by eye.
FACE = np.array([178, 65, 270, 175], np.float32)

#: Right eye, left eye, nose, right and left corner of the mouth, by eye.
POINTS = np.array([[206, 104], [245, 104], [224, 126], [208, 146], [241, 146]], np.float32)


@pytest.fixture(scope="module")
def astronaut() -> np.ndarray:
    return np.ascontiguousarray(skimage.data.astronaut()[..., ::-1])


def test_loads_the_larger_model_unless_told() -> None:
    assert FaceDetector.load().model.path == FACE_320


def test_finds_the_face(detector: FaceDetector, astronaut: np.ndarray) -> None:
    (face,) = detector.detect(astronaut)
    assert intersection_over_union(FACE, face.box).item() > 0.8
    assert face.landmarks.dtype == np.float32
    assert np.linalg.norm(face.landmarks - POINTS, axis=1).max() < 10
    assert 0.8 < face.score <= 1


@pytest.mark.parametrize(
    ("size", "side", "corner"),
    [
        ((480, 640), 400, (200, 50)),
        ((300, 200), 200, (0, 90)),
        ((720, 960), 700, (200, 10)),
        ((103, 97), 97, (0, 0)),
    ],
)
def test_maps_back_to_frames_of_any_size(
    detector: FaceDetector,
    astronaut: np.ndarray,
    size: tuple[int, int],
    side: int,
    corner: tuple[int, int],
) -> None:
    frame = np.full((*size, 3), 90, np.uint8)
    left, top = corner
    frame[top : top + side, left : left + side] = cv2.resize(
        astronaut, (side, side), interpolation=cv2.INTER_AREA
    )
    (face,) = detector.detect(frame)
    scale = side / 512
    expected = FACE * scale + np.tile(corner, 2)
    # The first is 18 pixels wide in the small network's input: two of them off are a third of it.
    assert intersection_over_union(expected, face.box).item() > 0.65
    # A small face's landmarks are off by up to three pixels of the network's input.
    input_pixel = max(size) / detector.side
    tolerance = 3 * input_pixel + 6 * scale
    assert np.abs(face.landmarks - (POINTS * scale + corner)).max() < tolerance


def test_gray_and_colour_agree(detector: FaceDetector, astronaut: np.ndarray) -> None:
    gray = cv2.cvtColor(astronaut, cv2.COLOR_BGR2GRAY)
    (in_colour,), (in_gray,) = detector.detect(astronaut), detector.detect(gray)
    boxes = np.array([in_gray.box], np.float32)
    assert intersection_over_union(in_colour.box, boxes).item() > 0.85
    (in_three_equal,) = detector.detect(cv2.cvtColor(gray, cv2.COLOR_GRAY2BGR))
    assert in_three_equal.box == in_gray.box


def test_finds_both_faces_best_first(detector: FaceDetector, astronaut: np.ndarray) -> None:
    portrait = astronaut[:300, 80:380]
    dim = (portrait // 4).astype(np.uint8)
    faces = detector.detect(np.hstack([dim, portrait]))
    assert len(faces) == 2
    assert faces[0].score >= faces[1].score
    assert {face.box.left > 300 for face in faces} == {True, False}


def test_takes_views_and_remembers_nothing(detector: FaceDetector, astronaut: np.ndarray) -> None:
    (first,) = detector.detect(astronaut)
    (mirrored,) = detector.detect(astronaut[:, ::-1])
    assert mirrored.box.left == pytest.approx(512 - first.box.right, abs=8)
    assert detector.detect(np.zeros((300, 100), np.uint8)) == []
    (again,) = detector.detect(astronaut)
    assert again.box == first.box
    assert (again.landmarks == first.landmarks).all()


def test_boxes_end_at_the_edges_of_the_frame(detector: FaceDetector, astronaut: np.ndarray) -> None:
    cut = astronaut[90:300, 215:400]
    faces = detector.detect(cut)
    assert faces
    for face in faces:
        assert 0 <= face.box.left < face.box.right <= cut.shape[1]
        assert 0 <= face.box.top < face.box.bottom <= cut.shape[0]


@pytest.mark.parametrize(
    "shape", [(1, 1), (1, 1, 3), (1, 2000), (2000, 1, 3), (2, 3), (1, 100_000), (6000, 8000, 3)]
)
def test_odd_sizes_hold_no_face(detector: FaceDetector, shape: tuple[int, ...]) -> None:
    assert detector.detect(np.full(shape, 127, np.uint8)) == []


@pytest.mark.parametrize(
    "frame", [np.zeros((8, 8), np.float32), np.zeros((8, 8, 4), np.uint8), np.zeros(8, np.uint8)]
)
def test_refuses_what_is_no_frame(detector: FaceDetector, frame: np.ndarray) -> None:
    with pytest.raises(FrameError, match=frame.dtype.name):
        detector.detect(frame)


def test_a_detection_in_the_padding_is_dropped() -> None:
    nowhere = [(0.0, 0.0)] * 5
    found = [
        Detection((10, 70, 30, 90), nowhere, 0.9), Detection((10, 50, 30, 70), nowhere, 0.8),
    ]  # fmt: skip
    (face,) = in_frame(found, Scale(2.0, 2.0), height=128, width=200)
    assert face.box == (20, 100, 60, 128)
    assert face.score == pytest.approx(0.8)


def test_refuses_a_model_whose_input_is_no_camera_byte(tmp_path: Path) -> None:
    path = tmp_path / "face.tflite"
    path.write_bytes(FACE_160.read_bytes())
    card = read_card(FACE_160)
    card_path(path).write_bytes(encode_card(card))
    detector = FaceDetector.load(path)
    other = msgspec.structs.replace(card.input, scale=0.5)
    detector.model.card = msgspec.structs.replace(card, input=other)
    with pytest.raises(ModelError, match=r"scale 0\.5"):
        FaceDetector(detector.model)


def test_refuses_a_card_whose_outputs_do_not_fit_its_strides() -> None:
    card = read_card(FACE_160)
    other = msgspec.structs.replace(card, strides=(8, 16, 64))
    with pytest.raises(ModelError, match=r"bbox_32 for one, .* strides \[8, 16, 64\]"):
        check_detector(FACE_160, other)


@pytest.mark.parametrize(
    "border",
    [
        Tensor((1, 10, 10, 8), "int8", 0.1, 0),
        Tensor((1, 5, 20, 10), "int8", 0.1, 0),
        Tensor((1, 10, 10, 10), "float32", 0.1, 0),
    ],
)
def test_refuses_a_card_with_an_output_that_cannot_be_read(border: Tensor) -> None:
    card = read_card(FACE_160)
    other = msgspec.structs.replace(card, outputs={**card.outputs, "kps_16": border})
    with pytest.raises(ModelError, match="kps_16 for one"):
        check_detector(FACE_160, other)


@pytest.mark.parametrize("shape", [(1,), (1, 6), (80, 80, 6), (1, 80, 80, 6, 1)])
def test_refuses_a_card_whose_input_has_no_sides(shape: tuple[int, ...]) -> None:
    card = read_card(FACE_160)
    border = msgspec.structs.replace(card.input, shape=shape)
    with pytest.raises(ModelError, match=r"takes int8 .*: quantize it again"):
        check_detector(FACE_160, msgspec.structs.replace(card, input=border))


def test_refuses_a_damaged_model(tmp_path: Path) -> None:
    path = tmp_path / "face.tflite"
    content = bytearray(FACE_160.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)
    card_path(path).write_bytes(card_path(FACE_160).read_bytes())
    with pytest.raises(ModelError, match="SHA-256"):
        FaceDetector.load(path)
