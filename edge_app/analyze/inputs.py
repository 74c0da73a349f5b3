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

    Returns the files, and what is wrong with folders that gave none, and with names behind which
    nothing can be. Whether a file that was named itself can be read shows when it is read.
    """
    found: dict[Path, Path] = {}
    wrong: list[MienError] = []
    for path in named:
        try:
            for file in _files(path) if path.is_dir() else [path]:
                found.setdefault(file.resolve(), file)
        except MienError as error:
            wrong.append(error)
        except OSError as error:
            wrong.append(MienError(f"{path}: {error.strerror}; name another file"))
        except RuntimeError:
            # What `resolve` raises before Python 3.13.
            wrong.append(MienError(f"{path}: a link that leads to itself; name another file"))
    return list(found.values()), wrong


def _files(path: Path) -> list[Path]:
    readable = picture.SUFFIXES | video_file.SUFFIXES
    files = [file for file in folder.files_in(path) if file.suffix.lower() in readable]
    if not files:
        raise MienError(f"{path}: the folder holds no picture and no video; name another one")
    return files
