"""A Mosquitto of our own on loopback, for as long as something is measured with it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edge_app.errors import MienError
from edge_app.mqtt.address import BrokerAddress

#: Debian's is beside the programs of the administrator, where users' shells do not look.
_FOLDERS = "/usr/sbin:/usr/local/sbin:/usr/bin:/opt/homebrew/sbin"


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
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="mien-bench-") as folder:
        configuration = Path(folder) / "mosquitto.conf"
        configuration.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\nlog_type error\n{settings}",
            encoding="utf-8",
        )
        with subprocess.Popen([program, "-c", str(configuration)]) as process:
            try:
                _wait_for(port, process)
                yield BrokerAddress("127.0.0.1", port), process.pid
            finally:
                process.terminate()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(500):
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise MienError("mosquitto did not start; run it by hand to see why")
