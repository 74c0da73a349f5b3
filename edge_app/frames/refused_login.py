"""Openings of a camera that refuses a user and password → fewer, so that it locks no account."""

from __future__ import annotations

import math
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
        quick_s: float = math.inf,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """read_address: with user and password as they are now. refusal: asks the camera whether it
        refuses these, and why; empty: no. quick_s: of a camera that is there; after one that takes
        longer nothing more is done in the same opening. clock_s: never goes back.
        """
        self._read_address, self._open_stream, self._clock_s = read_address, open_stream, clock_s
        self._refusal, self._quick_s = refusal, quick_s
        self._shown: StreamAddress | None = None
        self._reason, self._until_s, self._wait_s = "", 0.0, _FIRST_S
        self._is_refused = False

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
        began_s = self._clock_s()
        if address != self._shown:
            self._shown, self._is_refused = address, False
            self._until_s, self._wait_s = began_s, _FIRST_S
        if began_s < self._until_s:
            raise RefusedLoginError(self._reason)
        if self._is_refused:
            # Opening it would show the login once more.
            if reason := self._refusal(address):
                raise self._refuse(reason)
            self._is_refused = False
            if not self._is_quick(began_s):
                raise SourceError(f"{address.name}: does not answer; see whether the camera runs")
        try:
            source = self._open_stream(address)
        except RefusedLoginError as error:
            raise self._refuse(str(error)) from None
        except SourceError:
            # One that is off has taken the time that an opening may take.
            if self._is_quick(began_s) and (reason := self._refusal(address)):
                raise self._refuse(reason) from None
            raise
        self._is_refused, self._wait_s = False, _FIRST_S
        return source

    def _is_quick(self, began_s: float) -> bool:
        return self._clock_s() - began_s < self._quick_s

    def _refuse(self, reason: str) -> RefusedLoginError:
        self._is_refused, self._reason = True, reason
        self._until_s = self._clock_s() + self._wait_s
        self._wait_s = min(2 * self._wait_s, _LONGEST_S)
        return RefusedLoginError(reason)
