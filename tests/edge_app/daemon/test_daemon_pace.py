"""The governor's rate holds for a live source, not where every frame of a recording counts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from edge_app.daemon import stages
from edge_app.daemon.stages import Daemon
from edge_app.events.episodes import Episodes
from edge_app.events.identifiers import TimeOrderedIds
from edge_app.events.publisher import Publisher
from edge_app.frames.source import Frame, FrameSource
from edge_app.health.board import Board
from edge_app.health.governor import LOOK_S, Governor, Limits
from edge_app.perception import Perception
from edge_app.perception.smoothing import REACTIONS
from edge_app.perception.tracker import Tracker
from edge_app.perception.watcher import Watcher
from tests.edge_app.events.recorder import Recorder
from tests.edge_app.frames.given_frames import GivenFrames
from tests.edge_app.mqtt.samples import maker


def frames(count: int, pause_s: float = 0.0, read_from: set[str] | None = None) -> Iterator[Frame]:
    """As many as fast as they are taken; read_from: gets the names of the threads that do."""
    for number in range(count):
        if read_from is not None:
            read_from.add(threading.current_thread().name)
        time.sleep(pause_s)
        yield Frame(np.zeros((24, 32), np.uint8), number)


def daemon(
    source: FrameSource | None,
    publisher: Publisher,
    perception: Perception,
    *,
    every_frame: bool,
    board: Board | None = None,
    clock_s: Callable[[], float] = time.monotonic,
) -> Daemon:
    limits = Limits(frames_per_second=10.0, temperature_c=75.0, cpu_share=64.0)
    return Daemon(
        source=source,
        watcher=Watcher(perception, Tracker(), REACTIONS["normal"]),
        episodes=Episodes(
            device="test", maker=maker, ids=TimeOrderedIds(), now=lambda: datetime.now(UTC)
        ),
        publisher=publisher,
        every_frame=every_frame,
        governor=Governor(board or Board(Path("/nowhere")), limits, clock_s=clock_s),
    )


class Heated(Board):
    heat_c = 80.0

    def temperature_c(self) -> float | None:
        return self.heat_c


def test_a_board_that_cools_down_in_a_pause_is_no_longer_said_to_be_hot(
    perception: Perception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "_LOOK_S", 0.0)
    clock, stop, board = [0.0], threading.Event(), Heated(Path("/nowhere"))
    running = daemon(
        None, Recorder(), perception, every_frame=False, board=board, clock_s=lambda: clock[0]
    )
    governor = running._governor
    assert governor is not None
    reasons: list[tuple[str, ...]] = []

    def each_turn() -> None:
        reasons.append(governor.reasons)
        board.heat_c = 80.0 if clock[0] < 60.0 else 40.0
        clock[0] += LOOK_S
        if clock[0] > 600.0:
            stop.set()

    running.run(stop, each_turn)
    assert running.is_paused
    assert reasons[:2] == [(), ("heat",)]
    assert reasons[-1] == ()
    assert governor.frames_per_second == 10.0


def test_a_live_source_is_looked_at_as_often_as_the_governor_says(perception: Perception) -> None:
    read_from: set[str] = set()
    source = GivenFrames(frames(200, 0.005, read_from))
    running = daemon(source, Recorder(), perception, every_frame=False)
    began = time.monotonic()
    running.run(threading.Event())
    passed_s = time.monotonic() - began
    # A frame waits in the mailbox at the end, and each may come a tenth early.
    assert 2 <= running.frames_seen <= passed_s * 10.0 / 0.9 + 2
    assert read_from == {"mien-grabber"}


def test_no_frame_of_a_recording_is_left_out(perception: Perception) -> None:
    # By this clock it is never time for a second frame.
    running = daemon(
        GivenFrames(frames(50)), Recorder(), perception, every_frame=True, clock_s=lambda: 0.0
    )
    running.run(threading.Event())
    assert running.frames_seen == 50


def test_a_stop_is_heeded_while_waiting_for_the_next_frame(perception: Perception) -> None:
    stop = threading.Event()
    running = daemon(
        GivenFrames(frames(10_000, pause_s=0.001)), Recorder(), perception, every_frame=False
    )
    threading.Timer(0.3, stop.set).start()
    began = time.monotonic()
    running.run(stop)
    assert time.monotonic() - began < 10


class NeverWaitedFor(threading.Event):
    """A signal's handler that sets an event which its own thread waits for may wait for ever."""

    def wait(self, timeout: float | None = None) -> bool:
        del timeout
        pytest.fail("the main thread waits for the event that a signal's handler sets")


def test_no_signal_can_find_the_daemon_waiting_for_its_stop(perception: Perception) -> None:
    stop, told = NeverWaitedFor(), Recorder()
    source = GivenFrames(frames(10_000, pause_s=0.001))
    running = daemon(source, told, perception, every_frame=False, clock_s=lambda: 0.0)
    turns = []

    def each_turn() -> None:
        turns.append(running.is_paused)
        if len(turns) == 3:
            running.pause()
        elif len(turns) == 5:
            stop.set()

    running.run(stop, each_turn)
    assert turns == [False, False, False, True, True]
    assert running.frames_seen <= 1, "it waited for the governor"
