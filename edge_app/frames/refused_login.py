"""Openings of a camera that refuses a user and password → fewer, so that it locks no account."""

from __future__ import annotations

import time
from collections.abc import Callable

from edge_app.errors import UsageError
from edge_app.frames.source import FrameSource, RefusedLoginError, SourceError
from edge_app.frames.stream_address import StreamAddress

#: Until the same login is shown again: the first wait doubles up to the longest. Cameras lock an
#: account after five wrong ones or so, for half an hour or less.
_FIRST_S, _LONGEST_S = 60.0, 3600.0


def _not_told(_address: StreamAddress) -> str:
    """Why a login is refused, where opening the stream tells it by itself."""
    return ""


class RarelyRefused:
    """Opens one stream, any number of times.

    A login that was refused is shown again after a while only, which grows; until then an opening
    fails as the last did, without a word to the camera. Another login is shown at once.
    """

    def __init__(
        self,
        read_address: Callable[[], StreamAddress],
        open_stream: Callable[[StreamAddress], FrameSource],
        *,
        refusal: Callable[[StreamAddress], str] = _not_told,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """read_address: with user and password as they are now. refusal: asks the camera whether it
        refuses these, and why; empty: no. clock_s: never goes back.
        """
        self._read_address, self._open_stream, self._clock_s = read_address, open_stream, clock_s
        self._refusal = refusal
        self._refused: StreamAddress | None = None
        self._reason, self._until_s, self._wait_s = "", 0.0, _FIRST_S

    def open(self) -> FrameSource:
        """Open the stream.

        Raises:
            RefusedLoginError: the login was refused, now or a while ago.
            SourceError: it cannot be opened, or the password cannot be read.
        """
        try:
            address = self._read_address()
        except UsageError as error:
            # Whoever replaces a file may be amid it.
            raise SourceError(str(error)) from error
        if address != self._refused:
            self._refused, self._wait_s = None, _FIRST_S
        elif self._clock_s() < self._until_s:
            raise RefusedLoginError(self._reason)
        elif reason := self._refusal(address):
            # Opening it would show the login once more.
            raise self._refuse(address, reason)
        try:
            source = self._open_stream(address)
        except RefusedLoginError as error:
            raise self._refuse(address, str(error)) from None
        except SourceError:
            if reason := self._refusal(address):
                raise self._refuse(address, reason) from None
            raise
        self._refused = None
        return source

    def _refuse(self, address: StreamAddress, reason: str) -> RefusedLoginError:
        self._refused, self._reason = address, reason
        self._until_s = self._clock_s() + self._wait_s
        self._wait_s = min(2 * self._wait_s, _LONGEST_S)
        return RefusedLoginError(reason)
