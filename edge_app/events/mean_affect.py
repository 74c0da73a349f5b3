"""Valence and arousal over time → their means."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from edge_app.perception.affect import Affect

_DIGITS = 4


@dataclass(slots=True)
class MeanAffect:
    """Weighs each value by how long it was shown, in whatever unit the caller counts time.

    valence, arousal: summed over that time.
    """

    valence: float = 0.0
    arousal: float = 0.0
    time: float = 0.0

    @classmethod
    def of(cls, parts: Iterable[MeanAffect]) -> Self:
        """All the time of several, as one."""
        whole = cls()
        for part in parts:
            whole.valence += part.valence
            whole.arousal += part.arousal
            whole.time += part.time
        return whole

    def add(self, affect: tuple[float, float] | None, time: float) -> None:
        """Such a valence and arousal were shown for so long; None says nothing."""
        if affect is not None:
            valence, arousal = affect
            self.valence += valence * time
            self.arousal += arousal * time
            self.time += time

    @property
    def mean(self) -> Affect | None:
        """None if nothing was shown for any time."""
        if self.time <= 0.0:
            return None
        return Affect(self.valence / self.time, self.arousal / self.time)


def as_told(affect: Affect | None) -> tuple[float, float] | tuple[None, None]:
    """Valence and arousal as payloads say them: rounded, or nothing of both."""
    if affect is None:
        return None, None
    # Nothing is added so that no zero is negative.
    return round(affect.valence, _DIGITS) + 0.0, round(affect.arousal, _DIGITS) + 0.0
