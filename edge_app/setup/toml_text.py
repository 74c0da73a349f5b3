"""The text of a settings file and changed values → its new text, comments and order kept."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from edge_app.errors import UsageError

#: By section and key.
Changes = Mapping[tuple[str, str], str]

_HEADER = re.compile(r"\s*\[\s*([A-Za-z0-9_-]+)\s*\]\s*(#.*)?")
_VALUE = r"""("(?:[^"\\]|\\.)*"|'[^']*'|[^\s#"']+)"""


def changed(text: str, changes: Changes) -> str:
    """Set the values; a commented line of the same key makes room for its value.

    Where the file says it in a way that cannot be changed line by line, the whole is written anew,
    without comments.

    Raises:
        UsageError: `text` holds what no settings file does.
        tomllib.TOMLDecodeError: it is no TOML.
    """
    wanted = tomllib.loads(text)
    for (section, key), value in changes.items():
        table = wanted.setdefault(section, {})
        if not isinstance(table, dict):
            raise UsageError(f"{section} is not a section")
        table[key] = value
    # Not `splitlines`: for TOML, only this ends a line, and a comment.
    lines = text.removesuffix("\n").split("\n") if text else []
    for (section, key), value in changes.items():
        _set(lines, section, key, string(value))
    new = "\n".join(lines) + "\n"
    return new if _says(new, wanted) else "\n".join(_written(wanted)) + "\n"


def string(value: str) -> str:
    """A TOML string: what JSON escapes, TOML does likewise."""
    return json.dumps(value, ensure_ascii=False)


def _set(lines: list[str], section: str, key: str, value: str) -> None:
    head = f"{key} = "
    found = _range(lines, section)
    if found is None:
        lines += [*([""] if lines else []), f"[{section}]", head + value]
        return
    start, end = found
    own = re.compile(rf"(\s*{re.escape(key)}\s*=\s*){_VALUE}(\s*(?:#.*)?)")
    commented = re.compile(rf"#\s*{re.escape(key)}\s*=.*")
    last = start
    for number in range(start, end):
        if (old := own.fullmatch(lines[number])) is not None:
            lines[number] = old[1] + value + old[3]
            return
        if "=" in lines[number] and not lines[number].lstrip().startswith("#"):
            last = number + 1
    for number in range(start, end):
        if commented.fullmatch(lines[number]):
            lines[number] = head + value
            return
    lines.insert(last, head + value)


def _range(lines: list[str], section: str) -> tuple[int, int] | None:
    """From behind the section's header to the next one."""
    start = None
    for number, line in enumerate(lines):
        if line.lstrip().startswith("["):
            if start is not None:
                return start, number
            found = _HEADER.fullmatch(line)
            if found is not None and found[1] == section:
                start = number + 1
    return None if start is None else (start, len(lines))


def _says(text: str, wanted: Mapping[str, Any]) -> bool:
    try:
        return tomllib.loads(text) == wanted
    except tomllib.TOMLDecodeError:
        return False


def _written(settings: Mapping[str, Any]) -> Iterator[str]:
    for section, table in settings.items():
        if not isinstance(table, dict):
            raise UsageError(f"{section} is not a section")
        yield f"[{section}]"
        for key, value in table.items():
            if not isinstance(value, str | int | float):
                raise UsageError(f"{section}.{key} is not a single value")
            yield f"{string(key)} = {string(value) if isinstance(value, str) else _number(value)}"
        yield ""


def _number(value: float) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)
