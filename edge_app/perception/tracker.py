"""Detections of successive frames → the same number for the same face."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from edge_app.perception.assignment import assign
from edge_app.perception.box_filter import BoxFilter
from edge_app.perception.faces import Box, Face
from edge_app.perception.overlap import buffered_overlap

#: By how much of its size a box grows on every side before it is compared: a face may move by more
#: than its own size between two detections and still meet itself.
_BUFFER = 0.4
#: How much of two grown boxes must be shared. Doubtful detections must be nearer.
_LEAST_OVERLAP, _LEAST_OVERLAP_DOUBTFUL = 0.1, 0.4
#: A face that does not count yet is forgotten sooner, by this share of the usual time.
_SHORTER = 1 / 3
#: Whoever was not seen for so long is not taken for the same person, however few frames there were.
_LONGEST_GAP_NS = 3_000_000_000


@dataclass(slots=True)
class Track:
    """One face over time; `face` is where it was last seen, detected or followed.

    hits: how often it was detected. is_hidden: it was looked for and not found.
    """

    number: int
    face: Face
    first_seen_ns: int
    last_seen_ns: int
    path: BoxFilter
    last_sure_ns: int
    hits: int = 1
    is_hidden: bool = False


class Tracker:
    """SORT's filter and exact assignment (Bewley et al. 2016), with three additions.

    Doubtful detections keep a track alive and begin none (ByteTrack, Zhang et al. 2022). Boxes are
    compared enlarged, since faces are small and detections rare (C-BIoU, Yang et al. 2023). Whoever
    is not where they were expected may be where they were last seen (OC-SORT, Cao et al. 2023).
    """

    def __init__(
        self,
        *,
        max_gap_s: float = 1.5,
        min_hits: int = 3,
        sure_score: float = 0.6,
        max_doubt_s: float = 1.0,
    ) -> None:
        """A track counts from `min_hits` on, and ends when it is looked for in vain more than
        `max_gap_s` after it was seen.

        sure_score: detections below it are doubtful. max_doubt_s: for how long doubtful ones alone
        keep a track alive.
        """
        self._max_gap_ns, self._max_doubt_ns = int(max_gap_s * 1e9), int(max_doubt_s * 1e9)
        self._min_hits, self.sure_score = min_hits, sure_score
        self._next = 1
        #: Every track that has not ended, also those that do not count yet.
        self.tracks: list[Track] = []

    @property
    def present(self) -> list[Track]:
        """Every track that counts and has not ended, seen in the last frame or not."""
        return [track for track in self.tracks if self.counts(track)]

    def counts(self, track: Track) -> bool:
        """Whether `track` has been detected often enough to be somebody."""
        return track.hits >= self._min_hits

    def update(self, faces: Sequence[Face], timestamp_ns: int) -> list[Track | None]:
        """Take one frame's detections, in any order; timestamps rise.

        Returns for each face its track, or None where it has not been seen often enough.
        """
        # Not by the gap that ends a track: frames may be further apart than that, and then nobody
        # would ever be met again.
        self.tracks = [
            track for track in self.tracks if timestamp_ns - track.last_seen_ns <= _LONGEST_GAP_NS
        ]
        sure = [index for index, face in enumerate(faces) if face.score >= self.sure_score]
        doubtful = [index for index, face in enumerate(faces) if face.score < self.sure_score]
        expected = {track.number: track.path.predict(timestamp_ns) for track in self.tracks}
        matching = _Matching(faces, self.tracks)
        matching.add(sure, lambda track: expected[track.number], _LEAST_OVERLAP)
        matching.add(sure, lambda track: track.face.box, _LEAST_OVERLAP)
        matching.add(
            doubtful,
            lambda track: (
                expected[track.number]
                if self.counts(track) and timestamp_ns - track.last_sure_ns <= self._max_doubt_ns
                else None
            ),
            _LEAST_OVERLAP_DOUBTFUL,
        )
        for track in matching.alone:
            track.is_hidden = True
        over = {track.number for track in matching.alone if self._is_over(track, timestamp_ns)}
        self.tracks = [track for track in self.tracks if track.number not in over]
        for index, track in matching.found.items():
            self.follow(track, faces[index], timestamp_ns)
            track.hits += 1
            if faces[index].score >= self.sure_score:
                track.last_sure_ns = timestamp_ns
        for index in sure:
            if index not in matching.found:
                matching.found[index] = self._begin(faces[index], timestamp_ns)
        numbers = [matching.found.get(index) for index in range(len(faces))]
        return [track if track and self.counts(track) else None for track in numbers]

    def follow(self, track: Track, face: Face, timestamp_ns: int) -> None:
        """Say that `track` was seen there, found by other means than detection."""
        track.path.update(face.box, timestamp_ns)
        track.face, track.last_seen_ns, track.is_hidden = face, timestamp_ns, False

    def forget(self) -> None:
        """End every track."""
        self.tracks = []

    def _begin(self, face: Face, timestamp_ns: int) -> Track:
        path = BoxFilter(face.box, timestamp_ns)
        track = Track(self._next, face, timestamp_ns, timestamp_ns, path, timestamp_ns)
        self._next += 1
        self.tracks.append(track)
        return track

    def _is_over(self, track: Track, timestamp_ns: int) -> bool:
        gap_ns = self._max_gap_ns * (1 if self.counts(track) else _SHORTER)
        return timestamp_ns - track.last_seen_ns > gap_ns


class _Matching:
    """Which face is whose, growing in stages.

    found: by the face's index. alone: tracks without a face.
    """

    def __init__(self, faces: Sequence[Face], tracks: Sequence[Track]) -> None:
        self._faces, self.alone = faces, list(tracks)
        self.found: dict[int, Track] = {}

    def add(
        self, indices: Sequence[int], box: Callable[[Track], Box | None], least_overlap: float
    ) -> None:
        """Match the faces of `indices` with tracks, both as far as they are alone.

        box: where to look for a track; None: it takes no part.
        """
        waiting = [index for index in indices if index not in self.found]
        if not waiting or not self.alone:
            return
        places = [(track, place) for track in self.alone if (place := box(track)) is not None]
        if not places:
            return
        costs = [
            [1.0 - buffered_overlap(self._faces[index].box, place, _BUFFER) for _, place in places]
            for index in waiting
        ]
        for row, column in assign(costs, 1.0 - least_overlap):
            self.found[waiting[row]] = places[column][0]
        taken = {track.number for track in self.found.values()}
        self.alone = [track for track in self.alone if track.number not in taken]
