"""The least RTSP server that FFmpeg plays from: one H.264 file, RTP in the same TCP connection.

python rtsp_server.py PORT: serves it again and again, to be killed.

RFC 2326 (RTSP), RFC 6184 (H.264 in RTP: single NAL units only, so each is below 64 KB).
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
import socketserver
import struct
import sys
import threading
from pathlib import Path
from typing import Self

#: ffmpeg -f lavfi -i testsrc=size=160x120:rate=10:duration=1 -c:v libx264 -bf 0 -g 5
#:   -pix_fmt yuv420p -crf 35 -bsf:v filter_units=remove_types=6 -f h264 stream_160x120.h264
CLIP = Path(__file__).with_name("stream_160x120.h264")
#: The same of 80x120 pixels with `-vf setsar=2`: they are twice as wide as high.
NARROW_CLIP = Path(__file__).with_name("stream_80x120_sar_2.h264")
_PARAMETERS = {7, 8}


class RtspServer(socketserver.ThreadingTCPServer):
    """rounds: how often the clip is sent; then silent, or gone if not `hold_open`.

    pace_s: between two pictures, which by their own times are a thirtieth of a second apart.
    scheme: Basic or Digest, by which `me` has to show `hunter2`; empty: anybody may look. logins:
    how many were shown. status: of every other description than that of somebody let in.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(
        self,
        *,
        port: int = 0,
        rounds: int = 10_000,
        hold_open: bool = False,
        scheme: str = "",
        pace_s: float = 0.02,
        clip: Path = CLIP,
    ) -> None:
        content = clip.read_bytes()
        self.units = [unit for unit in re.split(rb"\x00{2,3}\x01", content) if unit]
        self.rounds, self.hold_open, self.pace_s = rounds, hold_open, pace_s
        self.requests: list[str] = []
        self.scheme, self.logins, self.status = scheme, 0, "200 OK"
        self.released = threading.Event()
        super().__init__(("127.0.0.1", port), _Handler)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

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

    def description(self) -> str:
        sets = [unit for unit in self.units if unit[0] & 31 in _PARAMETERS][:2]
        words = ",".join(base64.b64encode(unit).decode() for unit in sets)
        return (
            "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n"
            f"a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1;sprop-parameter-sets={words}"
            "\r\na=control:track\r\n"
        )


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


class _Handler(socketserver.StreamRequestHandler):
    server: RtspServer

    def handle(self) -> None:
        while (line := self.rfile.readline().decode()) and not self.server.released.is_set():
            if line.startswith("$") or not line.strip():
                continue
            method = line.split()[0]
            headers = {}
            while header := self.rfile.readline().decode().strip():
                name, _, value = header.partition(":")
                headers[name.lower()] = value.strip()
            self.server.requests.append(method)
            if method == "DESCRIBE" and not self._is_let_in(line.split()[1], headers):
                continue
            self._answer(method, headers.get("cseq", "0"))
            if method == "PLAY":
                self._play()
                return

    def _is_let_in(self, url: str, headers: dict[str, str]) -> bool:
        """Whether it may be described; otherwise that was answered, with a body."""
        shown, scheme = headers.get("authorization", ""), self.server.scheme
        self.server.logins += bool(shown)
        status, challenge = self.server.status, ""
        if scheme and not self._is_right(url, shown):
            status = "401 Unauthorized"
            challenge = f'WWW-Authenticate: {scheme} realm="camera", nonce="7"\r\n'
        if status == "200 OK":
            return True
        number = headers.get("cseq", "0")
        head = f"RTSP/1.0 {status}\r\nCSeq: {number}\r\n{challenge}Content-Length: 2\r\n\r\n"
        self.wfile.write(head.encode() + b"no")
        return False

    def _is_right(self, url: str, shown: str) -> bool:
        if self.server.scheme == "Basic":
            return shown == "Basic " + base64.b64encode(b"me:hunter2").decode()
        who, what = _md5("me:camera:hunter2"), _md5(f"DESCRIBE:{url}")
        return f'response="{_md5(f"{who}:7:{what}")}"' in shown

    def _answer(self, method: str, number: str) -> None:
        body = self.server.description() if method == "DESCRIBE" else ""
        more = {
            "OPTIONS": "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n",
            "DESCRIBE": f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n",
            "SETUP": "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n",
            "PLAY": "Session: 1\r\n",
        }.get(method, "")
        self.wfile.write(f"RTSP/1.0 200 OK\r\nCSeq: {number}\r\n{more}\r\n{body}".encode())

    def _play(self) -> None:
        picture = 0
        rounds = itertools.repeat(self.server.units, self.server.rounds)
        for sequence, unit in enumerate(itertools.chain.from_iterable(rounds)):
            is_picture = unit[0] & 31 not in _PARAMETERS
            packet = struct.pack(
                "!BBHII", 0x80, 96 | is_picture << 7, sequence & 0xFFFF, picture * 3000, 7
            )
            self.wfile.write(struct.pack("!cBH", b"$", 0, len(packet + unit)) + packet + unit)
            picture += is_picture
            if is_picture and self.server.released.wait(self.server.pace_s):
                return
        if self.server.hold_open:
            self.server.released.wait()


if __name__ == "__main__":
    with RtspServer(port=int(sys.argv[1])) as server:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        server._thread.join()
