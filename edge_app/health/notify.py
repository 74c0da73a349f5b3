"""What the service does → datagrams to systemd, as sd_notify(3) describes them.

Ours, and no package: the protocol is one datagram of `NAME=value` lines to the socket that
`$NOTIFY_SOCKET` names, promised to stay as it is, and the packages for it bind libsystemd in C or
are as long as this file.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from typing import Self

from edge_app.closing import Closing

_LONGEST_STATUS = 200


class Notifier(Closing):
    """Speaks to the service manager, or to nobody where there is none.

    A message that cannot be sent is dropped: a manager that does not listen is no reason to stop.
    Each method that sends returns whether the message was sent; True where there is no manager.
    """

    def __init__(self, address: str, watchdog_s: float | None = None) -> None:
        """address: of a datagram socket, `@` before an abstract one; empty: nobody listens.

        watchdog_s: the service is killed unless it is fed within as many seconds; None: it is not.
        """
        self.watchdog_s = watchdog_s
        self._socket: socket.socket | None = None
        if address.startswith(("/", "@")):
            self._address = "\0" + address[1:] if address[0] == "@" else address
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            # A manager that hangs with its buffer full must not hold the frame loop up.
            self._socket.settimeout(0)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], *, pid: int | None = None) -> Self:
        """As systemd tells a service; pid: this process's, whom the watchdog must be meant for."""
        usec, meant = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID")
        is_meant = meant is None or meant == str(os.getpid() if pid is None else pid)
        is_number = usec.isascii() and usec.isdecimal() and int(usec) > 0
        return cls(
            environ.get("NOTIFY_SOCKET", ""),
            int(usec) / 1e6 if is_number and is_meant else None,
        )

    def ready(self) -> bool:
        """Say that the service has begun its work; the watchdog counts from here."""
        return self._send("READY=1")

    def begins_within(self, seconds: float) -> bool:
        """Ask to be given so long from now until the work begins, where the unit gives less."""
        return self._send(f"EXTEND_TIMEOUT_USEC={seconds * 1e6:.0f}")

    def feed(self) -> bool:
        """Give the watchdog another term."""
        return self._send("WATCHDOG=1")

    def say(self, status: str) -> bool:
        """What `systemctl status` shows: one line."""
        return self._send(f"STATUS={' '.join(status.split())[:_LONGEST_STATUS]}")

    def stopping(self) -> bool:
        """Say that the service is on its way out."""
        return self._send("STOPPING=1")

    def close(self) -> None:
        """Say nothing more."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, line: str) -> bool:
        if self._socket is not None:
            try:
                self._socket.sendto(line.encode(), self._address)
            except OSError:
                return False
        return True
