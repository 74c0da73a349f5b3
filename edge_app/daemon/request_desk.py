"""Requests as they came, from anybody → what is done, once, with an answer to each."""

from __future__ import annotations

import logging
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from edge_app.errors import MienError
from edge_app.events.requests import (
    ANOTHER_S,
    LARGEST_REQUEST,
    MOST_AT_ONCE,
    REPEAT_S,
    REQUESTS,
    Pause,
    Privacy,
    RawRequest,
    Request,
    Response,
    TransactionId,
)
from edge_app.mistakes import UNREADABLE, in_words

_LOG = logging.getLogger(__name__)

#: One of these may undo what an earlier one did, whose answer is then no longer true.
_OPPOSED = frozenset({"pause", "resume", "privacy"})

#: How many requests are answered in one turn; a flood must not hold the frames.
PER_TURN = 8
#: After so long the others wait for the next turn: a pause may wait for a driver, and systemd's
#: watchdog is fed between turns.
TURN_S = 1.0

#: Does what is asked and returns the answer's `result`; raises `MienError` to refuse.
Handler = Callable[[Any], dict[str, Any] | None]


class Inbox(Protocol):
    """Where requests wait."""

    def take(self) -> RawRequest | None:
        """The next request; None if there is none."""


class _Identified(msgspec.Struct):
    """The least that can be read of a request that is wrong otherwise."""

    id: TransactionId


class RequestDesk:
    """Answers every request; only one that is right, new and live has an effect.

    Most have one on the disk or in the log, too, so that of a flood only a few are done. What is
    asked for privacy's sake always is: done already, it changes nothing.

    handlers: one for each name in `REQUESTS`. clock_s: never goes back.
    """

    def __init__(
        self, handlers: Mapping[str, Handler], *, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._handlers, self._clock_s = handlers, clock_s
        self._decoders = {
            name: msgspec.json.Decoder(REQUESTS[name], strict=True) for name in handlers
        }
        self._answered: OrderedDict[tuple[str, str], tuple[float, Response]] = OrderedDict()
        #: Each request that was done moves it on; it must not come to lie ahead of the clock.
        self._spent_to_s = -math.inf

    def turn(self, inbox: Inbox, respond: Callable[[str, Response], None]) -> None:
        """Answer what waits, but not so much that frames are missed, or the watchdog is."""
        began_s = self._clock_s()
        for _ in range(PER_TURN):
            raw = inbox.take()
            if raw is None:
                return
            respond(raw.name, self.answer(raw))
            if self._clock_s() - began_s >= TURN_S:
                return

    def answer(self, raw: RawRequest) -> Response:
        """Do what a request asks, or say why not."""
        if len(raw.payload) > LARGEST_REQUEST:
            return _refusal(None, f"more than {LARGEST_REQUEST} bytes")
        if raw.is_retained:
            return _refusal(
                _id(raw.payload), "a retained request is not heeded; send it without retain"
            )
        if raw.name not in self._handlers:
            known = ", ".join(self._handlers)
            return _refusal(_id(raw.payload), f"no such request; there are {known}")
        try:
            request: Request = self._decoders[raw.name].decode(raw.payload)
        except msgspec.ValidationError as error:
            reason = in_words(error, REQUESTS[raw.name])
            return _refusal(_id(raw.payload), f"not a request of this kind: {reason}")
        except UNREADABLE as error:
            return _refusal(_id(raw.payload), f"not a request of this kind: {error}")
        return self._once(raw.name, request)

    def _once(self, name: str, request: Request) -> Response:
        now_s, key = self._clock_s(), (name, request.id)
        while self._answered:
            oldest, (at_s, _) = next(iter(self._answered.items()))
            if now_s - at_s < REPEAT_S:
                break
            del self._answered[oldest]
        if key in self._answered:
            return self._answered[key][1]
        if not _is_for_privacy(request) and (wait_s := self._spend(now_s)) > 0:
            return _refusal(request.id, f"too many requests; ask again in {wait_s:.0f} s")
        if name in _OPPOSED:
            for other in [each for each in self._answered if each[0] in _OPPOSED]:
                del self._answered[other]
        try:
            response = Response(id=request.id, status="ok", result=self._handlers[name](request))
        except MienError as error:
            # Who presses a button in Home Assistant does not hear the answer.
            _LOG.warning("request %s is refused: %s", name, error)
            response = _refusal(request.id, str(error))
        except Exception as error:  # noqa: BLE001 - whoever may ask must not end the device's work
            _LOG.warning("request %s: unexpected failure", name, exc_info=True)
            # Not its text: nobody knows what stands in it.
            response = _refusal(
                request.id, f"failed with {type(error).__name__}; report it, with the device's log"
            )
        self._answered[key] = (now_s, response)
        return response

    def _spend(self, now_s: float) -> float:
        """Count one request more; where these are too many, seconds until it may be done."""
        next_s = max(self._spent_to_s, now_s - MOST_AT_ONCE * ANOTHER_S) + ANOTHER_S
        if next_s > now_s:
            return math.ceil(next_s - now_s)
        self._spent_to_s = next_s
        return 0


def _is_for_privacy(request: Request) -> bool:
    match request:
        case Pause(paused=True) | Privacy(mode="aggregates"):
            return True
        case _:
            return False


def _id(payload: bytes) -> str | None:
    try:
        return msgspec.json.decode(payload, type=_Identified).id
    except UNREADABLE:
        return None


def _refusal(request_id: str | None, reason: str) -> Response:
    return Response(id=request_id, status="error", error=reason[:300])
