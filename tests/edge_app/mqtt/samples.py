"""One message of each type, with fixed times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from edge_app.events.maker import Maker
from edge_app.events.payloads import (
    EmotionChanged,
    FaceAppeared,
    FaceLeft,
    FrameBox,
    Info,
    State,
    Summary,
    Telemetry,
)

TIME = datetime(2025, 3, 1, 12, 1, 7, tzinfo=UTC)
BOX = FrameBox(left=0.25, top=0.25, width=0.5, height=0.5)
EPISODE = "01955164-8df8-7000-8000-0000000a3f2a"


def maker() -> Maker:
    return Maker(model="5e" * 32, answer="default", reaction="normal", cards="c4" * 6)


def appeared(number: int = 0) -> FaceAppeared:
    return FaceAppeared(
        id=f"01955164-8df8-7000-8000-{number:012x}",
        episode=EPISODE,
        time=TIME,
        device="kitchen",
        model="5e" * 32,
        answer="default",
        reaction="normal",
        cards="c4" * 6,
        box=BOX,
    )


def changed(previous: str | None = "neutral") -> EmotionChanged:
    return EmotionChanged(
        id="01955164-8df8-7001-8000-000000000000",
        episode=EPISODE,
        time=TIME,
        device="kitchen",
        model="5e" * 32,
        answer="default",
        reaction="normal",
        cards="c4" * 6,
        box=BOX,
        emotion="happy",
        previous=previous,
        confidence=0.834,
        probabilities={"happy": 0.834, "neutral": 0.166},
        valence=0.6755,
        arousal=0.4253,
    )


def left() -> FaceLeft:
    return FaceLeft(
        id="01955164-8df8-7002-8000-000000000000",
        episode=EPISODE,
        time=TIME,
        device="kitchen",
        model="5e" * 32,
        answer="default",
        reaction="normal",
        cards="c4" * 6,
        duration_s=12.4,
        emotions_s={"neutral": 3.3, "happy": 9.1},
        valence=0.5012,
        arousal=-0.0031,
    )


def info() -> Info:
    return Info(
        version="0.1.0", runtime="LiteRT", models={}, source="clip.mp4", settings={}, cards="c4" * 6
    )


def state() -> State:
    return State(time=TIME, faces=())


def summary(faces: int = 0) -> Summary:
    return Summary(
        start=TIME, end=TIME, faces=faces, emotions_s={}, minimum_group=1, withheld=False,
        watched_s=0.0, model="5e" * 32, answer="default", reaction="normal",
        cards="c4" * 6,
    )  # fmt: skip


def telemetry() -> Telemetry:
    return Telemetry(
        time=TIME, uptime_s=5, source="open", privacy="full", frames_per_second=9.5,
        frames_seen=50, frames_refused=0, faces=1, temperature_c=None, throttled=None,
        cpu_share=0.5, rss_bytes=10_000, outbox_waiting=0, outbox_dropped=0,
    )  # fmt: skip


def telemetry_of_aggregates() -> Telemetry:
    """What is left of it where nothing may betray whether somebody is there."""
    return msgspec.structs.replace(
        telemetry(),
        time=TIME + timedelta(minutes=1), privacy="aggregates",
        frames_per_second=None, frames_seen=None, faces=None, cpu_share=None,
    )  # fmt: skip
