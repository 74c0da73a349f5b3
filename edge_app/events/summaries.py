"""Visits and what they showed → what all faces together showed in an interval."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from edge_app.events.disclosure import may_tell
from edge_app.events.maker import Maker
from edge_app.events.mean_affect import MeanAffect, as_told
from edge_app.events.payloads import Event, FaceAppeared, Summary
from edge_app.events.watched_time import WatchedTime
from edge_app.perception.affect import Affect


@dataclass(slots=True)
class _Shown:
    """What one visit showed of one emotion."""

    seconds: float = 0.0
    affects: MeanAffect = field(default_factory=MeanAffect)


class Interval:
    """Counts visits and emotions until `finish`, which begins the next interval."""

    def __init__(
        self,
        *,
        maker: Callable[[], Maker],
        now: Callable[[], datetime],
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """maker: of all that is counted until `finish`; now: the time in UTC; clock_s: seconds that
        never go back.
        """
        self._maker, self._now, self._clock_s = maker, now, clock_s
        #: Told of frames by whoever takes them.
        self.watched = WatchedTime(clock_s)
        self._began_s = clock_s()
        self._visits: set[str] = set()
        #: By emotion and visit.
        self._shown: dict[str, dict[str, _Shown]] = defaultdict(lambda: defaultdict(_Shown))

    @property
    def age_s(self) -> float:
        """How long this interval lasts by now."""
        return self._clock_s() - self._began_s

    def take(self, event: Event) -> None:
        """Count whoever comes."""
        if isinstance(event, FaceAppeared):
            self._visits.add(event.episode)

    def show(
        self, episode: str, emotion: str | None, affect: Affect | None, seconds: float
    ) -> None:
        """Count whoever is seen, and for how long a visit showed an emotion; affect: what it showed
        then.

        Seconds between frames, not of `clock_s`: a recording may be read faster than it was taken.
        """
        self._visits.add(episode)
        if emotion is None:
            return
        shown = self._shown[emotion][episode]
        shown.seconds += seconds
        shown.affects.add(affect, seconds)

    def finish(self, minimum_group: int) -> Summary:
        """What was seen since the last call; whoever is seen again belongs to the next one too.

        Nothing is said about fewer than `minimum_group` faces: neither how many they were, nor what
        they showed, nor an emotion that only some of enough faces showed, or one of them most of
        the time (`may_tell`); means are of the emotions that are told, so that they say nothing of
        the others. From 1 on all is said.
        """
        is_told = minimum_group <= 1 or len(self._visits) >= minimum_group
        told = {
            emotion: visits
            for emotion, visits in sorted(self._shown.items())
            if may_tell((each.seconds for each in visits.values()), minimum_group)
        }
        seconds = {
            emotion: round(sum(each.seconds for each in visits.values()), 3)
            for emotion, visits in told.items()
        }
        affects = _affects(told.values())
        may_mean = may_tell((each.time for each in affects), minimum_group)
        valence, arousal = as_told(MeanAffect.of(affects).mean if may_mean else None)
        end_s, end = self._clock_s(), self._now()
        maker = self._maker()
        summary = Summary(
            # The time may have been set since: a Raspberry Pi without a battery learns it late.
            start=end - timedelta(seconds=end_s - self._began_s),
            end=end,
            faces=len(self._visits) if is_told else None,
            emotions_s=seconds if is_told else None,
            minimum_group=minimum_group,
            withheld=not (is_told and len(told) == len(self._shown) and (may_mean or not affects)),
            valence=valence,
            arousal=arousal,
            watched_s=round(self.watched.finish(), 3),
            model=maker.model,
            answer=maker.answer,
            reaction=maker.reaction,
            cards=maker.cards,
        )
        self._began_s = end_s
        self._visits.clear()
        self._shown.clear()
        return summary


def _affects(told: Iterable[Mapping[str, _Shown]]) -> list[MeanAffect]:
    """Of each visit that showed any, over all the emotions that are told."""
    by_visit: dict[str, list[MeanAffect]] = defaultdict(list)
    for visits in told:
        for visit, shown in visits.items():
            if shown.affects.time > 0:
                by_visit[visit].append(shown.affects)
    return [MeanAffect.of(parts) for parts in by_visit.values()]
