"""Where decided events and the state go: the interface, and the one that needs no broker."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import IO

from edge_app.errors import MienError
from edge_app.events.payloads import Alert, Event, Info, State, Summary, Telemetry, encode
from edge_app.events.requests import Response


@dataclass(frozen=True, slots=True)
class Backlog:
    """Events that were handed over: how many are not delivered yet, and how many never will."""

    waiting: int = 0
    dropped: int = 0


class Publisher(abc.ABC):
    """Takes what the daemon has to say. No method waits for a network.

    What is not abstract here, a publisher may do without.
    """

    @abc.abstractmethod
    def announce(self, info: Info) -> None:
        """Say what this device is: before anything else, and when it changed."""

    @abc.abstractmethod
    def publish_event(self, event: Event) -> None:
        """Hand over one decided event."""

    @abc.abstractmethod
    def publish_state(self, state: State) -> None:
        """Say who is there now; replaces the state before."""

    def publish_summary(self, summary: Summary) -> None:
        """Hand over what was seen in an interval."""
        del summary

    def publish_telemetry(self, telemetry: Telemetry) -> None:
        """Say how the device does; replaces what was said before."""
        del telemetry

    def publish_alert(self, alert_id: str, alert: Alert | None) -> None:
        """Raise or change an alert; None resolves it."""
        del alert_id, alert

    def publish_response(self, request: str, response: Response) -> None:
        """Answer a request."""
        del request, response

    @property
    def backlog(self) -> Backlog:
        """What is on its way."""
        return Backlog()

    @abc.abstractmethod
    def close(self) -> None:
        """Deliver what can be delivered within a second, say good-bye, and end.

        What hangs, a disk above all, is waited for some seconds longer.
        """


class StreamError(MienError):
    """A stream takes no more: which, why, and what to do."""


class JsonLinesPublisher(Publisher):
    """Events as JSON Lines, one a line, or summaries; nothing else is written.

    stream: standard output. has_summaries: write these, where no events come.
    """

    def __init__(self, stream: IO[bytes], *, has_summaries: bool = False) -> None:
        self._stream, self._has_summaries = stream, has_summaries
        self._has_failed = False

    def announce(self, info: Info) -> None:
        """Nothing: the lines hold events or summaries only."""

    def publish_event(self, event: Event) -> None:
        """Write the event and flush, so that a pipe sees it at once; once that failed, nothing.

        Raises:
            StreamError: it cannot be written.
            BrokenPipeError: whoever read it left.
        """
        self._write(event)

    def publish_summary(self, summary: Summary) -> None:
        """Write the summary as an event is written, if summaries are asked for.

        Raises:
            StreamError, BrokenPipeError: as `publish_event`.
        """
        if self._has_summaries:
            self._write(summary)

    def _write(self, message: Event | Summary) -> None:
        # Those who are present are still said to leave: that must not fail a second time.
        if self._has_failed:
            return
        try:
            self._stream.write(encode(message) + b"\n")
            self._stream.flush()
        except OSError as error:
            self._has_failed = True
            if isinstance(error, BrokenPipeError):
                raise
            raise StreamError(
                f"standard output: {error.strerror}; make room, or send events elsewhere"
            ) from error

    def publish_state(self, state: State) -> None:
        """Nothing: the lines hold events or summaries only."""

    def close(self) -> None:
        """Nothing: the stream is its owner's to close."""
