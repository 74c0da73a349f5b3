"""Photos, folders and videos → annotated copies and a table of faces with their emotions."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edge_app.analyze.analysis import Analysis, Sees, analyze_file
from edge_app.analyze.inputs import find_inputs
from edge_app.analyze.outputs import TABLE, OutputNames, make_folder
from edge_app.analyze.progress import Progress, describe, emotions
from edge_app.analyze.table import TableFile
from edge_app.errors import MienError
from edge_app.perception import Perception

_FOLDER = Path("mien-analysis")
#: What a shell reports of a program that Ctrl-C ended.
_INTERRUPTED = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="photo, video, or folder of them"
    )
    parser.add_argument(
        "--output", type=Path, default=_FOLDER, metavar="DIR",
        help="folder for the copies and the table (default: %(default)s/)",
    )  # fmt: skip
    parser.add_argument(
        "--format",
        choices=("jsonl", "csv"),
        default="jsonl",
        help="of the table: JSON Lines or CSV",
    )
    parser.add_argument("--no-pictures", action="store_true", help="write the table only")


def run(arguments: argparse.Namespace, perception: Sees | None = None) -> int:
    """Analyze every file; a bad one among them does not stop the others.

    perception: by default the shipped models.

    Returns 0 if all files were done, 1 if one was not, 130 if Ctrl-C came in between: then what is
    there is whole.

    Raises:
        UsageError: the output folder holds other things.
        MienError: the output folder or the table cannot be written, or the models not loaded.
    """
    files, wrong = find_inputs(arguments.files)
    folder: Path = arguments.output
    tally = _Tally()
    is_new = False
    with Progress(len(files), sys.stderr) as progress:
        for error in wrong:
            progress.say(str(error))
        if files:
            sees = Perception.load() if perception is None else perception
            is_new = make_folder(folder)
            names = None if arguments.no_pictures else OutputNames(folder, files)
            table = TableFile(folder / f"{TABLE}.{arguments.format}", arguments.format)
            try:
                with table:
                    for analysis in _analyze(files, sees, names, progress):
                        table.write(analysis.rows)
                        tally.add(analysis)
            except KeyboardInterrupt:
                tally.is_interrupted = True
                progress.say(f"stopped after {tally.files} of {len(files)} files")
    if tally.files:
        print(f"{tally}; written to {folder}/")
    elif is_new:
        # A folder in which nothing came to be is of no use to anybody.
        with contextlib.suppress(OSError):
            folder.rmdir()
    if tally.is_interrupted:
        return _INTERRUPTED
    return 1 if wrong or tally.files < len(files) else 0


@dataclass(slots=True)
class _Tally:
    """What was done up to now."""

    files: int = 0
    frames: int = 0
    emotions: Counter[str] = field(default_factory=Counter)
    is_interrupted: bool = False

    def add(self, analysis: Analysis) -> None:
        self.files += 1
        self.frames += analysis.frames
        self.emotions.update(emotions(analysis))

    def __str__(self) -> str:
        # Photos are one frame each: only a video makes frames worth telling.
        frames = self.frames if self.frames > self.files else 0
        return f"{self.files} file{'s' * (self.files != 1)}, {describe(self.emotions, frames)}"


def _analyze(
    files: Sequence[Path], sees: Sees, names: OutputNames | None, progress: Progress
) -> Iterator[Analysis]:
    """Give what is found in each file that can be read."""
    for path in files:
        copy = names.choose(path) if names is not None else None
        try:
            analysis = analyze_file(path, sees, copy=copy, on_frame=progress.on_frame)
        except MienError as error:
            progress.fail(error)
            continue
        yield analysis
        progress.done(analysis)
