"""A name → one level of a topic."""

from __future__ import annotations

import re

from edge_app.errors import UsageError

#: The letters that one level of a topic may have.
LEVEL = r"[A-Za-z0-9_-]{1,64}"

#: The first level of every topic.
ROOT = "mien"

_LEVEL = re.compile(LEVEL)


class TopicError(UsageError):
    """A name that cannot be one level of a topic."""


def level(kind: str, name: str) -> str:
    """The name, if it can be one. kind: what it names, in words.

    Raises:
        TopicError: it cannot.
    """
    if not _LEVEL.fullmatch(name):
        raise TopicError(
            f"{kind} {name!r}: use 1 to 64 letters, digits, '-' and '_', for example 'kitchen'"
        )
    return name
