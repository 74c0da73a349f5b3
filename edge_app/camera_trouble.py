"""What a live source says of itself, by a thread of its own → its alert, and telemetry at once."""

from __future__ import annotations

import queue
from collections.abc import Callable
from datetime import datetime

from edge_app.events.payloads import Alert
from edge_app.health.alerts import CAMERA, camera_alert

#: What is wrong, or None for: it has recovered.
Troubles = queue.SimpleQueue[str | None]


class CameraTrouble:
    """Only the daemon's thread may call it; the source's puts into `troubles`.

    is_reopening: whether the source failed and has not recovered since.
    """

    def __init__(
        self,
        troubles: Troubles,
        *,
        publish_alert: Callable[[str, Alert | None], None],
        say_telemetry: Callable[[], object],
        now: Callable[[], datetime],
    ) -> None:
        """now: the time in UTC."""
        self._troubles, self._publish, self._now = troubles, publish_alert, now
        self._say_telemetry = say_telemetry
        self.is_reopening = False

    def begin(self) -> None:
        """Take back what an earlier process raised; a camera that still fails says so again."""
        self._publish(CAMERA, None)

    def turn(self, *, is_paused: bool) -> None:
        """Publish what was said since the last turn."""
        if is_paused:
            self.camera_closed()
        while not self._troubles.empty():
            self._change(self._troubles.get_nowait())

    def camera_closed(self) -> None:
        """Forget what it said and end its alert: a closed camera has no troubles.

        To be called before another one is opened, which would not know that there were any.
        """
        while not self._troubles.empty():
            self._troubles.get_nowait()
        if self.is_reopening:
            self._change(None)

    def _change(self, text: str | None) -> None:
        self.is_reopening = text is not None
        self._publish(CAMERA, camera_alert(text, self._now()))
        self._say_telemetry()
