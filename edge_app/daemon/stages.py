"""Joins the stages: frames → perception → events → publisher, until told to stop."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Sequence

from edge_app.events.episodes import Episodes
from edge_app.events.payloads import Event, State
from edge_app.events.publisher import Publisher
from edge_app.events.watched_time import WatchedTime
from edge_app.frames.grabber import Grabber
from edge_app.frames.mailbox import Mailbox, MailboxClosed
from edge_app.frames.source import Frame, FrameSource
from edge_app.health.governor import Governor
from edge_app.perception.faces import FrameError
from edge_app.perception.watcher import Watcher

_LOG = logging.getLogger(__name__)

#: How long a request to stop may go unnoticed.
_LOOK_S = 0.25
#: After so long without a frame that can be read, nobody can be said to be there.
_BLIND_S = 2.0


def _nothing() -> None:
    """What is done beside the frames, unless somebody asks for more."""


class Daemon:
    """Runs one source into one publisher. It closes the source; the publisher is its owner's."""

    def __init__(
        self,
        *,
        source: FrameSource | None,
        watcher: Watcher,
        episodes: Episodes,
        publisher: Publisher,
        every_frame: bool = False,
        governor: Governor | None = None,
        visits_ended: Callable[[], None] = _nothing,
        watched: WatchedTime | None = None,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """source: None begins paused. every_frame: a recording waits for us; otherwise the newest
        frame wins. governor: how many of the newest are looked at; None: as many as can be.
        visits_ended: called when everyone was said to leave though they may still be there, for
        want of frames or because these have another size now. watched: told for how long there were
        frames. clock_s: rising seconds, the same that `watched` has.
        """
        self._watcher, self._episodes, self._publisher = watcher, episodes, publisher
        self._mailbox: Mailbox[Frame] = Mailbox()
        self._grabber: Grabber | None = None
        self._is_live = self._is_ending = False
        self._blind_from_s = math.inf
        self._frames_before_blind, self._is_slow_told = 0, False
        self._governor, self._visits_ended, self._clock_s = governor, visits_ended, clock_s
        self._every_frame = every_frame
        self._watched = WatchedTime(clock_s) if watched is None else watched
        self._was_known = False
        self.frames_seen = 0
        #: Whether a recording has come to its end, and whether anybody in it was told.
        self.is_over = self.is_anybody_told = False
        self._frames_refused = 0
        if source is not None:
            self._grab_from(source)

    @property
    def frames_refused(self) -> int:
        """How many could not be read: by their source, or by perception."""
        return self._frames_refused + (self._grabber.frames_damaged if self._grabber else 0)

    @property
    def reopenings(self) -> int:
        """How often the source that is open now was opened again."""
        return self._grabber.reopenings if self._grabber else 0

    @property
    def is_paused(self) -> bool:
        """Whether the source is closed until `resume`."""
        return self._grabber is None

    @property
    def state(self) -> State:
        """Who is there now, as far as anybody can say."""
        return self._episodes.state(is_known=self._is_known)

    @property
    def faces(self) -> int | None:
        """How many are there now; None where nobody can say."""
        return len(self.state.faces) if self._is_known else None

    def run(self, stop: threading.Event, each_turn: Callable[[], None] = _nothing) -> None:
        """Work until `stop` is set, `end` is called or a recording ends; everyone present is then
        said to leave.

        each_turn: called between frames, several times a second, also while paused; it may call
        the methods below.

        Raises:
            SourceError: the source failed.
        """
        self._publisher.publish_state(self.state)
        if self._grabber is not None:
            self._grabber.start()
        try:
            while not (stop.is_set() or self._is_ending):
                each_turn()
                # Also while paused: a board that has cooled down is no longer said to be hot.
                wait_s = self._wait_s()
                # Nowhere `stop.wait`: a signal's handler that sets the event would wait for the
                # very lock that the interrupted wait holds.
                if self._grabber is None:
                    time.sleep(_LOOK_S)
                elif wait_s > 0:
                    time.sleep(min(wait_s, _LOOK_S))
                elif (frame := self._mailbox.get(_LOOK_S)) is None or not self._look(frame):
                    self._look_in_vain()
        except MailboxClosed:
            self.is_over = True
        finally:
            self.pause()

    def end(self) -> None:
        """Have `run` return after this turn."""
        # Not `stop.set`: a signal's handler may interrupt it, and wait for the lock that it holds.
        self._is_ending = True

    def pause(self) -> None:
        """Close the source; everyone present is said to leave."""
        if self._grabber is not None:
            self._grabber.stop()
            self._frames_refused += self._grabber.frames_damaged
            self._grabber = None
        self._watched.stopped()
        self._tell(self._episodes.finish())

    def resume(self, source: FrameSource, watcher: Watcher, *, every_frame: bool = False) -> None:
        """After `pause`: go on with another source, and a watcher that has seen nothing yet."""
        self._watcher, self._mailbox, self._every_frame = watcher, Mailbox(), every_frame
        self._grab_from(source).start()

    def begin_anew(self, watcher: Watcher) -> None:
        """Say that everyone leaves, and see whoever is there as for the first time."""
        self._watcher = watcher
        self._tell(self._episodes.finish())

    @property
    def _is_known(self) -> bool:
        return not self.is_paused and self._watcher.is_settled

    def _grab_from(self, source: FrameSource) -> Grabber:
        self._grabber = Grabber(source, self._mailbox, every_frame=self._every_frame)
        self._is_live = source.is_live
        self._blind_from_s = self._clock_s() + _BLIND_S
        return self._grabber

    def _wait_s(self) -> float:
        """How long to let newer frames replace the one that waits."""
        if self._governor is None or self._every_frame:
            return 0.0
        self._governor.turn()
        return self._governor.wait_s()

    def _look(self, frame: Frame) -> bool:
        """Whether the frame could be read."""
        if self._governor is not None:
            self._governor.took_frame()
        # Before a face can make it longer.
        taken_s = self._clock_s()
        try:
            present = self._watcher.watch(frame)
        except FrameError as error:
            self._frames_refused += 1
            if self._frames_refused == 1:
                _LOG.warning("a frame cannot be read: %s", error)
            return False
        if self._grabber is not None:
            self._grabber.want_every(self._watcher.wanted_every_s)
        self.frames_seen += 1
        self._watched.looked(taken_s)
        self._blind_from_s = taken_s + _BLIND_S
        if self._watcher.has_begun_anew:
            self._end_visits()
        height, width = frame.image.shape[:2]
        self._tell(self._episodes.update(present, height, width))
        return True

    def _look_in_vain(self) -> None:
        # In a recording that is read slowly no time passes between two frames.
        if self._is_live and self._clock_s() >= self._blind_from_s:
            self._blind_from_s = math.inf
            self._watched.lost()
            self._watcher.forget()
            self._end_visits()
            self._tell_if_slow()

    def _end_visits(self) -> None:
        """Say that everyone leaves; also where nobody was, so that this betrays nobody."""
        self._tell(self._episodes.finish())
        self._visits_ended()

    def _tell_if_slow(self) -> None:
        """Say why nobody is ever there, where each frame is the only one before everyone leaves."""
        is_only_one = 0 < self._frames_before_blind == self.frames_seen - 1
        self._frames_before_blind = self.frames_seen
        if is_only_one and not self._is_slow_told:
            self._is_slow_told = True
            _LOG.warning(
                "frames are more than %.0f s apart, so nobody is seen; let the camera give one a"
                " second or more",
                _BLIND_S,
            )

    def _tell(self, events: Sequence[Event]) -> None:
        """Publish what happened, and who is there now if that is another state."""
        self.is_anybody_told |= bool(events)
        for event in events:
            self._publisher.publish_event(event)
        # Nobody there is another thing than nobody looked for, and of that there are no events.
        if self._episodes.is_state_new or self._is_known != self._was_known:
            self._publisher.publish_state(self.state)
        self._was_known = self._is_known
