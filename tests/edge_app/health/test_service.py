"""The daemon as a process of its own, under a service manager that is this test."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from pathlib import Path


def test_a_daemon_tells_its_manager_how_it_does(tmp_path: Path) -> None:
    heard: list[str] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(1)
        environment = {
            **os.environ,
            "NOTIFY_SOCKET": str(tmp_path / "notify"),
            "WATCHDOG_USEC": "400000",
            "STATE_DIRECTORY": str(tmp_path),
        }
        environment.pop("WATCHDOG_PID", None)
        with (
            (tmp_path / "events").open("wb") as events,
            subprocess.Popen(
                [sys.executable, "-m", "edge_app.cli", "run", "--source", "sample:"],
                env=environment,
                stdout=events,
            ) as daemon,
        ):
            try:
                deadline = time.monotonic() + 90
                while "STOPPING=1" not in heard and time.monotonic() < deadline:
                    with contextlib.suppress(TimeoutError):
                        heard.append(manager.recv(1000).decode())
                        if heard[-1] == "WATCHDOG=1" and heard.count("WATCHDOG=1") == 3:
                            daemon.terminate()
                assert daemon.wait(30) == 0
            finally:
                daemon.kill()
    assert heard[0].startswith("STATUS=starting")
    assert heard.index("READY=1") < heard.index("WATCHDOG=1")
    assert heard.count("READY=1") == 1
    assert heard[-1] == "STOPPING=1"
