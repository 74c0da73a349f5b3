"""`mien train evaluate`: figures of an int8 model, for a terminal, as JSON or as an HTML report."""

from __future__ import annotations

import argparse
import datetime as dt
import importlib.util
import json
import sys
from functools import partial
from pathlib import Path

from edge_app.errors import UsageError
from edge_app.extras import how_to_add
from edge_app.perception import Perception
from edge_app.perception.card import DEFAULT_ANSWER
from edge_app.perception.classifier import EmotionClassifier
from edge_app.perception.shipped import EMOTION
from trainer.conditions import conditions
from trainer.data import Faces, Split, read, reading
from trainer.data.face_crops import FaceCrops
from trainer.data.known import learned_sets, same_pictures
from trainer.report import lines
from trainer.reports.figures import measure
from trainer.truth import is_measurable, measurable

SPLITS = {"public_test": Split.PUBLIC_TEST, "private_test": Split.PRIVATE_TEST}
#: Every face, whatever its split: of a data set that the model has not learned from.
ALL = "all"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("model", type=Path, nargs="?", default=EMOTION)
    reading.add_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--report", type=Path, metavar="FILE.html", help="write a page with plots")
    parser.add_argument(
        "--conditions",
        action="store_true",
        help="measure low light, glasses, roll and others too (about a minute a split)",
    )
    parser.add_argument(
        "--answer", default=DEFAULT_ANSWER, help="of the card's answers: default, fer2013, ferplus…"
    )
    parser.add_argument(
        "--mirrored",
        action="store_true",
        help="mean of a face and its mirror image, as smoothing makes of a camera's frames",
    )
    parser.add_argument(
        "--split",
        choices=(*sorted(SPLITS), ALL),
        help="one split only (both test splits); all: every face of a data set that is new to the"
        " model",
    )


def run(arguments: argparse.Namespace) -> int:
    """Measure and print, and write the report where one is asked for.

    Raises:
        UsageError: the report cannot stand where it shall, or matplotlib is missing.
        DataError: the data cannot be read, or has no face of the split that was asked for, or is
            of photos and the model takes crops of another size than the training's.
        ModelError, WriteError: the model cannot be read, or the page not written.
    """
    report: Path | None = arguments.report
    # Before the minutes of work that the report would be the end of.
    if report and not report.parent.is_dir():
        raise UsageError(f"{report.parent}: no such folder for --report; make it first")
    if report and report.is_dir():
        raise UsageError(f"{report}: a folder; name the file to write, as {report / 'report.html'}")
    if report and not importlib.util.find_spec("matplotlib"):
        raise UsageError(f"--report needs matplotlib; {how_to_add('train')}")
    classifier = EmotionClassifier.load(arguments.model, answer=arguments.answer)
    # Photos are cut as the device does where this model reads them.
    crops = FaceCrops(partial(Perception.load, classifier=arguments.model))
    faces = read(arguments.data, crops, way=arguments.crops)
    learned = learned_sets(classifier.card.recipe)
    is_known = any(same_pictures(one, faces.sha256()) for one in learned)
    # Of a data set that is new to the model, Training is not what it has learned from.
    training = faces.of(Split.TRAINING) if is_known else None
    if training and arguments.split == ALL:
        sys.stderr.write(
            f"--split all: the model has learned from {len(training)} of these {len(faces)} faces,"
            " so it is right more often than on new ones; leave --split out to measure the others\n"
        )
    if training is None and arguments.split is None:
        _say_what_is_left_out(faces)
    shown = _shown(faces, arguments.split)
    harder = conditions(classifier.alignment) if arguments.conditions else ()
    # Of faces that it learned elsewhere too, twins may be among these.
    all_learned = training if len(learned) == 1 else None
    splits = {
        name: measure(classifier, seen, all_learned, harder, mirrored=arguments.mirrored)
        for name, seen in shown.items()
    }
    figures = {name: split.as_json() for name, split in splits.items()}
    if arguments.json:
        sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    else:
        sys.stdout.writelines(line + "\n" for line in lines(figures))
    if report:
        from trainer.reports.page import Heading, write_report  # noqa: PLC0415 - matplotlib

        heading = Heading(
            title=f"Evaluation of {classifier.card.name}",
            model=f"{arguments.model.name}: {classifier.card.source}",
            model_sha256=classifier.card.sha256,
            data_sha256=faces.sha256(),
            date=dt.datetime.now(tz=dt.UTC).date(),
            learned=0 if training is None else len(training),
        )
        write_report(report, heading, splits)
        sys.stderr.write(f"written: {report}\n")
    return 0


def _say_what_is_left_out(faces: Faces) -> None:
    """Say on standard error how many faces count as Training; of photos, a hash of the name puts
    most there.
    """
    training = len(faces.of(Split.TRAINING))
    if training:
        sys.stderr.write(
            f"Training: left out, {training} of {len(faces)} faces; --split all measures every"
            " face, if the model has not learned from them\n"
        )


def _shown(faces: Faces, asked: str | None) -> dict[str, Faces]:
    """The faces of each split that is to be measured, by a key of `SPLITS`, or `ALL`.

    Where none was asked for, one that has no faces is left out, and standard error says so: data
    sets of one's own often have one test split.
    """
    if asked == ALL:
        return {ALL: measurable(faces)}
    if asked:
        return {asked: measurable(faces, SPLITS[asked])}
    there = [name for name, split in SPLITS.items() if is_measurable(faces, split)]
    # Without either, the first says what is missing.
    there = there or list(SPLITS)
    for name, split in SPLITS.items():
        if name not in there:
            sys.stderr.write(f"{split.usage}: left out, the data set has no labelled faces of it\n")
    return {name: measurable(faces, SPLITS[name]) for name in there}
