"""A value, and a JSON Schema (2020-12) of a document of ours → what is wrong with the value."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from datetime import datetime
from functools import reduce
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

# Of itself jsonschema takes any text for a time.
_FORMATS = FormatChecker(formats=())


@_FORMATS.checks("date-time", raises=ValueError)
def _is_time(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def errors(
    value: Any, schema: Mapping[str, Any], document: Mapping[str, Any] | None = None
) -> list[str]:
    """What is wrong with a value; nothing, if it is valid.

    document: what references point into, where that is not the schema.
    """
    check = Draft202012Validator({**(document or {}), **schema}, format_checker=_FORMATS)
    return [f"{error.json_path}: {error.message}" for error in check.iter_errors(value)]


def resolve(reference: str, document: Mapping[str, Any]) -> Any:
    return reduce(operator.getitem, reference.removeprefix("#/").split("/"), document)
