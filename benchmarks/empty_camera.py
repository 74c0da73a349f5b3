"""An empty room before an MJPEG camera → the processor time of the whole `mien run`.

`python -m benchmarks.empty_camera` lets a process of its own watch a noisy still room over HTTP on
this machine. All that it does is in the figure: taking the stream apart, decoding, comparing, and
the looks every five seconds.
"""

from __future__ import annotations

import argparse
import http.server
import itertools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from benchmarks.as_command import exit_code
from benchmarks.clip_frames import clip_frames
from benchmarks.empty_scene import empty_images
from edge_app.errors import MienError

#: Width, height, frames a second: what Mien asks of a camera, and what one in the network may give.
CAMERAS = ((640, 480, 15.0), (1280, 720, 30.0))
#: Until the models are loaded and the room's noise is learnt.
_WARM_S = 15.0
_JPEG_QUALITY = 85
_PICTURES = 20


class Camera(http.server.ThreadingHTTPServer):
    """Gives JPEGs over and over, each at its time, to whoever asks; on loopback."""

    daemon_threads = True

    def __init__(self, pictures: Sequence[bytes], frames_per_second: float) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pictures, self.interval_s = pictures, 1.0 / frames_per_second

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_port}/"

    def parts(self) -> Iterator[bytes]:
        """What a connection is sent, without end."""
        due_s = time.monotonic()
        for picture in itertools.cycle(self.pictures):
            yield b"--x\r\nContent-Length: %d\r\n\r\n%b\r\n" % (len(picture), picture)
            due_s += self.interval_s
            time.sleep(max(0.0, due_s - time.monotonic()))


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Camera

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=x")
        self.end_headers()
        try:
            for part in self.server.parts():
                self.wfile.write(part)
        except OSError:
            return

    def log_message(self, *_: object) -> None:
        """Nobody wants to read it."""


def main(words: Sequence[str] | None = None) -> int:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="measured of each camera")
    arguments = parser.parse_args(words)
    sys.stdout.write("| camera | processor time a minute |\n|---|---:|\n")
    for width, height, frames_per_second in CAMERAS:
        spent_s = processor_s(width, height, frames_per_second, arguments.seconds)
        sys.stdout.write(
            f"| {width} x {height}, {frames_per_second:g} frames a second"
            f" | {60 * spent_s / arguments.seconds:.2f} s |\n"
        )
        sys.stdout.flush()
    return 0


def processor_s(width: int, height: int, frames_per_second: float, seconds: float) -> float:
    """Processor time that `mien run` takes in so many seconds."""
    (first,) = clip_frames(0.01, colour=True)
    room = np.asarray(cv2.resize(first.image, (width, height)), np.uint8)
    pictures = [
        bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1])
        for image in empty_images(room, _PICTURES)
    ]
    with Camera(pictures, frames_per_second) as camera:
        threading.Thread(target=camera.serve_forever, daemon=True).start()
        with subprocess.Popen(
            [sys.executable, "-m", "edge_app.cli", "run", "--source", camera.url],
            stdout=subprocess.DEVNULL,
        ) as daemon:
            try:
                time.sleep(_WARM_S)
                before_s = _spent_s(daemon.pid)
                time.sleep(seconds)
                after_s = _spent_s(daemon.pid)
                if daemon.poll() is not None:
                    raise MienError("the daemon ended before it was measured; its log says why")
            finally:
                daemon.terminate()
                daemon.wait(10)
        camera.shutdown()
    return after_s - before_s


def _spent_s(process: int) -> float:
    """Of user and system together, as proc_pid_stat(5) has them behind the command's name."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(exit_code(main))
