"""A Mosquitto of our own on loopback, for as long as something is measured with it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.loopback import HOST, comes_to_serve, end, free_port
from edge_app.errors import MienError
from edge_app.mqtt.address import BrokerAddress

#: Debian's is beside the programs of the administrator, where users' shells do not look.
_FOLDERS = "/usr/sbin:/usr/local/sbin:/usr/bin:/opt/homebrew/sbin"

#: On a busy machine.
_START_S, _END_S = 30.0, 30.0


def find_mosquitto() -> str | None:
    """Where it is installed, or None."""
    return shutil.which("mosquitto", path=_FOLDERS)


@contextmanager
def own_mosquitto(settings: str = "") -> Iterator[tuple[BrokerAddress, int]]:
    """Run one: its address and its process's id. settings: more lines for its configuration.

    Raises:
        MienError: it is not installed, or does not start.
    """
    program = find_mosquitto()
    if program is None:
        raise MienError("mosquitto is not installed: sudo apt install mosquitto")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="mien-bench-") as folder:
        configuration, log = Path(folder) / "mosquitto.conf", Path(folder) / "mosquitto.log"
        # That it serves is told as information, which no connection and no message adds to.
        configuration.write_text(
            f"listener {port} {HOST}\nallow_anonymous true\nlog_dest stderr\n"
            f"log_type error\nlog_type information\n{settings}",
            encoding="utf-8",
        )
        with (
            log.open("wb") as said,
            subprocess.Popen([program, "-c", str(configuration)], stderr=said) as process,
        ):
            try:
                if not comes_to_serve(
                    process, port, log=log, serving=" running\n", within_s=_START_S
                ):
                    raise MienError(f"mosquitto did not start: {_last_line(log)}")
                yield BrokerAddress(HOST, port), process.pid
            finally:
                end(process, _END_S)


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return lines[-1] if lines else "run it by hand to see why"
