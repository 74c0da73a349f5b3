"""Heat, power and processor time, again and again → how many frames a second are looked at."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from edge_app.events.payloads import Slowdown
from edge_app.events.privacy import without_load
from edge_app.health.board import Board

#: Shares of the target rate, step by step, and the least rate that is left of it.
STEPS = (1.0, 0.7, 0.5, 0.35, 0.25, 0.15, 0.1)
LEAST_PER_SECOND = 1.0
#: How often the board is asked. A processor's temperature follows its load within some seconds.
LOOK_S = 5.0
#: It must be cooler by so much, and everything fine for so long, before one step is taken back.
COOLER_C, FINE_S = 5.0, 30.0
#: A step back that brings the trouble back within the longest wait was too early: the next wait is
#: twice as long.
LONGEST_FINE_S = 600.0
#: A camera's frames come at their own times: one that comes a little early is not let pass. Where
#: it gives more of them, up to a ninth more than the limit are looked at.
_EARLY = 0.9

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """frames_per_second: the target. temperature_c: above it is too hot. cpu_share: of one core,
    so two busy ones are 2.
    """

    frames_per_second: float
    temperature_c: float
    cpu_share: float


class Governor:
    """Slows down step by step while a limit is passed, and comes back more slowly.

    It never sleeps: whoever takes frames asks how long to wait. Only one thread may use it.
    """

    def __init__(
        self,
        board: Board,
        limits: Limits,
        *,
        clock_s: Callable[[], float] = time.monotonic,
        cpu_s: Callable[[], float] = time.process_time,
        may_tell_load: Callable[[], bool] = lambda: True,
    ) -> None:
        """clock_s: never goes back; cpu_s: how long this process computed.

        may_tell_load: whether the log may say what depends on who is there.
        """
        self._may_tell_load = may_tell_load
        self._board, self._limits, self._clock_s, self._cpu_s = board, limits, clock_s, cpu_s
        self._looked_s = self._trouble_s = self._due_s = clock_s()
        self._looked_cpu_s = cpu_s()
        self._step = 0
        self._fine_s, self._rose_s = FINE_S, -LONGEST_FINE_S
        self._fell_s = 0.0
        #: The lowest step that the log told since the rate was at its target for long, and why.
        self._told_step = 0
        self._told_causes: tuple[Slowdown, ...] = ()
        #: Why the rate is below its target; empty where it is not.
        self.reasons: tuple[Slowdown, ...] = ()

    @property
    def frames_per_second(self) -> float:
        """How many may be looked at now, each a tenth early at most."""
        target = self._limits.frames_per_second
        return max(target * STEPS[self._step], min(target, LEAST_PER_SECOND))

    def wait_s(self) -> float:
        """Seconds until the next frame may be looked at; 0 when it may be now."""
        return max(0.0, self._due_s - self._clock_s())

    def took_frame(self) -> None:
        """Say that a frame is being looked at."""
        interval_s, now_s = _EARLY / self.frames_per_second, self._clock_s()
        is_in_step = now_s - self._due_s < interval_s
        self._due_s = (self._due_s if is_in_step else now_s) + interval_s

    def turn(self) -> None:
        """Look at the board when it is time, and change the rate if need be."""
        now_s = self._clock_s()
        passed_s = now_s - self._looked_s
        if passed_s < LOOK_S:
            return
        cpu_s = self._cpu_s()
        share = (cpu_s - self._looked_cpu_s) / passed_s
        self._looked_s, self._looked_cpu_s = now_s, cpu_s
        troubles = self._troubles(share)
        if troubles:
            self._trouble_s = now_s
            self._learn_patience(now_s)
            self._step = min(self._step + 1, len(STEPS) - 1)
            self.reasons = troubles
        elif self._may_rise(share) and now_s - self._trouble_s >= self._fine_s:
            # The next step back has to be earned anew.
            self._trouble_s = self._rose_s = now_s
            self._step -= 1
            self.reasons = self.reasons if self._step else ()
        # A board whose balance lies between two steps takes hundreds a day.
        if self._step > self._told_step and self._log(troubles, is_slower=True):
            self._told_step = self._step
            self._told_causes += troubles
        elif self._told_step and not self._step and now_s - self._rose_s >= LONGEST_FINE_S:
            self._log(self._told_causes, is_slower=False)
            self._told_step, self._told_causes = 0, ()

    def _log(self, causes: tuple[Slowdown, ...], *, is_slower: bool) -> bool:
        """Say that it is slower than was told, or at its target again; whether that may be said.

        causes: of the slowness.
        """
        if self._may_tell_load():
            why = ", ".join(causes) if is_slower else "recovered"
            _LOG.warning("%s: now %.3g frames a second at most", why, self.frames_per_second)
            return True
        told = without_load(causes)
        if told:
            # The rate is also that of the steps that load alone caused.
            why = ", ".join(told) if is_slower else "recovered"
            _LOG.warning("%s: now %s frames a second", why, "fewer" if is_slower else "more")
        return bool(told)

    def _learn_patience(self, now_s: float) -> None:
        """Wait longer for the next step back if the last one did no good."""
        if now_s - self._rose_s > LONGEST_FINE_S:
            self._fine_s = FINE_S
        elif self._rose_s > self._fell_s:
            self._fine_s = min(2 * self._fine_s, LONGEST_FINE_S)
        self._fell_s = now_s

    def _troubles(self, share: float) -> tuple[Slowdown, ...]:
        temperature_c = self._board.temperature_c()
        flags = self._board.throttled() or ()
        is_hot = temperature_c is not None and temperature_c >= self._limits.temperature_c
        found: list[Slowdown] = []
        is_weak = "under_voltage" in flags
        # The firmware lowers the clock for both reasons.
        is_capped = bool({"throttled", "frequency_capped"} & set(flags)) and not is_weak
        if is_hot or is_capped or "soft_temperature_limit" in flags:
            found.append("heat")
        if is_weak:
            found.append("power")
        if share > self._limits.cpu_share:
            found.append("cpu")
        return tuple(found)

    def _may_rise(self, share: float) -> bool:
        if self._step == 0:
            return False
        temperature_c = self._board.temperature_c()
        if temperature_c is not None and temperature_c > self._limits.temperature_c - COOLER_C:
            return False
        expected = share * STEPS[self._step - 1] / STEPS[self._step]
        return expected <= self._limits.cpu_share
