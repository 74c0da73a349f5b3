"""Events as long as those of a real face, for what delivers or stores them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from edge_app.events.identifiers import TimeOrderedIds
from edge_app.events.payloads import EmotionChanged, Event, FrameBox


def sample_events(count: int) -> Iterator[Event]:
    """`count` changes of emotion, each with ids of its own."""
    ids = TimeOrderedIds()
    names = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
    for _ in range(count):
        yield EmotionChanged(
            id=ids.next(), episode=ids.next(), time=datetime.now(UTC), device="bench",
            model="5e" * 32, box=FrameBox(left=0.2512, top=0.2513, width=0.1234, height=0.1235),
            emotion="happy", previous="neutral", confidence=0.8341,
            probabilities=dict.fromkeys(names, 0.1427),
        )  # fmt: skip
