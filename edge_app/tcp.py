"""A host and a port → a socket to the first of the name's addresses that answers."""

from __future__ import annotations

import os
import select
import socket
import time
from collections import deque
from collections.abc import Iterable
from typing import Any

#: How long an address is waited for before the next one is tried beside it (RFC 8305, section 5).
_NEXT_S = 0.25

#: What `getaddrinfo` says of an address: family, kind, protocol, a name, and where it is.
_Found = tuple[int, int, int, str, Any]


def connect(host: str, port: int, timeout_s: float) -> socket.socket:
    """Connect; the caller closes it. The socket's own timeout is `timeout_s`, too.

    timeout_s: for all addresses together, as one of a broken IPv6 never answers. The name server's
    time comes on top: nothing can end that.

    Raises:
        OSError: the name is not known, or no address answers; why the last one did not, if it says.
        ValueError: no name can be so.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    race = _Race()
    try:
        connection = race.run(found, time.monotonic() + timeout_s)
    finally:
        race.close()
    connection.settimeout(timeout_s)
    return connection


class _Race:
    """Connections that are being made beside each other."""

    def __init__(self) -> None:
        self._poll = select.poll()
        self._trying: dict[int, socket.socket] = {}
        self._error: OSError = TimeoutError("timed out")

    def run(self, found: Iterable[_Found], deadline_s: float) -> socket.socket:
        """The first that stands; it is the caller's.

        Raises:
            OSError: none does by then.
        """
        waiting = deque(found)
        next_s = now_s = time.monotonic()
        while (waiting or self._trying) and now_s < deadline_s:
            if waiting and (now_s >= next_s or not self._trying):
                self._begin(waiting.popleft())
                next_s = now_s + _NEXT_S
            wait_s = (min(next_s, deadline_s) if waiting else deadline_s) - now_s
            if self._trying and (first := self._first(wait_s)) is not None:
                return first
            now_s = time.monotonic()
        raise self._error

    def close(self) -> None:
        """End all that did not win."""
        for each in self._trying.values():
            each.close()

    def _begin(self, found: _Found) -> None:
        family, kind, protocol, _, place = found
        try:
            connection = socket.socket(family, kind, protocol)
        except OSError as error:
            # Of a family that this machine does not have.
            self._error = error
            return
        connection.settimeout(0)
        self._trying[connection.fileno()] = connection
        try:
            connection.connect(place)
        except BlockingIOError:
            pass
        except OSError as error:
            self._fail(connection.fileno(), error)
            return
        self._poll.register(connection.fileno(), select.POLLOUT)

    def _first(self, wait_s: float) -> socket.socket | None:
        """One that stands within that time; None as soon as one fails, too."""
        for descriptor, _ in self._poll.poll(max(0.0, wait_s) * 1000):
            connection = self._trying[descriptor]
            code = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            self._poll.unregister(descriptor)
            if not code:
                return self._trying.pop(descriptor)
            self._fail(descriptor, OSError(code, os.strerror(code)))
        return None

    def _fail(self, descriptor: int, error: OSError) -> None:
        self._error = error
        self._trying.pop(descriptor).close()
