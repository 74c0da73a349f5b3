"""A command on a pseudo-terminal of its own, as a person would have it."""

from __future__ import annotations

import fcntl
import os
import re
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Self

from tests.brokers import wait_until

#: The terminal becomes the session's own, so that Ctrl-C is a signal and passwords are not shown.
_PROGRAM = """
import fcntl, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from edge_app.cli import main
sys.exit(main())
"""

CTRL_C, CTRL_D = "\x03", "\x04"
_PATIENCE_S = 60.0


class TerminalSession:
    """Types answers when their question is there. screen: all that was shown."""

    def __init__(self, *words: str) -> None:
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, *words],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self.screen = ""
        self._read_until = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)

    def answer(self, question: str, text: str, *, end: str = "\n") -> None:
        """Wait for a question that was not answered yet, and type."""
        self._wait_for(question)
        # Between its prompt and its read, Python would notice a Ctrl-C only with the next key.
        wait_until(self._is_reading, _PATIENCE_S)
        os.write(self._master, (text + end).encode())

    def choose(self, question: str, words: str) -> None:
        """Choose the option that shows these words, whatever its number here is."""
        self._wait_for(question)
        began = self._read_until
        self._wait_for("Number")
        shown = self.screen[began : self._read_until]
        found = re.search(rf"^ *(\d+)  .*{re.escape(words)}", shown, re.MULTILINE)
        assert found is not None, shown
        os.write(self._master, f"{found[1]}\n".encode())

    def finish(self) -> int:
        """Read to the end; returns the exit code."""
        while self._read():
            pass
        return self._process.wait(_PATIENCE_S)

    def _is_reading(self) -> bool:
        stat = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii")
        return stat.rpartition(") ")[2].startswith("S")

    def _wait_for(self, text: str) -> None:
        while (found := self.screen.find(text, self._read_until)) < 0:
            assert self._read(), f"no {text!r} in: {self.screen}"
        # The prompt's end, too, comes before the typing.
        self._read_until = found + len(text)

    def _read(self) -> bool:
        deadline = time.monotonic() + _PATIENCE_S
        ready, _, _ = select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))
        assert ready, f"silence after: {self.screen}"
        try:
            data = os.read(self._master, 65536)
        except OSError:
            # Linux's word for the other side's end.
            return False
        self.screen += data.decode().replace("\r\n", "\n")
        return bool(data)
