"""msgspec's refusal, and the type that was asked for → what is wrong, in words for a person."""

from __future__ import annotations

import difflib
import re
import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

#: What msgspec raises of bytes that it cannot read: its own errors, which are no ValueErrors before
#: 0.22, and Python's where they are no UTF-8; a time may lie beyond the calendar, and brackets be
#: too deep.
UNREADABLE = (msgspec.MsgspecError, ValueError, OverflowError, RecursionError)

#: The key in a `msgspec.Meta`'s `extra` for what its pattern means.
WORDS = "words"

_PLACE = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<place>[^`]*)`)?", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`", re.DOTALL)
_VALUE = re.compile(r"Invalid enum value (.*)", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(.*)`", re.DOTALL)
_EXPECTED = re.compile(
    r"Expected `(?P<kind>\w+)(?: \| null)?`(?:, got `(?P<got>\w+)`)?.*", re.DOTALL
)

#: msgspec's names of types → a person's.
_KINDS = {
    "int": "a whole number", "float": "a number", "str": "text", "bool": "true or false",
    "array": "a list", "object": "named values", "null": "nothing",
    "datetime": "a time", "date": "a date", "time": "a time of day",
}  # fmt: skip


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
    elif missing := _MISSING.fullmatch(what):
        what = f"`{missing[1]}` is missing"
    elif expected := _EXPECTED.fullmatch(what):
        what = _expected(expected["kind"], expected["got"], bare, metas) or what
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


def _expected(kind: str, got: str | None, bare: Any, metas: list[msgspec.Meta]) -> str | None:
    """What would be right; None where msgspec says more.

    got: the type of what is there; None: it is the right one.
    """
    words = next((meta.extra[WORDS] for meta in metas if meta.extra and WORDS in meta.extra), None)
    limits = ", ".join(limit for meta in metas for limit in _limits(meta, is_text=kind == "str"))
    if kind not in _KINDS or (got is None and not (words or limits)):
        return None
    if get_origin(bare) is Literal:
        words = f"one of {', '.join(map(str, get_args(bare)))}"
    right = words or f"{_KINDS[kind]} {limits}".rstrip()
    return f"expected {right}, not {_KINDS.get(got, got)}" if got else f"expected {right}"


def _limits(meta: msgspec.Meta, *, is_text: bool) -> Iterator[str]:
    """What a number or text is held to, but for a pattern."""
    if is_text:
        if meta.min_length == 1:
            yield "that is not empty"
        if meta.max_length is not None:
            yield f"of at most {meta.max_length} characters"
    elif meta.ge is not None and meta.le is not None:
        yield f"from {meta.ge} to {meta.le}"
    else:
        if meta.ge is not None:
            yield f"of {meta.ge} or more"
        if meta.gt is not None:
            yield f"above {meta.gt}"
        if meta.le is not None:
            yield f"of at most {meta.le}"


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
