"""Frames that were processed → a watchdog that is fed, and a line about what the service does."""

from __future__ import annotations

import time
from collections.abc import Callable

from edge_app.events.payloads import PrivacyMode
from edge_app.events.privacy import without_load
from edge_app.events.publisher import Backlog
from edge_app.health.notify import Notifier
from edge_app.health.telemetry import Activity

#: How often the status may change.
STATUS_S = 5.0


class Watchdog:
    """Feeds systemd's watchdog by progress: a frame that was processed, never the time alone.

    A paused daemon has no frames to show: the turns of its loop have to do. A source that gives
    none is opened again, which takes its time: each reopening is progress, and turns do for
    `patience_s` after the last one or the last frame, and not for longer. The source ends the
    process itself where opening it again does not help. A loop that hangs, in an inference say,
    takes no turns.

    Only the daemon's thread may use it.
    """

    def __init__(
        self,
        notifier: Notifier,
        *,
        patience_s: float,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """patience_s: the longest that a source may need to be opened again or to be given up."""
        self._notifier, self._patience_s, self._clock_s = notifier, patience_s, clock_s
        # Systemd counts from the last message: half its time leaves as much for one frame.
        self._interval_s = None if notifier.watchdog_s is None else notifier.watchdog_s / 2
        self._frames = self._reopenings = 0
        self._progress_s = self._fed_s = clock_s()
        self._is_ready = False
        self._said_s, self._said, self._said_frames = clock_s(), "", 0

    def turn(self, activity: Activity, backlog: Backlog, privacy: PrivacyMode) -> None:
        """Say what is due; called at each turn of the daemon's loop.

        The service is ready when the first frame was processed. A camera that is closed on request
        or being opened again keeps nobody waiting: requests and alerts work without it.
        """
        now_s = self._clock_s()
        has_frame = activity.frames_seen > self._frames
        # Another source, after a pause, begins to count anew.
        was_reopened = activity.reopenings != self._reopenings
        self._frames, self._reopenings = activity.frames_seen, activity.reopenings
        if has_frame or was_reopened or activity.source == "paused":
            self._progress_s = now_s
        if not self._is_ready and (has_frame or activity.source != "open"):
            # Said again where the manager did not take it, which would wait in vain, then kill.
            self._is_ready = self._notifier.ready()
            self._fed_s = now_s
        is_due = self._interval_s is not None and now_s - self._fed_s >= self._interval_s
        # The watchdog's first term begins when the service is ready.
        if (
            self._is_ready
            and is_due
            and now_s - self._progress_s < self._patience_s
            and self._notifier.feed()
        ):
            self._fed_s = now_s
        if self._is_ready and now_s - self._said_s >= STATUS_S:
            self._say(activity, backlog, privacy, now_s)

    def stop(self) -> None:
        """Say that the service ends."""
        self._notifier.stopping()

    def _say(
        self, activity: Activity, backlog: Backlog, privacy: PrivacyMode, now_s: float
    ) -> None:
        passed_s, frames = now_s - self._said_s, activity.frames_seen - self._said_frames
        status = _describe(activity, backlog, privacy, frames / passed_s)
        if status != self._said and self._notifier.say(status):
            self._said = status
        self._said_s, self._said_frames = now_s, activity.frames_seen


def _describe(
    activity: Activity, backlog: Backlog, privacy: PrivacyMode, frames_per_second: float
) -> str:
    if activity.source == "paused":
        doing = "paused by request, the camera is closed"
    elif activity.source == "reopening":
        doing = "the camera failed and is being opened again"
    else:
        doing = "watching"
        if privacy == "full":
            # In a small room, how many are there says who is; an empty one needs fewer frames.
            doing += f" at {frames_per_second:.0f} frames a second"
            if activity.faces is not None:
                doing += f", faces: {activity.faces}"
        causes = activity.slowed_by if privacy == "full" else without_load(activity.slowed_by)
        if causes:
            doing += f", slowed down by {' and '.join(causes)}"
    waiting = f"; {backlog.waiting} events wait for the broker" if backlog.waiting else ""
    dropped = f"; {backlog.dropped} events were dropped" if backlog.dropped else ""
    return f"{doing}{waiting}{dropped}"
