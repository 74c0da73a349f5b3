"""A reader → its file on the boot partition, read and checked, and what is told of a wrong one."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from edge_app.errors import MienError, UsageError

from .placing import erase
from .readers import Reader

#: More than any of the files has.
_MOST_BYTES = 256 * 1024
#: A card writes no less than this at once.
_SECTOR_BYTES = 512


@dataclass(frozen=True, slots=True)
class Dropped:
    """file: on the boot partition. text: what is to be written; a secret may be in it."""

    file: Path
    text: str = field(repr=False)


def find_dropped(boot: Path, reader: Reader) -> Dropped | None:
    """The reader's file, right by itself; None where there is none.

    Raises:
        UsageError: it is not what it should be, or there are two of it.
        OSError: it cannot be read.
    """
    found: dict[Path, bytes] = {}
    # Windows hides that a file ends in .txt.
    for file in (boot / reader.name, boot / f"{reader.name}.txt"):
        if file.is_file():
            found[file] = _stored(file, reader.name)
            if _was_taken(found[file]):
                erase(file)
                del found[file]
    if len(found) > 1:
        # The second one would be taken at the next start, over the first.
        raise UsageError(f"{reader.name}: {reader.name}.txt is there, too: remove one of the two")
    for file, stored in found.items():
        return Dropped(file, reader.read(_text(stored, reader.name)))
    return None


def why_not(error: Exception, name: str, boot: Path) -> str:
    """A line about a file that could not be taken. name: how it begins."""
    match error:
        case MienError():
            return str(error)
        case OSError():
            return f"{name}: {error.filename or boot}: {error.strerror}"
        case _:
            # Not its text, which may quote a secret.
            return f"{name}: reading it broke off ({type(error).__name__}); write it anew"


def _stored(file: Path, name: str) -> bytes:
    with file.open("rb") as stream:
        stored = stream.read(_MOST_BYTES + 1)
    if len(stored) > _MOST_BYTES:
        raise UsageError(f"{name}: larger than {_MOST_BYTES // 1024} KiB")
    return stored


def _was_taken(stored: bytes) -> bool:
    """Whether the power went while the file was erased: it is in its place already."""
    return bool(stored) and bytes(min(len(stored), _SECTOR_BYTES)) in stored


def _text(stored: bytes, name: str) -> str:
    try:
        # Editors on Windows write a byte order mark, and end lines in their own way.
        return stored.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise UsageError(f"{name}: not UTF-8 text: save it as such") from None
