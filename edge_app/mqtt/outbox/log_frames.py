"""A database's write-ahead log → its frames, and how many of them SQLite takes.

The form: https://www.sqlite.org/fileformat2.html#walformat
"""

from __future__ import annotations

import struct
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Magic, version, size of a page, number of the checkpoint, two salts, two sums.
_HEADER: Final = struct.Struct(">8I")
_MAGIC, _VERSION = 0x377F0682, 3007000
#: What stands before each page: its number, the database's size in pages where a transaction ends
#: with it, two salts, two sums.
_FRAME_HEADER: Final = 24
#: What SQLite makes pages of where nobody asks for others.
PAGE_SIZE: Final = 4096
#: Frames that are read at once: a megabyte.
_PIECE: Final = 256
_MASK: Final = np.uint64(0xFFFFFFFF)


class Frame(NamedTuple):
    """One version of a page.

    page: 0 where nobody knows, or where it is left of an earlier log. ends: whether a transaction
    ends with it. place: of the page's bytes in the log. is_sound: its sums are right, as far as
    they hang on it and on the frame before.
    """

    page: int
    ends: bool
    place: int
    is_sound: bool


class Log(NamedTuple):
    """frames: all up to the last sound one that ends a transaction, of whatever is in between.

    taken: how many of them SQLite takes, which stops at the first that is not sound.
    """

    page_size: int
    is_header_sound: bool
    frames: list[Frame]
    taken: int

    @property
    def size_taken(self) -> int:
        """Bytes of the log that SQLite takes."""
        return _HEADER.size + self.taken * (_FRAME_HEADER + self.page_size)


def read_log(path: Path) -> Log | None:
    """Read a log once, from its beginning to its end. None: there is nothing in it.

    Raises:
        OSError: the disk does not give all of it back.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return None
    with file:
        header = file.read(_HEADER.size)
        if len(header) < _HEADER.size:
            return None
        magic, version, page_size, _, first, second, *sums = _HEADER.unpack(header)
        order = ">" if magic == _MAGIC + 1 else "<"
        words = np.frombuffer(header[:24], f"{order}u4").astype(np.uint64)
        is_sound = (
            magic in {_MAGIC, _MAGIC + 1}
            and version == _VERSION
            and (_sums(words[None], np.zeros((1, 2), np.uint64)) == sums).all()
        )
        page_size = page_size if is_sound else PAGE_SIZE
        salt = (first << 32 | second) if is_sound else None
        # What is left of a header tells nothing; the sums in it may.
        return _log(file, page_size, order, sums, salt)


def _log(file: BinaryIO, page_size: int, order: str, sums: list[int], salt: int | None) -> Log:
    """salt: of the frames that belong here; None where the header does not tell."""
    is_header_sound = salt is not None
    form = np.dtype(
        [
            ("head", f"{order}u4", 2),
            ("salt", ">u8"),
            ("sums", ">u4", 2),
            ("page", f"{order}u4", page_size // 4),
        ]
    )
    frames: list[Frame] = []
    before = np.array([sums], np.uint64)
    end = taken = 0
    is_taken = is_header_sound
    while len(piece := np.frombuffer(_whole(file.read(_PIECE * form.itemsize), form), form)):
        stored = piece["sums"].astype(np.uint64)
        before = np.concatenate([before, stored])
        words = np.concatenate([piece["head"], piece["page"]], axis=1).astype(np.uint64)
        are_right = (_sums(words, before[:-1]) == stored).all(axis=1)
        before = before[-1:]
        heads = piece["head"].view(">u4")
        for right, number, size, its_salt in zip(
            are_right.tolist(), *heads.T.tolist(), piece["salt"].tolist(), strict=True
        ):
            if right and salt is None and number:
                salt = its_salt
            is_sound = right and its_salt == salt and number > 0
            # A bit of the salts may have flipped, but not more: else it is of an earlier log.
            is_ours = is_sound or (salt is not None and (its_salt ^ salt).bit_count() <= 1)
            place = _HEADER.size + len(frames) * form.itemsize + _FRAME_HEADER
            frames.append(Frame(number * is_ours, size > 0 and is_ours, place, is_sound))
            is_taken = is_taken and is_sound
            if is_sound and size:
                end = len(frames)
                taken = end if is_taken else taken
    return Log(page_size, is_header_sound, frames[:end], taken)


def _whole(content: bytes, form: np.dtype[np.void]) -> bytes:
    return content[: len(content) // form.itemsize * form.itemsize]


def _sums(words: NDArray[np.uint64], before: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The two sums of each row of words, given those before it: [N, W], [N, 2] → [N, 2]."""
    weights, power = _weights(words.shape[1])
    return (words @ weights + before @ power) & _MASK


@lru_cache(maxsize=2)
def _weights(count: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """What each of so many words, and what each sum before, brings to the two sums.

    Of words a, b: s = s + a + t; t = t + b + s; which is linear, so all are done at once.
    """
    weights = np.empty((count, 2), np.uint64)
    power = np.eye(2, dtype=np.uint64)
    step = np.array([[1, 1], [1, 2]], np.uint64)
    pair = np.array([[1, 1], [0, 1]], np.uint64)
    for at in range(count - 2, -1, -2):
        weights[at : at + 2] = pair @ power & _MASK
        power = step @ power & _MASK
    return weights, power
