"""The joined stages, with the shipped models and the sample clip."""

import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

import cv2
import numpy as np
import pytest

from edge_app.daemon import stages
from edge_app.daemon.stages import Daemon
from edge_app.events.episodes import Episodes
from edge_app.events.identifiers import TimeOrderedIds
from edge_app.events.payloads import EmotionChanged, FaceAppeared, FaceLeft
from edge_app.events.publisher import Publisher
from edge_app.events.watched_time import WatchedTime
from edge_app.frames.source import Frame, FrameSource, SourceError
from edge_app.frames.video_file import VideoFileSource
from edge_app.perception import Perception
from edge_app.perception.faces import Box, FrameError
from edge_app.perception.schedule import DetectionSchedule
from edge_app.perception.smoothing import REACTIONS
from edge_app.perception.tracker import Tracker
from edge_app.perception.watcher import WatchedFace, Watcher
from edge_app.samples import CLIP
from tests.edge_app.events.recorder import Recorder
from tests.edge_app.frames.given_frames import GivenFrames
from tests.edge_app.mqtt.samples import maker

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def daemon(
    source: FrameSource,
    publisher: Publisher,
    perception: Perception,
    clock_s: Callable[[], float] = time.monotonic,
    visits_ended: Callable[[], None] = lambda: None,
) -> Daemon:
    return Daemon(
        source=source,
        watcher=Watcher(perception, Tracker(), REACTIONS["normal"]),
        episodes=Episodes(
            device="test", maker=maker, ids=TimeOrderedIds(), now=lambda: datetime.now(UTC)
        ),
        publisher=publisher,
        every_frame=True,
        clock_s=clock_s,
        visits_ended=visits_ended,
    )


def clip_frames(until_s: float, *, from_s: float = 0.0) -> Iterator[Frame]:
    with VideoFileSource(CLIP, pace="fast") as clip:
        while (frame := clip.read()) and frame.timestamp_ns < until_s * 1e9:
            if frame.timestamp_ns >= from_s * 1e9:
                yield frame


def test_the_clip_is_one_happy_visit(perception: Perception) -> None:
    told = Recorder()
    running = daemon(VideoFileSource(CLIP, pace="fast"), told, perception)
    running.run(threading.Event())
    assert [type(event) for event in told.events] == [FaceAppeared, EmotionChanged, FaceLeft]
    changed, left = told.events[1:]
    assert isinstance(changed, EmotionChanged)
    assert changed.emotion == "happy"
    assert isinstance(left, FaceLeft)
    assert 11 < left.duration_s < 15
    assert running.frames_seen == 270
    # Nobody can say, nobody, somebody, somebody happy, nobody: told when it changes.
    shown = [
        tuple(face.emotion for face in state.faces) if state.is_known else None
        for state in told.states
    ]
    assert [emotions for emotions, _ in itertools.groupby(shown)] == [
        None, (), (None,), ("happy",), (), None,
    ]  # fmt: skip
    assert len(shown) < 10, "not for every little movement"
    assert 0.5 < (changed.valence or 0) < 1
    assert 0.5 < (left.valence or 0) < 1
    assert 0.2 < (left.arousal or 0) < 1


class Asked(GivenFrames):
    """Notes how far apart frames may be, and how many were given until then."""

    def __init__(self, frames: Iterator[Frame]) -> None:
        super().__init__(frames)
        self.wanted: list[float] = []

    def want_every(self, interval_s: float) -> None:
        self.wanted.append(interval_s)


def test_every_frame_is_wanted_while_somebody_is_there_and_five_a_second_otherwise(
    perception: Perception,
) -> None:
    source = Asked(clip_frames(18.0))
    daemon(source, Recorder(), perception).run(threading.Event())
    stretches = [(wanted, len(list(run))) for wanted, run in itertools.groupby(source.wanted)]
    assert [wanted for wanted, _ in stretches] == [0.19, 0.0, 0.19]
    assert stretches[1][1] > 12 * 15


def test_no_camera_seems_silent_for_frames_that_nobody_wanted(perception: Perception) -> None:
    source = Asked(clip_frames(1.0))
    running = daemon(source, Recorder(), perception)
    rare = DetectionSchedule(0.5)
    running._watcher = Watcher(perception, Tracker(), REACTIONS["normal"], rare)
    running.run(threading.Event())
    assert set(source.wanted) == {0.19}


def test_who_is_there_when_the_source_fails_is_said_to_leave(perception: Perception) -> None:
    told = Recorder()
    source = GivenFrames(clip_frames(6.0), failure=SourceError("camera: gone; plug it in"))
    with pytest.raises(SourceError, match="plug it in"):
        daemon(source, told, perception).run(threading.Event())
    assert [type(event) for event in told.events] == [FaceAppeared, EmotionChanged, FaceLeft]
    assert told.states[-1].faces == ()
    assert source.is_closed


def test_frames_of_another_size_end_the_visits_whether_anybody_is_there_or_not(
    perception: Perception,
) -> None:
    """Otherwise one person who stays would count as several in an interval."""

    def resized() -> Iterator[Frame]:
        for number, frame in enumerate(clip_frames(6.0)):
            is_small = number // 30 % 2 == 1
            image = np.asarray(cv2.resize(frame.image, (480, 360)), np.uint8)
            yield Frame(image, frame.timestamp_ns) if is_small else frame

    told = Recorder()
    left_before: list[int] = []

    def note() -> None:
        left_before.append(sum(isinstance(event, FaceLeft) for event in told.events))

    daemon(GivenFrames(resized()), told, perception, visits_ended=note).run(threading.Event())
    # At 2 s the room is empty, at 4 s she is there.
    assert left_before == [0, 1]
    kinds = [type(event) for event in told.events if not isinstance(event, EmotionChanged)]
    assert kinds == [FaceAppeared, FaceLeft] * 2


def test_a_stop_is_heeded_at_once_and_ends_the_threads(perception: Perception) -> None:
    def endless() -> Iterator[Frame]:
        n = 0
        while True:
            n += 1
            yield Frame(np.zeros((48, 64), np.uint8), n)

    stop = threading.Event()
    source = GivenFrames(endless())
    running = daemon(source, Recorder(), perception)
    asked = threading.Timer(0.3, stop.set)
    asked.start()
    began = time.monotonic()
    running.run(stop)
    assert time.monotonic() - began < 2
    assert running.frames_seen > 0
    assert source.is_closed
    asked.join()
    assert not [t for t in threading.enumerate() if t.name == "mien-grabber"]


def test_a_frame_that_cannot_be_read_is_counted_and_passed_over(
    perception: Perception, caplog: pytest.LogCaptureFixture
) -> None:
    frames = [
        Frame(np.zeros((10, 10, 4), np.uint8), 1),
        Frame(np.zeros((10, 10), np.uint16), 2),  # type: ignore[arg-type]
        Frame(np.zeros((1, 1), np.uint8), 3),
    ]
    running = daemon(GivenFrames(iter(frames), damaged=4), Recorder(), perception)
    running.run(threading.Event())
    assert running.is_paused
    assert (running.frames_refused, running.frames_seen) == (6, 1), "the source's among them, still"
    assert caplog.text.count("cannot be read") == 1


def test_frames_that_cannot_be_read_end_a_visit_as_no_frames_do(perception: Perception) -> None:
    now_s = [0.0]

    def frames() -> Iterator[Frame]:
        yield from clip_frames(4.0)
        for number in range(8):
            now_s[0] += 0.5
            yield Frame(np.zeros((48, 64, 4), np.uint8), 4_000_000_000 + number)
        yield from clip_frames(6.0, from_s=4.1)

    told, counts = Recorder(), list[int]()
    running = daemon(GivenFrames(frames()), told, perception, clock_s=lambda: now_s[0])
    running.run(threading.Event(), lambda: counts.append(running.faces))
    assert running.frames_refused == 8
    assert [count for count, _ in itertools.groupby(counts)] == [None, 0, 1, None, 1]
    nobody = [state for state in told.states if not state.faces]
    assert [known for known, _ in itertools.groupby(state.is_known for state in nobody)] == [
        False, True, False,
    ]  # fmt: skip
    first, second = (event for event in told.events if isinstance(event, FaceLeft))
    assert first.duration_s > 1.0
    assert second.duration_s < 2.0, "a visit of its own"


class Timed(Watcher):
    """Sees nobody, or somebody, in as many seconds a frame as the test says; None: unreadable."""

    wanted_every_s = 0.0

    def __init__(self, seconds: Iterable[float | None], now_s: list[float], *, face: bool) -> None:
        self._seconds, self._now_s, self._face = iter(seconds), now_s, face
        self.has_begun_anew, self.is_settled = False, True

    def watch(self, frame: Frame) -> list[WatchedFace]:
        passed_s = next(self._seconds)
        self._now_s[0] += 0.5 if passed_s is None else passed_s
        if passed_s is None:
            raise FrameError("of no use")
        face = WatchedFace(
            number=1, box=Box(8, 8, 32, 32), emotion="happy", shown="happy", labels=("happy",),
            probabilities=np.ones(1, np.float32), first_seen_ns=0, last_seen_ns=frame.timestamp_ns,
        )  # fmt: skip
        return [face] if self._face else []

    def forget(self) -> None:
        pass


@pytest.mark.parametrize("face", [False, True])
@pytest.mark.parametrize(
    ("seconds", "watched_s"),
    [
        ([0.5] * 10, 5.0),
        # Slow ones in between, as of many faces.
        ([0.5, 4.0, 4.0, 0.5], 9.0),
        ([None] * 10, 0.0),
        ([0.5] * 4 + [None] * 2 + [0.5] * 2, 4.0),
        # After two seconds nothing was seen since the last one: it was taken at 1.5 s.
        ([0.5] * 4 + [None] * 9 + [0.5] * 2, 2.5),
        # The frame at 1 s is the last one before 3.5 s, whether it was read slowly or at once.
        ([0.5, 0.5, 1.5, None, None, 0.5], 1.5),
        ([0.5, 0.5, 0.0, None, None, None, None, None, 0.5], 1.5),
    ],
)
def test_the_time_in_which_frames_can_be_read_is_watched_whoever_is_there(
    seconds: list[float | None], watched_s: float, *, face: bool
) -> None:
    now_s = [0.0]
    watched = WatchedTime(lambda: now_s[0])
    frames = (Frame(np.zeros((48, 64), np.uint8), number) for number in range(len(seconds)))
    Daemon(
        source=GivenFrames(frames),
        watcher=Timed(seconds, now_s, face=face),
        episodes=Episodes(device="d", maker=maker, ids=TimeOrderedIds(), now=lambda: NOW),
        publisher=Recorder(),
        every_frame=True,
        watched=watched,
        clock_s=lambda: now_s[0],
    ).run(threading.Event())
    assert watched.finish() == watched_s


@pytest.mark.parametrize(("apart_s", "is_told"), [(1.0, False), (2.5, True)])
def test_frames_too_far_apart_are_said_to_be(
    perception: Perception,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    apart_s: float,
    *,
    is_told: bool,
) -> None:
    monkeypatch.setattr(stages, "_LOOK_S", 0.005)
    now_s, taken, turns = [0.0], threading.Semaphore(0), [0]

    def frames() -> Iterator[Frame]:
        for number in range(6):
            yield Frame(np.zeros((48, 64), np.uint8), number)
            assert taken.acquire(timeout=10)

    def each_turn() -> None:
        # In turns without a frame the time passes, and then the next one comes.
        turns[0] += 1
        if turns[0] % 20 == 0:
            now_s[0] += apart_s
        elif turns[0] % 20 == 10:
            taken.release()

    daemon(GivenFrames(frames()), Recorder(), perception, clock_s=lambda: now_s[0]).run(
        threading.Event(), each_turn
    )
    assert caplog.text.count("frames are more than 2 s apart") == is_told


def test_a_recording_that_is_read_slowly_parts_no_visit(
    perception: Perception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stages, "_LOOK_S", 0.005)
    now_s, is_slow, turns = [0.0], threading.Event(), list[int]()

    def frames() -> Iterator[Frame]:
        yield from clip_frames(4.0)
        now_s[0] += 100.0
        assert is_slow.wait(10)
        yield from clip_frames(6.0, from_s=4.0)

    def each_turn() -> None:
        if now_s[0]:
            turns.append(running.faces)
            if len(turns) == 20:
                is_slow.set()

    told = Recorder()
    source = GivenFrames(frames(), is_live=False)
    running = daemon(source, told, perception, clock_s=lambda: now_s[0])
    running.run(threading.Event(), each_turn)
    assert set(turns) == {1}
    assert [type(event) for event in told.events] == [FaceAppeared, EmotionChanged, FaceLeft]
