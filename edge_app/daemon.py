"""Joins the stages: frames → perception → events → publisher, until told to stop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from edge_app.events.episodes import Episodes
from edge_app.events.payloads import Event
from edge_app.events.publisher import Publisher
from edge_app.frames.grabber import Grabber
from edge_app.frames.mailbox import Mailbox, MailboxClosed
from edge_app.frames.source import Frame, FrameSource
from edge_app.perception.faces import FrameError
from edge_app.perception.watcher import Watcher

_LOG = logging.getLogger(__name__)

#: How long a request to stop may go unnoticed.
_LOOK_S = 0.25


class Daemon:
    """Runs one source into one publisher, both its owner's to open and close."""

    def __init__(
        self,
        *,
        source: FrameSource,
        watcher: Watcher,
        episodes: Episodes,
        publisher: Publisher,
        every_frame: bool = False,
    ) -> None:
        """every_frame: a recording waits for us; otherwise the newest frame wins."""
        self._mailbox: Mailbox[Frame] = Mailbox()
        self._grabber = Grabber(source, self._mailbox, every_frame=every_frame)
        self._watcher, self._episodes, self._publisher = watcher, episodes, publisher
        self.frames_seen = 0
        self.frames_refused = 0

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set or a recording ends; everyone present is then said to leave.

        Raises:
            SourceError: the source failed.
        """
        self._publisher.publish_state(self._episodes.state())
        self._grabber.start()
        try:
            while not stop.is_set():
                frame = self._mailbox.get(_LOOK_S)
                if frame is not None:
                    self._look(frame)
        except MailboxClosed:
            pass
        finally:
            self._grabber.stop()
            self._tell(self._episodes.finish())

    def _look(self, frame: Frame) -> None:
        try:
            present = self._watcher.watch(frame)
        except FrameError as error:
            self.frames_refused += 1
            if self.frames_refused == 1:
                _LOG.warning("a frame cannot be read: %s", error)
            return
        self.frames_seen += 1
        height, width = frame.image.shape[:2]
        self._tell(self._episodes.update(present, height, width))

    def _tell(self, events: Sequence[Event]) -> None:
        """Publish what happened, and with it who is there now: only events change that."""
        for event in events:
            self._publisher.publish_event(event)
        if events:
            self._publisher.publish_state(self._episodes.state())
