"""A TOML file, and the words of a command line over it → checked settings."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from edge_app.errors import UsageError
from edge_app.mistakes import in_words, place_of
from edge_app.settings import Settings
from edge_app.settings_paths import make_whole


def read_settings(
    path: Path | None,
    overrides: dict[str, dict[str, Any]],
    *,
    options: Mapping[str, str] | None = None,
) -> Settings:
    """Read `path`, put what the command line said over it, and check the whole.

    overrides: by section and key; a value of None leaves the file's. Paths in the file start at its
    folder, those in `overrides` where the process stands. options: what those are called on the
    command line, by section and key, as in `device.name`; for messages.

    Raises:
        UsageError: the file cannot be read, is no TOML, or holds an unknown key or a wrong value.
    """
    text = ""
    if path is not None:
        try:
            # Editors on Windows write a byte order mark.
            text = path.read_text(encoding="utf-8-sig")
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}; name another settings file") from error
        except UnicodeDecodeError as error:
            raise UsageError(f"{path}: not TOML: {error}") from error
    return parse_settings(text, path, overrides, options=options)


def parse_settings(
    text: str,
    path: Path | None,
    overrides: dict[str, dict[str, Any]],
    *,
    folder: Path | None = None,
    options: Mapping[str, str] | None = None,
) -> Settings:
    """Likewise, of a text that stands in `path` or is to stand there.

    folder: where its paths start; None: where `path` lies.

    Raises:
        UsageError: it is no TOML, or holds an unknown key or a wrong value.
    """
    try:
        stored = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: not TOML: {error}") from error
    if path is not None:
        make_whole(stored, Settings, path, folder or path.absolute().parent)
    said = {
        f"{section}.{key}": (section, key, value)
        for section, values in overrides.items()
        for key, value in values.items()
        if value is not None
    }
    for section, key, value in said.values():
        table = stored.setdefault(section, {})
        if isinstance(table, dict):
            table[key] = value
    try:
        return msgspec.convert(stored, Settings)
    except msgspec.ValidationError as error:
        place = place_of(error)
        is_stored = path is not None and place not in said
        where = path if is_stored else (options or {}).get(place, "command line")
        reason = in_words(error, Settings)
        raise UsageError(f"{where}: {reason}; docs/settings.md lists all settings") from error
