"""Who is there, frame after frame → the events of their coming, changing and going."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from edge_app.events.identifiers import TimeOrderedIds
from edge_app.events.maker import Maker
from edge_app.events.mean_affect import MeanAffect, as_told
from edge_app.events.payloads import (
    EmotionChanged,
    Event,
    FaceAppeared,
    FaceLeft,
    FrameBox,
    PresentFace,
    State,
)
from edge_app.perception.affect import Affect
from edge_app.perception.faces import Box
from edge_app.perception.watcher import WatchedFace

#: By how much valence or arousal must move to be told without an event, and how seldom that is.
AFFECT_STEP, AFFECT_PERIOD_NS = 0.1, 1_000_000_000


@dataclass(slots=True)
class _Episode:
    """One visit of one face. emotion: that was told last. shown: what it shows since its last
    frame, and what its seconds are counted by. told: its affect when all were told last.
    """

    id: str
    first_seen_ns: int
    last_seen_ns: int
    box: FrameBox
    emotion: str | None = None
    shown: str | None = None
    emotions_ns: dict[str, int] = field(default_factory=dict)
    affect: Affect | None = None
    told: Affect | None = None
    affects: MeanAffect = field(default_factory=MeanAffect)

    @property
    def has_moved(self) -> bool:
        """Whether its affect is another one than was told."""
        if self.affect is None or self.told is None:
            return self.affect is not self.told
        return any(
            abs(now - told) >= AFFECT_STEP for now, told in zip(self.affect, self.told, strict=True)
        )


def _show_nobody(episode: str, emotion: str | None, affect: Affect | None, seconds: float) -> None:
    """What is done with what each frame adds, unless somebody asks for more."""


class Episodes:
    """Decides events for one device."""

    def __init__(
        self,
        *,
        device: str,
        maker: Callable[[], Maker],
        ids: TimeOrderedIds,
        now: Callable[[], datetime],
        show: Callable[[str, str | None, Affect | None, float], None] = _show_nobody,
    ) -> None:
        """maker: of what is told from now on; now: the time in UTC. show: told frame after frame
        which episode was seen, which emotion, if one was decided, and affect it showed, and for how
        many seconds.
        """
        self._device, self._maker, self._ids, self._now = device, maker, ids, now
        self._show = show
        self._episodes: dict[int, _Episode] = {}
        self._told_ns = 0
        #: Whether the last update changed what `state` says so much that it should be told.
        self.is_state_new = False

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
            self._seen_until(episode, face.last_seen_ns)
            episode.box, episode.shown, episode.affect = box, face.shown, face.affect
            if face.emotion is not None and face.emotion != episode.emotion:
                events.append(self._changed(episode, face, face.emotion))
                episode.emotion = face.emotion
        self._look_for_news(is_something=bool(events))
        return events

    def finish(self) -> list[Event]:
        """End every episode, because the camera goes away or the device stops."""
        events: list[Event] = [self._left(episode) for episode in self._episodes.values()]
        self._episodes.clear()
        self.is_state_new = bool(events)
        return events

    def state(self, *, is_known: bool = True) -> State:
        """Who is there after the last update. is_known: whether anybody can say."""
        faces = tuple(map(_present, self._episodes.values()))
        return State(time=self._now(), faces=faces, is_known=is_known)

    def _seen_until(self, episode: _Episode, timestamp_ns: int) -> None:
        """Add the time since the last frame to the emotion and the affect that were shown."""
        passed = timestamp_ns - episode.last_seen_ns
        # A face that is hidden was not seen since.
        if passed > 0:
            if episode.shown is not None:
                known = episode.emotions_ns.get(episode.shown, 0)
                episode.emotions_ns[episode.shown] = known + passed
                episode.affects.add(episode.affect, passed)
            self._show(episode.id, episode.shown, episode.affect, passed / 1e9)
        episode.last_seen_ns = timestamp_ns

    def _look_for_news(self, *, is_something: bool) -> None:
        """Decide whether the state is to be told; is_something: there are events, so it is."""
        here = self._episodes.values()
        now_ns = max((episode.last_seen_ns for episode in here), default=self._told_ns)
        self.is_state_new = is_something or (
            now_ns - self._told_ns >= AFFECT_PERIOD_NS and any(each.has_moved for each in here)
        )
        if self.is_state_new:
            self._told_ns = now_ns
            for episode in here:
                episode.told = episode.affect

    def _appeared(self, episode: _Episode) -> FaceAppeared:
        maker = self._maker()
        return FaceAppeared(
            id=self._ids.next(), episode=episode.id, time=self._now(), device=self._device,
            model=maker.model, answer=maker.answer, reaction=maker.reaction, cards=maker.cards,
            box=episode.box,
        )  # fmt: skip

    def _changed(self, episode: _Episode, face: WatchedFace, emotion: str) -> EmotionChanged:
        probabilities = {
            label: round(float(p), 4)
            for label, p in zip(face.labels, face.probabilities, strict=True)
        }
        # An unsure face is as sure as its likeliest emotion.
        confidence = probabilities.get(emotion, round(float(np.max(face.probabilities)), 4))
        valence, arousal = as_told(face.affect)
        maker = self._maker()
        return EmotionChanged(
            id=self._ids.next(), episode=episode.id, time=self._now(), device=self._device,
            model=maker.model, answer=maker.answer, reaction=maker.reaction, cards=maker.cards,
            emotion=emotion, previous=episode.emotion, confidence=confidence,
            probabilities=probabilities, box=episode.box, valence=valence, arousal=arousal,
        )  # fmt: skip

    def _left(self, episode: _Episode) -> FaceLeft:
        valence, arousal = as_told(episode.affects.mean)
        maker = self._maker()
        return FaceLeft(
            id=self._ids.next(), episode=episode.id, time=self._now(), device=self._device,
            model=maker.model, answer=maker.answer, reaction=maker.reaction, cards=maker.cards,
            duration_s=round((episode.last_seen_ns - episode.first_seen_ns) / 1e9, 3),
            emotions_s={name: round(ns / 1e9, 3) for name, ns in episode.emotions_ns.items()},
            valence=valence, arousal=arousal,
        )  # fmt: skip


def _present(episode: _Episode) -> PresentFace:
    valence, arousal = as_told(episode.affect)
    return PresentFace(
        episode=episode.id, emotion=episode.emotion, box=episode.box,
        valence=valence, arousal=arousal,
    )  # fmt: skip


def fractions(box: Box, height: int, width: int) -> FrameBox:
    """A box in pixels as fractions of its frame, cut at the frame's edges."""
    left, right = (min(max(x / width, 0.0), 1.0) for x in (box.left, box.right))
    top, bottom = (min(max(y / height, 0.0), 1.0) for y in (box.top, box.bottom))
    return FrameBox(
        left=round(left, 4), top=round(top, 4),
        width=round(right - left, 4), height=round(bottom - top, 4),
    )  # fmt: skip
