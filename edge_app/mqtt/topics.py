"""A device's name → the topics that it speaks on."""

from __future__ import annotations

import re
from dataclasses import dataclass

from edge_app.errors import UsageError

#: The letters that one level of a topic may have.
LEVEL = r"[A-Za-z0-9_-]{1,64}"

#: The first level of every topic.
ROOT = "mien"

#: What the availability topic says, retained: the birth and the last will.
ONLINE = b"online"
OFFLINE = b"offline"

_LEVEL = re.compile(LEVEL)


class TopicError(UsageError):
    """A name that cannot be one level of a topic."""


def _level(kind: str, name: str) -> str:
    if not _LEVEL.fullmatch(name):
        raise TopicError(
            f"{kind} {name!r}: use 1 to 64 letters, digits, '-' and '_', for example 'kitchen'"
        )
    return name


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics under `mien/<device>/`.

    Raises:
        TopicError: the device's name, or an alert's or request's, is no level of a topic.
    """

    device: str

    def __post_init__(self) -> None:
        _level("device name", self.device)

    @property
    def availability(self) -> str:
        """`online` or `offline`; retained, and the last will."""
        return self._under("availability")

    @property
    def info(self) -> str:
        """What the device is; retained."""
        return self._under("info")

    @property
    def state(self) -> str:
        """Who is there now; retained."""
        return self._under("state")

    @property
    def event(self) -> str:
        """Events; quality of service 1, never retained."""
        return self._under("event")

    @property
    def summary(self) -> str:
        """Aggregates of an interval."""
        return self._under("summary")

    @property
    def telemetry(self) -> str:
        """How the device does; retained."""
        return self._under("telemetry")

    def alert(self, alert_id: str) -> str:
        """One alert; retained until it is resolved."""
        return self._under(f"alert/{_level('alert', alert_id)}")

    def request(self, name: str) -> str:
        """Where others ask the device for something."""
        return self._under(f"request/{_level('request', name)}")

    def response(self, name: str) -> str:
        """Where the device answers a request."""
        return self._under(f"response/{_level('response', name)}")

    def _under(self, name: str) -> str:
        return f"{ROOT}/{self.device}/{name}"
