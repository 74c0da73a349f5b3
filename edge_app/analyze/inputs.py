"""The names that a user gave → the picture and video files behind them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from edge_app.errors import MienError
from edge_app.frames import folder, picture, video_file


def is_picture(path: Path) -> bool:
    """Whether `path` is read as a picture; any other file is tried as a video."""
    return path.suffix.lower() in picture.SUFFIXES


def find_inputs(named: Iterable[Path]) -> tuple[list[Path], list[MienError]]:
    """Replace folders by their pictures and videos; name each file once, in the user's order.

    Returns the files, and what is wrong with folders that gave none. Whether a file that was named
    itself can be read shows when it is read.
    """
    found: dict[Path, Path] = {}
    wrong: list[MienError] = []
    for path in named:
        try:
            files = _files(path) if path.is_dir() else [path]
        except MienError as error:
            wrong.append(error)
            continue
        for file in files:
            found.setdefault(file.resolve(), file)
    return list(found.values()), wrong


def _files(path: Path) -> list[Path]:
    readable = picture.SUFFIXES | video_file.SUFFIXES
    files = [file for file in folder.files_in(path) if file.suffix.lower() in readable]
    if not files:
        raise MienError(f"{path}: the folder holds no picture and no video; name another one")
    return files
