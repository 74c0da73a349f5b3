"""Paths in a settings file → whole ones, the same for whoever reads the file, from anywhere."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import msgspec

from edge_app.errors import UsageError

#: The keys in a `msgspec.Meta`'s `extra` for a setting that is a path, or a path or a scheme.
PATH = "path"
PATH_OR_SCHEME = "path or scheme"

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+-]*:")


def make_whole(
    stored: dict[str, Any], kind: type[msgspec.Struct], file: Path, folder: Path
) -> None:
    """Let the paths in `stored` start at `folder`.

    stored: by section and key. kind: the sections' types. What is no text is left as it is. file:
    names it in messages.

    Raises:
        UsageError: a path begins with `~`: the doctor's home is not the service's.
    """
    for section, key, may_be_scheme in _paths(kind):
        table = stored.get(section)
        value = table.get(key) if isinstance(table, dict) else None
        if not isinstance(table, dict) or not isinstance(value, str) or not value.strip():
            continue
        if value.startswith("~"):
            raise UsageError(
                f"{file}: `~` is another folder for each user, in `{section}.{key}`; write the"
                " whole path, or the one from this file's folder on"
            )
        whole = os.path.join(folder, value)  # noqa: PTH118 - a Path loses what a misspelt URL has
        # A file may have a colon in its name.
        if not (may_be_scheme and _SCHEME.match(value)) or os.path.exists(whole):  # noqa: PTH110
            table[key] = whole


def _paths(kind: type[msgspec.Struct]) -> Iterator[tuple[str, str, bool]]:
    """Section and key of each, and whether it may be a scheme."""
    for section in msgspec.structs.fields(kind):
        for field in msgspec.structs.fields(section.type):
            # Of one that may be left unset, the second is NoneType.
            metas = (each for each in get_args(field.type)[1:] if isinstance(each, msgspec.Meta))
            for meta in metas:
                extra = meta.extra or {}
                if PATH in extra or PATH_OR_SCHEME in extra:
                    yield section.name, field.name, PATH_OR_SCHEME in extra
