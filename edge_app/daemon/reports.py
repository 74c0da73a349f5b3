"""The daemon's doings, turn by turn → telemetry, alerts and summaries when they are due."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec

from edge_app.events.payloads import State, Telemetry
from edge_app.events.privacy import PrivacyGate
from edge_app.events.summaries import Interval
from edge_app.health.alerts import Alerts
from edge_app.health.telemetry import Activity, Telemeter


class Reports:
    """Says through the gate what its mode lets out.

    activity: what the daemon does now. state: who is there now. Intervals in seconds; both may be
    changed at any time. is_clock_right: whether the system's time is kept right; was_supply_weak:
    whether the board had too little power since that was asked before. None where nobody can tell.
    is_certificate_ending: whether one of the device's own files of certificates is soon of no use.
    """

    def __init__(
        self,
        gate: PrivacyGate,
        *,
        activity: Callable[[], Activity],
        state: Callable[[], State],
        telemeter: Telemeter,
        interval: Interval,
        telemetry_interval_s: float,
        summary_interval_s: float,
        minimum_group: int,
        is_clock_right: Callable[[], bool | None],
        was_supply_weak: Callable[[], bool | None],
        is_certificate_ending: Callable[[], bool],
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._gate, self._telemeter = gate, telemeter
        self._activity, self._state = activity, state
        self._interval, self._minimum_group, self._clock_s = interval, minimum_group, clock_s
        self._alerts = Alerts(
            gate.publish_alert,
            is_clock_right=is_clock_right,
            was_supply_weak=was_supply_weak,
            is_certificate_ending=is_certificate_ending,
        )
        self._said_s: float | None = None
        self._is_backlog_told = False
        self.telemetry_interval_s = telemetry_interval_s
        self.summary_interval_s = summary_interval_s

    def turn(self) -> None:
        """Say what is due."""
        is_due = self._said_s is None or self._clock_s() - self._said_s >= self.telemetry_interval_s
        # A pause ends visits, and its telemetry counts them: they would seem to wait for a minute.
        is_delivered = self._is_backlog_told and not self._gate.backlog.waiting
        if is_due or is_delivered:
            self.say_telemetry()
        if self._interval.age_s >= self.summary_interval_s:
            self.say_summary()

    def say_telemetry(self) -> Telemetry:
        """Measure and say it now; returns what was said. Who is there is said again, too.

        Otherwise nobody could tell a state that lasts from one that a dead device left behind.
        """
        self._said_s = self._clock_s()
        measured = self._telemeter.measure(self._activity(), self._gate.backlog, self._gate.mode)
        self._is_backlog_told = measured.outbox_waiting > 0
        told = self._gate.told(measured)
        self._gate.publish_telemetry(told)
        self._gate.publish_state(self._state())
        # An alert says no more than telemetry does.
        self._alerts.update(msgspec.structs.replace(measured, slowed_by=told.slowed_by))
        return told

    def end_visits(self) -> None:
        """Everyone was said to leave though they may still be there: end the interval as well.

        Otherwise one person who stays would count as several, and be told of as a group.
        """
        if self._gate.mode == "aggregates":
            self.say_summary()

    def say_summary(self) -> None:
        """End the interval and say what was seen in it; the next one begins.

        Where events are published, anyone can count them: there nothing is withheld.
        """
        minimum = self._minimum_group if self._gate.mode == "aggregates" else 1
        self._gate.publish_summary(self._interval.finish(minimum))
