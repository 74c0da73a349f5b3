"""Photos, folders and videos → annotated copies and a table of faces with their emotions."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from edge_app.analyze.analysis import Sees, analyze_file
from edge_app.analyze.earlier import TABLES, check_nothing_is_dropped
from edge_app.analyze.inputs import count, find_inputs, missing_of
from edge_app.analyze.output_folder import OutputNames, alone_in
from edge_app.analyze.outputs import OutputError
from edge_app.analyze.part import Done, Part, Piece, piece_of
from edge_app.analyze.progress import Progress, describe
from edge_app.analyze.reading import Reading
from edge_app.errors import MienError
from edge_app.perception.card import DEFAULT_ANSWER
from edge_app.perception.model_folder import ModelFolder
from edge_app.terminal_lines import printable

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
        help="of the table: JSON Lines or CSV (default: %(default)s)",
    )
    parser.add_argument(
        "--tiles", type=int, default=1, choices=range(1, 5), metavar="N",
        help="also look for small faces in N by N overlapping tiles, up to 4 by 4 (default: off)",
    )  # fmt: skip
    parser.add_argument(
        "--crops",
        action="store_true",
        help="treat each picture as one face, cut out as in face data sets",
    )
    parser.add_argument(
        "--answer",
        default=DEFAULT_ANSWER,
        help="which of the emotion network's answers: default, fer2013, ferplus…"
        " (default: %(default)s)",
    )
    parser.add_argument(
        "--models", type=Path, metavar="DIR", help="folder of your own models (docs/models.md)"
    )
    parser.add_argument("--no-pictures", action="store_true", help="write the table only")
    parser.add_argument(
        "--force",
        action="store_true",
        help="replace an earlier analysis that has other files, or some that cannot be read now",
    )


def run(arguments: argparse.Namespace, perception: Sees | None = None) -> int:
    """Analyze every file; a bad one among them does not stop the others.

    perception: by default the shipped models, or those of the folder that is named.

    Returns 0 if all files were done, 1 if one was not, 130 if Ctrl-C came in between. After it or
    an `OutputError` an earlier analysis is as it was, and the next one goes on from there.

    Raises:
        UsageError: the output folder holds other things or an analysis of other files, another
            process writes to it, or it cannot be written to.
        OutputError: what was found cannot be written.
        MienError: the models cannot be loaded.
    """
    files, wrong, left_out = find_inputs(arguments.files)
    missing = missing_of(files)
    folder: Path = arguments.output
    with Progress(len(files), sys.stderr) as progress:
        for error in wrong:
            progress.say(str(error))
        for path in missing:
            progress.say(f"{path}: no such file; name another one")
        if missing == files:
            return 1
        sees = perception or Reading(
            ModelFolder(arguments.models, None, "--models"),
            tiles=arguments.tiles,
            crops=arguments.crops,
            answer=arguments.answer,
        )
        with alone_in(folder) as earlier:
            names = None
            if not arguments.no_pictures:
                names = OutputNames(folder, files, earlier.foreign)
            pieces = [
                piece_of(path, folder, names.choose(path) if names is not None else "")
                for path in files
            ]
            needed = frozenset() if arguments.force else earlier.files
            check_nothing_is_dropped(needed, folder, (piece.file for piece in pieces))
            with Part(folder, sees.maker, pieces) as part:
                try:
                    _analyze(pieces, sees, part, progress, missing)
                    lacking = needed.difference(piece.file for piece in part.done)
                    is_whole = bool(part.done) and not lacking
                    if is_whole:
                        part.move_out(f"analysis.{arguments.format}", earlier)
                        _remove_tables(folder, but=f"analysis.{arguments.format}")
                    elif lacking:
                        progress.say(_stays(folder, lacking))
                except OutputError:
                    progress.say(_stopped(len(part.done), len(files)))
                    raise
                except KeyboardInterrupt:
                    progress.say(_stopped(len(part.done), len(files)))
                    return _INTERRUPTED
    if is_whole:
        found = _describe(part.done.values())
        print(printable(f"{found}{_left_out(left_out, folder)}; written to {folder}/"))
    return 1 if wrong or len(part.done) < len(files) else 0


def _analyze(
    pieces: Sequence[Piece], sees: Sees, part: Part, progress: Progress, missing: Collection[Path]
) -> None:
    """Add to `part` what is found in each file that is not done and can be read.

    missing: files of which was told already.

    Raises:
        OutputError: what is found cannot be written.
    """
    if part.done or part.dropped:
        progress.say(_taken_over(len(part.done), part.dropped, len(pieces)))
        progress.skip(len(part.done))
    for piece in pieces:
        if piece in part.done:
            continue
        if Path(piece.named) in missing:
            progress.skip(1)
            continue
        copy = part.path / piece.copy if piece.copy else None
        try:
            analysis = analyze_file(
                Path(piece.named), sees, copy=copy, on_rows=part.write, on_frame=progress.on_frame
            )
        except OutputError:
            # It would be the failure of all files that come, and the table lack them.
            raise
        except MienError as error:
            part.take_back()
            progress.fail(error)
            continue
        part.add(piece, analysis)
        progress.done(analysis)


def _taken_over(done: int, dropped: int, files: int) -> str:
    """Say what becomes of an analysis that was stopped here."""
    lost = f"dropped what was done of {_files(dropped)}"
    if not done:
        return f"beginning anew: {lost}, as the files, options, models or Mien are others now"
    going_on = f"going on: {done} of {_files(files)} {'is' if done == 1 else 'are'} done already"
    return f"{going_on}; {lost}, not named now or changed since" if dropped else going_on


def _stays(folder: Path, lacking: Iterable[str]) -> str:
    """Say why a new table does not take the earlier one's place."""
    return (
        f"{folder}: the earlier table stays, as {Path(min(lacking)).name} is in it and could not be"
        " analyzed now; the same command goes on when it can be, --force does without it"
    )


def _stopped(done: int, files: int) -> str:
    going_on = "; the same command goes on from there" if done else ""
    return f"stopped after {done} of {_files(files)}{going_on}"


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


def _describe(done: Collection[Done]) -> str:
    """Write what was found in all files together."""
    shown: Counter[str] = Counter()
    for each in done:
        shown.update(each.emotions)
    frames = sum(each.frames for each in done)
    # Photos are one frame each: only a video makes frames worth telling.
    return f"{_files(len(done))}, {describe(shown, frames if frames > len(done) else 0)}"


def _files(number: int) -> str:
    return f"{number} file{'s' * (number != 1)}"
