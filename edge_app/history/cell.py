"""What is counted of one day, or of one hour of the day."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from edge_app.events.mean_affect import MeanAffect


@dataclass(slots=True)
class Cell:
    """Figures, and of how many visits each of them is.

    visits: how many began. group: how many had a part in it. lengths_s: of the visits that began in
    it and whose end is known. shown_s: seconds by emotion; shown_by: how many visits showed it;
    by_visit: its seconds by visit, but for those of summaries. affects: valence and arousal of the
    visits that began in it; affects_by: of how many they are; affects_s: the seconds of each, but
    for those of summaries. intervals: how many summaries tell of it; untold: in how many of these
    the device withheld how many visits there were. withheld: the device itself kept something back.
    """

    visits: int = 0
    group: int = 0
    lengths_s: list[float] = field(default_factory=list)
    shown_s: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    shown_by: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    by_visit: dict[str, dict[str, float]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(float))
    )
    affects: MeanAffect = field(default_factory=MeanAffect)
    affects_by: int = 0
    affects_s: list[float] = field(default_factory=list)
    intervals: int = 0
    untold: int = 0
    withheld: bool = False

    def add(self, other: Cell) -> None:
        """Count what another source tells of the same time.

        What is told is of a group only where each of both is: one can be subtracted.
        """
        self.visits += other.visits
        self.group = _least(self.group, other.group)
        self.lengths_s += other.lengths_s
        for emotion, seconds in other.shown_s.items():
            self.shown_s[emotion] += seconds
        for emotion, visits in other.shown_by.items():
            self.shown_by[emotion] = _least(self.shown_by[emotion], visits)
        for emotion, parts_s in other.by_visit.items():
            self.by_visit[emotion].update(parts_s)
        self.affects = MeanAffect.of([self.affects, other.affects])
        self.affects_by = _least(self.affects_by, other.affects_by)
        self.affects_s += other.affects_s
        self.intervals += other.intervals
        self.untold += other.untold
        self.withheld = self.withheld or other.withheld


def _least(one: int, other: int) -> int:
    """The smaller one of those that are there."""
    return min(one, other) if one and other else max(one, other)
