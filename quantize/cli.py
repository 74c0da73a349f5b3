"""`mien quantize`: a training run → the model that the device loads."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from edge_app.perception.detector import FaceDetector
from edge_app.perception.shipped import EMOTION
from quantize.classifier import make_classifier
from trainer.data import Split, read_mosaic
from trainer.framing import measure_alignment
from trainer.report import lines

#: Every n-th Training face shows where eyes and mouths stand.
FRAMING_STRIDE = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("run", type=Path, help="folder of a finished training run")
    parser.add_argument("--data", type=Path, required=True, help="folder with FER2013's mosaic")
    parser.add_argument("--output", type=Path, default=EMOTION, help="the .tflite file to write")


def run(arguments: argparse.Namespace) -> int:
    """Quantize, measure, write, and print the figures."""
    faces = read_mosaic(arguments.data)
    print("measuring where faces stand in the training pictures", file=sys.stderr)
    pixels = faces.of(Split.TRAINING).pixels[::FRAMING_STRIDE]
    alignment = measure_alignment(pixels, FaceDetector.load())
    card = make_classifier(arguments.run, faces, alignment, arguments.output)
    print("\n".join(lines(card.figures)))
    print(f"written: {arguments.output} and its card")
    return 0
