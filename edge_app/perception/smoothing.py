"""One face's probabilities over time → what they say on average, and the emotion that holds."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge_app.perception.affect import Affect, affect
from edge_app.perception.labels import UNSURE


@dataclass(frozen=True, slots=True)
class Reaction:
    """How quickly a changed face changes its emotion.

    time_constant_s: of the exponential average. hold_s: how long another emotion leads before it
    is believed. margin: by how much of probability it must lead.
    """

    time_constant_s: float
    hold_s: float
    margin: float


# `python -m benchmarks.unchanging_face` measures how often each changes without a reason.
REACTIONS = {
    "quick": Reaction(time_constant_s=0.25, hold_s=0.2, margin=0.1),
    "normal": Reaction(time_constant_s=0.6, hold_s=0.5, margin=0.15),
    "calm": Reaction(time_constant_s=1.5, hold_s=1.5, margin=0.2),
}

#: A face that lies between two emotions would go back and forth with every turn of the head. So
#: one that left an emotion within so many seconds goes back to it after a hold so many times as
#: long; after the hold alone where it leads by so much of probability.
RETURN_S = 600.0
_RETURN_HOLD = 8.0
_CLEAR_LEAD = 0.4

#: While two others lead by turns, neither lasts for a hold. An emotion that has not led for so many
#: holds ends all the same, and whichever leads then is told.
_OVERDUE_HOLDS = 8.0

#: A hand before the face, a turn of the head: for so long a face that cannot be read shows what it
#: did. It is as long as a face is looked for that is not found (`Tracker`): whoever is gone without
#: a trace and whoever is there without a readable face are given up alike.
UNREAD_S = 1.5

#: A frame says something where the frames of the last moments, itself among them, have at least
#: this quality on average: of worse ones about three in ten are read rightly, and a profile that is
#: taken for a poor front once a second would be given an emotion by that alone.
LEAST_QUALITY = 0.12
#: Time constant of that average.
_QUALITY_S = 0.6


class EmotionFilter:
    """Averages log-probabilities by quality and age; hysteresis and a hold decide on changes.

    A frame's part in the average falls exponentially with its age. While a face is new, all its
    frames count alike, so that the first one does not decide alone.

    A face of which no frame says anything for `UNREAD_S` is unsure, and begins anew with the next
    one that does.

    emotion: the one that holds, None before the first one is decided. It is made to change seldom,
    and so stays too long: what is shown when, and for how long, is for `shown` to say.
    """

    def __init__(self, labels: tuple[str, ...], unsure_below: float, reaction: Reaction) -> None:
        self._labels, self._unsure_below, self._reaction = labels, unsure_below, reaction
        self._weighted = [0.0] * len(labels)
        self._weight = 0.0
        self._average = [1.0 / len(labels)] * len(labels)
        self._updated_ns = 0
        self._unread_since_ns: int | None = None
        self._quality = _MeanQuality()
        self._candidate: str | None = None
        self._leads_since_ns = 0
        self._lost_since_ns: int | None = None
        self._left_ns: dict[str, int] = {}
        self._likeliest = UNSURE
        self.emotion: str | None = None

    @property
    def probabilities(self) -> NDArray[np.float32]:
        """The average as probabilities: float32 [len(labels)]."""
        return np.array(self._average, np.float32)

    @property
    def shown(self) -> str | None:
        """The average's likeliest emotion, `unsure` below the threshold; None as long as `emotion`.

        No present emotion has a head start in it: its time is how long each was shown.
        """
        return None if self.emotion is None else self._likeliest

    @property
    def affect(self) -> Affect | None:
        """Valence and arousal of the average; None where there is none to speak of.

        That is until the first emotion is decided, while the face cannot be read, and for labels
        that have no coordinates.
        """
        is_known = self.emotion is not None and self._weight > 0.0
        return affect(self._labels, self._average) if is_known else None

    def update(
        self, probabilities: NDArray[np.float32], timestamp_ns: int, weight: float = 1.0
    ) -> str | None:
        """Take one frame's probabilities: float32 [len(labels)], sums to 1.

        weight: 0…1, the frame's quality; at 0 the frame says nothing, nor does a poor one among
        such.

        Returns the emotion that holds now; None before the first one is decided.
        """
        quality = self._quality.add(weight, timestamp_ns)
        if weight <= 0.0 or quality < LEAST_QUALITY:
            self._pass_over(timestamp_ns)
            return self.emotion
        self._unread_since_ns = None
        passed_s = (timestamp_ns - self._updated_ns) / 1e9
        kept = math.exp(-passed_s / self._reaction.time_constant_s) if self._weight else 0.0
        self._weighted = [
            kept * before + weight * math.log(max(probability, 1e-6))
            for before, probability in zip(self._weighted, probabilities.tolist(), strict=True)
        ]
        self._weight = kept * self._weight + weight
        self._average = _probabilities(self._weighted, self._weight)
        self._updated_ns = timestamp_ns

        best = self._average.index(max(self._average))
        is_likely = self._average[best] >= self._unsure_below
        self._likeliest = self._labels[best] if is_likely else UNSURE
        leader = self._leader(best)
        if leader == self.emotion:
            self._candidate = self._lost_since_ns = None
        else:
            if leader != self._candidate:
                self._candidate, self._leads_since_ns = leader, timestamp_ns
            # Not since it led last: where faces are read seldom, that is long ago at once.
            if self._lost_since_ns is None:
                self._lost_since_ns = timestamp_ns
        if self._candidate is not None and self._is_believed(self._candidate):
            if self.emotion is not None:
                self._left_ns[self.emotion] = timestamp_ns
            self.emotion, self._candidate = self._candidate, None
            self._lost_since_ns = None
        return self.emotion

    def _pass_over(self, timestamp_ns: int) -> None:
        """A frame says nothing. Where none has for long, nothing is known of the face any more.

        Counted from the first such frame: where faces are read seldom, the one before may be old.
        """
        if self._unread_since_ns is None:
            self._unread_since_ns = timestamp_ns
        elif timestamp_ns - self._unread_since_ns >= UNREAD_S * 1e9:
            self._weighted, self._weight = [0.0] * len(self._labels), 0.0
            self._average = [1.0 / len(self._labels)] * len(self._labels)
            self._candidate, self._likeliest, self.emotion = None, UNSURE, UNSURE
            # What it was before has no part in what it is when it can be read again.
            self._lost_since_ns = None
            self._left_ns.clear()

    def _is_believed(self, candidate: str) -> bool:
        """Whether the leader has led for long enough, or the present emotion not for too long."""
        if self._updated_ns - self._leads_since_ns >= self._hold_s(candidate) * 1e9:
            return True
        is_first = self._updated_ns == self._leads_since_ns
        if self.emotion is None or self._lost_since_ns is None or is_first:
            return False
        lost_s = (self._updated_ns - self._lost_since_ns) / 1e9
        return lost_s >= self._reaction.hold_s * _OVERDUE_HOLDS

    def _hold_s(self, candidate: str) -> float:
        """How long an emotion must lead before it is believed."""
        hold_s, left_ns = self._reaction.hold_s, self._left_ns.get(candidate)
        if self.emotion is None or left_ns is None or self._updated_ns - left_ns > RETURN_S * 1e9:
            return hold_s
        lead = self._likely(candidate) - self._likely(self.emotion)
        return hold_s if lead >= _CLEAR_LEAD else hold_s * _RETURN_HOLD

    def _likely(self, emotion: str) -> float:
        """Its probability; `unsure` is as likely as an emotion must be to be told."""
        if emotion == UNSURE:
            return self._unsure_below
        return self._average[self._labels.index(emotion)]

    def _leader(self, best: int) -> str:
        """The emotion that the average speaks for; the present one keeps a margin's head start.

        best: the label of the likeliest.
        """
        now, margin = self._average, self._reaction.margin
        threshold = self._unsure_below
        if self.emotion == UNSURE:
            # A model that is sure of nearly every face has a high threshold: it stays in reach.
            threshold += min(margin, (1.0 - threshold) / 2)
        elif self.emotion is not None:
            present = self._labels.index(self.emotion)
            if now[best] < now[present] + margin:
                best, threshold = present, threshold - margin
        return self._labels[best] if now[best] >= threshold else UNSURE


class _MeanQuality:
    """Of the frames of the last moments: each frame's part falls exponentially with its age."""

    def __init__(self) -> None:
        self._weighted = self._frames = 0.0
        self._updated_ns = 0

    def add(self, quality: float, timestamp_ns: int) -> float:
        """Take one frame's quality, 0…1; the mean with it, 0…1."""
        kept = math.exp((self._updated_ns - timestamp_ns) / 1e9 / _QUALITY_S)
        self._weighted = kept * self._weighted + quality
        self._frames = kept * self._frames + 1.0
        self._updated_ns = timestamp_ns
        return self._weighted / self._frames


def _probabilities(weighted: list[float], weight: float) -> list[float]:
    """Sums of weighted logarithms as probabilities: arrays take four times as long for so few."""
    highest = max(weighted)
    raised = [math.exp((logarithm - highest) / weight) for logarithm in weighted]
    whole = sum(raised)
    return [value / whole for value in raised]
