"""A real Mosquitto for tests: its own configuration, a free port of the loopback, its own end."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from edge_app.mqtt.address import BrokerAddress

HOST = "127.0.0.1"


def wait_until(condition: Callable[[], object], timeout_s: float = 10.0) -> None:
    """Return as soon as the condition holds; fail when it never does."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s} s"
        time.sleep(0.005)


class MissingBrokerError(Exception):
    """Mosquitto is not installed."""


def find_program(name: str) -> str:
    """Debian puts daemons where a user's PATH does not look."""
    program = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        raise MissingBrokerError("install mosquitto: sudo apt install mosquitto")
    return program


def free_port() -> int:
    with socket.create_server((HOST, 0)) as listening:
        port: int = listening.getsockname()[1]
    return port


class Mosquitto:
    """One broker. `start` and `stop` may alternate; the port stays.

    passwords: by user; without any, everybody may come.
    lines: more of its configuration.
    """

    def __init__(
        self,
        folder: Path,
        *,
        passwords: Mapping[str, str] | None = None,
        lines: tuple[str, ...] = (),
    ) -> None:
        self._program = find_program("mosquitto")
        self._folder = folder
        self._lines = list(lines)
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        if passwords is None:
            self._lines.append("allow_anonymous true")
        else:
            self._lines += ["allow_anonymous false", f"password_file {self._hash(passwords)}"]

    @property
    def address(self) -> BrokerAddress:
        return BrokerAddress(HOST, self.port)

    @property
    def log(self) -> str:
        """What it said, through all of its starts."""
        return self._log_file.read_text(encoding="utf-8", errors="replace")

    def start(self) -> None:
        """Start and wait until it accepts connections."""
        for _ in range(3):
            self._write_configuration()
            with self._log_file.open("ab") as log:
                self._process = subprocess.Popen(
                    [self._program, "-c", str(self._folder / "mosquitto.conf")],
                    stdout=log,
                    stderr=log,
                )
            if self._wait_until_it_accepts():
                return
            # Another process was quicker to take the port.
            self.stop()
            self.port = free_port()
        raise AssertionError(f"Mosquitto does not start: {self.log}")

    def stop(self) -> None:
        """End it in order."""
        if self._process is not None:
            self.thaw()
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def kill(self) -> None:
        """End it like a power cut."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def freeze(self) -> None:
        """Have it keep its connections and do nothing, like a machine that hangs."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    @property
    def _log_file(self) -> Path:
        return self._folder / "mosquitto.log"

    def _write_configuration(self) -> None:
        lines = [f"listener {self.port} {HOST}", "log_dest stderr", *self._lines]
        if os.geteuid() == 0:
            lines.append("user root")  # else it steps down to a user who may not read the folder
        (self._folder / "mosquitto.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def _wait_until_it_accepts(self) -> bool:
        assert self._process is not None
        deadline = time.monotonic() + 10
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                with socket.create_connection((HOST, self.port), timeout=1):
                    return True
            except ConnectionRefusedError:
                time.sleep(0.01)
        return False

    def _hash(self, passwords: Mapping[str, str]) -> Path:
        file = self._folder / "users"
        file.touch(mode=0o600)
        for user, password in passwords.items():
            subprocess.run(
                [find_program("mosquitto_passwd"), "-b", str(file), user, password],
                check=True,
                capture_output=True,
            )
        return file
