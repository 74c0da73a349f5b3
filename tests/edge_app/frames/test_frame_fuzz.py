"""Frames of any shape, size and dtype → the daemon, which counts what it cannot read."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from edge_app.daemon.stages import Daemon
from edge_app.events.episodes import Episodes
from edge_app.events.identifiers import TimeOrderedIds
from edge_app.events.publisher import JsonLinesPublisher
from edge_app.frames.source import Frame, FrameSource
from edge_app.frames.video_file import VideoFileSource
from edge_app.health.board import Board
from edge_app.perception import Perception
from edge_app.perception.smoothing import REACTIONS
from edge_app.perception.tracker import Tracker
from edge_app.perception.watcher import Watcher
from edge_app.samples import CLIP
from tests.edge_app.frames.given_frames import GivenFrames
from tests.edge_app.mqtt.samples import maker


def source_of(images: Iterable[np.ndarray], damaged: int = 0) -> FrameSource:
    """Gives images, whatever they are."""
    frames = (Frame(image, number * 66_000_000) for number, image in enumerate(images, start=1))
    return GivenFrames(frames, damaged=damaged)


def run(perception: Perception, source: FrameSource) -> Daemon:
    with Path(os.devnull).open("wb") as nowhere:
        daemon = Daemon(
            source=source,
            watcher=Watcher(perception, Tracker(), REACTIONS["normal"]),
            episodes=Episodes(
                device="test", maker=maker, ids=TimeOrderedIds(), now=lambda: datetime.now(UTC)
            ),
            publisher=JsonLinesPublisher(nowhere),
            every_frame=True,
        )
        daemon.run(threading.Event())
    return daemon


REFUSED = [
    np.zeros((0, 0), np.uint8),
    np.zeros((0, 640), np.uint8),
    np.zeros((480, 0, 3), np.uint8),
    np.zeros((480, 640), np.uint16),
    np.zeros((480, 640, 3), np.uint16),
    np.zeros((480, 640), np.float32),
    np.zeros((480, 640), np.bool_),
    np.zeros((480, 640, 4), np.uint8),
    np.zeros((480, 640, 2), np.uint8),
    np.zeros((480, 640, 1), np.uint8),
    np.zeros(640, np.uint8),
    np.zeros((2, 480, 640, 3), np.uint8),
    np.array("no picture"),
]

READ = [
    np.zeros((1, 1), np.uint8),
    np.zeros((1, 1, 3), np.uint8),
    np.zeros((1, 8192), np.uint8),
    np.zeros((8192, 1, 3), np.uint8),
    np.full((480, 640), 255, np.uint8),
    # Strides of a padded buffer, of a turned, a mirrored and a read-only picture.
    np.zeros((480, 704), np.uint8)[:, :640],
    np.zeros((480, 640), np.uint8).T,
    np.zeros((480, 640, 3), np.uint8)[::-1, ::-1],
    np.zeros((480, 640, 4), np.uint8)[..., :3],
    np.broadcast_to(np.uint8(7), (480, 640)),
]


def test_odd_frames_are_read_or_counted_and_never_a_crash(perception: Perception) -> None:
    mixed = [image for pair in zip(REFUSED, READ * 2, strict=False) for image in pair]
    daemon = run(perception, source_of(iter(mixed)))
    assert daemon.frames_refused == len(REFUSED)
    assert daemon.frames_seen == len(mixed) - len(REFUSED)


def test_every_odd_frame_that_can_be_read_is_seen(perception: Perception) -> None:
    daemon = run(perception, source_of(iter(READ)))
    assert (daemon.frames_refused, daemon.frames_seen) == (0, len(READ))


def test_a_face_survives_frames_that_change_size_and_colours(perception: Perception) -> None:
    """Boxes are in pixels of their frame: another size may end a visit, and must do no more."""

    def changing() -> Iterator[np.ndarray]:
        with VideoFileSource(CLIP, pace="fast") as clip:
            for number in range(40):
                frame = clip.read()
                assert frame is not None
                image = frame.image[:: 1 + number % 3, :: 1 + number % 2]
                yield image[..., 1] if number % 5 == 0 else image

    daemon = run(perception, source_of(changing()))
    assert (daemon.frames_refused, daemon.frames_seen) == (0, 40)


def test_a_huge_frame_takes_no_more_memory_than_itself(perception: Perception) -> None:
    huge = np.zeros((8192, 8192), np.uint8)
    huge[:] = 1  # so that its pages are there before
    before = Board().rss_bytes()
    daemon = run(perception, source_of(iter([huge, huge])))
    assert daemon.frames_seen == 2
    assert Board().rss_bytes() - before < huge.nbytes


def test_what_the_source_could_not_decode_counts_too(perception: Perception) -> None:
    daemon = run(perception, source_of(iter([READ[0], REFUSED[0]]), damaged=3))
    assert (daemon.frames_refused, daemon.frames_seen) == (4, 1)
