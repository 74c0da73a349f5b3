"""What others may ask of a device, typed, and its answer; JSON on the wire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import msgspec

from edge_app.events.payloads import SCHEMA_VERSION, PrivacyMode

#: Of more bytes, no request is read.
LARGEST_REQUEST = 4096

#: How long the id of a request is known again.
REPEAT_S = 600.0

#: So many requests are done at once, and after that one each so many seconds.
MOST_AT_ONCE = 30
ANOTHER_S = 10.0

#: Chosen by whoever asks; a UUID fits.
TransactionId = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[\x21-\x7e]{1,64}$(?!\n)",
        description="Chosen by whoever asks, anew for each request; the answer carries it.",
    ),
]

#: What the settings file and a request may set alike.
ReactionName = Literal["quick", "normal", "calm"]
SummaryIntervalSeconds = Annotated[int, msgspec.Meta(ge=10, le=86400)]
TelemetryIntervalSeconds = Annotated[int, msgspec.Meta(ge=5, le=600)]


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every request says."""

    id: TransactionId


class Pause(Request, frozen=True, kw_only=True):
    """Close the camera. It stays closed, even across restarts, until `resume` or `paused` false."""

    paused: bool = True


class Resume(Request, frozen=True, kw_only=True):
    """Open the camera again."""


class Privacy(Request, frozen=True, kw_only=True):
    """Publish everything, or aggregates only. It stays so, even across restarts.

    `full` is refused where the settings say `aggregates`.
    """

    mode: PrivacyMode


class SettingsChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings that can be changed at run time, until the next start. None: as it was."""

    reaction: ReactionName | None = None
    summary_interval_s: SummaryIntervalSeconds | None = None
    telemetry_interval_s: TelemetryIntervalSeconds | None = None


class ChangeSettings(Request, frozen=True, kw_only=True):
    """Report the settings that can be changed at run time, after changing those in `change`."""

    change: SettingsChange = SettingsChange()


class Restart(Request, frozen=True, kw_only=True):
    """End the process, so that the service manager restarts it.

    Refused while its settings, or the models and files that they name, would keep it from starting.
    """


class Identify(Request, frozen=True, kw_only=True):
    """Blink, so that the device can be found among others; without an LED, only answer."""


class Diagnostics(Request, frozen=True, kw_only=True):
    """Report versions, models, settings and telemetry; never a secret."""


#: Name, the last level of the topic → what is asked there.
REQUESTS: dict[str, type[Request]] = {
    "pause": Pause,
    "resume": Resume,
    "privacy": Privacy,
    "settings": ChangeSettings,
    "restart": Restart,
    "identify": Identify,
    "diagnostics": Diagnostics,
}


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a request.

    id: the request's, null if it had no readable one. error: what is wrong and what to do, null
    if all is well. result: what was asked for, null if nothing was, or if it failed.
    """

    id: str | None
    status: Literal["ok", "error"]
    error: str | None = None
    result: dict[str, Any] | None = None
    schema_version: int = SCHEMA_VERSION


@dataclass(frozen=True, slots=True)
class RawRequest:
    """A request as it came. name: of the request. payload: not read yet, and anybody's.

    Of one of more than `LARGEST_REQUEST` bytes the payload is cut, one byte behind them.
    is_retained: it was left at the broker, perhaps long ago.
    """

    name: str
    payload: bytes
    is_retained: bool = False
