"""The settings' descriptions → the Markdown of docs/settings.md, on standard output."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from edge_app.settings import Settings


def page() -> str:
    """The page as text; a test holds docs/settings.md to it."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "<!-- Made by `make docs` from edge_app/settings.py. -->"
    yield "# Settings"
    yield ""
    yield "`mien run --settings FILE` reads a TOML file. Every setting has a default; a name that"
    yield "is not listed here is refused. The command line overrides the file."
    yield ""
    yield "Paths of files and folders are relative to the settings file's own folder, wherever"
    yield "it is read from: to the service, `models` is `/etc/mien/models`. `~` is refused there,"
    yield "as it is another folder for each user. On the command line, paths are relative to"
    yield "where you are."
    _, definitions = msgspec.json.schema_components([Settings], ref_template="{name}")
    for section, reference in definitions["Settings"]["properties"].items():
        table = definitions[reference["$ref"]]
        yield ""
        yield f"## [{section}]"
        yield ""
        yield table["description"]
        yield ""
        yield "| setting | default | allowed | what it does |"
        yield "|---|---|---|---|"
        for name, field in table["properties"].items():
            default = "not set" if field["default"] is None else f"`{json.dumps(field['default'])}`"
            said = _said(field)
            yield f"| `{name}` | {default} | {_allowed(said)} | {said['description']} |"


def _said(field: dict[str, Any]) -> dict[str, Any]:
    """What may stand in the file: TOML has no null for what is not set."""
    return next(each for each in field.get("anyOf", [field]) if each.get("type") != "null")


def _allowed(field: dict[str, Any]) -> str:
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    low, high = field.get("minimum", field.get("exclusiveMinimum")), field.get("maximum")
    if low is not None:
        above = "above " if "exclusiveMinimum" in field else ""
        return f"{field['type']}, {above}{low} to {high}"
    return str(field["type"])


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 - this is the page
