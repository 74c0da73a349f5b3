"""What a live source says of itself, by a thread of its own → its alert, and telemetry at once."""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from edge_app.events.beginning import Beginning, system_up_s
from edge_app.events.payloads import Alert
from edge_app.frames.supervised import Trouble
from edge_app.health.alerts import CAMERA, camera_alert

#: What is wrong, or None for: it is over.
Troubles = queue.SimpleQueue[Trouble | None]

_LOG = logging.getLogger(__name__)


class CameraTrouble:
    """Only the daemon's thread may call it; the source's puts into `troubles`.

    The broker keeps an alert that an earlier process raised: it stands until this one's camera has
    given a frame or is closed, and is as old as it was where its beginning is known.

    is_reopening: whether the source failed and has not recovered since; its alert may stay longer.
    """

    def __init__(
        self,
        troubles: Troubles,
        *,
        publish_alert: Callable[[str, Alert | None], None],
        say_telemetry: Callable[[], object],
        now: Callable[[], datetime],
        up_s: Callable[[], float] = system_up_s,
        since_file: Path | None = None,
    ) -> None:
        """now: the time in UTC. up_s: seconds since the system's start.

        since_file: keeps since when, from one process to the next; not over the system's start.
        """
        self._troubles, self._publish, self._now, self._up_s = troubles, publish_alert, now, up_s
        self._say_telemetry, self._since_file = say_telemetry, since_file
        self._may_be_an_earlier_one = True
        self._text: str | None = None
        self._since = now()
        self.is_reopening = False

    def turn(self, *, is_paused: bool, has_frames: bool) -> None:
        """Publish what was said since the last turn. has_frames: since this process began."""
        if is_paused:
            self.camera_closed()
        while not self._troubles.empty():
            self._change(self._troubles.get_nowait())
        if has_frames and not self.is_reopening:
            self._end_earlier_one()

    def camera_closed(self) -> None:
        """Forget what it said and end its alert: a closed camera has no troubles.

        To be called before another one is opened, which would not know that there were any.
        """
        while not self._troubles.empty():
            self._troubles.get_nowait()
        if self._text is not None:
            self._change(None)
        self._end_earlier_one()

    def _change(self, trouble: Trouble | None) -> None:
        self.is_reopening = trouble is not None and trouble.is_reopening
        text = None if trouble is None else trouble.text
        if text != self._text:
            self._say(text)
            self._say_telemetry()

    def _end_earlier_one(self) -> None:
        if self._may_be_an_earlier_one:
            self._say(None)

    def _say(self, text: str | None) -> None:
        self._may_be_an_earlier_one = False
        # Another text of the same trouble does not make it younger.
        if self._text is None or text is None:
            began = Beginning(self._now(), self._up_s())
            if self._since_file is not None:
                began = _kept(self._since_file, began, is_over=text is None)
            self._since = began.since
        self._text = text
        self._publish(CAMERA, camera_alert(text, self._since))


def _kept(file: Path, now: Beginning, *, is_over: bool) -> Beginning:
    """Since when, by a file that outlives the process: begun now where there is none.

    Now where it cannot be used, too. A trouble that is over takes its file with it.
    """
    try:
        if is_over:
            file.unlink(missing_ok=True)
            return now
        kept = _read(file)
    except OSError as error:
        _tell_of(file, error)
        return now
    began = now
    # Seconds that are yet to come are those of an earlier start of the system.
    if kept is not None and 0 <= kept.up_s <= now.up_s:
        began = kept.seen_from(now.since, now.up_s)
    if began != kept:
        _keep(file, began)
    return began


def _keep(file: Path, began: Beginning) -> None:
    try:
        file.write_text(f"{began.since.isoformat()} {began.up_s}", encoding="ascii")
    except OSError as error:
        _tell_of(file, error)


def _tell_of(file: Path, error: OSError) -> None:
    _LOG.warning("%s: %s; a restart will forget since when", file, error.strerror)


def _read(file: Path) -> Beginning | None:
    """What it says; None where it is missing, or no time with its zone and no seconds."""
    try:
        since, up_s = file.read_text(encoding="ascii").split(" ")
        kept = Beginning(datetime.fromisoformat(since), float(up_s))
    except (FileNotFoundError, ValueError):
        return None
    return kept if kept.since.tzinfo is not None else None
