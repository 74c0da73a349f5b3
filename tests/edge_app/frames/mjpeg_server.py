"""An MJPEG camera on loopback: in this process for fuzzing, or one of its own, to be killed.

python mjpeg_server.py PORT PICTURE: serves that JPEG again and again.
"""

from __future__ import annotations

import http.server
import itertools
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Self

BOUNDARY = "frame"


def part(picture: bytes, *, length: int | None = None) -> bytes:
    """A part as most cameras send it; length: what it claims, if it is not the truth."""
    claimed = len(picture) if length is None else length
    return (
        f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {claimed}\r\n\r\n".encode()
        + picture
        + b"\r\n"
    )


def forever(picture: bytes, pause_s: float = 0.02) -> Iterator[bytes]:
    for _ in itertools.count():
        yield part(picture)
        time.sleep(pause_s)


class MjpegServer(http.server.ThreadingHTTPServer):
    """pieces: makes what one connection is sent. connections: how many came; paths: for what."""

    daemon_threads = True

    def __init__(
        self,
        pieces: Callable[[], Iterable[bytes]],
        port: int = 0,
        *,
        content_type: str = f"multipart/x-mixed-replace; boundary={BOUNDARY}",
        challenge: str = "",
        is_open: bool = True,
        hold_open: bool = False,
        moved: Mapping[str, str] | None = None,
        moved_status: int = 302,
        status: int = 200,
    ) -> None:
        """challenge: asked of whoever brings no authorization, or of all, unless is_open.
        hold_open: do not end, be silent. moved: paths to where each leads, without end, with
        moved_status. status: of every other answer.
        """
        self.is_open = is_open
        self.pieces, self.content_type, self.challenge = pieces, content_type, challenge
        self.authorizations: list[str] = []
        self.connections = 0
        self.paths: list[str] = []
        self.hold_open = hold_open
        self.moved, self.moved_status = {} if moved is None else moved, moved_status
        self.status, self.released = status, threading.Event()
        super().__init__(("127.0.0.1", port), _Handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/video.mjpg"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self.shutdown()
        self.server_close()
        self._thread.join(10)

    def handle_error(self, *_: object) -> None:
        """Clients that go away are what is tested."""


class _Handler(http.server.BaseHTTPRequestHandler):
    server: MjpegServer

    def do_GET(self) -> None:
        self.server.connections += 1
        self.server.paths.append(self.path)
        said = self.headers.get("Authorization", "")
        self.server.authorizations.append(said)
        if self.path in self.server.moved:
            self.send_response(self.server.moved_status)
            self.send_header("Location", self.server.moved[self.path])
            self.end_headers()
            while not self.server.released.is_set():
                self.wfile.write(bytes(1 << 16))
            return
        if self.server.challenge and not (said and self.server.is_open):
            self.send_response(401)
            self.send_header("WWW-Authenticate", self.server.challenge)
            self.end_headers()
            return
        self.send_response(self.server.status)
        self.send_header("Content-Type", self.server.content_type)
        self.end_headers()
        for piece in self.server.pieces():
            if self.server.released.is_set():
                return
            self.wfile.write(piece)
        if self.server.hold_open:
            self.server.released.wait()

    def log_message(self, *_: object) -> None:
        """Not a word."""


if __name__ == "__main__":
    picture = Path(sys.argv[2]).read_bytes()
    with MjpegServer(lambda: forever(picture), int(sys.argv[1])) as server:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        server._thread.join()
