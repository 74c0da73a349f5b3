"""Telemetry and the clock, again and again → alerts that are raised and resolved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from edge_app.events.beginning import system_up_s
from edge_app.events.payloads import Alert, Severity, Telemetry

#: The Pi slows itself down from 80 °C on; the alert ends well below, so that it does not flutter.
HOT_C, COOL_AGAIN_C = 80.0, 75.0

#: A supply that was too weak is under more load again soon: the alert outlasts the pauses between.
SOUND_S = 600.0

#: A board whose balance lies between two frame rates is slowed down a hundred times a day.
FULL_RATE_S = 600.0

#: A camera may be silent for as long without being broken.
SILENCE_S = 4.0

#: A device without a clock of its own has to reach its network and a time server first.
UNSET_S = 600.0


@dataclass(frozen=True, slots=True)
class Moment:
    """What rules look at. was_supply_weak: since the moment before; None where nobody can tell.

    sound_s: for how many seconds the supply was strong enough. full_rate_s: for how many nothing
    slowed it down. silent_s: for how many a camera gave
    nothing. unset_s: for how many nobody set a clock that should be kept right.
    is_certificate_ending: soon, or it has ended.
    """

    telemetry: Telemetry
    was_supply_weak: bool | None
    sound_s: float
    full_rate_s: float
    silent_s: float
    unset_s: float
    is_certificate_ending: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """When an alert holds: `holds(moment, whether it held before)`.

    text: what is wrong; what to do.
    """

    severity: Severity
    text: str
    holds: Callable[[Moment, bool], bool]


def _is_weak(now: Moment, was: bool) -> bool:  # noqa: FBT001 - a rule's form
    # A reading that failed says neither that something began nor that it is over.
    if now.was_supply_weak is None:
        return was
    return now.was_supply_weak or (was and now.sound_s < SOUND_S)


def _is_hot(now: Moment, was: bool) -> bool:  # noqa: FBT001 - likewise
    temperature_c, limit = now.telemetry.temperature_c, COOL_AGAIN_C if was else HOT_C
    return was if temperature_c is None else temperature_c >= limit


def _is_silent(now: Telemetry, before: Telemetry) -> bool:
    """Whether an open camera gave nothing from one to the other, however short that was."""
    return now.source == before.source == "open" and (now.frames_seen, now.frames_refused) == (
        before.frames_seen,
        before.frames_refused,
    )


#: By id, which is the last level of the alert's topic.
RULES = {
    "under-voltage": Rule(
        "critical",
        f"the power supply is too weak, or was within the last {SOUND_S / 60:.0f} minutes; use the"
        " one made for this Raspberry Pi, and a short cable",
        _is_weak,
    ),
    "too-hot": Rule(
        "warning",
        f"the processor has {HOT_C:.0f} °C or more and slows down; give it air or a heat sink",
        _is_hot,
    ),
    "slowed-down": Rule(
        "warning",
        "fewer frames are looked at than asked for, or were within the last"
        f" {FULL_RATE_S / 60:.0f} minutes, because of heat, a weak power supply or too much work;"
        " telemetry says which in slowed_by",
        lambda now, was: bool(now.telemetry.slowed_by) or (was and now.full_rate_s < FULL_RATE_S),
    ),
    "no-frames": Rule(
        "critical",
        "the camera is open and gives no frames; check its cable",
        lambda now, _was: now.silent_s >= SILENCE_S,
    ),
    "clock": Rule(
        "warning",
        "no time server has set this device's clock lately, so the times of events may be wrong;"
        " let it reach one, or say that none is wanted: sudo timedatectl set-ntp false",
        lambda now, _was: now.unset_s >= UNSET_S,
    ),
    "certificate": Rule(
        "warning",
        "certificate_file or ca_file in [mqtt] ends within 14 days, and then there is no connection"
        " to the broker; renew it: mien doctor says which",
        lambda now, _was: now.is_certificate_ending,
    ),
}


#: The alert about a camera or stream that failed and is being opened again.
CAMERA = "camera"
#: What it means; what to do. Its text says which camera, and why.
CAMERA_MEANING = (
    "the camera or stream is not there, fails, or gives no frames or the same one, and keeps being"
    " reopened (over once frames have come for `camera.stall_s`, or for up to an hour if it failed"
    " often); check its cable, its power and `camera.source`: see [sources.md](sources.md)"
)


def camera_alert(text: str | None, since: datetime) -> Alert | None:
    """What a live source says of itself; None when it gives frames again."""
    if text is None:
        return None
    return Alert(id=CAMERA, severity="critical", text=text, since=since)


def outbox_alert(alert_id: str, text: str | None, since: datetime) -> Alert | None:
    """What the outbox says of itself: events are lost, or soon may be; None where that is over."""
    if text is None:
        return None
    return Alert(id=alert_id, severity="critical", text=text, since=since)


class Alerts:
    """Publishes an alert when it begins, and None when it ends."""

    def __init__(
        self,
        publish: Callable[[str, Alert | None], None],
        *,
        is_clock_right: Callable[[], bool | None],
        was_supply_weak: Callable[[], bool | None],
        is_certificate_ending: Callable[[], bool],
        system_up_s: Callable[[], float] = system_up_s,
    ) -> None:
        """is_clock_right: None where nobody can tell, or wants to. system_up_s: since its start.

        was_supply_weak: since it was asked before; None where nobody can tell.
        is_certificate_ending: soon, of those in the device's own files.
        """
        self._publish, self._is_clock_right = publish, is_clock_right
        self._was_supply_weak = was_supply_weak
        self._is_certificate_ending = is_certificate_ending
        self._system_up_s = system_up_s
        self._before: Telemetry | None = None
        # Of the clock from the system's start: this process may be one of many since.
        self._heard_s = self._right_s = self._weak_s = self._slowed_s = 0.0
        self._raised: set[str] = set()

    def update(self, now: Telemetry) -> None:
        """Compare with the last time. The first time takes back what an earlier process raised."""
        if self._before is None:
            self._before = now
            self._heard_s = now.uptime_s
            for alert_id in RULES:
                self._publish(alert_id, None)
        if not _is_silent(now, self._before):
            self._heard_s = now.uptime_s
        up_s = self._system_up_s()
        if self._is_clock_right() is not False:
            self._right_s = up_s
        was_weak = self._was_supply_weak()
        if was_weak:
            self._weak_s = now.uptime_s
        if now.slowed_by:
            self._slowed_s = now.uptime_s
        moment = Moment(
            telemetry=now,
            was_supply_weak=was_weak,
            sound_s=now.uptime_s - self._weak_s,
            full_rate_s=now.uptime_s - self._slowed_s,
            silent_s=now.uptime_s - self._heard_s,
            unset_s=up_s - self._right_s,
            is_certificate_ending=self._is_certificate_ending(),
        )
        for alert_id, rule in RULES.items():
            was = alert_id in self._raised
            holds = rule.holds(moment, was)
            if holds and not was:
                self._raised.add(alert_id)
                alert = Alert(id=alert_id, severity=rule.severity, text=rule.text, since=now.time)
                self._publish(alert_id, alert)
            elif was and not holds:
                self._raised.remove(alert_id)
                self._publish(alert_id, None)
        self._before = now
