"""A root shell on a serial line of the guest → commands and what they answer.

The guest needs no account, network or program for it: systemd puts its debug shell there when the
kernel's command line says so, early, and whatever else works.
"""

from __future__ import annotations

import base64
import contextlib
import secrets
import socket
import time
from pathlib import Path

from edge_app.closing import Closing

#: For the kernel's command line: the shell speaks on the first PCI serial port, and nobody is asked
#: to log in on the other.
OPTIONS = (
    "systemd.debug_shell systemd.default_debug_tty=ttyS0 systemd.mask=serial-getty@ttyAMA0.service"
)
#: A terminal takes lines of 4,095 characters at most.
_PIECE = 3000


class CommandFailedError(AssertionError):
    """The guest's command ended with another exit code than 0."""


class Shell(Closing):
    """path: QEMU's Unix socket of the serial line."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(str(path))
        self._heard = b""

    def close(self) -> None:
        self._socket.close()

    def wait_until_it_answers(self, timeout_s: float) -> None:
        """The guest boots: ask until somebody is there."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            with contextlib.suppress(TimeoutError):
                self._ask("stty -echo; PS1=; PS2=", 3.0)
                return
        raise AssertionError(f"no shell within {timeout_s:g} s")

    def run(self, command: str, timeout_s: float = 60.0) -> str:
        """What `sh -c` of it wrote on both outputs.

        Raises:
            CommandFailedError: its exit code is not 0.
            TimeoutError: no end within `timeout_s`.
        """
        self.put_file("/run/asked", command.encode())
        code = self._ask("sh /run/asked </dev/null >/run/answer 2>&1", timeout_s)
        said = self._answer("base64 -w 0 /run/answer", 30.0)
        text = base64.b64decode(said).decode(errors="replace")
        if code:
            raise CommandFailedError(f"{command}: exit code {code}\n{text}")
        return text

    def put_file(self, path: str, content: bytes) -> None:
        """Write a file, whole or not at all; its folder must be there."""
        text = base64.b64encode(content).decode()
        self._ask(": >/run/sent", 30.0)
        for start in range(0, len(text), _PIECE):
            self._ask(f"printf %s {text[start : start + _PIECE]} >>/run/sent", 30.0)
        if code := self._ask(f"base64 -d /run/sent >{path}", 30.0):
            raise CommandFailedError(f"{path}: cannot be written ({code})")

    def _ask(self, line: str, timeout_s: float) -> int:
        """Exit code of one line whose output nobody wants."""
        return int(self._answer(f"{line}; echo $?", timeout_s).split()[-1])

    def _answer(self, line: str, timeout_s: float) -> bytes:
        token = secrets.token_hex(6)
        # Taken apart, so that an echo of the line is no answer.
        self._socket.sendall(f"echo; echo 'b''{token}'; {line}; echo; echo 'e''{token}'\n".encode())
        begin, end = f"b{token}".encode(), f"e{token}".encode()
        deadline = time.monotonic() + timeout_s
        while end not in self._heard:
            self._socket.settimeout(max(0.01, deadline - time.monotonic()))
            if not (piece := self._socket.recv(65_536)):
                raise ConnectionError("the machine went away")
            self._heard += piece
        said, _, self._heard = self._heard.partition(end)
        return said.partition(begin)[2].strip()
