"""An MJPEG stream over HTTP → its frames."""

from __future__ import annotations

import contextlib
import http.client
import logging
import re
import socket
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from email.message import Message

import numpy as np
from numpy.typing import NDArray

from edge_app.frames.http_authentication import Basic, Digest, UnknownAuthenticationError
from edge_app.frames.jpeg import DamagedPictureError, check_whole, decode_luma
from edge_app.frames.multipart import MultipartParser
from edge_app.frames.opencv_messages import silence_opencv
from edge_app.frames.source import Frame, FrameSource, RefusedLoginError, SourceError
from edge_app.frames.stream_address import StreamAddress

_LOG = logging.getLogger(__name__)

_MULTIPART = "multipart/"
_PIECE = 65_536
_REFUSALS = {401, 403}


class HttpMjpegSource(FrameSource):
    """Gray frames. `close` may be called by another thread: it ends a read that waits at once.

    OpenCV's own reader of such streams can only be ended by its timeout, and decodes the colours.
    """

    is_live = True

    def __init__(
        self,
        address: StreamAddress,
        *,
        timeout_s: float,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Ask for the stream; timeout_s: of the connection, and of every wait for bytes.

        Raises:
            RefusedLoginError: user and password are wrong, or missing.
            SourceError: nobody answers, or the answer is no MJPEG stream.
        """
        silence_opencv()
        self.name = address.name
        self._clock_ns, self._timestamp_ns = clock_ns, -1
        self._closed = threading.Event()
        self._sockets: list[socket.socket] = []
        try:
            url = _percent_encoded(address.url)
            self._response = _opener(address, self._sockets).open(url, timeout=timeout_s)
        except (OSError, http.client.HTTPException, ValueError) as error:
            # urllib keeps the answer in its error; its text may name the URL.
            if isinstance(error, urllib.error.HTTPError):
                error.close()
            self._shut()
            raise _failure(error)(f"{self.name}: {_reason(error)}") from None
        said = self._response.headers
        boundary = said.get_param("boundary") if isinstance(said, Message) else None
        if not said.get("content-type", "").lower().startswith(_MULTIPART) or not boundary:
            kind = said.get_content_type()
            self.close()
            raise SourceError(
                f"{self.name}: not an MJPEG stream ({kind}); name the camera's MJPEG URL"
            )
        self._parser = MultipartParser(str(boundary))
        self._parts: list[bytes] = []
        self._undecodable = self._interval_ns = 0

    @property
    def frames_damaged(self) -> int:
        """Pictures that are no JPEG, cut short or too large."""
        return self._undecodable + self._parser.dropped

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
        return None

    def close(self) -> None:
        """End the connection."""
        self._closed.set()
        self._shut()
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
            if (image := self._luma(part, is_due=is_due and frame is None)) is not None:
                self._timestamp_ns = max(now_ns, self._timestamp_ns + 1)
                frame = Frame(image, self._timestamp_ns)
                if not interval_ns:
                    break
        return frame

    def _receive(self) -> bytes:
        try:
            piece: bytes = self._response.read1(_PIECE)
        except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
            # The last two only where `close` took the response away meanwhile.
            if self._closed.is_set():
                return b""
            raise SourceError(f"{self.name}: {_reason(error)}") from None
        if not piece and not self._closed.is_set():
            raise SourceError(f"{self.name}: the stream ended; see whether the camera runs")
        return piece

    def _luma(self, part: bytes, *, is_due: bool) -> NDArray[np.uint8] | None:
        """The picture; None if it is damaged, or not due."""
        try:
            if is_due:
                return decode_luma(part)
            check_whole(part)
        except DamagedPictureError as error:
            self._undecodable += 1
            if self._undecodable == 1:
                _LOG.warning("%s: %s; such pictures are left out", self.name, error)
        return None

    def _shut(self) -> None:
        for each in self._sockets:
            # Not the TLS socket's own: that one takes apart what the reader still uses.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(each, socket.SHUT_RDWR)


def _opener(address: StreamAddress, sockets: list[socket.socket]) -> urllib.request.OpenerDirector:
    """Knows basic and digest authentication and redirections, and no proxy; keeps its sockets."""

    class Plain(http.client.HTTPConnection):
        def connect(self) -> None:
            super().connect()
            sockets.append(self.sock)

    class Secure(http.client.HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            sockets.append(self.sock)

    class PlainHandler(urllib.request.HTTPHandler):
        def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(Plain, req)

    class SecureHandler(urllib.request.HTTPSHandler):
        def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(Secure, req)

    passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    if address.user is not None:
        passwords.add_password(None, address.url, address.user, address.password or "")
    director = urllib.request.OpenerDirector()
    for handler in (
        PlainHandler(),
        SecureHandler(),
        urllib.request.HTTPRedirectHandler(),
        Digest(passwords),
        Basic(passwords),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
    ):
        director.add_handler(handler)
    return director


def _percent_encoded(url: str) -> str:
    """Path and query in ASCII, as HTTP carries them; what is ASCII already stays as it is."""
    parts = urllib.parse.urlsplit(url)
    path, query = (
        re.sub(
            r"[^\x00-\x7f]+",
            lambda found: urllib.parse.quote(found[0], errors="surrogateescape"),
            part,
        )
        for part in (parts.path, parts.query)
    )
    return urllib.parse.urlunsplit(parts._replace(path=path, query=query))


def _failure(error: Exception) -> type[SourceError]:
    is_refusal = isinstance(error, urllib.error.HTTPError) and error.code in _REFUSALS
    return RefusedLoginError if is_refusal else SourceError


def _reason(error: Exception) -> str:
    """One line without any part of the URL."""
    if isinstance(error, urllib.error.HTTPError):
        told = f"the camera refuses: {error.code}"
        return f"{told}; check user and password" if error.code in _REFUSALS else told
    if isinstance(error, UnknownAuthenticationError):
        return (
            "asks for an authentication that Mien does not know; set the camera to basic, or to"
            " digest by MD5"
        )
    if isinstance(error, UnicodeError):
        return "its host, user or password cannot be written in HTTP; check them"
    if isinstance(error, urllib.error.URLError) and isinstance(error.reason, OSError):
        error = error.reason
    if isinstance(error, TimeoutError):
        return "does not answer; see whether the camera runs"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}; see whether the camera runs"
    return f"the answer is no HTTP ({type(error).__name__})"
