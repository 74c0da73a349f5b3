"""The names that a user gave → the picture and video files behind them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from edge_app.errors import MienError
from edge_app.frames import folder, video_file
from edge_app.picture_file import SUFFIXES, UNREADABLE_SUFFIXES


def is_picture(path: Path) -> bool:
    """Whether `path` is read as a picture; any other file is tried as a video."""
    return path.suffix.lower() in SUFFIXES


class Inputs(NamedTuple):
    """What stands behind the names that a user gave.

    files: to be analyzed. wrong: about folders that gave none, and names behind which nothing can
    be. left_out: by real path, what the folders hold besides, but for hidden files.
    """

    files: list[Path]
    wrong: list[MienError]
    left_out: set[Path]


def find_inputs(named: Iterable[Path]) -> Inputs:
    """Replace folders by their pictures and videos; name each file once, in the user's order.

    Whether a file that was named itself can be read shows when it is read.
    """
    found: dict[Path, Path] = {}
    wrong: list[MienError] = []
    left_out: set[Path] = set()
    asked: set[Path] = set()
    for path in named:
        try:
            asked.add(path.resolve())
            if path.is_dir():
                files, others = _contents(path)
                left_out.update(others)
            elif path.suffix.lower() in UNREADABLE_SUFFIXES:
                wrong.append(MienError(f"{path}: Mien reads no such photos; convert it to JPEG"))
                continue
            else:
                files = [path]
            for file in files:
                found.setdefault(file.resolve(), file)
        except MienError as error:
            wrong.append(error)
        except OSError as error:
            wrong.append(MienError(f"{path}: {error.strerror}; name another file"))
        except RuntimeError:
            # What `resolve` raises before Python 3.13.
            wrong.append(MienError(f"{path}: a link that leads to itself; name another file"))
    return Inputs(list(found.values()), wrong, left_out - asked - set(found))


def missing_of(files: Iterable[Path]) -> list[Path]:
    """Those of `files` that are not there."""
    return [path for path in files if _is_missing(path)]


def count(left_out: Iterable[Path]) -> str:
    """Write what was left out as `1 folder, 2 files of other kinds`; empty if nothing was."""
    are_folders = [path.is_dir() for path in left_out]
    folders = sum(are_folders)
    files = len(are_folders) - folders
    parts = [f"{folders} folder{'s' * (folders != 1)}"] if folders else []
    if files:
        parts.append("1 file of another kind" if files == 1 else f"{files} files of other kinds")
    return ", ".join(parts)


def _is_missing(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        # A name that is too long, or a folder that may not be looked into: said when it is read.
        return False
    return False


def _contents(path: Path) -> tuple[list[Path], list[Path]]:
    """Give a folder's pictures and videos in natural order, and where the rest really is."""
    readable = SUFFIXES | video_file.SUFFIXES
    files = [file for file in folder.files_in(path) if file.suffix.lower() in readable]
    visible = (entry for entry in path.iterdir() if not entry.name.startswith("."))
    # A link may lead to itself: only its folder is resolved, unless it is a folder.
    others = [
        entry.resolve() if entry.is_dir() else path.resolve() / entry.name
        for entry in set(visible).difference(files)
    ]
    if not files:
        only = f", only {count(others)}" if others else ""
        name = f"its folders, as in {path}/*/" if any(map(Path.is_dir, others)) else "another one"
        raise MienError(f"{path}: the folder holds no picture and no video{only}; name {name}")
    return files, others
