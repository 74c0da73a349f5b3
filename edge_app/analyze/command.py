"""Photos, folders and videos → annotated copies and a table of faces with their emotions."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge_app.analyze.analysis import Analysis, Sees, analyze_file
from edge_app.analyze.earlier import TABLES, Record, check_nothing_is_dropped
from edge_app.analyze.inputs import count, find_inputs
from edge_app.analyze.outputs import OutputNames, make_folder
from edge_app.analyze.progress import Progress, describe, emotions
from edge_app.analyze.table import TableFile
from edge_app.errors import MienError
from edge_app.perception import EmotionClassifier, FaceDetector, Perception, SeenFace
from edge_app.perception.model_folder import ModelFolder
from edge_app.perception.shipped import EMOTION, EMOTION_SMALL, FACE_160, FACE_320
from edge_app.perception.tiling import TiledDetector

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
    parser.add_argument(
        "--tiles", type=int, default=1, choices=range(1, 5), metavar="N",
        help="search small faces in N by N overlapping tiles, too: 1, which is off, to 4",
    )  # fmt: skip
    parser.add_argument(
        "--crops",
        action="store_true",
        help="take pictures in which no face is found for faces, cut out as in face data sets",
    )
    parser.add_argument(
        "--models", type=Path, metavar="DIR", help="folder of your own models: see docs/models.md"
    )
    parser.add_argument("--no-pictures", action="store_true", help="write the table only")
    parser.add_argument(
        "--force", action="store_true", help="replace an earlier analysis of other files"
    )


def run(arguments: argparse.Namespace, perception: Sees | None = None) -> int:
    """Analyze every file; a bad one among them does not stop the others.

    perception: by default the shipped models, or those of the folder that is named.

    Returns 0 if all files were done, 1 if one was not, 130 if Ctrl-C came in between: then what is
    there is whole.

    Raises:
        UsageError: the output folder holds other things or an analysis of other files, or cannot be
            written to.
        MienError: the table cannot be written, or the models not loaded.
    """
    files, wrong, left_out = find_inputs(arguments.files)
    folder: Path = arguments.output
    tally = _Tally()
    is_new = False
    with Progress(len(files), sys.stderr) as progress:
        for error in wrong:
            progress.say(str(error))
        if files:
            sees = perception or _Asked(
                ModelFolder(arguments.models, None, "--models"),
                tiles=arguments.tiles,
                crops=arguments.crops,
            )
            earlier = make_folder(folder)
            is_new = earlier.is_new
            if not arguments.force:
                check_nothing_is_dropped(earlier, folder, files)
            copies = None
            if not arguments.no_pictures:
                copies = OutputNames(folder, files, earlier.foreign)
            table = TableFile(folder / f"analysis.{arguments.format}", arguments.format)
            try:
                with table, Record(folder, earlier) as record:
                    for analysis in _analyze(files, sees, copies, progress):
                        record.add(Path(analysis.file), analysis.annotated)
                        table.write(analysis.rows)
                        tally.add(analysis)
            except KeyboardInterrupt:
                tally.is_interrupted = True
                progress.say(f"stopped after {tally.files} of {len(files)} files")
    if tally.files:
        _remove_tables(folder, but=f"analysis.{arguments.format}")
        print(f"{tally}{_left_out(left_out, folder)}; written to {folder}/")
    elif is_new:
        # A folder in which nothing came to be is of no use to anybody.
        with contextlib.suppress(OSError):
            folder.rmdir()
    if tally.is_interrupted:
        return _INTERRUPTED
    return 1 if wrong or tally.files < len(files) else 0


class _Asked:
    """Sees as the options ask."""

    def __init__(self, models: ModelFolder, *, tiles: int, crops: bool) -> None:
        self._perception = _load(models)
        model = self._perception.detector.model
        self._detector = TiledDetector(model, tiles=tiles) if tiles > 1 else None
        self._crops = crops

    def see(self, frame: NDArray[np.uint8], /) -> list[SeenFace]:
        """As `Perception.see`; with `crops`, the whole picture where that finds nobody."""
        seen = self._perception.see(frame, detector=self._detector)
        return [self._perception.read_crop(frame)] if self._crops and not seen else seen


def _load(models: ModelFolder) -> Perception:
    """Mien's models, but for those that the folder holds; its small classifier if that is alone."""
    classifier = EMOTION if models.passed_over(EMOTION) is None else EMOTION_SMALL
    return Perception(
        FaceDetector(models.load(FACE_320)),
        EmotionClassifier(models.load(classifier)),
        FaceDetector(models.load(FACE_160)) if models.has_a_pair_of_detectors() else None,
    )


def _remove_tables(folder: Path, *, but: str) -> None:
    """Take the table of an earlier format away, which would tell of other rows."""
    for name in TABLES:
        if name != but:
            try:
                (folder / name).unlink(missing_ok=True)
            except OSError as error:
                raise MienError(
                    f"{folder / name}: an earlier table that cannot be removed: {error.strerror}"
                ) from error


def _left_out(paths: Iterable[Path], folder: Path) -> str:
    """Tell of files and folders that were passed over, our own output apart."""
    ours = {folder.resolve(), *(folder.resolve() / name for name in TABLES)}
    left = count(path for path in paths if path not in ours)
    return f"; left out: {left}" if left else ""


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
