"""A client's TLS files → when their certificates end, and whether that is soon."""

from __future__ import annotations

import base64
import contextlib
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from edge_app.errors import UsageError
from edge_app.mqtt.tls import TlsFiles

#: So long before its end a certificate is to be renewed.
SOON_DAYS = 14

DAY_S = 86_400

#: How often files are looked at again: they may have been renewed.
_LOOK_S = 3600.0

_CERTIFICATE = re.compile(b"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)

# Tags of DER.
_VERSION, _UTC_TIME = 0xA0, 0x17


def ends_of(files: TlsFiles) -> dict[str, float]:
    """Setting → when its file is of no use any more, in seconds since 1970.

    Our certificate comes with those that lead to its authority, and each is needed; of the
    authorities that are trusted, one is enough.

    Raises:
        UsageError: a file cannot be read, or a certificate in it.
    """
    named = (("certificate_file", files.certificate, min), ("ca_file", files.ca, max))
    return {setting: which(_ends(file)) for setting, file, which in named if file is not None}


class CertificateEnds:
    """Whether one of them is soon, by the device's clock; looks once an hour.

    now_s: seconds since 1970. clock_s: seconds that never go back.
    """

    def __init__(
        self,
        files: TlsFiles,
        *,
        now_s: Callable[[], float] = time.time,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._files, self._now_s, self._clock_s = files, now_s, clock_s
        self._looked_s: float | None = None
        self._end_s = float("inf")

    def is_soon(self) -> bool:
        """False also where there are no files. One that cannot be read changes nothing."""
        if self._looked_s is None or self._clock_s() - self._looked_s >= _LOOK_S:
            self._looked_s = self._clock_s()
            # The next connection says of one that cannot be read what is wrong with it.
            with contextlib.suppress(UsageError):
                self._end_s = min(ends_of(self._files).values(), default=float("inf"))
        return self._end_s - self._now_s() < SOON_DAYS * DAY_S


def _ends(file: Path) -> list[float]:
    try:
        ends = [_end(base64.b64decode(each)) for each in _CERTIFICATE.findall(file.read_bytes())]
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error
    except (ValueError, IndexError) as error:
        raise UsageError(f"{file}: a certificate in it is damaged") from error
    if not ends:
        raise UsageError(f"{file}: no certificate in it")
    return ends


def _end(der: bytes) -> float:
    """A certificate's (RFC 5280, 4.1), which whoever uses it has checked."""
    ((_, certificate),) = _elements(der)
    ((_, signed), *_) = _elements(certificate)
    fields = [content for tag, content in _elements(signed) if tag != _VERSION]
    _serial, _algorithm, _issuer, validity, *_ = fields
    _, (tag, content) = _elements(validity)
    text = content.decode("ascii")
    if tag == _UTC_TIME:
        text = ("20" if text < "50" else "19") + text
    return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()


def _elements(der: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content, one after the other."""
    at = 0
    while at < len(der):
        tag, length, at = der[at], der[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(der[at : at + size]), at + size
        yield tag, der[at : at + length]
        at += length
