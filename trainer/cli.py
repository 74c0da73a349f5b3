"""`mien train`: networks from labelled faces, and what comes of them."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from trainer import average_command, evaluate_command, mixtures_command
from trainer.data import read, reading
from trainer.data.class_counts import class_lines
from trainer.data.defects import find_corrections, find_defects
from trainer.quiet_tensorflow import quiet_tensorflow
from trainer.recipes import RECIPES
from trainer.reproduction import command as reproduction_command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    commands = parser.add_subparsers(
        dest="what", required=True, metavar="run|evaluate|average|mixtures|reproduce"
    )
    train = commands.add_parser("run", help="train a recipe; a killed run goes on where it was")
    train.add_argument(
        "--recipe", choices=sorted(RECIPES), default="robust", help="see docs/training.md (robust)"
    )
    reading.add_arguments(train)
    train.add_argument("--run", type=Path, help="folder of the run (runs/<recipe>)")
    train.add_argument(
        "--teacher",
        type=Path,
        action="append",
        default=[],
        metavar="MODEL.keras",
        help="of a finished run, for taught recipes; once more for each further one",
    )
    train.add_argument(
        "--start", type=Path, metavar="MODEL.keras", help="whose weights the run begins with"
    )
    train.add_argument(
        "--devices", type=int, default=1, help="GPUs (or processors) that share each batch (1)"
    )
    measure = commands.add_parser("evaluate", help="figures of an int8 model")
    evaluate_command.add_arguments(measure)
    averages = commands.add_parser("average", help="one network of several finished runs")
    average_command.add_arguments(averages)
    mixtures = commands.add_parser("mixtures", help="which mixture of two heads generalizes best")
    mixtures_command.add_arguments(mixtures)
    papers = commands.add_parser("reproduce", help="train a published network by its own recipe")
    reproduction_command.add_arguments(papers)


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked."""
    if arguments.what == "evaluate":
        return evaluate_command.run(arguments)
    if arguments.what == "average":
        quiet_tensorflow()
        return average_command.run(arguments)
    if arguments.what == "mixtures":
        quiet_tensorflow()
        return mixtures_command.run(arguments)
    if arguments.what == "reproduce":
        quiet_tensorflow()
        return reproduction_command.run(arguments)
    return _train(arguments)


def _train(arguments: argparse.Namespace) -> int:
    faces = read(arguments.data, way=arguments.crops)
    recipe = RECIPES[arguments.recipe]
    print("\n".join((*find_defects(faces).lines(), *class_lines(faces))))
    if recipe.corrected:
        print("\n".join(find_corrections(faces).lines()))
    quiet_tensorflow()
    # TensorFlow: only who trains waits for it.
    from trainer.checkpoints import read_history  # noqa: PLC0415
    from trainer.training import train  # noqa: PLC0415

    folder = arguments.run or Path("runs") / recipe.name

    def tell(figures: dict[str, float]) -> None:
        agreements = ", ".join(
            f"{name} {value:.1%} ({figures[f'{name}_without_twins']:.1%} without twins)"
            for name, value in figures.items()
            if f"{name}_without_twins" in figures
        )
        print(
            f"epoch {figures['epoch']:.0f}/{recipe.epochs}: loss {figures['loss']:.4f},"
            f" PublicTest {agreements}, {figures['seconds']:.0f} s",
            flush=True,
        )

    try:
        model = train(
            recipe,
            faces,
            folder,
            tell,
            teachers=arguments.teacher,
            start=arguments.start,
            devices=arguments.devices,
        )
    except KeyboardInterrupt:
        kept = len(read_history(folder))
        print(
            f"{folder}: {kept} of {recipe.epochs} epochs are kept; the same command goes on behind"
            " them",
            file=sys.stderr,
        )
        raise
    crops = f" --crops {arguments.crops}" if arguments.crops else ""
    names = [shlex.quote(str(path)) for path in (folder, arguments.data)]
    print(f"written: {model}; next: mien quantize classifier {' --data '.join(names)}{crops}")
    return 0
