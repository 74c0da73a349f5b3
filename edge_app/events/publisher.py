"""Where decided events and the state go: the interface, and the one that needs no broker."""

from __future__ import annotations

import abc
from typing import IO

from edge_app.events.payloads import Event, Info, State, encode


class Publisher(abc.ABC):
    """Takes what the daemon has to say. No method waits for a network."""

    @abc.abstractmethod
    def announce(self, info: Info) -> None:
        """Say what this device is; called once, before anything else."""

    @abc.abstractmethod
    def publish_event(self, event: Event) -> None:
        """Hand over one decided event."""

    @abc.abstractmethod
    def publish_state(self, state: State) -> None:
        """Say who is there now; replaces the state before."""

    @abc.abstractmethod
    def close(self) -> None:
        """Deliver what can be delivered within a second, say good-bye, and end."""


class JsonLinesPublisher(Publisher):
    """Events as JSON Lines, one a line; state and info are not written."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def announce(self, info: Info) -> None:
        """Nothing: the lines hold events only."""

    def publish_event(self, event: Event) -> None:
        """Write the event and flush, so that a pipe sees it at once."""
        self._stream.write(encode(event) + b"\n")
        self._stream.flush()

    def publish_state(self, state: State) -> None:
        """Nothing: the lines hold events only."""

    def close(self) -> None:
        """Nothing: the stream is its owner's to close."""
