"""A library that does not show its connections → whether much waits that it has yet to read."""

from __future__ import annotations

import array
import contextlib
import fcntl
import os
import socket
import termios
from pathlib import Path
from typing import Self

_OPEN_FILES = Path("/proc/self/fd")
#: Bytes: a moment's sound, or the beginning of the next picture. Two seconds of pictures are more.
_LITTLE = 8192


class Connection:
    """`with` what opens one to that port: the one that is there behind it and was not before."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._before: set[tuple[int, str]] = set()
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        self._before = _sockets()
        return self

    def __exit__(self, *_: object) -> None:
        opened = [descriptor for descriptor, _ in _sockets() - self._before]
        self._descriptor = next((each for each in opened if self._leads_there(each)), None)

    def is_more_waiting(self) -> bool:
        """Whether more than _LITTLE was received and not read; False without such a connection.

        Only while the library has it open: afterwards its number may be another file's.
        """
        if self._descriptor is None:
            return False
        waiting = array.array("i", [0])
        with contextlib.suppress(OSError):
            fcntl.ioctl(self._descriptor, termios.FIONREAD, waiting)
        return waiting[0] > _LITTLE

    def _leads_there(self, descriptor: int) -> bool:
        try:
            with socket.socket(fileno=os.dup(descriptor)) as connection:
                is_internet = connection.family in {socket.AF_INET, socket.AF_INET6}
                return is_internet and connection.getpeername()[1] == self._port
        except OSError:
            # Closed meanwhile, or a socket that waits for connections.
            return False


def _sockets() -> set[tuple[int, str]]:
    """The sockets of this process: their numbers, and what the kernel calls them."""
    found = set()
    for descriptor in _OPEN_FILES.iterdir():
        # Others come and go, such as that of this list.
        with contextlib.suppress(OSError):
            name = str(descriptor.readlink())
            if name.startswith("socket:"):
                found.add((int(descriptor.name), name))
    return found
