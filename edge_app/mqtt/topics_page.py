"""Messages and payload types → the Markdown of docs/topics.md, on standard output."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

import msgspec

from edge_app.events.requests import (
    ANOTHER_S,
    LARGEST_REQUEST,
    MOST_AT_ONCE,
    REPEAT_S,
    REQUESTS,
)
from edge_app.health.alerts import CAMERA, CAMERA_MEANING, RULES
from edge_app.mqtt.link_client import LARGEST_PACKET
from edge_app.mqtt.messages import AVAILABILITY, DISCOVERY, MESSAGES, REQUEST, Message
from edge_app.mqtt.outbox.alerts import MEANINGS
from edge_app.mqtt.requests import CAPACITY

_FIRST = """\
<!-- Made by `make docs` from edge_app/mqtt/, edge_app/events/ and edge_app/health/. -->
# Topics

What a device publishes and what it can be asked. [asyncapi.yaml](asyncapi.yaml) says the same for
programs, with JSON Schemas; a test checks a live run against it. All payloads except the
availability are JSON in UTF-8. Times are UTC, by the device's own clock; the alert `clock` says if
no time server has set it. Readers should ignore fields that they do not know: new ones do not raise
`schema_version`.
"""

_GONE = """\
A broker publishes `offline` for a device that vanished. If it goes down with the device, as in one
power cut, nobody does: a broker that keeps its retained messages on a disk comes back with `online`
and the last `state`. A device whose `telemetry` is missing, or has a `time` more than two intervals
ago (`telemetry.interval_s`, 60 s unless set), is gone, whatever `availability` and `state` say.
Each `state` has its `time`, too, and is repeated with each telemetry, except in the mode
`aggregates`, where it is empty; one that is two intervals old is no longer true. With MQTT 5, the
broker forgets both after half an hour.

A `state` without faces means that nobody is there only if its `is_known` is not false. Whoever
switches something off in an empty room should look at it: a closed or silent camera sees nobody
either.
"""

_REQUESTS = f"""\
## Requests

Send JSON with an `id` of your own, new for each request, to `mien/<device>/request/<name>`, not
retained. The answer comes on `mien/<device>/response/<name>` with the same `id` (the commands
are in Debian's package `mosquitto-clients`):

```sh
mosquitto_sub -t 'mien/kitchen/response/#' &
mosquitto_pub -t mien/kitchen/request/pause -m '{{"id": "1"}}'
```

A request is refused, with an answer whose `status` is `error`, and changes nothing, if it is
unknown, is not JSON of the form below, has a field that is not listed, has more than
{LARGEST_REQUEST:,} bytes, or is retained (which MQTT 3.1.1 hides the first time). With more than
{LARGEST_PACKET:,} bytes, an MQTT 5 broker does not pass it on, and no answer comes. The
same `id` again within {REPEAT_S / 60:.0f} minutes gets the first answer again, and nothing is done
twice; but of `pause`, `resume` and `privacy` only the last one is remembered, since another may
have undone what came before. {MOST_AT_ONCE} requests are done at once, and after that one each
{ANOTHER_S:.0f} s; more are refused, so that they wear no SD card and fill no log. What asks for
more privacy, `pause` and `aggregates`, is always done. If more than {CAPACITY} requests wait at
once, the rest is left unanswered. Whoever may publish on these topics may ask: the broker's access
rules decide who that is.

A change of `reaction` by the request `settings` ends every visit: everyone present is reported to
leave, and to appear anew. It also ends the summary's interval, since each summary names one
reaction.
"""

_PRIVACY = """\
## Pause and privacy

`pause` closes the camera; everyone present is reported to leave. It stays closed after a restart or
a power cut, until `resume`. While it is paused, telemetry says `"source": "paused"`. If a driver
does not let go of its camera, the process ends to close it, a little later than `camera.stall_s`
and after 12 s at most; systemd restarts it, paused. The answer is an error that says so.

In the privacy mode `aggregates` nothing is published about a single face: no events, a `state` that
was emptied once, with `is_known` false, and no telemetry that a face changes, which includes load
and frame rate as well as the number of faces. What remains is `summary`, `telemetry`, `info`,
`availability` and alerts. Earlier events that still wait for a broker are delivered when it comes
back; of summaries the last 256 wait, in memory only, so that a restart while the broker is away
loses them. If there are more, the oldest are dropped; telemetry counts them in `outbox_dropped`,
with the alert `outbox-dropped`. The current interval is in memory, too, since in this mode nothing
about a single visit is written to a disk: a stop ends and publishes it, a power cut or a kill loses
it, up to a day with the longest `summary.interval_s`. A pause survives a restart, and so does the
last requested mode. Both are kept in the state directory; a damaged file there keeps the camera
closed. Where the settings say `aggregates`, the request `privacy` for `full` is refused, and one of
before no longer holds: whoever may publish on the device's topics cannot end what its settings
promise.

A `summary` in this mode says nothing about fewer faces than `summary.minimum_group` (5 unless set):
neither how many they were, nor zero, nor what they showed; and among more faces, nothing about an
emotion that fewer showed, or that was shown almost only by one or two: all faces but the two that
showed it longest must together have shown it for at least half as long as the first of these. That
is the p % rule of official statistics, with p = 50: whoever showed it second longest knows for how
long, and still cannot estimate the first one's time to within less than half of it. So an emotion
needs three faces, whatever `minimum_group` says. Valence and arousal are means over the emotions
that are published, under the same rule. `withheld` says that something was left out. `watched_s` is
always published: it says that there were frames, not who was in them.

Mien recognizes nobody: one person who comes five times, or turns away five times for longer than a
second and a half, counts as five, so an interval must be short enough, and the room busy enough,
for the minimum to protect anybody. Whoever was not seen in an interval does not count in it. When
Mien itself ends visits, because the camera closed, gave no picture for two seconds or one of
another size, or because faces are read anew, the interval ends as well. In the mode `full`, where
every event is published, nothing is withheld.
"""


def page() -> str:
    """The page as text; a test holds docs/topics.md to it."""
    return "\n".join(_lines()).rstrip() + "\n"


def _lines() -> Iterator[str]:
    yield _FIRST
    yield "| topic | payload | QoS | retained | expires | what it says |"
    yield "|---|---|---|---|---|---|"
    for message in MESSAGES.values():
        expires = f"{message.expiry_s} s" if message.expiry_s is not None else "never"
        yield (
            f"| `{_shown(message.address)}` | {_payload(message)} | {message.qos}"
            f" | {'yes' if message.is_retained else 'no'} | {expires} | {message.purpose} |"
        )
    yield ""
    yield from textwrap.wrap(
        f"`{_shown(AVAILABILITY.address)}` is also the last will. Expiry needs MQTT 5; for a"
        " request it is what we recommend to the sender. The last line is for Home Assistant:"
        " see [home-assistant.md](home-assistant.md). The command there that removes a device"
        " clears all that is retained of it.",
        100,
        break_on_hyphens=False,
    )
    yield ""
    yield _GONE
    yield from _types(
        [
            kind
            for message in MESSAGES.values()
            if message is not REQUEST
            for kind in message.payload_types
        ]
    )
    yield from _alerts()
    yield _REQUESTS
    yield "| request | fields beside `id` | what is done |"
    yield "|---|---|---|"
    for name, request in REQUESTS.items():
        _, schemas = msgspec.json.schema_components([request], ref_template="{name}")
        schema = schemas[request.__name__]
        fields = ", ".join(
            f"`{field}`: {_type(what, schemas)}"
            for field, what in schema["properties"].items()
            if field != "id"
        )
        yield f"| `{name}` | {fields or 'none'} | {_flat(schema['description'])} |"
    yield ""
    yield _PRIVACY


def _alerts() -> Iterator[str]:
    yield "## Alerts"
    yield ""
    yield "The id is the topic's last level. An alert's own text says more: which camera, how many."
    yield ""
    yield "| id | severity | what is wrong | what to do |"
    yield "|---|---|---|---|"
    told = [
        (CAMERA, "critical", CAMERA_MEANING),
        *((name, rule.severity, rule.text) for name, rule in RULES.items()),
        *((name, "critical", meaning) for name, meaning in MEANINGS.items()),
    ]
    for name, severity, text in told:
        wrong, _, remedy = text.partition("; ")
        yield f"| `{name}` | {severity} | {wrong} | {remedy} |"
    yield ""


def _types(kinds: list[type[msgspec.Struct]]) -> Iterator[str]:
    _, schemas = msgspec.json.schema_components(kinds, ref_template="{name}")
    names = [kind.__name__ for kind in kinds]
    for name in (*names, *(other for other in schemas if other not in names)):
        schema = schemas[name]
        yield f"## {name}"
        yield ""
        yield schema["description"].replace("\n    ", "\n")
        yield ""
        yield "| field | type |"
        yield "|---|---|"
        for field, what in schema["properties"].items():
            yield f"| `{field}` | {_type(what, schemas)} |"
        yield ""


def _shown(address: str) -> str:
    return address.replace("{", "<").replace("}", ">")


def _payload(message: Message) -> str:
    if message is AVAILABILITY:
        return "`online`, `offline`"
    if message is REQUEST:
        return "[a request](#requests)"
    if message is DISCOVERY:
        return "Home Assistant's"
    return ", ".join(
        f"[{kind.__name__}](#{kind.__name__.lower()})" for kind in message.payload_types
    )


def _type(schema: dict[str, Any], schemas: dict[str, Any]) -> str:
    """A field's JSON Schema in words."""
    if "anyOf" in schema:
        words = " or ".join(_type(each, schemas) for each in schema["anyOf"])
    elif "$ref" in schema:
        words = _reference(schema["$ref"], schemas)
    elif "enum" in schema:
        words = ", ".join(f"`{value}`" if value is not None else "null" for value in schema["enum"])
    elif schema["type"] == "array":
        words = f"list of {_type(schema['items'], schemas)}"
    elif isinstance(schema.get("additionalProperties"), dict):
        words = f"object of {_type(schema['additionalProperties'], schemas)}"
    elif schema.get("format") == "date-time":
        words = "time"
    else:
        words = f"{schema['type']}{_range(schema)}"
    return f"{words}. {schema['description']}" if "description" in schema else words


def _reference(name: str, schemas: dict[str, Any]) -> str:
    if name != "SettingsChange":
        return f"[{name}](#{name.lower()})"
    fields = schemas[name]["properties"].items()
    return "object of " + "; ".join(f"`{field}`: {_type(what, schemas)}" for field, what in fields)


def _range(schema: dict[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is None:
        return ""
    return f", {low:g} or more" if high is None else f", {low:g} to {high:g}"


def _flat(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 - this is the page
