"""Who is there, frame after frame → the events of their coming, changing and going."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from edge_app.events.identifiers import TimeOrderedIds
from edge_app.events.payloads import (
    EmotionChanged,
    Event,
    FaceAppeared,
    FaceLeft,
    FrameBox,
    PresentFace,
    State,
)
from edge_app.perception.faces import Box
from edge_app.perception.watcher import WatchedFace


@dataclass(slots=True)
class _Episode:
    """One visit of one face."""

    id: str
    first_seen_ns: int
    last_seen_ns: int
    box: FrameBox
    emotion: str | None = None
    emotions_ns: dict[str, int] = field(default_factory=dict)

    def seen_until(self, timestamp_ns: int) -> None:
        """Add the time since the last frame to the emotion that was shown."""
        if self.emotion is not None:
            passed = timestamp_ns - self.last_seen_ns
            self.emotions_ns[self.emotion] = self.emotions_ns.get(self.emotion, 0) + passed
        self.last_seen_ns = timestamp_ns


class Episodes:
    """Decides events for one device."""

    def __init__(
        self, *, device: str, model: str, ids: TimeOrderedIds, now: Callable[[], datetime]
    ) -> None:
        """model: SHA-256 of the classifier; now: the time in UTC."""
        self._device, self._model, self._ids, self._now = device, model, ids, now
        self._episodes: dict[int, _Episode] = {}

    def update(self, faces: Sequence[WatchedFace], height: int, width: int) -> list[Event]:
        """Compare who is there in a frame of height x width pixels with who was there before.

        Returns what happened, in order: who left, who came, whose emotion changed.
        """
        present = {face.number for face in faces}
        gone = [number for number in self._episodes if number not in present]
        events: list[Event] = [self._left(self._episodes.pop(number)) for number in gone]
        for face in faces:
            box = fractions(face.box, height, width)
            episode = self._episodes.get(face.number)
            if episode is None:
                episode = _Episode(self._ids.next(), face.first_seen_ns, face.last_seen_ns, box)
                self._episodes[face.number] = episode
                events.append(self._appeared(episode))
            episode.seen_until(face.last_seen_ns)
            episode.box = box
            if face.emotion is not None and face.emotion != episode.emotion:
                events.append(self._changed(episode, face, face.emotion))
                episode.emotion = face.emotion
        return events

    def finish(self) -> list[Event]:
        """End every episode, because the camera goes away or the device stops."""
        events: list[Event] = [self._left(episode) for episode in self._episodes.values()]
        self._episodes.clear()
        return events

    def state(self) -> State:
        """Who is there after the last update."""
        return State(
            time=self._now(),
            faces=tuple(
                PresentFace(episode=episode.id, emotion=episode.emotion, box=episode.box)
                for episode in self._episodes.values()
            ),
        )

    def _appeared(self, episode: _Episode) -> FaceAppeared:
        return FaceAppeared(
            id=self._ids.next(), episode=episode.id, time=self._now(), device=self._device,
            model=self._model, box=episode.box,
        )  # fmt: skip

    def _changed(self, episode: _Episode, face: WatchedFace, emotion: str) -> EmotionChanged:
        probabilities = {
            label: round(float(p), 4)
            for label, p in zip(face.labels, face.probabilities, strict=True)
        }
        # An unsure face is as sure as its likeliest emotion.
        confidence = probabilities.get(emotion, round(float(np.max(face.probabilities)), 4))
        return EmotionChanged(
            id=self._ids.next(), episode=episode.id, time=self._now(), device=self._device,
            model=self._model, emotion=emotion, previous=episode.emotion, confidence=confidence,
            probabilities=probabilities, box=episode.box,
        )  # fmt: skip

    def _left(self, episode: _Episode) -> FaceLeft:
        return FaceLeft(
            id=self._ids.next(), episode=episode.id, time=self._now(), device=self._device,
            model=self._model,
            duration_s=round((episode.last_seen_ns - episode.first_seen_ns) / 1e9, 3),
            emotions_s={name: round(ns / 1e9, 3) for name, ns in episode.emotions_ns.items()},
        )  # fmt: skip


def fractions(box: Box, height: int, width: int) -> FrameBox:
    """A box in pixels as fractions of its frame, cut at the frame's edges."""
    left, right = (min(max(x / width, 0.0), 1.0) for x in (box.left, box.right))
    top, bottom = (min(max(y / height, 0.0), 1.0) for y in (box.top, box.bottom))
    return FrameBox(
        left=round(left, 4), top=round(top, 4),
        width=round(right - left, 4), height=round(bottom - top, 4),
    )  # fmt: skip
