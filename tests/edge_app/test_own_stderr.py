from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.brokers import wait_until
from tests.edge_app.frames.mjpeg_server import MjpegServer, forever
from tests.edge_app.frames.pictures import jpeg

SPEAK = """
import faulthandler, logging, os, sys, threading
from edge_app.own_stderr import own_stderr
logging.basicConfig(format="%(message)s")
log = logging.getLogger("x")
native = lambda text: os.write(2, text + b"\\n")
native(b"before")
with own_stderr():
    native(b"meanwhile")
    log.warning("a line of ours")
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    if "dies" in sys.argv:
        os.abort()
native(b"after")
log.warning("another")
print(len(os.listdir("/proc/self/fd")))
1 / 0
"""


def spoken(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", SPEAK, *words],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_what_is_ours_is_heard_and_native_writing_is_not() -> None:
    done = spoken()
    lines = [line for line in done.stderr.splitlines() if line[:1].islower()]
    assert lines == ["before", "a line of ours", "after", "another"]
    assert done.stderr.count("ZeroDivisionError: ") == 2, "of a thread, and at the end"
    assert done.stdout.strip() == "4", "no descriptor is left open"


def test_a_crash_is_seen() -> None:
    done = spoken("dies")
    assert done.returncode == -signal.SIGABRT
    assert "Fatal Python error: Aborted" in done.stderr
    assert "meanwhile" not in done.stderr


def test_a_camera_whose_pictures_have_bytes_too_many_does_not_fill_the_log(tmp_path: Path) -> None:
    assert said_of(tmp_path / "quiet", {}) == ""
    assert "extraneous bytes" in said_of(tmp_path / "loud", {"OPENCV_LOG_LEVEL": "WARNING"})


def said_of(errors: Path, variables: dict[str, str]) -> str:
    """What `mien run` says until a camera has sent it fifty such pictures."""
    picture = jpeg(120, 160)
    picture = picture[:-2] + bytes(200) + picture[-2:]
    sent: list[bytes] = []

    def pieces() -> Iterator[bytes]:
        for piece in forever(picture):
            sent.append(piece)
            yield piece

    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENCV")}
    with MjpegServer(pieces) as camera, errors.open("wb") as file, subprocess.Popen(
        [sys.executable, "-m", "edge_app.cli", "run", "--source", camera.url, "--device", "desk"],
        stderr=file, stdout=subprocess.DEVNULL, env=kept | variables,
    ) as process:  # fmt: skip
        try:
            wait_until(lambda: len(sent) > 50)
        finally:
            process.terminate()
    assert process.returncode == 0
    return errors.read_text()
