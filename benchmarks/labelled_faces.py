"""FER2013 on disk → a drawn part of one split, for benchmarks that need not see all of it."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from edge_app.perception.labels import FER2013
from trainer.data import Faces, Split, read

DATA = Path("../shared/data")


def add_arguments(parser: argparse.ArgumentParser, *, faces: int) -> None:
    """Say which faces; `faces` is the default of their number."""
    parser.add_argument("--data", type=Path, default=DATA, help="default: %(default)s")
    parser.add_argument(
        "--split", choices=("public_test", "private_test"), default="public_test",
        help="private_test for final figures only",
    )  # fmt: skip
    parser.add_argument("--faces", type=int, default=faces, help="0: all; default: %(default)s")


def draw(arguments: argparse.Namespace) -> Faces:
    """The faces that `add_arguments`' arguments ask for, always the same ones, in file order.

    Raises:
        DataError: there is no data set.
    """
    faces = read(arguments.data).of(Split[arguments.split.upper()])
    faces = faces.where(~faces.not_a_face() & (faces.labels < len(FER2013)))
    if not 0 < arguments.faces < len(faces):
        return faces
    rows = np.random.default_rng(2013).permutation(len(faces))[: arguments.faces]
    return faces.where(np.isin(np.arange(len(faces)), rows))
