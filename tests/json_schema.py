"""The part of JSON Schema (2020-12) that our documents use; any other keyword fails the test."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
    "integer": (int,),
    "number": (int, float),
}
#: Say nothing about what is valid.
_REMARKS = {"title", "description", "default"}


class JsonSchema:
    """root: the document that references point into."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root

    def errors(self, value: Any, schema: Mapping[str, Any], at: str = "$") -> list[str]:
        """What is wrong with a value; nothing, if it is valid."""
        return [error for each in schema for error in self._check(each, value, schema, at)]

    def resolve(self, reference: str) -> Any:
        found: Any = self._root
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        return found

    def _check(self, keyword: str, value: Any, schema: Mapping[str, Any], at: str) -> Iterator[str]:
        rule = schema[keyword]
        if keyword in _REMARKS:
            return
        check = getattr(self, f"_{keyword.strip('$').lower()}", None)
        assert check is not None, f"{at}: unknown keyword {keyword}"
        for error in check(value, rule, schema, at):
            yield error if error.startswith("$") else f"{at}: {error}"

    def _ref(self, value: Any, rule: str, _schema: Any, at: str) -> list[str]:
        return self.errors(value, self.resolve(rule), at)

    def _anyof(self, value: Any, rule: list[Any], _schema: Any, at: str) -> list[str]:
        tried = [self.errors(value, each, at) for each in rule]
        return [] if any(not errors for errors in tried) else [str(tried)]

    def _type(self, value: Any, rule: str, _schema: Any, _at: str) -> list[str]:
        is_right = isinstance(value, _TYPES[rule])
        if isinstance(value, bool) and rule != "boolean":
            is_right = False
        return [] if is_right else [f"{value!r} is no {rule}"]

    def _enum(self, value: Any, rule: list[Any], _schema: Any, _at: str) -> list[str]:
        return [] if value in rule else [f"{value!r} is none of {rule}"]

    def _required(self, value: Any, rule: list[str], _schema: Any, _at: str) -> list[str]:
        if not isinstance(value, dict):
            return []
        return [f"{name} is missing" for name in rule if name not in value]

    def _properties(self, value: Any, rule: Any, _schema: Any, at: str) -> list[str]:
        if not isinstance(value, dict):
            return []
        return [
            error
            for name, schema in rule.items()
            if name in value
            for error in self.errors(value[name], schema, f"{at}.{name}")
        ]

    def _additionalproperties(self, value: Any, rule: Any, schema: Any, at: str) -> list[str]:
        if not isinstance(value, dict):
            return []
        more = {n: v for n, v in value.items() if n not in schema.get("properties", {})}
        if isinstance(rule, bool):
            return [] if rule else [f"{name} is too much" for name in more]
        return [
            error
            for name, each in more.items()
            for error in self.errors(each, rule, f"{at}.{name}")
        ]

    def _items(self, value: Any, rule: Any, _schema: Any, at: str) -> list[str]:
        if not isinstance(value, list):
            return []
        return [
            error
            for index, each in enumerate(value)
            for error in self.errors(each, rule, f"{at}[{index}]")
        ]

    def _minimum(self, value: Any, rule: float, _schema: Any, _at: str) -> list[str]:
        return [f"{value} < {rule}"] if isinstance(value, (int, float)) and value < rule else []

    def _maximum(self, value: Any, rule: float, _schema: Any, _at: str) -> list[str]:
        return [f"{value} > {rule}"] if isinstance(value, (int, float)) and value > rule else []

    def _exclusiveminimum(self, value: Any, rule: float, _schema: Any, _at: str) -> list[str]:
        return [f"{value} <= {rule}"] if isinstance(value, (int, float)) and value <= rule else []

    def _minitems(self, value: Any, rule: int, _schema: Any, _at: str) -> list[str]:
        return ["too short"] if isinstance(value, list) and len(value) < rule else []

    def _maxlength(self, value: Any, rule: int, _schema: Any, _at: str) -> list[str]:
        return ["too long"] if isinstance(value, str) and len(value) > rule else []

    def _pattern(self, value: Any, rule: str, _schema: Any, _at: str) -> list[str]:
        return [f"{value!r}"] if isinstance(value, str) and not re.search(rule, value) else []

    def _format(self, value: Any, rule: str, _schema: Any, _at: str) -> list[str]:
        assert rule == "date-time", rule
        try:
            return [] if datetime.fromisoformat(str(value)).tzinfo else [f"{value}: no zone"]
        except ValueError as error:
            return [str(error)]
