"""A camera's URL, user and password → its answer, over connections that any thread may end."""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import ssl
import urllib.parse
import urllib.request
from typing import IO, Any

from edge_app.frames.http_authentication import Basic, Digest, Login
from edge_app.tcp import connect


class Connections:
    """The sockets of one opening, which any thread may end, with those that are yet to come."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []
        self.are_ended = False

    def add(self, connection: socket.socket) -> None:
        """Raises TimeoutError where they are ended."""
        self._sockets.append(connection)
        if self.are_ended:
            raise TimeoutError

    def end(self) -> None:
        """Whoever reads reads the end."""
        self.are_ended = True
        for each in tuple(self._sockets):
            # Not the TLS socket's own: that one takes apart what the reader still uses.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(each, socket.SHUT_RDWR)


class _Connection(http.client.HTTPConnection):
    """With one timeout for all of a host's addresses: http.client waits for each."""

    def connect(self) -> None:
        self.sock = connect(self.host, self.port, self.timeout or 0.0)


class OtherHostError(ValueError):
    """The camera leads to a host that nobody named, which may be anybody's. host: as it says."""

    def __init__(self, host: str) -> None:
        super().__init__()
        self.host = host


class _Redirect(urllib.request.HTTPRedirectHandler):
    """Follows on the same host, without what else the camera says there, which may have no end."""

    def http_error_302(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
    ) -> Any:
        """Ask for the other URL; None where none is named."""
        # urllib reads to the end of what is still open.
        fp.close()
        return super().http_error_302(req, fp, code, msg, headers)

    def redirect_request(  # noqa: PLR0917 - urllib's
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """As urllib's.

        Raises:
            OtherHostError: it is not the camera any more, which is not to choose whom else in this
                network we ask for something.
            ValueError: the URL is none.
        """
        asked, other = (urllib.parse.urlsplit(each) for each in (req.full_url, newurl))
        _ = other.port
        if other.hostname != asked.hostname:
            raise OtherHostError(other.hostname or "")
        return super().redirect_request(req, fp, code, msg, headers, newurl)

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


def opener(login: Login, connections: Connections) -> urllib.request.OpenerDirector:
    """Knows basic and digest authentication and redirections, and no proxy."""

    class Plain(_Connection):
        def connect(self) -> None:
            super().connect()
            connections.add(self.sock)

    class Secure(http.client.HTTPSConnection, _Connection):
        def connect(self) -> None:
            super().connect()
            connections.add(self.sock)

    class PlainHandler(urllib.request.HTTPHandler):
        def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(Plain, req)

    class SecureHandler(urllib.request.HTTPSHandler):
        def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
            context = ssl.create_default_context()
            # Python 3.13 would refuse most certificates that a camera signed itself, though they be
            # trusted: they do not say what their key is for.
            context.verify_flags &= ~ssl.VERIFY_X509_STRICT
            return self.do_open(Secure, req, context=context)

    director = urllib.request.OpenerDirector()
    for handler in (
        PlainHandler(),
        SecureHandler(),
        _Redirect(),
        Digest(login),
        Basic(login),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.HTTPDefaultErrorHandler(),
    ):
        director.add_handler(handler)
    return director


def percent_encoded(url: str) -> str:
    """Path and query in ASCII, as HTTP carries them; what is ASCII already stays as it is."""
    parts = urllib.parse.urlsplit(url)
    path, query = (
        re.sub(r"[^\x00-\x7f]+", lambda found: urllib.parse.quote(found[0]), part)
        for part in (parts.path, parts.query)
    )
    return urllib.parse.urlunsplit(parts._replace(path=path, query=query))
