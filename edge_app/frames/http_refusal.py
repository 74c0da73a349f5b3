"""What went wrong with a camera's HTTP → why, and what to do, in one line."""

from __future__ import annotations

import re
import socket
import ssl
import urllib.error

from edge_app.frames.http_authentication import UnknownAuthenticationError, place
from edge_app.frames.http_opening import OtherHostError

_REFUSALS = {401, 403}
_HOST = re.compile(r"[A-Za-z0-9.:-]{1,80}")
#: OpenSSL's codes for a host and for an address that the certificate does not name.
_OTHER_NAME = {62, 64}
_MANUAL = "name its MJPEG URL, as its manual has it"
#: What else a camera answers → what that says, and what to do.
_ANSWERS = {
    404: f", it has nothing at this path; {_MANUAL}",
    503: ", perhaps for want of room for one more viewer; end others, or restart it",
}


def is_refusal(error: Exception, asked: str) -> bool:
    """Whether the place that was asked says no to whoever asks."""
    if not isinstance(error, urllib.error.HTTPError) or error.code not in _REFUSALS:
        return False
    return place(error.url) == asked


def reason(error: Exception, asked: str) -> str:
    """One line without any part of the URL. asked: the place that was asked for."""
    if isinstance(error, (urllib.error.HTTPError, OtherHostError)):
        return _refusal(error, asked)
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
        return _no_connection(error)
    return f"the answer is no HTTP ({type(error).__name__}); check the port, or {_MANUAL}"


def _no_connection(error: OSError) -> str:
    if not isinstance(error, ssl.SSLCertVerificationError):
        is_name = isinstance(error, socket.gaierror)
        advice = "check the host's name" if is_name else "see whether the camera runs"
        return f"{error.strerror}; {advice}"
    if error.verify_code in _OTHER_NAME:
        return "its certificate is for another name; name the camera as the certificate does"
    return (
        f"its certificate is not trusted ({error.verify_message}); if the camera signed it itself,"
        " name a copy of it in SSL_CERT_FILE"
    )


def _refusal(error: urllib.error.HTTPError | OtherHostError, asked: str) -> str:
    if isinstance(error, OtherHostError):
        # As the camera says it, which may be anything.
        host = f", {error.host}" if _HOST.fullmatch(error.host) else ""
        return f"leads to another host{host}; name that one's URL if it is meant"
    told = f"the camera refuses: {error.code}"
    if error.code not in _REFUSALS:
        return told + _ANSWERS.get(error.code, f"; {_MANUAL}")
    if (other := place(error.url)) != asked:
        return f"{told}; it led to {other}, where no password is shown; name that URL"
    return f"{told}; check user and password"
