"""True faces and tracked faces, frame after frame → the CLEAR MOT counts.

Bernardin and Stiefelhagen 2008: a truth keeps its track as long as both still overlap; only what
is left is matched anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from edge_app.perception.assignment import assign
from edge_app.perception.faces import Box
from edge_app.perception.overlap import intersection_over_union

#: From here on a track is on its truth.
LEAST_OVERLAP = 0.3


@dataclass(slots=True)
class MotCounts:
    """What a tracker did wrong.

    truths: true faces, all frames together. missed: those without a track. false_tracks: tracked
    faces that are nobody. id_switches: a truth got another number than it had. fragmentations: a
    truth was tracked, then not, then again, while it was in view.
    """

    truths: int = 0
    missed: int = 0
    false_tracks: int = 0
    id_switches: int = 0
    fragmentations: int = 0
    _last: dict[int, int] = field(default_factory=dict)
    _was_tracked: dict[int, bool] = field(default_factory=dict)

    @property
    def mota(self) -> float:
        """Multiple object tracking accuracy: 1 is faultless."""
        wrong = self.missed + self.false_tracks + self.id_switches
        return 1.0 - wrong / max(1, self.truths)

    def update(self, truths: Mapping[int, Box], tracks: Mapping[int, Box]) -> None:
        """Take one frame: boxes by true identity and by track number."""
        matched = self._kept(truths, tracks)
        waiting = [truth for truth in truths if truth not in matched]
        free = [number for number in tracks if number not in matched.values()]
        if waiting and free:
            overlaps = intersection_over_union(
                [truths[truth] for truth in waiting], [tracks[number] for number in free]
            )
            for row, column in assign((1.0 - overlaps).tolist(), 1.0 - LEAST_OVERLAP):
                matched[waiting[row]] = free[column]
        self.truths += len(truths)
        self.missed += len(truths) - len(matched)
        self.false_tracks += len(tracks) - len(matched)
        for truth in truths:
            number = matched.get(truth)
            if number is None:
                if truth in self._last:
                    self._was_tracked[truth] = False
                continue
            if truth in self._last:
                self.id_switches += self._last[truth] != number
                self.fragmentations += not self._was_tracked[truth]
            self._last[truth], self._was_tracked[truth] = number, True

    def _kept(self, truths: Mapping[int, Box], tracks: Mapping[int, Box]) -> dict[int, int]:
        """Track numbers by the truths that still overlap theirs.

        A number that went over from one truth to another is the last one of both: it stays with the
        one that it overlaps most.
        """
        overlaps: dict[int, dict[int, float]] = {}
        for truth, box in truths.items():
            number = self._last.get(truth)
            if number is None or number not in tracks:
                continue
            overlap = float(intersection_over_union([box], [tracks[number]])[0, 0])
            if overlap >= LEAST_OVERLAP:
                overlaps.setdefault(number, {})[truth] = overlap
        return {max(of, key=lambda truth: of[truth]): number for number, of in overlaps.items()}
