"""What the daemon has to say → what the privacy mode lets out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from edge_app.events.payloads import (
    Alert,
    Event,
    Info,
    PrivacyMode,
    Slowdown,
    State,
    Summary,
    Telemetry,
)
from edge_app.events.publisher import Backlog, Publisher
from edge_app.events.requests import Response
from edge_app.events.summaries import Interval

#: Of the memory that reading a first face takes and keeps, 2 MB or so, this shows little.
_MEMORY_STEP = 16_000_000


def without_load(causes: tuple[Slowdown, ...]) -> tuple[Slowdown, ...]:
    """Of the causes of a low frame rate those that say nothing about who is there."""
    return tuple(cause for cause in causes if cause != "cpu")


class PrivacyGate(Publisher):
    """Stands before another publisher. In the mode `aggregates` no event and nobody's face passes.

    interval: counts every visit, whether its events pass or not.
    """

    def __init__(
        self,
        publisher: Publisher,
        *,
        mode: PrivacyMode,
        interval: Interval,
        now: Callable[[], datetime],
    ) -> None:
        self._publisher, self._interval, self._now = publisher, interval, now
        self._mode: PrivacyMode = mode
        self._is_emptied = False

    @property
    def mode(self) -> PrivacyMode:
        """What may pass."""
        return self._mode

    def switch(self, mode: PrivacyMode) -> None:
        """Change what may pass; the retained state is emptied at once if it may no longer."""
        self._mode, self._is_emptied = mode, False
        if mode == "aggregates":
            self._empty_state()

    def announce(self, info: Info) -> None:
        """Passes: nothing about a person."""
        self._publisher.announce(info)

    def publish_event(self, event: Event) -> None:
        """Counted; passes in the mode `full`."""
        self._interval.take(event)
        if self._mode == "full":
            self._publisher.publish_event(event)

    def publish_state(self, state: State) -> None:
        """Passes in the mode `full`, else an empty one, once, in place of an old one."""
        if self._mode == "full":
            self._publisher.publish_state(state)
        else:
            self._empty_state()

    def publish_summary(self, summary: Summary) -> None:
        """Passes."""
        self._publisher.publish_summary(summary)

    def publish_telemetry(self, telemetry: Telemetry) -> None:
        """Passes, without what `told` leaves out."""
        self._publisher.publish_telemetry(self.told(telemetry))

    def told(self, telemetry: Telemetry) -> Telemetry:
        """What the mode lets out of it: in `aggregates` nothing that depends on who is there.

        Reading a face is most of the work: load and, on a board that cannot keep up, the rate of
        frames say whether there is one. Memory grows with the first, so it is told coarsely.
        What no decoder takes is found out only where it is decoded: more rarely in an empty room.
        """
        if self._mode == "full":
            return telemetry
        return msgspec.structs.replace(
            telemetry,
            faces=None,
            frames_per_second=None,
            frames_seen=None,
            frames_refused=None,
            cpu_share=None,
            rss_bytes=-(-telemetry.rss_bytes // _MEMORY_STEP) * _MEMORY_STEP,
            frame_rate_limit=None,
            slowed_by=without_load(telemetry.slowed_by),
        )

    def publish_alert(self, alert_id: str, alert: Alert | None) -> None:
        """Passes."""
        self._publisher.publish_alert(alert_id, alert)

    def publish_response(self, request: str, response: Response) -> None:
        """Passes."""
        self._publisher.publish_response(request, response)

    @property
    def backlog(self) -> Backlog:
        """The other publisher's."""
        return self._publisher.backlog

    def close(self) -> None:
        """Close the other publisher."""
        self._publisher.close()

    def _empty_state(self) -> None:
        if not self._is_emptied:
            self._is_emptied = True
            self._publisher.publish_state(State(time=self._now(), faces=(), is_known=False))
