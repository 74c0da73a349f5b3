"""Real brokers for tests: each its own configuration, a free port of the loopback, its own end."""

from __future__ import annotations

import abc
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.loopback import HOST, comes_to_serve, end, free_port
from edge_app.mqtt.address import BrokerAddress


def wait_until(condition: Callable[[], object], timeout_s: float = 30.0) -> None:
    """Return as soon as the condition holds; fail when it never does.

    The default is for a machine that is busy with other things. Once it has failed, what the
    test leaves behind ends within pytest's own limit, which would not say what failed.
    """
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {timeout_s} s"
        time.sleep(0.005)


class MissingBrokerError(Exception):
    """A program that a broker needs is not installed."""


#: Program → the Debian package it comes in, where that has another name.
_PACKAGES = {"mosquitto_passwd": "mosquitto", "epmd": "rabbitmq-server"}


def find_program(name: str) -> str:
    """Debian puts daemons where a user's PATH does not look."""
    program = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        package = _PACKAGES.get(name, name)
        raise MissingBrokerError(f"install {package}: sudo apt install {package}")
    return program


class Broker(abc.ABC):
    """One broker. `start` and `stop` may alternate; the port stays.

    folder: where everything it writes goes.
    """

    #: From the start of the process to the first connection; a busy machine takes its time.
    start_s = 30.0

    #: From the first request to end to the end.
    stop_s = 30.0

    #: What its log says once it serves.
    serving: str

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    @abc.abstractmethod
    def _write_configuration(self) -> None:
        """Write what `_command` needs, for the present port."""

    @abc.abstractmethod
    def _command(self) -> list[str]:
        """The program and its arguments; it must stay in the foreground."""

    def _environment(self) -> dict[str, str]:
        return dict(os.environ)

    @property
    def address(self) -> BrokerAddress:
        return BrokerAddress(HOST, self.port)

    @property
    def log(self) -> str:
        """What it said, through all of its starts."""
        return self._log_file.read_text(encoding="utf-8", errors="replace")

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start and wait until it accepts connections."""
        for _ in range(3):
            self.launch()
            if self.wait_until_it_accepts():
                return
            # Another process was quicker to take the port.
            self.stop()
            self.port = free_port()
        raise AssertionError(f"{type(self).__name__} does not start: {self.log}")

    def launch(self) -> None:
        """Start without waiting."""
        self._write_configuration()
        with self._log_file.open("ab") as log:
            self._log_began = log.tell()
            self._process = subprocess.Popen(
                self._command(), stdout=log, stderr=log, env=self._environment()
            )

    def wait_until_it_accepts(self) -> bool:
        """Whether it does, in time; at once when it ended instead."""
        assert self._process is not None
        return comes_to_serve(
            self._process,
            self.port,
            log=self._log_file,
            began=self._log_began,
            serving=self.serving,
            within_s=self.start_s,
        )

    def stop(self) -> None:
        """End it in order; by force where it does not heed that, and fail."""
        if self._process is None:
            return
        process, self._process = self._process, None
        assert end(process, self.stop_s), f"{type(self).__name__} does not end"

    def kill(self) -> None:
        """End it like a power cut."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def close(self) -> None:
        """End it for good."""
        self.stop()

    def freeze(self) -> None:
        """Have it keep its connections and do nothing, like a machine that hangs."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    @property
    def _log_file(self) -> Path:
        return self._folder / "broker.log"


class Mosquitto(Broker):
    """Mosquitto of the system.

    passwords: by user; without any, everybody may come.
    lines: more of its configuration.
    """

    serving = " running\n"

    def __init__(
        self,
        folder: Path,
        *,
        passwords: Mapping[str, str] | None = None,
        lines: tuple[str, ...] = (),
    ) -> None:
        super().__init__(folder)
        self._program = find_program("mosquitto")
        self._lines = list(lines)
        if passwords is None:
            self._lines.append("allow_anonymous true")
        else:
            self._lines += ["allow_anonymous false", f"password_file {self._hash(passwords)}"]

    def restart_with(self, *lines: str) -> None:
        """Stop it, and start it with more of its configuration."""
        self.stop()
        self._lines += lines
        self.start()

    def restrict(self, rules: str) -> Path:
        """Likewise, with access rules and a log that tells of them. Returns the rules' file."""
        file = self._folder / "rules"
        file.write_text(rules, encoding="utf-8")
        file.chmod(0o600)
        self.restart_with(f"acl_file {file}", "log_type all")
        return file

    def _command(self) -> list[str]:
        return [self._program, "-c", str(self._folder / "mosquitto.conf")]

    def _write_configuration(self) -> None:
        lines = [f"listener {self.port} {HOST}", "log_dest stderr", *self._lines]
        if os.geteuid() == 0:
            lines.append("user root")  # else it steps down to a user who may not read the folder
        (self._folder / "mosquitto.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")

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
