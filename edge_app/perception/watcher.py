"""Frames of one source, one after another → who is there, and what each face shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_app.frames.source import Frame
from edge_app.perception.faces import Box
from edge_app.perception.perception import Perception
from edge_app.perception.smoothing import EmotionFilter, Reaction
from edge_app.perception.tracker import Tracker


@dataclass(frozen=True, slots=True)
class WatchedFace:
    """One face that is there now; it may have been hidden in the last frames.

    emotion: the smoothed one, None until the first is decided. probabilities: float32
    [len(labels)], smoothed. box: in pixels of the frame it was last seen in.
    """

    number: int
    box: Box
    emotion: str | None
    labels: tuple[str, ...]
    probabilities: NDArray[np.float32]
    first_seen_ns: int
    last_seen_ns: int


class Watcher:
    """Perception with a memory: tracks and smooths. Not for use by two threads."""

    def __init__(self, perception: Perception, tracker: Tracker, reaction: Reaction) -> None:
        self.perception = perception
        self._tracker, self._reaction = tracker, reaction
        self._filters: dict[int, EmotionFilter] = {}

    def watch(self, frame: Frame) -> list[WatchedFace]:
        """Take the next frame; timestamps rise.

        Returns everyone who is there, in the order of their coming.

        Raises:
            FrameError: the frame is of another dtype or shape; the next one may be taken.
        """
        seen = self.perception.see(frame.image)
        tracks = self._tracker.update([face.face for face in seen], frame.timestamp_ns)
        for face, track in zip(seen, tracks, strict=True):
            if track is not None:
                self._filter(track.number).update(face.probabilities, frame.timestamp_ns)
        present = self._tracker.present
        self._filters = {track.number: self._filter(track.number) for track in present}
        return [
            WatchedFace(
                number=track.number,
                box=track.face.box,
                emotion=self._filters[track.number].emotion,
                labels=self.perception.classifier.labels,
                probabilities=self._filters[track.number].probabilities,
                first_seen_ns=track.first_seen_ns,
                last_seen_ns=track.last_seen_ns,
            )
            for track in present
        ]

    def _filter(self, number: int) -> EmotionFilter:
        known = self._filters.get(number)
        if known is None:
            classifier = self.perception.classifier
            known = EmotionFilter(classifier.labels, classifier.card.unsure_below, self._reaction)
            self._filters[number] = known
        return known
