"""Failed attempts in a row → how long to wait before the next one."""

from __future__ import annotations

import random
from collections.abc import Callable


class Backoff:
    """Exponential back-off with jitter, so that a fleet does not come back all at once.

    Each delay is drawn between `first_s` and a ceiling that doubles up to `longest_s`.
    uniform: draws from [0, 1).
    """

    def __init__(
        self,
        *,
        first_s: float = 1.0,
        longest_s: float = 60.0,
        uniform: Callable[[], float] = random.random,
    ) -> None:
        self._first_s = first_s
        self._longest_s = longest_s
        self._uniform = uniform
        self._ceiling_s = first_s

    def next_delay_s(self) -> float:
        """The delay after one more failure, in seconds."""
        self._ceiling_s = min(2 * self._ceiling_s, self._longest_s)
        return self._first_s + (self._ceiling_s - self._first_s) * self._uniform()

    def reset(self) -> None:
        """Begin again with the shortest delays."""
        self._ceiling_s = self._first_s
