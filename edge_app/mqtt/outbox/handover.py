"""Events that the disk has not yet → a piece of memory that survives the process, and back."""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

from edge_app.closing import Closing

#: Bytes of each half: some two hundred events, of which seldom more than three wait.
HALF = 128 * 1024

_GENERATION = struct.Struct("<Q")
_LENGTH = struct.Struct("<I")


class Handover(Closing):
    """A file mapped into memory: SIGKILL leaves it as it is, and storing is a copy in memory.

    While one half goes to the disk, the other takes what comes. An entry counts once its length
    stands before it, which is stored last; a process killed in between leaves none.

    path: in a folder without a disk behind it, such as systemd's `$RUNTIME_DIRECTORY`.

    Raises:
        OSError: the file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            # Room now, since a page that cannot be had later is a SIGBUS.
            os.posix_fallocate(descriptor, 0, 2 * HALF)
            os.ftruncate(descriptor, 2 * HALF)
            self._mapped = mmap.mmap(descriptor, 2 * HALF)
        finally:
            os.close(descriptor)
        self._memory: mmap.mmap | bytearray = self._mapped
        self._generation = 0
        self._half = 0
        self._end = 0

    def left_behind(self) -> list[bytes]:
        """What a killed process had handed over, in order; some of it may be on the disk too."""
        halves = sorted((0, 1), key=self._generation_of)
        return [payload for half in halves for payload in self._entries(half)]

    def clear(self) -> None:
        """Begin empty: all that was left behind is on the disk."""
        for half in (0, 1):
            self._empty(half)
        self._half, self._end = 0, HALF
        self._open_half(0)

    def store(self, payload: bytes) -> bool:
        """Keep one event; False when there is no room. Never waits."""
        begin, end = self._end + _LENGTH.size, self._end + _LENGTH.size + len(payload)
        if end + _LENGTH.size > (self._half + 1) * HALF:
            return False
        self._memory[begin:end] = payload
        _LENGTH.pack_into(self._memory, end, 0)
        _LENGTH.pack_into(self._memory, self._end, len(payload))
        self._end = end
        return True

    def flip(self) -> None:
        """From now on store in the other half, if that one is empty."""
        other = 1 - self._half
        if self._is_empty(other) and not self._is_empty(self._half):
            self._open_half(other)

    def release(self) -> None:
        """All that was stored before the last flip is on the disk."""
        self._empty(1 - self._half)

    def hold(self, payloads: Iterable[bytes]) -> None:
        """Hold these instead of all that was stored: in order, as many as there is room for.

        They take their place in one copy, which a SIGKILL is unlikely to meet.
        """
        self._memory = bytearray(2 * HALF)
        try:
            self.clear()
            for payload in payloads:
                if not self.store(payload):
                    self.flip()
                    if not self.store(payload):
                        break
            self._mapped[:] = bytes(self._memory)
        finally:
            self._memory = self._mapped

    def close(self) -> None:
        """Let go of the memory; the file stays for the next process."""
        self._mapped.close()

    def _open_half(self, half: int) -> None:
        self._empty(half)
        self._generation += 1
        _GENERATION.pack_into(self._memory, half * HALF, self._generation)
        self._half, self._end = half, half * HALF + _GENERATION.size

    def _empty(self, half: int) -> None:
        _LENGTH.pack_into(self._memory, half * HALF + _GENERATION.size, 0)

    def _is_empty(self, half: int) -> bool:
        (length,) = _LENGTH.unpack_from(self._memory, half * HALF + _GENERATION.size)
        return not length

    def _generation_of(self, half: int) -> int:
        (generation,) = _GENERATION.unpack_from(self._memory, half * HALF)
        return int(generation)

    def _entries(self, half: int) -> Iterator[bytes]:
        position, limit = half * HALF + _GENERATION.size, (half + 1) * HALF
        while position + _LENGTH.size <= limit:
            (length,) = _LENGTH.unpack_from(self._memory, position)
            begin = position + _LENGTH.size
            if not length or begin + length > limit:
                return
            yield bytes(self._memory[begin : begin + length])
            position = begin + length
