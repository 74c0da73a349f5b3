"""What is wrong with the outbox → whoever tells people, once at its beginning and its end."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Iterable
from typing import Final

#: The names of the alerts.
DROPPED: Final = "outbox-dropped"
STORAGE: Final = "outbox-storage"
DAMAGED: Final = "outbox-damaged"
REFUSED: Final = "outbox-refused"

#: Each of them → what it means; what to do.
MEANINGS: Final = {
    DROPPED: "events or summaries are lost: too many waited, or for too long, the disk took none or"
    " spoilt them, or the broker refused them; see why the broker or the disk takes none, check the"
    " disk, or let more wait (`[outbox]` in the settings)",
    STORAGE: "the disk takes no events, or does not give them back; make room, or check the disk",
    DAMAGED: "the file of waiting events was damaged, removed or replaced, and another one is used,"
    " with the events that could be read; check the disk and the power supply, and whether somebody"
    " else writes there",
    REFUSED: "the broker refuses events, which wait; check its access rules",
}

#: For how long a disk must be in order: one on which now and then something is freed would be in
#: trouble a thousand times a day.
SOUND_S = 60.0

_LOG = logging.getLogger(__name__)

#: Called with one of the names, and a text; or None where it is over.
OnAlert = Callable[[str, str | None], None]


class OutboxAlerts:
    """Keeps what is raised, and reports changes; any thread may call any method.

    on_alert: None, nobody listens. It is called with a lock held, so that the last word is true.
    clock: monotonic seconds.
    """

    def __init__(
        self, on_alert: OnAlert | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._on_alert, self._clock = on_alert, clock
        self._lock = threading.Lock()
        self._raised: dict[str, str] = {}
        #: When it was said last that the disk is in trouble.
        self._storage_s = -math.inf
        self._told: set[str] = set()
        self._is_started = False

    def start(self) -> None:
        """Report all of them from now on: also that those of an earlier process are over."""
        with self._lock:
            self._is_started = True
            for alert in MEANINGS:
                self._report(alert)

    def set(self, alert: str, text: str) -> None:
        """Raise it; again with the same text tells nobody."""
        with self._lock:
            if alert == STORAGE:
                self._storage_s = self._clock()
            if self._raised.get(alert) == text:
                return
            _LOG.warning("outbox: %s", text)
            self._raised[alert] = text
            self._report(alert)

    def resolve(self, alert: str) -> None:
        """It is over, if it was raised at all; the disk's only once `storage_over_at` has come."""
        with self._lock:
            if alert == STORAGE and self._clock() < self._storage_s + SOUND_S:
                return
            if self._raised.pop(alert, None) is not None:
                _LOG.info("outbox: %s is over", alert)
                self._report(alert)

    @property
    def storage_over_at(self) -> float | None:
        """When the trouble with the disk is over, if nobody says meanwhile that there is some."""
        with self._lock:
            return self._storage_s + SOUND_S if STORAGE in self._raised else None

    def told(self, alert: str) -> None:
        """People were told that it is raised."""
        with self._lock:
            self._told.add(alert)

    def are_told(self, alerts: Iterable[str]) -> bool:
        """Whether people were told of all these, since `forget_told`."""
        with self._lock:
            return self._told.issuperset(alerts)

    def forget_told(self) -> None:
        """What is lost from now on is to be told anew."""
        with self._lock:
            self._told.clear()

    def _report(self, alert: str) -> None:
        if self._is_started and self._on_alert is not None:
            self._on_alert(alert, self._raised.get(alert))
