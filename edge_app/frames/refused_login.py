"""Openings of a camera that refuses a user and password → fewer, so that it locks no account."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from edge_app.errors import UsageError
from edge_app.frames.source import FrameSource, RefusedLoginError, SourceError
from edge_app.frames.stream_address import StreamAddress

#: Until the same login is shown again. Cameras lock an account after five wrong ones or so, mostly
#: for some minutes.
_FIRST_S, _LONGEST_S = 60.0, 600.0
#: After as many refusals each wait doubles: a camera that starts may refuse whom it knows.
_FIRST_WAITS = 3


def _not_told(_address: StreamAddress) -> SourceError | None:
    """Why a stream was not opened, where opening it tells that by itself."""
    return None


class RarelyRefused:
    """Opens one stream, any number of times.

    A login that was shown and refused is shown again after a while only, which grows; until then an
    opening fails as the last did, without a word to the camera. Another login is shown at once.
    """

    def __init__(
        self,
        read_address: Callable[[], StreamAddress],
        open_stream: Callable[[StreamAddress], FrameSource],
        *,
        refusal: Callable[[StreamAddress], SourceError | None] = _not_told,
        quick_s: float = math.inf,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """read_address: with user and password as they are now. refusal: asks the camera whether it
        refuses these; a RefusedLoginError where they were shown. quick_s: an opening that fails
        later is not asked about, and none follows a question that took half of it. clock_s: never
        goes back.
        """
        self._read_address, self._open_stream, self._clock_s = read_address, open_stream, clock_s
        self._refusal, self._quick_s = refusal, quick_s
        self._shown: StreamAddress | None = None
        self._reason, self._until_s, self._refusals = "", 0.0, 0
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
            self._until_s, self._refusals = began_s, 0
        if began_s < self._until_s:
            raise RefusedLoginError(self._reason)
        if self._is_refused:
            # Opening it would show the login once more.
            if refusal := self._refusal(address):
                raise self._noted(refusal)
            self._is_refused = False
            # An opening may take its whole time after it.
            if not self._is_within(self._quick_s / 2, began_s):
                raise SourceError(f"{address.name}: does not answer; see whether the camera runs")
        try:
            source = self._open_stream(address)
        except RefusedLoginError as error:
            self._noted(error)
            raise
        except SourceError:
            # One that is off has taken the time that an opening may take.
            is_quick = self._is_within(self._quick_s, began_s)
            if is_quick and (refusal := self._refusal(address)):
                raise self._noted(refusal) from None
            raise
        self._is_refused, self._refusals = False, 0
        return source

    def _is_within(self, seconds: float, began_s: float) -> bool:
        return self._clock_s() - began_s < seconds

    def _noted(self, refusal: SourceError) -> SourceError:
        """The same; where a login was shown, it waits from now on."""
        if isinstance(refusal, RefusedLoginError):
            self._is_refused, self._reason = True, str(refusal)
            # As many doublings as reach the longest: a float has an end.
            doublings = min(max(0, self._refusals + 1 - _FIRST_WAITS), 10)
            self._until_s = self._clock_s() + min(_FIRST_S * 2**doublings, _LONGEST_S)
            self._refusals += 1
        return refusal
