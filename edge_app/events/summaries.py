"""Events and who is there → what all faces together showed in an interval."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from edge_app.events.mean_affect import MeanAffect, as_told
from edge_app.events.payloads import (
    EmotionChanged,
    Event,
    FaceAppeared,
    FaceLeft,
    PresentFace,
    State,
    Summary,
)
from edge_app.perception.affect import Affect


@dataclass(slots=True)
class _Present:
    """A face that is there.

    since_s: from when on its emotion is not counted yet. counted_s: what was, by emotion, in this
    interval and before.
    """

    since_s: float
    emotion: str | None = None
    affect: Affect | None = None
    counted_s: dict[str, float] = field(default_factory=lambda: defaultdict(float))


@dataclass(slots=True)
class _Shown:
    """What one visit showed of one emotion."""

    seconds: float = 0.0
    affects: MeanAffect = field(default_factory=MeanAffect)


class Interval:
    """Counts visits and emotions until `finish`, which begins the next interval."""

    def __init__(
        self, *, now: Callable[[], datetime], clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        """now: the time in UTC; clock_s: seconds that never go back."""
        self._now, self._clock_s = now, clock_s
        self._present: dict[str, _Present] = {}
        self._began_s = clock_s()
        self._visits: set[str] = set()
        #: By emotion and visit.
        self._shown: dict[str, dict[str, _Shown]] = defaultdict(lambda: defaultdict(_Shown))

    @property
    def age_s(self) -> float:
        """How long this interval lasts by now."""
        return self._clock_s() - self._began_s

    def take(self, event: Event) -> None:
        """Count one event, when it happens."""
        match event:
            case FaceAppeared():
                self._present[event.episode] = _Present(self._clock_s())
                self._visits.add(event.episode)
            case EmotionChanged() if event.episode in self._present:
                self._count(event.episode)
                face = self._present[event.episode]
                face.emotion, face.affect = event.emotion, _affect(event)
            case FaceLeft() if event.episode in self._present:
                self._count_rest(event)
                del self._present[event.episode]

    def watch(self, state: State) -> None:
        """Take each visit's valence and arousal, when who is there is told."""
        for face in state.faces:
            if face.episode in self._present:
                self._count(face.episode)
                self._present[face.episode].affect = _affect(face)

    def finish(self, minimum_group: int) -> Summary:
        """What was seen since the last call; who is there now belongs to the next interval too.

        Nothing is said about fewer than `minimum_group` faces: neither how many they were, nor what
        they showed, nor an emotion that only some of enough faces showed; means are of the emotions
        that are told, so that they say nothing of the others. From 1 on all is said.
        """
        for episode in self._present:
            self._count(episode)
        is_told = minimum_group <= 1 or len(self._visits) >= minimum_group
        told = {
            emotion: visits.values()
            for emotion, visits in sorted(self._shown.items())
            if len(visits) >= minimum_group
        }
        seconds = {
            emotion: round(sum(each.seconds for each in visits), 3)
            for emotion, visits in told.items()
        }
        affects = MeanAffect.of(each.affects for visits in told.values() for each in visits)
        valence, arousal = as_told(affects.mean)
        end_s, end = self._clock_s(), self._now()
        summary = Summary(
            # The time may have been set since: a Raspberry Pi without a battery learns it late.
            start=end - timedelta(seconds=end_s - self._began_s),
            end=end,
            faces=len(self._visits) if is_told else None,
            emotions_s=seconds if is_told else None,
            minimum_group=minimum_group,
            withheld=not is_told or len(told) < len(self._shown),
            valence=valence,
            arousal=arousal,
        )
        self._began_s = end_s
        self._visits = set(self._present)
        self._shown.clear()
        return summary

    def _count(self, episode: str) -> None:
        face, now_s = self._present[episode], self._clock_s()
        self._add(episode, now_s - face.since_s)
        face.since_s = now_s

    def _count_rest(self, event: FaceLeft) -> None:
        """Count the last emotion for as long as it was seen: a face is looked for before it left.

        What was counted of it meanwhile, in an interval that ended, cannot be taken back.
        """
        face = self._present[event.episode]
        if face.emotion is not None:
            seen_s = event.emotions_s.get(face.emotion, 0.0)
            self._add(event.episode, seen_s - face.counted_s[face.emotion])

    def _add(self, episode: str, seconds: float) -> None:
        face = self._present[episode]
        if face.emotion is not None and seconds > 0.0:
            face.counted_s[face.emotion] += seconds
            shown = self._shown[face.emotion][episode]
            shown.seconds += seconds
            shown.affects.add(face.affect, seconds)


def _affect(told: EmotionChanged | PresentFace) -> Affect | None:
    if told.valence is None or told.arousal is None:
        return None
    return Affect(told.valence, told.arousal)
