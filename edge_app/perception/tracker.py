"""Detections of successive frames → the same number for the same face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge_app.perception.faces import Face
from edge_app.perception.overlap import intersection_over_union


@dataclass(slots=True)
class Track:
    """One face over time; `face` is its last detection."""

    number: int
    face: Face
    first_seen_ns: int
    last_seen_ns: int
    hits: int = 1


class Tracker:
    """Greedy association by overlap (as in the IoU tracker of Bochinski et al. 2017).

    A face that moves further than its own size between two detections becomes a new track.
    """

    def __init__(
        self, *, max_gap_s: float = 1.0, min_hits: int = 3, min_overlap: float = 0.2
    ) -> None:
        """A track ends when it was not seen for `max_gap_s`, and counts from `min_hits` on."""
        self._max_gap_ns = int(max_gap_s * 1e9)
        self._min_hits = min_hits
        self._min_overlap = min_overlap
        self._tracks: list[Track] = []
        self._next = 1

    def update(self, faces: Sequence[Face], timestamp_ns: int) -> list[Track | None]:
        """Take one frame's faces, in any order.

        Returns for each face its track, or None where it has not been seen often enough.
        """
        self._tracks = [
            track for track in self._tracks if timestamp_ns - track.last_seen_ns <= self._max_gap_ns
        ]
        numbers: list[Track | None] = [None] * len(faces)
        found = self._associate(faces)
        for index, face in enumerate(faces):
            track = found.get(index)
            if track is None:
                track = Track(self._next, face, timestamp_ns, timestamp_ns)
                self._next += 1
                self._tracks.append(track)
            else:
                track.face, track.last_seen_ns = face, timestamp_ns
                track.hits += 1
            if track.hits >= self._min_hits:
                numbers[index] = track
        return numbers

    @property
    def present(self) -> list[Track]:
        """Every track that counts and has not ended, seen in the last frame or not."""
        return [track for track in self._tracks if track.hits >= self._min_hits]

    def _associate(self, faces: Sequence[Face]) -> dict[int, Track]:
        """Pairs of face index and track, the greatest overlap first."""
        overlaps = intersection_over_union(
            [face.box for face in faces], [track.face.box for track in self._tracks]
        )
        found: dict[int, Track] = {}
        while overlaps.size and overlaps.max() >= self._min_overlap:
            face, track = np.unravel_index(int(overlaps.argmax()), overlaps.shape)
            found[int(face)] = self._tracks[int(track)]
            overlaps[face, :] = overlaps[:, track] = 0.0
        return found
