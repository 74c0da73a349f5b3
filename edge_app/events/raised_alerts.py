"""Alerts as they are raised → the same, told again with the time that is true where it was not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from edge_app.events.beginning import Beginning, system_up_s
from edge_app.events.payloads import Alert


class RaisedAlerts:
    """What is said to be wrong, by id; any thread may call any method.

    An alert that says something else is as old as it was. publish: is called with a lock held, so
    that the last word is true. now: the time in UTC. up_s: seconds since the system's start.
    """

    def __init__(
        self,
        publish: Callable[[str, Alert | None], None],
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        up_s: Callable[[], float] = system_up_s,
    ) -> None:
        self._publish, self._now, self._up_s = publish, now, up_s
        self._lock = threading.Lock()
        self._raised: dict[str, tuple[Alert, Beginning]] = {}

    def say(self, alert_id: str, alert: Alert | None) -> None:
        """Publish it; None: it is over."""
        with self._lock:
            before = self._raised.pop(alert_id, None)
            if alert is None:
                self._publish(alert_id, None)
                return
            now, up_s = self._now(), self._up_s()
            if before is None:
                age_s = (now - alert.since).total_seconds()
                began = Beginning(alert.since, up_s - age_s)
            else:
                began = before[1].seen_from(now, up_s)
            self._tell(alert_id, alert, began)

    def look_at_the_clock(self) -> None:
        """Tell again what began before the clock was set. To be called now and then."""
        with self._lock:
            now, up_s = self._now(), self._up_s()
            for alert_id, (alert, began) in [*self._raised.items()]:
                seen = began.seen_from(now, up_s)
                if seen != began:
                    self._tell(alert_id, alert, seen)

    def _tell(self, alert_id: str, alert: Alert, began: Beginning) -> None:
        self._publish(alert_id, msgspec.structs.replace(alert, since=began.since))
        self._raised[alert_id] = alert, began
