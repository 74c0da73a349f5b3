"""An MJPEG stream over HTTP → its frames."""

from __future__ import annotations

import http.client
import select
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from email.message import Message

from edge_app.frames.http_authentication import Login, place
from edge_app.frames.http_opening import Connections, opener, percent_encoded
from edge_app.frames.http_refusal import is_refusal, reason
from edge_app.frames.jpeg import DamageLog, LumaDecoder
from edge_app.frames.keeping_up import KeepingUp
from edge_app.frames.multipart import MultipartParser
from edge_app.frames.opencv_messages import silence_opencv
from edge_app.frames.source import Frame, FrameSource, RefusedLoginError, SourceError
from edge_app.frames.stream_address import StreamAddress

_MULTIPART = "multipart/"
#: What else cameras have at their URLs. No other kind is told: what a camera says may be anything,
#: of any length, and another thing each time.
_OTHER_KINDS = {
    *("text/html", "text/plain", "text/xml", "application/json", "application/octet-stream"),
    *("image/jpeg", "image/png", "video/mp4", "application/sdp"),
}
_PIECE = 65_536
#: What an opening of several steps may take beyond the longest wait of one.
_STEPS_S = 2.0
#: Nothing came for so long: what came before is the newest. And the longest look for that.
_QUIET_MS, _MOST_CATCHING_UP_S = 2.0, 0.5


class HttpMjpegSource(FrameSource):
    """Gray frames. `close` may be called by another thread: it ends a read that waits at once.

    OpenCV's own reader of such streams can only be ended by its timeout, and decodes the colours.
    Where decoding does not keep up, pictures are left out, so that those read are the newest.
    """

    is_live = True

    def __init__(
        self,
        address: StreamAddress,
        *,
        timeout_s: float,
        damage_log: DamageLog | None = None,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Ask for the stream; timeout_s: of the connection, and of every wait for bytes.
        damage_log: of all openings of the stream.

        However the camera answers, this is over soon after timeout_s.

        Raises:
            RefusedLoginError: user and password were shown, and are wrong.
            SourceError: they are missing, nobody answers, or the answer is no MJPEG stream.
        """
        silence_opencv()
        self.name = address.name
        self._clock_ns, self._timestamp_ns = clock_ns, -1
        self._closed = threading.Event()
        self._place, self._connections = place(address.url), Connections()
        limit = threading.Timer(timeout_s + _STEPS_S, self._connections.end)
        limit.daemon = True
        limit.start()
        login = Login(address.url, address.user, address.password)
        try:
            url = percent_encoded(address.url)
            self._response = opener(login, self._connections).open(url, timeout=timeout_s)
        except (OSError, http.client.HTTPException, ValueError) as error:
            why = reason(TimeoutError() if self._connections.are_ended else error, self._place)
            # urllib keeps the answer in its error; its text may name the URL.
            if isinstance(error, urllib.error.HTTPError):
                error.close()
            self._connections.end()
            is_refused = login.was_shown and is_refusal(error, self._place)
            failure = RefusedLoginError if is_refused else SourceError
            raise failure(f"{self.name}: {why}") from None
        finally:
            limit.cancel()
        said = self._response.headers
        boundary = said.get_param("boundary") if isinstance(said, Message) else None
        if not said.get("content-type", "").lower().startswith(_MULTIPART):
            kind = said.get_content_type()
            told = f" ({kind})" if kind in _OTHER_KINDS else ""
            self.close()
            raise SourceError(
                f"{self.name}: not an MJPEG stream{told}; name the camera's MJPEG URL"
            )
        self._parser = MultipartParser(str(boundary or ""))
        self._parts: list[bytes] = []
        self._decoder, self._interval_ns = LumaDecoder(self.name, damage_log), 0
        self._keeping_up = KeepingUp()

    @property
    def frames_damaged(self) -> int:
        """Pictures that are no JPEG, cut short or too large."""
        return self._decoder.damaged + self._parser.dropped

    def want_every(self, interval_s: float) -> None:
        """Do not decode the pictures between, which is most of the work; damaged ones count."""
        self._interval_ns = round(interval_s * 1e9)

    def read(self) -> Frame | None:
        """Wait for the next picture that is due and whole; None when closed.

        Raises:
            SourceError: the stream ended, or nothing came within the timeout.
        """
        while not self._closed.is_set():
            if self._parts and (frame := self._take()) is not None:
                return frame
            self._parts = list(self._parser.feed(self._receive()))
            if self._keeping_up.is_behind:
                self._catch_up()
        return None

    def close(self) -> None:
        """End the connection."""
        self._closed.set()
        self._connections.end()
        # Whoever reads holds the response's lock until the shutdown reaches it.
        self._response.close()

    def _take(self) -> Frame | None:
        """The first whole picture of those that came together, or the newest if one is due.

        None: there is none, and they are gone.
        """
        now_ns, interval_ns = self._clock_ns(), self._interval_ns
        is_due = now_ns - self._timestamp_ns >= interval_ns
        frame: Frame | None = None
        while self._parts:
            # Where not every one is wanted, those before the newest would be late at once.
            part = self._parts.pop(-1 if interval_ns else 0)
            image = self._decoder.decode(part, is_due=is_due and frame is None)
            if image is not None:
                self._timestamp_ns = max(now_ns, self._timestamp_ns + 1)
                frame = Frame(image, self._timestamp_ns)
                if not interval_ns:
                    break
        return frame

    def _catch_up(self) -> None:
        """Keep only the newest picture of all that wait here, in the kernel and at the camera."""
        end_s = self._keeping_up.now_s() + _MOST_CATCHING_UP_S
        while True:
            for older in self._parts[:-1]:
                self._decoder.decode(older, is_due=False)
            self._parts = self._parts[-1:]
            if not self._is_more_waiting() or self._keeping_up.now_s() >= end_s:
                return
            self._parts += self._parser.feed(self._receive())

    def _is_more_waiting(self) -> bool:
        poll = select.poll()
        try:
            poll.register(self._response.fileno(), select.POLLIN)
        except (OSError, ValueError, AttributeError):
            # `close` took the response away meanwhile.
            return False
        return any(event & select.POLLIN for _, event in poll.poll(_QUIET_MS))

    def _receive(self) -> bytes:
        began_s = self._keeping_up.now_s()
        try:
            piece: bytes = self._response.read1(_PIECE)
        except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
            # The last two only where `close` took the response away meanwhile.
            if self._closed.is_set():
                return b""
            raise SourceError(f"{self.name}: {reason(error, self._place)}") from None
        if not piece and not self._closed.is_set():
            raise SourceError(f"{self.name}: the stream ended; see whether the camera runs")
        self._keeping_up.waited(self._keeping_up.now_s() - began_s)
        return piece
