"""What this Mien was installed from → words that add the packages of an extra to it."""

from __future__ import annotations

import shlex
import sys
from importlib import metadata
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

#: The environment of Debian's package, which is dpkg's, not pip's.
_DEBIANS = "/usr/lib/mien"
_INSTEAD = {
    "embedded-broker": (
        "sudo apt install mosquitto, and take localhost as the broker: mien run --broker localhost"
    )
}


class _Folder(msgspec.Struct, frozen=True):
    editable: bool = False


class _Origin(msgspec.Struct, frozen=True):
    """As https://packaging.python.org/specifications/direct-url-data-structure has it."""

    url: str
    dir_info: _Folder = _Folder()


def is_debians() -> bool:
    """Whether this is the Mien of Debian's package."""
    return sys.prefix == _DEBIANS


def how_to_add(extra: str) -> str:
    """What to do; extra: as pyproject.toml calls it.

    Never by the name alone: on PyPI, `mien` is not ours.
    """
    if is_debians() and extra in _INSTEAD:
        return _INSTEAD[extra]
    origin = _origin()
    file = Path(unquote(urlsplit(origin.url).path)) if origin else None
    # Debian's package keeps no origin, nor does pip of what came from an index.
    if origin is None or file is None or not file.exists():
        return f"in a clone of Mien: pip install '.[{extra}]'"
    editable = "--editable " if origin.dir_info.editable else ""
    pip = f"{shlex.quote(sys.executable)} -m pip"
    return f"{pip} install {editable}{shlex.quote(f'{file}[{extra}]')}"


def _origin() -> _Origin | None:
    """The clone or the wheel that pip was given."""
    said = metadata.distribution("mien").read_text("direct_url.json")
    try:
        origin = msgspec.json.decode(said or "", type=_Origin)
    except msgspec.DecodeError:
        return None
    return origin if origin.url.startswith("file:") else None
