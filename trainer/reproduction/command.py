"""`mien train reproduce NAME`: run a paper's recipe and print its figures against ours."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from edge_app.errors import UsageError
from trainer.data import read, reading
from trainer.report import percent
from trainer.reproduction import RECIPES
from trainer.reproduction.result import RESULT, Result
from trainer.reproduction.table import published


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("name", nargs="?", metavar="NAME", help="of the recipe; --list shows them")
    parser.add_argument("--list", action="store_true", help="show the recipes")
    reading.add_arguments(parser, required=False)
    parser.add_argument("--run", type=Path, help="folder of the run (runs/reproduce-NAME)")
    parser.add_argument("--epochs", type=int, help="cut the run short after so many")


def run(arguments: argparse.Namespace) -> int:
    """Train, print, and leave the result in the run's folder."""
    if arguments.list:
        print("\n".join(recipes()))
        return 0
    if arguments.name not in RECIPES:
        raise UsageError(f"{arguments.name or 'no name given'}: name one of {', '.join(RECIPES)}")
    recipe = RECIPES[arguments.name]
    recipe.refuse_what_cannot_be_run(arguments.epochs)
    if arguments.data is None:
        raise UsageError("name the data set with --data")
    from trainer.reproduction.running import reproduce  # noqa: PLC0415 - loads Keras

    folder = arguments.run or Path("runs") / f"reproduce-{recipe.name}"
    epochs = recipe.epochs if arguments.epochs is None else arguments.epochs
    short = "" if epochs == recipe.epochs else f" (cut short: the recipe has {recipe.epochs})"

    def tell(figures: dict[str, float]) -> None:
        print(
            f"epoch {figures['epoch']:.0f}/{epochs}{short}: loss {figures['loss']:.4f},"
            f" validation {figures['validation']:.1%}, {figures['seconds']:.0f} s",
            flush=True,
        )

    faces = read(arguments.data, way=arguments.crops)
    result = reproduce(recipe.name, faces, folder, epochs=arguments.epochs, progress=tell)
    print("\n".join(lines(result)))
    print(f"written: {folder / RESULT}")
    return 0


def recipes() -> Iterator[str]:
    """A line for each recipe."""
    for recipe in RECIPES.values():
        yield f"{recipe.name:<17} {recipe.source}; published: {published(recipe.published)}"


def lines(result: Result) -> Iterator[str]:
    """Published against ours, for a terminal."""
    yield f"{RECIPES[result.name].source}: {result.extent}, {result.seconds:.0f} s"
    yield f"{'':<12} published  reproduced  without twins"
    for split, theirs, ours in (
        ("validation", result.published.validation, result.validation),
        ("PublicTest", None, result.public_test),
        ("PrivateTest", result.published.test, result.private_test),
    ):
        told = percent(theirs)
        without_twins = percent(ours.without_twins)
        yield f"{split:<12} {told:>9}  {ours.accuracy:>10.1%}  {without_twins:>13}"
    if not result.full:
        yield "A run that is cut short says nothing about the paper."
