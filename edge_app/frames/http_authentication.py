"""A camera's demand for user and password → urllib's answer, or one error if there is none."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from http.client import HTTPMessage
from typing import IO, Any

_DEMAND = "www-authenticate"
#: A header may hold several demands.
_BASIC = re.compile(r"(^|,)\s*basic\s", re.IGNORECASE)


class UnknownAuthenticationError(ValueError):
    """Neither basic nor a digest that urllib can make; it carries nothing of the demand."""


class Digest(urllib.request.HTTPDigestAuthHandler):
    """Digest by MD5 or SHA-1, over the request's head alone. It is asked before `Basic`."""

    def http_error_401(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage
    ) -> Any:
        """Answer the demand; None where that is another's part.

        Raises:
            UnknownAuthenticationError: nobody can answer it.
        """
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
        """Answer the demand; None where it is for something else, or for another password."""
        try:
            return super().http_error_401(req, fp, code, msg, headers)
        except UnicodeError:
            raise
        except ValueError:
            # A digest that was answered in vain: urllib takes it for an unknown scheme.
            return None
