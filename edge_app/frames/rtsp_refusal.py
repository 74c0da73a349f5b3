"""An RTSP stream's address → why the camera refuses its login, which FFmpeg does not tell."""

from __future__ import annotations

import base64
import contextlib
import email
import re
import socket
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable

from edge_app.frames.http_authentication import Digest, Login
from edge_app.frames.source import RefusedLoginError, SourceError
from edge_app.frames.stream_address import StreamAddress
from edge_app.tcp import connect

_PORT = 554
_METHOD = "DESCRIBE"
_REFUSALS = {401, 403}
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
#: An answer's head, behind the body of the one before.
_HEAD = re.compile(rb"RTSP/\d\.\d (\d{3})[^\n]*\n?(.*)", re.DOTALL)
_LARGEST_ANSWER = 16_384


def rtsp_refusal(address: StreamAddress, timeout_s: float) -> SourceError | None:
    """Ask for the stream's description, showing the login once if one is asked for.

    timeout_s: in all, unless finding the host's addresses takes longer.

    A RefusedLoginError where it was shown, another where it was not asked for. None: it is not
    refused, or that cannot be told: of `rtsps://` FFmpeg checks no certificate, so nothing more is
    shown there.
    """
    parts = urllib.parse.urlsplit(address.url)
    if parts.scheme != "rtsp":
        return None
    failure: type[SourceError] = SourceError
    try:
        deadline_s = time.monotonic() + timeout_s
        with connect(parts.hostname or "", parts.port or _PORT, timeout_s) as connection:
            status, demands = _ask(connection, address.url, "", deadline_s)
            if status == 401 and address.user is not None:
                if not (answer := _answer(demands, address)):
                    return None
                failure = RefusedLoginError
                status, _ = _ask(connection, address.url, answer, deadline_s)
    except (OSError, ValueError):
        return None
    if status not in _REFUSALS:
        return None
    return failure(f"{address.name}: the camera refuses: {status}; check user and password")


def _ask(
    connection: socket.socket, url: str, authorization: str, deadline_s: float
) -> tuple[int, list[str]]:
    """The answer's status and demands; ValueError where it is none."""
    number = 2 if authorization else 1
    more = f"Authorization: {authorization}\r\n" if authorization else ""
    request = f"{_METHOD} {url} RTSP/1.0\r\nCSeq: {number}\r\nAccept: application/sdp\r\n{more}\r\n"
    connection.sendall(request.encode())
    said = b""
    while (head := _whole_head(said)) is None:
        connection.settimeout(max(0.001, deadline_s - time.monotonic()))
        piece = connection.recv(4096)
        said += piece
        if not piece or len(said) > _LARGEST_ANSWER:
            raise ValueError
    headers = email.message_from_bytes(head[2])
    return int(head[1]), [str(each) for each in headers.get_all("www-authenticate", [])]


def _whole_head(said: bytes) -> re.Match[bytes] | None:
    """The first that has ended, in time that grows as `said`: what answers may be anything."""
    *ended, _ = _BLANK_LINE.split(said)
    return next((head for each in ended if (head := _HEAD.search(each)) is not None), None)


def _answer(demands: Iterable[str], address: StreamAddress) -> str:
    """What shows user and password as one of the demands wants it; empty: nothing does."""
    request = urllib.request.Request(address.url, method=_METHOD)  # noqa: S310 - never opened
    request.selector = address.url
    digest = Digest(Login(address.url, address.user, address.password))
    schemes = [each.split(None, 1) for each in demands if " " in each]
    for scheme, challenge in schemes:
        if scheme.lower() == "digest":
            with contextlib.suppress(ValueError, IndexError, urllib.error.URLError):
                words = urllib.request.parse_keqv_list(urllib.request.parse_http_list(challenge))
                if said := digest.get_authorization(request, words):
                    return f"Digest {said}"
    if any(scheme.lower() == "basic" for scheme, _ in schemes):
        words_64 = base64.b64encode(f"{address.user}:{address.password or ''}".encode())
        return f"Basic {words_64.decode('ascii')}"
    return ""
