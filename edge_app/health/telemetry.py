"""Counters of the daemon, the board and the clocks → telemetry."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from edge_app.events.payloads import PrivacyMode, Slowdown, SourceState, Telemetry
from edge_app.events.publisher import Backlog
from edge_app.health.board import Board

#: Rates over less say nothing: a frame more or less is all of them.
_LEAST_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What the daemon knows of itself. Frames are counted since its start.

    faces: there now; None where nobody can say.
    reopenings: how often the camera that is open now was opened again.
    frame_rate_limit: frames a second, None where nothing limits them; slowed_by: why it is low.
    """

    source: SourceState
    frames_seen: int
    frames_refused: int
    faces: int | None
    reopenings: int = 0
    frame_rate_limit: float | None = None
    slowed_by: tuple[Slowdown, ...] = ()


class Telemeter:
    """Turns counts into rates, each since an earlier measurement; asked at once again, the same."""

    def __init__(
        self,
        board: Board,
        *,
        now: Callable[[], datetime],
        clock_s: Callable[[], float] = time.monotonic,
        cpu_s: Callable[[], float] = time.process_time,
    ) -> None:
        """now: the time in UTC; clock_s: never goes back; cpu_s: how long this process computed."""
        self._board, self._now, self._clock_s, self._cpu_s = board, now, clock_s, cpu_s
        self._began_s = self._last_s = clock_s()
        self._last_cpu_s = cpu_s()
        self._last_frames = 0
        #: None: nothing was measured yet.
        self._frames_per_second: float | None = None
        self._cpu_share: float | None = None

    def measure(self, activity: Activity, backlog: Backlog, privacy: PrivacyMode) -> Telemetry:
        """How the device does now."""
        now_s, cpu_s = self._clock_s(), self._cpu_s()
        passed_s = now_s - self._last_s
        if passed_s >= _LEAST_S:
            frames, computed_s = activity.frames_seen - self._last_frames, cpu_s - self._last_cpu_s
            self._frames_per_second = round(frames / passed_s, 2)
            self._cpu_share = round(max(0.0, computed_s) / passed_s, 3)
            self._last_s, self._last_cpu_s, self._last_frames = now_s, cpu_s, activity.frames_seen
        return Telemetry(
            time=self._now(),
            uptime_s=round(now_s - self._began_s, 1),
            source=activity.source,
            privacy=privacy,
            frames_per_second=self._frames_per_second,
            frames_seen=activity.frames_seen,
            frames_refused=activity.frames_refused,
            faces=activity.faces,
            temperature_c=self._board.temperature_c(),
            throttled=self._board.throttled(),
            cpu_share=self._cpu_share,
            rss_bytes=self._board.rss_bytes(),
            outbox_waiting=backlog.waiting,
            outbox_dropped=backlog.dropped,
            frame_rate_limit=activity.frame_rate_limit,
            slowed_by=activity.slowed_by,
        )
