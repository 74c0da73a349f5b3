"""`mien quantize classifier`: a training run → its int8 model, a card, and the figures."""

from __future__ import annotations

import argparse
import math
import re
import sys
from pathlib import Path

from edge_app.errors import UsageError
from edge_app.perception.card import DEFAULT_ANSWER, Alignment, ClassifierCard
from edge_app.perception.labels import FER2013, FERPLUS
from edge_app.perception.shipped import CLASSIFIERS, EMOTION
from quantize.notes import tell_footprint, tell_to_sign, tell_unknown_names
from trainer.balance import unbalanced
from trainer.data import Faces, Split, read, reading
from trainer.data.known import same_pictures
from trainer.framing import training_alignment
from trainer.quiet_tensorflow import quiet_tensorflow
from trainer.report import lines
from trainer.truth import is_measurable


def add_to(models: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Say what the command takes."""
    parser = models.add_parser("classifier", help="a training run → emotion.tflite, or another")
    parser.add_argument("run", type=Path, help="folder of a finished training run")
    reading.add_arguments(parser)
    parser.add_argument(
        "--output", type=Path, help="the .tflite to write (emotion.tflite in the run's folder)"
    )
    parser.add_argument(
        "--balance",
        type=_balance,
        default=0.0,
        metavar="SHARE",
        help="of how common emotions are in Training, what the default answer takes back (0)",
    )
    parser.add_argument(
        "--shares",
        type=_shares,
        metavar="HEAD=SHARE,…",
        help="how much each head of the network says, as fer2013=0.5,ferplus=0.5 (all alike)",
    )
    parser.add_argument(
        "--converter",
        choices=("ai-edge-quantizer", "tflite"),
        default="ai-edge-quantizer",
        help="what makes int8: docs/quantization.md compares the two",
    )
    parser.add_argument(
        "--calibration",
        choices=("min-max", "moving-average", "percentile"),
        default="min-max",
        help="how calibration becomes ranges (min-max)",
    )
    parser.add_argument(
        "--fine-tune",
        action="store_true",
        help="train on with rounding in the way, if int8 loses more than 0.3 points",
    )
    parser.add_argument(
        "--other-data",
        action="store_true",
        help="calibrate and measure on other data than the run has learned from",
    )
    parser.add_argument(
        "--labels",
        type=_labels,
        default=(),
        metavar="LABEL,…",
        help="answer with these alone, as happy,sad,neutral (with all that the run has learned)",
    )
    parser.add_argument(
        "--licence",
        type=_licence,
        metavar="SPDX",
        help="of the weights, as CC-BY-4.0 or LicenseRef-ours (LicenseRef-unknown)",
    )
    parser.set_defaults(make=_run)


def _labels(text: str) -> tuple[str, ...]:
    """Read `label,…`: some of FER+'s eight, two of FER2013's seven at least, in their order."""
    named = [label.strip() for label in text.split(",")]
    if unknown := [label for label in named if label not in FERPLUS]:
        raise argparse.ArgumentTypeError(
            f"{unknown[0]!r} is no label; name some of {', '.join(FERPLUS)}"
        )
    if len(set(named).intersection(FER2013)) < 2:
        raise argparse.ArgumentTypeError(
            f"an answer needs two labels; name two of {', '.join(FER2013)}, or more"
        )
    return tuple(label for label in FERPLUS if label in named)


def _licence(text: str) -> str:
    """Refuse what is no SPDX expression, which has identifiers, spaces and parentheses."""
    if not re.fullmatch(r"[A-Za-z0-9(][A-Za-z0-9.+:() -]*", text):
        raise argparse.ArgumentTypeError(f"{text!r}: no SPDX identifier, as CC-BY-4.0")
    return text


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


def _run(arguments: argparse.Namespace) -> int:
    output = arguments.output or arguments.run / EMOTION.name
    _check_model_file(output)
    tell_unknown_names([output], tuple(each.name for each in CLASSIFIERS))
    faces = read(arguments.data, way=arguments.crops)
    quiet_tensorflow()
    from quantize.checks import check_sources  # noqa: PLC0415 - loads TensorFlow
    from quantize.classifier import Options, make_classifier  # noqa: PLC0415 - loads TensorFlow
    from quantize.ranges import Calibration  # noqa: PLC0415

    # Before the minute that the framing takes; `make_classifier` checks for other callers.
    check_sources(arguments.run, faces, other_data=arguments.other_data, labels=arguments.labels)
    if not is_measurable(faces, Split.PRIVATE_TEST):
        left_out = Split.PRIVATE_TEST.usage
        print(f"{left_out}: left out, the data set has no labelled faces of it", file=sys.stderr)
    alignment = _alignment(arguments.run, faces)
    options = Options(
        arguments.converter,
        Calibration(arguments.calibration),
        arguments.fine_tune,
        arguments.other_data,
        arguments.labels,
        arguments.licence,
    )
    card = make_classifier(
        arguments.run,
        faces,
        alignment,
        output,
        arguments.shares,
        balance=arguments.balance,
        options=options,
        tell=tell_footprint,
    )
    for line in (
        *(() if arguments.labels else _untold(card)),
        *(_tuning(card) if arguments.fine_tune else ()),
    ):
        print(line, file=sys.stderr)
    if arguments.balance:
        training = faces.of(Split.TRAINING)
        for line in unbalanced(training.labels, card.answers[DEFAULT_ANSWER].labels):
            print(line, file=sys.stderr)
    print("\n".join(lines(card.figures)))
    print(f"written: {output} and its card")
    tell_to_sign(output.parent)
    return 0


def _untold(card: ClassifierCard) -> list[str]:
    """A line about the emotions that the network has an output for, and no answer."""
    told = {label for answer in card.answers.values() for label in answer.labels}
    untold = {label: None for head in card.heads for label in head.labels if label not in told}
    if not untold:
        return []
    return [f"{', '.join(untold)}: left out of the answers, since no Training face shows them"]


def _tuning(card: ClassifierCard) -> list[str]:
    """A line about what came of fine-tuning, which was asked for."""
    quantization = card.recipe["quantization"]
    tried = quantization.get("fine_tuning")
    if tried is None:
        # Not -100 times it, which would be -0.00 where nothing is lost.
        lost = 0 - 100 * card.figures["int8_minus_float_public_test"]
        return [f"fine-tuning: left out, since int8 loses {lost:.2f} points on PublicTest without"]
    kept = "kept" if quantization["fine_tuned"] else "thrown away"
    lost, without = tried["points_lost"], tried["points_lost_without"]
    told = f"int8 loses {lost:.2f} points on PublicTest with it, {without:.2f} without"
    return [f"fine-tuning: {kept}; {told}"]


def _alignment(run: Path, faces: Faces) -> Alignment:
    """By which a device cuts the crops that the network has learned from."""
    from trainer.checkpoints import read_alignment, read_recipe  # noqa: PLC0415 - loads Keras

    noted = read_alignment(run)
    if noted is not None:
        return noted
    if not same_pictures(read_recipe(run)["data_sha256"], faces.sha256()):
        print(
            f"{run}: does not note how the faces that it has learned from are framed; devices will"
            " cut faces as those of --data are, and answer worse where these are framed otherwise",
            file=sys.stderr,
        )
    return training_alignment(faces)


def _check_model_file(output: Path) -> None:
    """Raises UsageError for a folder, and for an ending by which no device would find the model."""
    if output.is_dir():
        raise UsageError(f"{output}: a folder; name the file to write, as {output / EMOTION.name}")
    if output.suffix != EMOTION.suffix:
        raise UsageError(f"{output}: a model's file ends with {EMOTION.suffix}; name such a one")
