"""msgspec's refusal, and the type that was asked for → what is wrong, in words for a person."""

from __future__ import annotations

import difflib
import re
import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

#: What msgspec raises of bytes that it cannot read. Its own errors are ValueErrors, and so is
#: Python's where they are no UTF-8; a time may lie beyond the calendar, and brackets be too deep.
UNREADABLE = (ValueError, OverflowError, RecursionError)

#: The key in a `msgspec.Meta`'s `extra` for what its pattern means.
WORDS = "words"

_PLACE = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<place>[^`]*)`)?", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_VALUE = re.compile(r"Invalid enum value (.*)", re.DOTALL)


def in_words(error: msgspec.ValidationError, kind: type[msgspec.Struct]) -> str:
    """What is wrong, where, and what would be right; msgspec's own text where that says it.

    kind: what was to be read.
    """
    found, place = _PLACE.fullmatch(str(error)), place_of(error)
    what = found["what"] if found else str(error)
    bare, metas = _at(kind, place)
    if unknown := _UNKNOWN.fullmatch(what):
        what = _unknown(unknown[1], what, list(_fields(bare)))
    elif (value := _VALUE.fullmatch(what)) and get_origin(bare) is Literal:
        what = f"invalid value {value[1]} (there are {', '.join(map(str, get_args(bare)))})"
    elif what.startswith("Expected `str` matching"):
        meant = next((m.extra[WORDS] for m in metas if m.extra and WORDS in m.extra), None)
        what = f"expected {meant}" if meant else what
    return f"{what}, in `{place}`" if place else what


def place_of(error: msgspec.ValidationError) -> str:
    """Where it is wrong, as `a.b`; empty: on the whole, or nobody knows where."""
    found = _PLACE.fullmatch(str(error))
    return (found["place"] or "") if found else ""


def _unknown(name: str, what: str, known: list[str]) -> str:
    if not known:
        return what
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(known)}"
    return f"unknown field `{name}` ({hint})"


def _at(kind: Any, place: str) -> tuple[Any, list[msgspec.Meta]]:
    """The type at `a.b` below a structure, and what it is annotated with; None: no such place.

    A place cannot be trusted: the name of an unknown field may look like one.
    """
    bare, metas = _unwrapped(kind)
    for name in place.split(".") if place else ():
        bare, metas = _unwrapped(_fields(bare).get(name))
    return bare, metas


def _fields(kind: Any) -> dict[str, Any]:
    if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
        return {}
    return {field.encode_name: field.type for field in msgspec.structs.fields(kind)}


def _unwrapped(kind: Any) -> tuple[Any, list[msgspec.Meta]]:
    """A type without its annotations, and without the None of an optional one."""
    metas: list[msgspec.Meta] = []
    while True:
        origin = get_origin(kind)
        if origin is Annotated:
            kind, *more = get_args(kind)
            metas += [each for each in more if isinstance(each, msgspec.Meta)]
        elif origin in {Union, types.UnionType}:
            kind = next(each for each in get_args(kind) if each is not type(None))
        else:
            return kind, metas
