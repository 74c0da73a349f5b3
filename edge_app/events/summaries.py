"""Events → what all faces together showed in an interval."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from edge_app.events.payloads import EmotionChanged, Event, FaceAppeared, FaceLeft, Summary


@dataclass(slots=True)
class _Present:
    """A face that is there. since_s: from when on its emotion is not counted yet."""

    since_s: float
    emotion: str | None = None


class Interval:
    """Counts visits and emotions until `finish`, which begins the next interval."""

    def __init__(
        self, *, now: Callable[[], datetime], clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        """now: the time in UTC; clock_s: seconds that never go back."""
        self._now, self._clock_s = now, clock_s
        self._present: dict[str, _Present] = {}
        self._began, self._began_s = now(), clock_s()
        self._visits: set[str] = set()
        #: Emotion → visit → seconds.
        self._shown_s: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))

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
                self._present[event.episode].emotion = event.emotion
            case FaceLeft() if event.episode in self._present:
                self._count(event.episode)
                del self._present[event.episode]

    def finish(self, minimum_group: int) -> Summary:
        """What was seen since the last call; who is there now belongs to the next interval too.

        Nothing is said about fewer than `minimum_group` faces: neither how many they were, nor what
        they showed, nor an emotion that only some of enough faces showed. From 1 on all is said.
        """
        for episode in self._present:
            self._count(episode)
        is_told = minimum_group <= 1 or len(self._visits) >= minimum_group
        told = {
            emotion: round(sum(visits.values()), 3)
            for emotion, visits in sorted(self._shown_s.items())
            if len(visits) >= minimum_group
        }
        end = self._now()
        summary = Summary(
            # A clock that was set back must not make an interval that ends before it begins.
            start=min(self._began, end),
            end=end,
            faces=len(self._visits) if is_told else None,
            emotions_s=told if is_told else None,
            minimum_group=minimum_group,
            withheld=not is_told or len(told) < len(self._shown_s),
        )
        self._began, self._began_s = end, self._clock_s()
        self._visits = set(self._present)
        self._shown_s.clear()
        return summary

    def _count(self, episode: str) -> None:
        face, now_s = self._present[episode], self._clock_s()
        if face.emotion is not None and now_s > face.since_s:
            self._shown_s[face.emotion][episode] += now_s - face.since_s
        face.since_s = now_s
