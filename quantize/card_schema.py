"""The structs of the model card → their JSON Schema (2020-12), on standard output."""

from __future__ import annotations

import sys

import msgspec

from edge_app.perception.card import ModelCard


def json_schema() -> bytes:
    """The schema as JSON, readable by people; a test holds docs/schemas/ to it."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Card of a Mien model",
        **msgspec.json.schema(ModelCard),
    }
    return msgspec.json.format(msgspec.json.encode(schema), indent=2) + b"\n"


if __name__ == "__main__":
    sys.stdout.buffer.write(json_schema())
