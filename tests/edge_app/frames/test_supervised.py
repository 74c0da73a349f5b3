from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from edge_app.errors import UsageError
from edge_app.frames import reader as reader_module
from edge_app.frames import supervised
from edge_app.frames.grabber import Grabber
from edge_app.frames.hung import HungReaders
from edge_app.frames.mailbox import Mailbox
from edge_app.frames.setting import CameraOptions, open_lasting
from edge_app.frames.source import Frame, FrameSource, KeptOutError, SourceError
from edge_app.frames.supervised import MOST_REOPENINGS, SourceLostError, SupervisedSource, Trouble
from edge_app.frames.turned import TurnedSource
from tests.clock import Clock
from tests.edge_app.frames.mjpeg_server import MjpegServer, part
from tests.edge_app.frames.pictures import jpeg

SOON_S = 10.0


FROZEN = (
    "cam: one and the same picture for 30 s; restart the camera, or set camera.frozen_s longer if"
    " it only saw a still room"
)


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_SHORTEST_S", "_FIRST_CEILING_S", "_LONGEST_S", "_LONGEST_RARE_S"):
        monkeypatch.setattr(supervised, name, 0.001)
    monkeypatch.setattr(supervised, "OPENING_S", SOON_S)
    monkeypatch.setattr(reader_module, "_PATIENCE_S", 0.05)


class Scripted(FrameSource):
    """Gives `frames`, then fails, or waits until it is closed (silent), or for ever (hangs)."""

    name = "scripted"
    is_live = True

    def __init__(self, frames: int, then: str | Exception, damaged: int = 0) -> None:
        self._frames, self._then, self._damaged = frames, then, damaged
        self.closed, self.released = threading.Event(), threading.Event()

    @property
    def frames_damaged(self) -> int:
        return self._damaged

    def read(self) -> Frame | None:
        if self._frames:
            self._frames -= 1
            # So that each is taken before the next replaces it.
            time.sleep(0.02)
            return Frame(np.zeros((2, 2), np.uint8), time.monotonic_ns())
        if isinstance(self._then, Exception):
            raise self._then
        if self._then != "end":
            (self.released if self._then == "hangs" else self.closed).wait()
        return None

    def close(self) -> None:
        self.closed.set()


class Steady(FrameSource):
    """Gives a frame when one is due, and each before the next is."""

    name = "steady"
    is_live = True

    def __init__(self) -> None:
        self.due, self._is_closed = threading.Semaphore(0), False

    def read(self) -> Frame | None:
        self.due.acquire()
        return None if self._is_closed else Frame(np.zeros((2, 2), np.uint8), 0)

    def close(self) -> None:
        self._is_closed = True
        self.due.release()


class Showing(Steady):
    """Shows that picture whenever a frame is due, but the first time, those that come next."""

    def __init__(self, picture: int) -> None:
        super().__init__()
        self._picture, self._is_first = picture, True
        self.next_picture: list[int] = []

    def read(self) -> Frame | None:
        if super().read() is None:
            return None
        if not self._is_first and self.next_picture:
            self._picture = self.next_picture.pop(0)
        self._is_first = False
        return Frame(self.image(self._picture), 0)

    @staticmethod
    def image(picture: int) -> np.ndarray:
        return np.random.default_rng(picture).integers(0, 256, (48, 64), np.uint8)


class Once(FrameSource):
    """Gives one frame and ends."""

    name = "once"
    is_live = True

    def __init__(self) -> None:
        self._frames = [Frame(np.zeros((2, 2), np.uint8), 0)]

    def read(self) -> Frame | None:
        return self._frames.pop() if self._frames else None

    def close(self) -> None: ...


class Opener:
    """Each opening gives the next of `script`; an exception is raised."""

    def __init__(self, *script: FrameSource | Exception) -> None:
        self.script, self.opened = list(script), 0

    def __call__(self) -> FrameSource:
        self.opened += 1
        if not self.script:
            pytest.fail("opened more often than it may be")
        step = self.script.pop(0)
        if isinstance(step, Exception):
            raise step
        return step


def watched(
    opener: Callable[[], FrameSource],
    stall_s: float = SOON_S,
    clock_s: Callable[[], float] = time.monotonic,
) -> tuple[SupervisedSource, list[str | None]]:
    troubles: list[str | None] = []
    source = SupervisedSource(
        "cam", opener, stall_s=stall_s, on_trouble=texts_to(troubles), clock_s=clock_s
    )
    return source, troubles


def texts_to(troubles: list[str | None]) -> Callable[[Trouble | None], None]:
    return lambda trouble: troubles.append(None if trouble is None else trouble.text)


def test_nothing_is_opened_before_it_is_read() -> None:
    opener = Opener()
    source, _ = watched(opener)
    assert source.is_live
    source.close()
    assert source.read() is None
    assert opener.opened == 0


@pytest.mark.parametrize(
    ("then", "text"),
    [
        (SourceError("cam: unplugged"), "cam: unplugged"),
        ("end", "cam: the stream ended"),
        (ZeroDivisionError("a driver's secret"), "cam: failed with ZeroDivisionError"),
        (OSError(5, "a secret"), "cam: failed with OSError (Input/output error)"),
    ],
)
def test_a_source_that_fails_is_opened_again(then: str | Exception, text: str) -> None:
    first = Scripted(1, then)
    source, troubles = watched(Opener(first, Scripted(1, "silent")))
    with source:
        assert source.read() is not None
        assert troubles == []
        assert source.read() is not None
        assert troubles == [text]
        assert source.reopenings == 1
    assert first.closed.is_set()


def test_it_has_recovered_when_frames_have_come_for_as_long_as_it_may_be_silent(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock, camera = Clock(0.0), Steady()
    script = Opener(SourceError("cam: unplugged"), camera)

    def opener() -> FrameSource:
        clock.now_s += 3.0
        return script()

    source, troubles = watched(opener, clock_s=clock)
    with caplog.at_level(logging.WARNING), source:
        for passed_s, has_recovered in ((0.0, False), (9.5, False), (0.5, True), (0.5, True)):
            clock.now_s += passed_s
            camera.due.release()
            assert source.read() is not None
            assert troubles == ["cam: unplugged", *([None] if has_recovered else [])]
    assert messages(caplog) == ["cam: unplugged; trying again", "cam: gives frames"]


def test_one_that_fails_again_and_again_is_in_trouble_until_it_has_given_frames_for_long(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock, troubles = Clock(0.0), list[Trouble | None]()
    camera = Steady()

    class Drops(Steady):
        """Gives seven frames, one a second."""

        def __init__(self) -> None:
            super().__init__()
            self._left = 7

        def read(self) -> Frame | None:
            frame = super().read()
            if not self._left:
                raise SourceError("cam: the stream ended")
            self._left -= 1
            return frame

    opened: list[Steady] = []

    def opener() -> FrameSource:
        opened.append(Drops() if len(opened) < 200 else camera)
        opened[-1].due.release()
        return opened[-1]

    source = SupervisedSource("cam", opener, stall_s=5.0, on_trouble=troubles.append, clock_s=clock)
    with caplog.at_level(logging.WARNING), source:
        for _ in range(200 * 7 + 1):
            assert source.read() is not None
            clock.now_s += 1.0
            opened[-1].due.release()
        text = "cam: the stream ended"
        quick = [Trouble(text), None] * 4
        assert troubles[:8] == quick
        # It stays, though frames come in between.
        flapping = [Trouble(text), Trouble(text, is_reopening=False)]
        assert troubles[8:] == flapping * 195 + flapping[:1]
        clock.now_s += 3600.0
        assert source.read() is not None
        assert troubles[-1] is None
    said = messages(caplog)
    assert said[:8] == [f"{text}; trying again", "cam: gives frames"] * 4
    assert len(said) == 10


def test_a_source_that_stalls_is_closed_and_opened_again() -> None:
    first = Scripted(1, "silent")
    source, troubles = watched(Opener(first, Scripted(1, "silent")), stall_s=0.2)
    with source:
        assert source.read() is not None
        assert source.read() is not None
    assert first.closed.is_set()
    assert troubles == ["cam: no frame for 0.2 s"]


def test_a_camera_that_shows_one_and_the_same_picture_is_opened_again() -> None:
    clock, first, second = Clock(0.0), Showing(1), Showing(1)
    source, troubles = watched(Opener(first, second), stall_s=5.0, clock_s=clock)
    with source:
        for now_s in (0.0, 15.0, 29.0):
            clock.now_s = now_s
            first.due.release()
            assert source.read() is not None
        assert troubles == []
        clock.now_s = 30.0
        first.due.release()
        # Opened again it shows the same at first, which is no frame.
        second.due.release()
        second.next_picture.append(2)
        second.due.release()
        frame = source.read()
        assert troubles == [FROZEN]
        assert frame is not None
        assert (frame.image == second.image(2)).all()
        clock.now_s = 35.0
        second.next_picture.append(3)
        second.due.release()
        assert source.read() is not None
        assert troubles[1:] == [None]


def test_a_picture_may_be_frozen_for_less_time_than_a_frame_may_take() -> None:
    clock, first, second = Clock(0.0), Showing(1), Showing(2)
    troubles: list[str | None] = []
    source = SupervisedSource(
        "cam",
        Opener(first, second),
        stall_s=SOON_S,
        frozen_s=SOON_S / 2,
        on_trouble=texts_to(troubles),
        clock_s=clock,
    )
    with source:
        first.due.release()
        assert source.read() is not None
        clock.now_s = SOON_S / 2
        first.due.release()
        second.due.release()
        assert source.read() is not None
    assert troubles == [FROZEN.replace("30 s", "5 s")]


def test_one_that_shows_the_same_at_each_opening_is_opened_more_rarely_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A new process would take the picture for frames again."""
    monkeypatch.undo()
    waits: list[float] = []
    troubles: list[str | None] = []
    clock = Clock(0.0)

    class Frozen(Showing):
        def read(self) -> Frame | None:
            clock.now_s += 10.0
            self.due.release()
            return super().read()

    source = SupervisedSource(
        "cam", lambda: Frozen(1), on_trouble=texts_to(troubles), uniform=lambda: 1.0, clock_s=clock
    )

    def wait(delay_s: float) -> bool:
        waits.append(delay_s)
        if len(waits) == 100:
            source.close()
        return False

    monkeypatch.setattr(source._closed, "wait", wait)
    with source:
        while source.read() is not None:
            pass
    assert waits == [0.6, 1.2, 2.4, 4.8, 9.6] + [10.0] * 95
    assert troubles == [FROZEN]


def test_a_camera_that_is_not_there_yet_comes(caplog: pytest.LogCaptureFixture) -> None:
    missing = [SourceError(f"cam: no such camera {number}") for number in range(5)]
    source, troubles = watched(Opener(*missing, Scripted(1, "silent")))
    with caplog.at_level(logging.WARNING), source:
        assert source.read() is not None
    assert troubles == [f"cam: no such camera {number}" for number in range(5)]
    assert messages(caplog) == [f"{each}; trying again" for each in troubles]


def no_frame(count: int) -> list[Scripted]:
    """Openings that succeed, and that is all."""
    return [Scripted(0, SourceError("cam: no picture")) for _ in range(count)]


def test_five_reopenings_in_a_row_without_a_frame_are_the_end_and_no_fewer() -> None:
    opener = Opener(*no_frame(7))
    source, troubles = watched(opener)
    with source, pytest.raises(SourceLostError, match="opened 5 times more without a frame"):
        source.read()
    assert opener.opened == 6
    assert troubles == ["cam: no picture"]


def test_a_driver_s_own_error_at_opening_is_no_answer() -> None:
    source, _ = watched(Opener(*[OSError(5, "Input/output error")] * 7))
    with source, pytest.raises(SourceLostError, match="opened 5 times more without a frame"):
        source.read()


def test_a_camera_that_stays_away_is_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    opener = Opener(*[SourceError("cam: unplugged")] * 300, Scripted(1, "silent"))
    source, troubles = watched(opener)
    with caplog.at_level(logging.WARNING), source:
        assert source.read() is not None
    assert source.reopenings == 300
    assert troubles == ["cam: unplugged"]
    assert messages(caplog) == ["cam: unplugged; trying again"], "300 of them drown the others"


def test_a_stream_that_answers_and_gives_no_picture_is_waited_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Of one over HTTP nothing is left in this process: a new one would see no more of it."""
    connections = 3 * MOST_REOPENINGS

    def pieces() -> Sequence[bytes]:
        return [part(jpeg())] if server.connections > connections else []

    troubles: list[str | None] = []
    with (
        MjpegServer(pieces, hold_open=True) as server,
        caplog.at_level(logging.WARNING),
        open_lasting(
            server.url,
            options=CameraOptions(stall_s=0.2),
            on_trouble=texts_to(troubles),
            hung=HungReaders(),
        ) as source,
    ):
        assert source.read() is not None
        assert source.reopenings >= connections
    assert [f"{each}; trying again" for each in troubles] == messages(caplog)
    assert len(troubles) == 1


def test_a_stream_that_ends_after_a_damaged_picture_is_told_of_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Each time it is opened anew it gives two pictures, with one between that is cut short."""
    whole = part(jpeg())
    with (
        MjpegServer(lambda: [whole, part(jpeg()[:-100]), whole]) as server,
        open_lasting(
            server.url,
            options=CameraOptions(stall_s=SOON_S),
            on_trouble=lambda _trouble: None,
            hung=HungReaders(),
        ) as source,
    ):
        while source.reopenings < 5:
            assert source.read() is not None
    assert caplog.text.count("left out") == 1


def test_one_that_leaves_nothing_behind_is_not_waited_for_while_a_thread_hangs() -> None:
    hanging = Scripted(0, "hangs")
    opener = Opener(hanging, *no_frame(7))
    source = SupervisedSource("cam", opener, stall_s=0.2, leaves_nothing=True)
    with source, pytest.raises(SourceLostError, match="opened 5 times more without a frame"):
        source.read()
    hanging.released.set()
    wait_until_no_threads()


def test_where_a_new_process_may_see_it_the_wait_for_a_camera_ends() -> None:
    opener = Opener(*[SourceError("cam: unplugged")] * 9)
    source = SupervisedSource("cam", opener, most_refused=8)
    with source, pytest.raises(SourceLostError, match="not there 9 times in a row"):
        source.read()
    assert opener.opened == 9


def test_a_process_that_a_camera_is_closed_to_ends_in_the_end() -> None:
    kept_out = KeptOutError("cam: closed to this process")
    opener = Opener(*[SourceError("cam: unplugged")] * 90, kept_out)
    source, _ = watched(opener)
    with source, pytest.raises(SourceLostError, match=r"closed to .*; refused 91 times in a row"):
        source.read()
    few = Opener(*[kept_out] * supervised._MOST_KEPT_OUT, Scripted(1, "silent"))
    source, _ = watched(few)
    with source:
        assert source.read() is not None


def test_a_camera_that_a_hung_thread_may_hold_is_not_waited_for() -> None:
    hanging = Scripted(1, "hangs")
    opener = Opener(hanging, *[SourceError("cam: another program has it open")] * 9)
    source, _ = watched(opener, stall_s=0.2)
    with source:
        assert source.read() is not None
        with pytest.raises(SourceLostError, match="opened 5 times more without a frame"):
            source.read()
    hanging.released.set()
    wait_until_no_threads()


def test_a_thread_that_hangs_is_remembered_when_the_camera_is_closed_and_opened_again() -> None:
    hanging, hung = Scripted(1, "hangs"), HungReaders()
    with SupervisedSource("cam", Opener(hanging), hung=hung) as before:
        assert before.read() is not None
    assert len(hung) == 1
    assert not hung.end_within(0)
    opener = Opener(*[SourceError("cam: another program has it open")] * 9)
    with (
        SupervisedSource("cam", opener, hung=hung) as source,
        pytest.raises(SourceLostError, match="opened 5 times more without a frame"),
    ):
        source.read()
    hanging.released.set()
    assert hung.end_within(SOON_S)
    assert len(hung) == 0


def test_a_camera_that_goes_in_between_has_not_been_opened_in_vain() -> None:
    away = SourceError("cam: unplugged")
    source, _ = watched(Opener(*no_frame(5), away, *no_frame(5), away, Scripted(1, "silent")))
    with source:
        assert source.read() is not None


def test_a_frame_in_between_puts_off_the_end_but_is_no_recovery() -> None:
    # Each is the fifth reopening.
    once = [Scripted(1, SourceError("cam: no picture")) for _ in range(2)]
    source, troubles = watched(Opener(*no_frame(5), once[0], *no_frame(4), once[1], *no_frame(5)))
    with source:
        assert all(source.read() is not None for _ in range(2))
        with pytest.raises(SourceLostError, match="opened 5 times more without a frame"):
            source.read()
    assert troubles == ["cam: no picture"]


def test_a_source_with_one_frame_an_opening_is_opened_ever_more_rarely_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()
    waits: list[float] = []
    troubles: list[str | None] = []
    source = SupervisedSource(
        "cam", Once, on_trouble=texts_to(troubles), uniform=lambda: 1.0, clock_s=Clock(0.0)
    )
    monkeypatch.setattr(source._closed, "wait", lambda s: waits.append(s) or False)
    with source:
        assert all(source.read() is not None for _ in range(1100))
    assert waits == [0.6, 1.2, 2.4, 4.8, 9.6] + [10.0] * 1094
    assert troubles == ["cam: the stream ended"]


def test_what_gave_frames_for_long_is_opened_again_as_soon_as_at_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()
    waits: list[float] = []
    clock, camera = Clock(0.0), Steady()
    source = SupervisedSource(
        "cam", Opener(Once(), Once(), camera, Once()), uniform=lambda: 1.0, clock_s=clock
    )
    monkeypatch.setattr(source._closed, "wait", lambda s: waits.append(s) or False)
    with source:
        for now_s in (0.0, 0.0, 0.0, 5.0):
            clock.now_s = now_s
            camera.due.release()
            assert source.read() is not None
        camera.close()
        assert source.read() is not None
    assert waits == [0.6, 1.2, 0.6]


def test_what_is_not_installed_is_fatal_at_once() -> None:
    opener = Opener(UsageError("picamera2: cannot be imported"))
    source, troubles = watched(opener)
    with source, pytest.raises(UsageError, match="cannot be imported"):
        source.read()
    assert troubles == []


def test_a_driver_that_hangs_is_left_behind_but_not_for_ever() -> None:
    hanging = [Scripted(1, "hangs") for _ in range(10)]
    opener = Opener(*hanging)
    source, _ = watched(opener, stall_s=0.2)
    frames: list[Frame] = []
    with source, pytest.raises(SourceLostError, match="4 threads hang in its driver"):
        frames.extend(iter(source.read, None))
    assert len(frames) == opener.opened == supervised._MOST_HUNG + 1
    assert count_threads() == supervised._MOST_HUNG + 1
    for each in hanging:
        each.released.set()
    wait_until_no_threads()


def test_an_opening_that_hangs_is_left_behind_and_closes_what_it_opened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervised, "OPENING_S", 0.0)
    gate, late = threading.Event(), Scripted(1, "silent")
    second = Scripted(1, "silent")

    def opener() -> FrameSource:
        if not second_is_due.is_set():
            second_is_due.set()
            gate.wait()
            return late
        return second

    second_is_due = threading.Event()
    source, _ = watched(opener, stall_s=1.0)
    with source:
        assert source.read() is not None
    gate.set()
    assert late.closed.wait(SOON_S)
    wait_until_no_threads()
    assert late._frames == 1, "the camera may be paused by now"


def test_how_far_apart_frames_may_be_is_told_to_the_source_that_is_open() -> None:
    wanted: list[float] = []
    first = Scripted(1, "silent")
    first.want_every = wanted.append  # type: ignore[method-assign]
    supervised_source, _ = watched(Opener(first))
    grabber = Grabber(TurnedSource(supervised_source, 180), mailbox := Mailbox[Frame]())
    grabber.want_every(0.1)
    grabber.start()
    assert mailbox.get(SOON_S) is not None
    grabber.want_every(0.2)
    assert grabber.stop(SOON_S)
    grabber.want_every(0.3)
    assert wanted == [0.2], "nothing is open before and after"


def test_damaged_frames_of_all_openings_are_added() -> None:
    source, _ = watched(Opener(Scripted(1, "end", 3), Scripted(1, "silent", 4)))
    with source:
        source.read()
        assert source.frames_damaged == 3
        source.read()
        assert source.frames_damaged == 7
    assert source.frames_damaged == 7


@pytest.mark.parametrize("then", ["silent", "end"])
def test_close_ends_a_wait_for_a_frame_or_for_the_next_opening(
    monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    monkeypatch.setattr(supervised, "_SHORTEST_S", 60.0)
    monkeypatch.setattr(supervised, "_LONGEST_S", 60.0)
    source, _ = watched(Opener(Scripted(1, then)))
    mailbox: Mailbox[Frame] = Mailbox()
    grabber = Grabber(source, mailbox)
    grabber.start()
    assert mailbox.get(SOON_S) is not None
    time.sleep(0.1)  # until it waits
    assert grabber.stop(5)
    wait_until_no_threads()


def test_waits_grow_and_stay_below_the_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    waits: list[float] = []
    for draw in (0.0, 1.0):
        source = SupervisedSource("cam", Opener(*no_frame(6)), uniform=lambda draw=draw: draw)
        monkeypatch.setattr(source._closed, "wait", lambda s: waits.append(s) or False)
        with source, pytest.raises(SourceLostError):
            source.read()
    assert waits == [0.3] * 5 + [0.6, 1.2, 2.0, 2.0, 2.0]


def test_a_camera_that_stays_away_is_opened_more_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    waits: list[float] = []
    away = [SourceError("gone")] * 1100
    source = SupervisedSource("cam", Opener(*away, Scripted(1, "silent")), uniform=lambda: 1.0)
    monkeypatch.setattr(source._closed, "wait", lambda s: waits.append(s) or False)
    with source:
        assert source.read() is not None
    assert waits == [0.6, 1.2, 2.0, 2.0, 2.0] + [10.0] * 1095


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the journal gets."""
    return [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]


def count_threads() -> int:
    return sum(t.name == reader_module.THREAD_NAME for t in threading.enumerate())


def wait_until_no_threads() -> None:
    deadline = time.monotonic() + SOON_S
    while count_threads():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_nothing_is_told_once_it_is_closed() -> None:
    """Somebody closes it while it recovers: what it says then would be taken for the next one's."""

    class ClosesAll(Scripted):
        is_closing = False

        def close(self) -> None:
            super().close()
            # Its reader closes it as well, by a thread of its own.
            if threading.current_thread() is threading.main_thread() and not self.is_closing:
                self.is_closing = True
                source.close()

    source, troubles = watched(Opener(ClosesAll(1, SourceError("cam: unplugged"))))
    assert source.read() is not None
    assert source.read() is None
    assert troubles == []
