"""A made-up fortnight of one or more devices, as payloads."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from edge_app.events.identifiers import TimeOrderedIds
from edge_app.events.payloads import EmotionChanged, Event, FaceAppeared, FaceLeft, FrameBox

BOX = FrameBox(left=0.25, top=0.25, width=0.5, height=0.5)
CARDS = "c4" * 6
MODEL = "5e" * 32
VALENCES = {"happy": 0.75, "sad": -0.5, "angry": -0.4567}


def visit(
    start: datetime, shown: list[tuple[str, float]], ids: TimeOrderedIds, device: str = "kitchen"
) -> Iterator[Event]:
    """One visit; shown: emotion after emotion, with its seconds."""
    episode, at = ids.next(), start
    yield FaceAppeared(
        id=ids.next(), episode=episode, time=at, device=device, model=MODEL, answer="default",
        reaction="normal", cards=CARDS, box=BOX,
    )  # fmt: skip
    totals: dict[str, float] = {}
    previous = None
    for emotion, seconds in shown:
        yield EmotionChanged(
            id=ids.next(), episode=episode, time=at, device=device, model=MODEL, answer="default",
            reaction="normal", cards=CARDS, box=BOX,
            emotion=emotion, previous=previous, confidence=0.8,
            probabilities={emotion: 0.8},
            valence=VALENCES.get(emotion, 0.0), arousal=0.1234,
        )  # fmt: skip
        totals[emotion] = totals.get(emotion, 0.0) + seconds
        previous, at = emotion, at + timedelta(seconds=seconds)
    yield FaceLeft(
        id=ids.next(), episode=episode, time=at, device=device, model=MODEL, answer="default",
        reaction="normal", cards=CARDS, duration_s=(at - start).total_seconds(), emotions_s=totals,
        valence=_mean(totals), arousal=0.1234,
    )  # fmt: skip


def _mean(totals: dict[str, float]) -> float:
    weighted = sum(VALENCES.get(emotion, 0.0) * seconds for emotion, seconds in totals.items())
    return round(weighted / sum(totals.values()), 4)


def fortnight(device: str, seed: int) -> Iterator[Event]:
    """Visits by day, more at noon."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    ids = TimeOrderedIds(utc_ms=lambda: 1_740_830_467_000)
    names = ["neutral", "happy", "sad", "surprise", "unsure", "angry"]
    for day in range(14):
        for _ in range(chance.randrange(10, 40)):
            hour = min(max(chance.gauss(13, 3), 0), 23.9)
            start = datetime(2025, 3, 1, tzinfo=UTC) + timedelta(days=day, hours=hour)
            shown = [
                (chance.choices(names, [8, 4, 1, 1, 2, 1])[0], chance.uniform(1, 30))
                for _ in range(chance.randrange(1, 6))
            ]
            yield from visit(start, shown, ids, device)
