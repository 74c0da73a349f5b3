"""`mien train average`: the mean of runs' weights, with what it and they say of PublicTest."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from trainer.data import Split, read


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "runs",
        type=Path,
        nargs="+",
        metavar="RUN",
        help="finished runs of one network, each begun with weights of one before",
    )
    parser.add_argument("--data", type=Path, required=True, help="data set: see docs/training.md")
    parser.add_argument("--run", type=Path, required=True, help="folder to leave the mean in")


def run(arguments: argparse.Namespace) -> int:
    """Average, and print whether it was worth it.

    Raises:
        RunError: the runs have no mean, or the folder holds another run.
        DataError: the data cannot be read.
    """
    import keras  # noqa: PLC0415 - takes seconds

    from trainer.averaging import average  # noqa: PLC0415 - loads Keras
    from trainer.batches import as_input  # noqa: PLC0415 - loads Keras
    from trainer.evaluation import agreements  # noqa: PLC0415 - with the others
    from trainer.training import MODEL  # noqa: PLC0415 - loads Keras

    public = read(arguments.data).of(Split.PUBLIC_TEST)
    made = average(arguments.runs, arguments.run)
    for path in (*(each / MODEL for each in arguments.runs), made):
        logits = keras.saving.load_model(path, compile=False).predict(
            as_input(public.pixels), batch_size=512, verbose=0
        )
        figures = agreements(logits, public).items()
        told = ", ".join(f"{name} {value:.2%}" for name, value in figures)
        sys.stdout.write(f"{path}: PublicTest {told}\n")
    sys.stdout.write(
        f"written: {made}; next: mien quantize classifier {arguments.run} --data {arguments.data}\n"
    )
    return 0
