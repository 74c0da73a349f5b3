"""Topics and payload types → docs/asyncapi.yaml (AsyncAPI 3.0), on standard output."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator
from importlib import metadata
from typing import Any

import msgspec
import yaml

from edge_app.events.requests import REQUESTS
from edge_app.mqtt.connection import KEEP_ALIVE_S
from edge_app.mqtt.messages import (
    AVAILABILITY,
    DISCOVERY,
    MESSAGES,
    OFFLINE,
    ONLINE,
    REQUEST,
    Message,
)
from edge_app.mqtt.topics import LEVEL

_BINDING = {"bindingVersion": "0.2.0"}
_PARAMETERS = {
    "device": {"description": f"The device's name, {LEVEL}."},
    "alert": {"description": f"What it is about, {LEVEL}."},
    "request": {"description": f"The request's name, {LEVEL}; the answer to an unknown one too."},
    "prefix": {
        "description": "Home Assistant's discovery prefix, by the setting home_assistant.prefix.",
        "default": "homeassistant",
    },
}
#: Payloads that are no JSON of ours.
_TEXTS: dict[str, dict[str, Any]] = {
    "Availability": {
        "contentType": "text/plain",
        "payload": {"type": "string", "enum": [ONLINE.decode(), OFFLINE.decode()]},
    },
    "Nothing": {
        "summary": "An empty message takes a retained one away.",
        "contentType": "text/plain",
        "payload": {"type": "string", "maxLength": 0},
    },
    "DeviceDiscovery": {
        "summary": "Described by Home Assistant: MQTT, device discovery.",
        "contentType": "application/json",
        "payload": {"type": "object", "required": ["dev", "o", "cmps"]},
    },
}


def document() -> dict[str, Any]:
    """The whole AsyncAPI document, as JSON would hold it."""
    kinds = [kind for message in MESSAGES.values() for kind in message.payload_types]
    kinds += REQUESTS.values()
    _, made = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    schemas = msgspec.json.decode(msgspec.json.encode(made))  # a default may be a tuple
    for schema in schemas.values():
        if "description" in schema:
            # Python 3.13 takes the indentation out of docstrings, and older ones do not.
            schema["description"] = inspect.cleandoc(schema["description"])
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Mien",
            "version": metadata.version("mien"),
            "description": "What a Mien device says over MQTT, and what it can be asked.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {"broker": _server()},
        "channels": {name: _channel(message) for name, message in _channels()},
        "operations": dict(_operations()),
        "components": {
            "messages": _TEXTS | {kind.__name__: _message(kind, schemas) for kind in kinds},
            "schemas": schemas,
        },
    }


def text() -> str:
    """The document as YAML; a test holds docs/asyncapi.yaml to it."""
    made: str = yaml.dump(
        document(), Dumper=_Readable, sort_keys=False, allow_unicode=True, width=100
    )
    return made


class _Readable(yaml.SafeDumper):
    """Keeps the lines of a text as they are, where YAML would fold them with gaps between."""


def _as_lines(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Readable.add_representer(str, _as_lines)


def _server() -> dict[str, Any]:
    return {
        "host": "{host}",
        "protocol": "mqtt",
        "protocolVersion": "5.0",
        "description": "MQTT 5, or 3.1.1 where the broker speaks no other; then nothing expires.",
        "variables": {"host": {"default": "localhost:1883"}},
        "bindings": {
            "mqtt": {
                "keepAlive": KEEP_ALIVE_S,
                "lastWill": {
                    "topic": AVAILABILITY.address,
                    "qos": AVAILABILITY.qos,
                    "message": OFFLINE.decode(),
                    "retain": AVAILABILITY.is_retained,
                },
                **_BINDING,
            }
        },
    }


def _channels() -> Iterator[tuple[str, Message]]:
    """Every message's channel; requests have one each, since each takes another payload."""
    for name, message in MESSAGES.items():
        if message is not REQUEST:
            yield name, message
            continue
        for request, kind in REQUESTS.items():
            address = message.address.replace("{request}", request)
            yield (
                f"request_{request}",
                dataclasses.replace(
                    message, address=address, purpose=f"Ask for `{request}`.", payload=kind
                ),
            )


def _channel(message: Message) -> dict[str, Any]:
    messages = {name: {"$ref": f"#/components/messages/{name}"} for name in _message_names(message)}
    return {
        "address": message.address,
        "description": message.purpose,
        # Each its own: the text would refer to the first one by YAML's anchors.
        "parameters": {name: dict(_PARAMETERS[name]) for name in message.levels},
        "messages": messages,
    }


def _message_names(message: Message) -> list[str]:
    if message is AVAILABILITY:
        names = ["Availability"]
    elif message is DISCOVERY:
        names = ["DeviceDiscovery"]
    else:
        names = [kind.__name__ for kind in message.payload_types]
    # Whoever takes a device away empties all that is kept of it.
    return [*names, "Nothing"] if message.is_retained else names


def _operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, message in _channels():
        binding: dict[str, Any] = {"qos": message.qos, "retain": message.is_retained}
        if message.expiry_s is not None:
            binding["messageExpiryInterval"] = message.expiry_s
        is_ours = message.sender == "device"
        operation: dict[str, Any] = {
            "action": "send" if is_ours else "receive",
            "channel": {"$ref": f"#/channels/{name}"},
            "bindings": {"mqtt": binding | _BINDING},
        }
        if not is_ours:
            operation["reply"] = {"channel": {"$ref": "#/channels/response"}}
        yield f"{operation['action']}_{name}", operation


def _message(kind: type[msgspec.Struct], schemas: dict[str, Any]) -> dict[str, Any]:
    return {
        "summary": schemas[kind.__name__]["description"].partition("\n")[0],
        "payload": {"$ref": f"#/components/schemas/{kind.__name__}"},
    }


if __name__ == "__main__":
    print(text(), end="")  # noqa: T201 - this is the document
