from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge_app.standard_error import muted_stderr, sifted_stderr
from tests.brokers import wait_until
from tests.edge_app.frames.mjpeg_server import MjpegServer, forever
from tests.edge_app.frames.pictures import jpeg

SPEAK = """
import faulthandler, logging, os, sys, threading
from edge_app.standard_error import own_stderr
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


def test_native_writing_is_muted_and_comes_back(capfd: pytest.CaptureFixture[str]) -> None:
    os.write(2, b"before\n")
    with muted_stderr():
        os.write(2, b"meanwhile\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "before\nafter\n"


def test_muting_leaves_no_file_open_even_after_an_error() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        with pytest.raises(ZeroDivisionError), muted_stderr():
            raise ZeroDivisionError
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_what_is_no_chatter_is_passed_on(
    capfd: pytest.CaptureFixture[str],
) -> None:
    chat = "INFO: Created TensorFlow Lite XNNPACK delegate for CPU."
    news = ["ERROR: news", "INFO: a line of another thread", "INFO:root:another's", ""]
    with sifted_stderr(re.compile(rb"INFO: .*TensorFlow Lite").match):
        subprocess.run(["printf", r"%s\n", chat, *news], stdout=2, check=True)
    assert capfd.readouterr().err == "\n".join([*news, ""])


def test_threads_that_read_pictures_at_once_leave_standard_error_where_it_is(
    tmp_path: Path,
) -> None:
    picture = tmp_path / "picture.jpg"
    picture.write_bytes(jpeg(120, 160))
    program = """
import sys, threading
from pathlib import Path
from edge_app.frames.picture import read_picture

def read():
    all_there.wait()
    for _ in range(50):
        read_picture(Path(sys.argv[1]))

all_there = threading.Barrier(4)
threads = [threading.Thread(target=read) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("still here", file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(picture)], capture_output=True, text=True, check=True
    )
    assert done.stderr == "still here\n"


def test_without_standard_error_pictures_are_read_too(tmp_path: Path) -> None:
    picture = tmp_path / "picture.jpg"
    picture.write_bytes(jpeg(120, 160))
    program = (
        "import sys; from pathlib import Path; from edge_app.frames.picture import read_picture;"
        " print(read_picture(Path(sys.argv[1])).shape)"
    )
    words = ["sh", "-c", 'exec "$@" 2>&-', "sh", sys.executable, "-c", program, str(picture)]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "(120, 160, 3)\n")
