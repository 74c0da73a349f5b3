"""`mien train`: train a recipe, or evaluate a model."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from trainer import evaluate_command
from trainer.data import read_mosaic
from trainer.recipes import RECIPES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    commands = parser.add_subparsers(dest="what", required=True, metavar="run|evaluate")
    train = commands.add_parser("run", help="train a recipe; a killed run goes on where it was")
    train.add_argument("--recipe", choices=sorted(RECIPES), default="base")
    train.add_argument("--data", type=Path, required=True, help="folder with FER2013's mosaic")
    train.add_argument("--run", type=Path, help="folder of the run (runs/<recipe>)")
    measure = commands.add_parser("evaluate", help="figures of an int8 model")
    evaluate_command.add_arguments(measure)


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked."""
    if arguments.what == "evaluate":
        return evaluate_command.run(arguments)
    return _train(arguments)


def quiet_tensorflow() -> None:
    """Keep TensorFlow's notes on processors and GPUs off standard error; to call before its import.

    Who sets its own variable in order to look for a fault keeps them.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def _train(arguments: argparse.Namespace) -> int:
    faces = read_mosaic(arguments.data)
    quiet_tensorflow()
    from trainer.training import train  # noqa: PLC0415 - TensorFlow: only who trains waits for it

    recipe = RECIPES[arguments.recipe]
    folder = arguments.run or Path("runs") / recipe.name

    def tell(figures: dict[str, float]) -> None:
        agreements = ", ".join(
            f"{name} {value:.1%}" for name, value in figures.items() if "_fer" in name
        )
        print(
            f"epoch {figures['epoch']:.0f}/{recipe.epochs}: loss {figures['loss']:.4f},"
            f" PublicTest {agreements}, {figures['seconds']:.0f} s",
            flush=True,
        )

    model = train(recipe, faces, folder, tell)
    print(f"written: {model}; next: mien quantize classifier {folder} --data {arguments.data}")
    return 0
