"""`mien train average`: one network of several finished runs."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from edge_app.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("--run", type=Path, required=True, help="folder that the mean is left in")
    parser.add_argument(
        "shares",
        nargs="+",
        type=_share,
        metavar="RUN=SHARE",
        help="folder of a finished run and its share of the mean; shares add up to 1",
    )


def run(arguments: argparse.Namespace) -> int:
    """Average and say what comes next.

    Raises:
        UsageError: a run is named twice.
        UsageError, RunError: see `trainer.averaging.average`.
    """
    shares = _each_once(arguments.shares)
    from trainer.averaging import average  # noqa: PLC0415 - loads Keras
    from trainer.checkpoints import read_recipe  # noqa: PLC0415 - loads Keras

    folder = arguments.run
    model = average(shares, folder)
    named = shlex.quote(str(folder))
    sys.stdout.write(f"written: {model}; next: mien quantize classifier {named} --data FOLDER\n")
    # A paper's recipe names no heads, and has one.
    if len(read_recipe(folder)["recipe"].get("heads", ())) > 1:
        sys.stdout.write(
            f"of faces with FER+'s votes, mien train mixtures {named} --data FOLDER says before"
            " which --shares and --balance are best\n"
        )
    return 0


def _each_once(named: Sequence[tuple[Path, float]]) -> dict[Path, float]:
    """Shares by folder: of one that is named twice, which share was meant is not known."""
    folders = [folder.resolve() for folder, _ in named]
    for folder, _ in named:
        if folders.count(folder.resolve()) > 1:
            raise UsageError(f"{folder}: named more than once; name each run once, with its share")
    return dict(named)


def _share(text: str) -> tuple[Path, float]:
    folder, separator, share = text.rpartition("=")
    if not separator or not folder:
        raise argparse.ArgumentTypeError(f"{text!r}: write RUN=SHARE, as in runs/by-heart=0.5")
    try:
        return Path(folder), float(share)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r}: {share!r} is no number") from error
