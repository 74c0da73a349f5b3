"""What a device is → the message from which Home Assistant makes its entities.

Abbreviated as documented under "MQTT, supported abbreviations in MQTT discovery messages".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, get_args

from edge_app.events.payloads import PrivacyMode, SourceState
from edge_app.mqtt.messages import (
    AVAILABILITY,
    DISCOVERY,
    EVENT,
    GONE_S,
    OFFLINE,
    ONLINE,
    REQUEST,
    STATE,
    SUMMARY,
    TELEMETRY,
)
from edge_app.mqtt.topics import LEVEL, TopicError, level

_PREFIX = re.compile(rf"{LEVEL}(/{LEVEL})*")

_DOMINANT = (
    "{% set ns = namespace(best=none, most=0) %}"
    "{% set shown = value_json.faces | map(attribute='emotion') | select('string') | list %}"
    "{% for emotion in shown | unique %}"
    "{% if shown.count(emotion) > ns.most %}"
    "{% set ns.best = emotion %}{% set ns.most = shown.count(emotion) %}"
    "{% endif %}{% endfor %}{{ ns.best }}"
)
_FACES = (
    "{% set ns = namespace(faces=[]) %}{% for face in value_json.faces %}"
    "{% set ns.faces = ns.faces + [{'face': face.episode, 'emotion': face.emotion}] %}"
    "{% endfor %}{{ {'faces': ns.faces} | tojson }}"
)
_IS_KNOWN = "{{ 'online' if value_json.is_known else 'offline' }}"
#: Renders nothing, which Home Assistant passes over, for other events and for those of yesterday.
_CHANGE = (
    "{% if value_json.type == 'emotion_changed' and not value_json.is_historical %}"
    "{{ {'event_type': value_json.emotion, 'previous': value_json.previous,"
    " 'confidence': value_json.confidence, 'face': value_json.episode} | tojson }}"
    "{% endif %}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What Home Assistant is told. emotions: all that the model may name."""

    device: str
    version: str
    emotions: Sequence[str]
    prefix: str = "homeassistant"


def discovery_topic(device: str, prefix: str) -> str:
    """Where the message goes, retained.

    Raises:
        TopicError: the device's name is no level of a topic, or the prefix no row of levels.
    """
    # As `settings.HomeAssistant.prefix`.
    if not _PREFIX.fullmatch(prefix):
        raise TopicError(
            f"discovery prefix {prefix!r}: use letters, digits, '-' and '_', 1 to 64 of them"
            " between slashes, for example 'homeassistant'"
        )
    return DISCOVERY.address.format(prefix=prefix, device=level("device name", device))


def discovery(of: Description) -> dict[str, Any]:
    """The message, as JSON would hold it."""
    state, telemetry = STATE.topic(of.device), TELEMETRY.topic(of.device)
    availability, summary = AVAILABILITY.topic(of.device), SUMMARY.topic(of.device)
    identity = f"mien_{of.device}"
    online = {
        "t": availability,
        "pl_avail": ONLINE.decode(),
        "pl_not_avail": OFFLINE.decode(),
    }
    seeing = {
        # Nobody to be seen is another thing than nobody there. Of one message Home Assistant takes
        # both at once; of two, an automation would hear that nobody is there first.
        "avty": [online, {"t": state, "val_tpl": _IS_KNOWN}],
        "avty_mode": "all",
        # A broker that died together with the device comes back with both `online`.
        "exp_aft": GONE_S,
    }
    components: dict[str, dict[str, Any]] = {
        "people": {
            "p": "sensor", "name": "People", "ic": "mdi:account-group",
            "stat_t": state, "val_tpl": "{{ value_json.faces | count }}",
            "stat_cla": "measurement", **seeing,
        },
        "emotion": {
            "p": "sensor", "name": "Emotion", "ic": "mdi:emoticon-outline",
            "stat_t": state, "val_tpl": _DOMINANT,
            "dev_cla": "enum", "ops": list(of.emotions),
            "json_attr_t": state, "json_attr_tpl": _FACES, **seeing,
        },
        "emotion_change": {
            "p": "event", "name": "Emotion change", "ic": "mdi:emoticon-outline",
            "stat_t": EVENT.topic(of.device), "val_tpl": _CHANGE, "evt_typ": list(of.emotions),
            "qos": EVENT.qos,
        },
        "visits": {
            "p": "sensor", "name": "Visits", "ic": "mdi:counter",
            # It lasts until the next one, up to a day: it never expires.
            "stat_t": summary, "val_tpl": "{{ value_json.faces }}", "json_attr_t": summary,
            "stat_cla": "measurement", "qos": SUMMARY.qos,
        },
        "valence": _mean("Valence", "valence", state) | seeing,
        "arousal": _mean("Arousal", "arousal", state) | seeing,
        "paused": {
            "p": "switch", "name": "Privacy pause", "ic": "mdi:camera-off",
            "stat_t": telemetry,
            "val_tpl": "{{ 'true' if value_json.source == 'paused' else 'false' }}",
            "stat_on": "true", "stat_off": "false",
            "cmd_t": REQUEST.topic(of.device, request="pause"), "pl_on": "true", "pl_off": "false",
            "cmd_tpl": '{"id": "{{ now().isoformat() }}", "paused": {{ value }}}',
        },
        "restart": {
            "p": "button", "name": "Restart", "dev_cla": "restart", "ent_cat": "config",
            "cmd_t": REQUEST.topic(of.device, request="restart"),
            "cmd_tpl": '{"id": "{{ now().isoformat() }}"}',
        },
        "identify": {
            "p": "button", "name": "Identify", "dev_cla": "identify", "ent_cat": "config",
            "cmd_t": REQUEST.topic(of.device, request="identify"),
            "cmd_tpl": '{"id": "{{ now().isoformat() }}"}',
        },
        "connection": {
            "p": "binary_sensor", "name": "Connection", "dev_cla": "connectivity",
            "ent_cat": "diagnostic", "stat_t": availability,
            "pl_on": ONLINE.decode(), "pl_off": OFFLINE.decode(),
            # What tells that the device is away is not away itself.
            "avty": [],
        },
        "camera": _diagnostic(
            "Camera", "source", telemetry,
            dev_cla="enum", ops=[*get_args(SourceState)], ic="mdi:cctv",
        ),
        "frame_rate": _diagnostic(
            "Frame rate", "frames_per_second", telemetry,
            unit_of_meas="fps", stat_cla="measurement", ic="mdi:filmstrip",
        ),
        "temperature": _diagnostic(
            "Temperature", "temperature_c", telemetry,
            dev_cla="temperature", unit_of_meas="°C", stat_cla="measurement",
        ),
        "memory": _diagnostic(
            "Memory", "rss_bytes", telemetry,
            val_tpl="{{ (value_json.rss_bytes / 1e6) | round(1) }}",
            dev_cla="data_size", unit_of_meas="MB", stat_cla="measurement",
        ),
        "outbox": _diagnostic(
            "Events waiting", "outbox_waiting", telemetry,
            stat_cla="measurement", ic="mdi:tray-full",
        ),
        "privacy": _diagnostic(
            "Privacy mode", "privacy", telemetry,
            dev_cla="enum", ops=[*get_args(PrivacyMode)], ic="mdi:shield-account",
        ),
    }  # fmt: skip
    return {
        "dev": {
            "ids": [identity],
            "name": f"Mien {of.device}",
            "mf": "Mien",
            "mdl": "Facial expressions",
            "sw": of.version,
        },
        "o": {"name": "Mien", "sw": of.version},
        "avty": [online],
        "cmps": {
            name: {"uniq_id": f"{identity}_{name}", "qos": STATE.qos} | component
            for name, component in components.items()
        },
    }


def _mean(name: str, field: str, topic: str) -> dict[str, Any]:
    """A sensor of one field of the state, as the mean of the faces; unknown where none has it.

    Home Assistant keeps it disabled until somebody wants it.
    """
    return {
        "p": "sensor",
        "name": name,
        "ic": "mdi:emoticon-outline",
        "stat_t": topic,
        "val_tpl": (
            f"{{% set known = value_json.faces | map(attribute='{field}') | select('number')"
            " | list %}{{ (known | sum / known | count) | round(2) if known else none }}"
        ),
        "stat_cla": "measurement",
        "en": False,
    }


def _diagnostic(name: str, field: str, topic: str, **more: Any) -> dict[str, Any]:
    """A sensor of one field of the telemetry."""
    return {
        "p": "sensor",
        "name": name,
        "stat_t": topic,
        "val_tpl": f"{{{{ value_json.{field} }}}}",
        # As long as the broker keeps it; the interval may change at run time.
        "exp_aft": GONE_S,
        "ent_cat": "diagnostic",
        "qos": TELEMETRY.qos,
        **more,
    }
