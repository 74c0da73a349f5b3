"""A camera's demand for user and password → urllib's answer, or one error if there is none."""

from __future__ import annotations

import re
import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPMessage
from typing import IO, Any

_DEMAND, _ANSWER = "www-authenticate", "Authorization"
#: A header may hold several demands.
_BASIC = re.compile(r"(^|,)\s*basic\s", re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}
_STALE = re.compile(r"\bstale\s*=\s*\"?true", re.IGNORECASE)


class UnknownAuthenticationError(ValueError):
    """Neither basic nor a digest that urllib can make; it carries nothing of the demand."""


class Login(urllib.request.HTTPPasswordMgr):
    """User and password for every path of one place, and for no other place.

    Cameras lead from one path to another; another host, port or scheme may be anybody's.
    was_shown: whether there are any, and they were asked for.
    """

    def __init__(self, url: str, user: str | None, password: str | None) -> None:
        """url: in the place. user: None where there is none."""
        super().__init__()
        self._place = place(url)
        self._login = (None, None) if user is None else (user, password or "")
        self.was_shown = False

    def find_user_password(self, realm: str, authuri: str) -> tuple[str | None, str | None]:
        """What is shown there; twice None elsewhere."""
        del realm
        if place(authuri) != self._place:
            return None, None
        self.was_shown |= self._login[0] is not None
        return self._login


def place(url: str) -> str:
    """Scheme, host and port of a URL, as `scheme://host:port`."""
    parts = urllib.parse.urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}:{parts.port or _PORTS.get(parts.scheme)}"


class Digest(urllib.request.HTTPDigestAuthHandler):
    """Digest by MD5 or SHA-1, over the request's head alone. It is asked before `Basic`.

    An answer is given once, and once more where only its nonce was too old: many cameras lock an
    account after a few wrong ones, and urllib gives six.
    """

    _is_renewed = False

    def http_error_401(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage
    ) -> Any:
        """Answer the demand; None where that is another's part.

        Raises:
            UnknownAuthenticationError: nobody can answer it.
            HTTPError: it was answered, in vain.
        """
        if req.has_header(_ANSWER):
            is_stale = any(_STALE.search(each) for each in headers.get_all(_DEMAND, []))
            if self._is_renewed or not is_stale:
                raise urllib.error.HTTPError(req.full_url, code, msg, headers, fp)
            self._is_renewed = True
        try:
            return super().http_error_401(req, fp, code, msg, headers)
        except UnicodeError:
            raise
        except urllib.error.URLError as error:
            # Such an error with a text alone is about the demand; others are of the second request.
            if isinstance(error, urllib.error.HTTPError) or not isinstance(error.reason, str):
                raise
        except (ValueError, IndexError):
            # Another scheme, another algorithm, or a demand that urllib fails to take apart.
            pass
        if any(_BASIC.search(each) for each in headers.get_all(_DEMAND, [])):
            return None
        fp.close()
        raise UnknownAuthenticationError


class Basic(urllib.request.HTTPBasicAuthHandler):
    """User and password as they are."""

    def http_error_401(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage
    ) -> Any:
        """Answer the demand; None where it is for something else, or there is no password."""
        try:
            return super().http_error_401(req, fp, code, msg, headers)
        except UnicodeError:
            raise
        except ValueError:
            # A digest that nobody has a password for: urllib takes it for an unknown scheme.
            return None
