"""Tracked faces, frame after frame → the same faces upright, with a look at few of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from edge_app.perception.faces import Face, Image
from edge_app.perception.upright import Upright, roll_deg, turned

#: A track is due for a look after so long.
_PERIOD_NS = 1_000_000_000
#: And at once when its own landmarks' roll has changed by so much, which is a change of three to
#: five times as much in truth.
_MOVED_DEG = 3.0


@dataclass(slots=True)
class _Known:
    """What the last look at a track said: how far its landmarks must be turned, in degrees."""

    turn_deg: float
    own_roll_deg: float
    looked_ns: int


class RollMemory:
    """Looks again at one face a frame at most, and turns the others as their last look said.

    A look costs a run of the small detector, or two. Not for use by two threads.
    """

    def __init__(self, upright: Upright) -> None:
        self._upright = upright
        self._known: dict[int, _Known] = {}

    def correct(
        self, image: Image, faces: Sequence[Face], tracks: Sequence[int], timestamp_ns: int
    ) -> list[Face]:
        """The faces with landmarks that follow their roll, in order.

        tracks: the number of each face's track. One that is not named is forgotten ten periods
        after its last look.
        """
        due = self._most_due(faces, tracks, timestamp_ns)
        if due is not None:
            number, face = due
            own = roll_deg(face.landmarks)
            seen = roll_deg(self._upright.look_again(image, face).landmarks)
            self._known[number] = _Known(seen - own, own, timestamp_ns)
        self._known = {
            number: known
            for number, known in self._known.items()
            if number in tracks or timestamp_ns - known.looked_ns < 10 * _PERIOD_NS
        }
        return [
            face
            if number not in self._known
            else Face(face.box, turned(face.landmarks, self._known[number].turn_deg), face.score)
            for face, number in zip(faces, tracks, strict=True)
        ]

    def is_upright(self, track: int, face: Face, *, within_deg: float) -> bool:
        """Whether a tracked face stands upright, as its own landmarks and its last look say."""
        known = self._known.get(track)
        roll = roll_deg(face.landmarks) + (known.turn_deg if known else 0.0)
        return abs(roll) <= within_deg

    def _most_due(
        self, faces: Sequence[Face], tracks: Sequence[int], timestamp_ns: int
    ) -> tuple[int, Face] | None:
        """Of those due, whoever was not looked at for longest; those first that never were."""
        waiting: list[tuple[float, int, Face]] = []
        for face, number in zip(faces, tracks, strict=True):
            known = self._known.get(number)
            if known is None:
                waiting.append((math.inf, number, face))
                continue
            waited_ns = timestamp_ns - known.looked_ns
            moved = abs(roll_deg(face.landmarks) - known.own_roll_deg) >= _MOVED_DEG
            if moved or waited_ns >= _PERIOD_NS:
                waiting.append((waited_ns, number, face))
        if not waiting:
            return None
        _, number, face = max(waiting, key=lambda entry: entry[0])
        return number, face
