from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator

import numpy as np
import pytest

from edge_app.frames.grabber import THREAD_NAME, Grabber
from edge_app.frames.mailbox import Mailbox, MailboxClosed
from edge_app.frames.pace import Pace
from edge_app.frames.source import Frame, FrameSource, SourceError
from edge_app.frames.video_file import VideoFileSource
from edge_app.samples import CLIP

SOON_S = 10.0


class Scripted(FrameSource):
    """Gives what it was made with; an exception is raised. At the end it waits, or ends."""

    name = "scripted"

    def __init__(self, script: Iterable[int | Exception], *, is_live: bool = False) -> None:
        self._script: Iterator[int | Exception] = iter(script)
        self.is_live = is_live
        self.reads = 0
        self.closed = threading.Event()
        self.threads: set[str] = set()

    def read(self) -> Frame | None:
        self.reads += 1
        self.threads.add(threading.current_thread().name)
        step = next(self._script, None)
        if isinstance(step, Exception):
            raise step
        if step is None:
            if self.is_live:
                self.closed.wait()
            return None
        return Frame(np.zeros((2, 2), np.uint8), step)

    def close(self) -> None:
        self.closed.set()


def timestamps(mailbox: Mailbox[Frame]) -> Iterator[int]:
    """Whatever comes until the mailbox is closed."""
    try:
        while True:
            frame = mailbox.get(SOON_S)
            assert frame is not None, "nothing came"
            yield frame.timestamp_ns
    except MailboxClosed:
        pass


def test_every_frame_of_a_recording_arrives() -> None:
    mailbox: Mailbox[Frame] = Mailbox()
    source = Scripted(range(50))
    grabber = Grabber(source, mailbox, every_frame=True)
    grabber.start()
    assert list(timestamps(mailbox)) == list(range(50))
    assert grabber.stop()
    assert source.closed.is_set()
    assert source.threads == {THREAD_NAME}


def test_newest_frame_wins() -> None:
    mailbox: Mailbox[Frame] = Mailbox()
    source = Scripted(range(50))
    grabber = Grabber(source, mailbox)
    grabber.start()
    # The source is closed when all has been read, and nothing has been taken yet.
    assert source.closed.wait(SOON_S)
    assert list(timestamps(mailbox)) == [49]
    assert grabber.stop()


@pytest.mark.parametrize("failure", [SourceError("unplugged"), ZeroDivisionError("a fault")])
def test_failure_is_raised_where_frames_are_taken(failure: Exception) -> None:
    mailbox: Mailbox[Frame] = Mailbox()
    source = Scripted([1, failure])
    grabber = Grabber(source, mailbox, every_frame=True)
    grabber.start()
    frames = timestamps(mailbox)
    assert next(frames) == 1
    with pytest.raises(type(failure), match=str(failure)):
        next(frames)
    assert grabber.stop()
    assert source.closed.is_set()


def test_stop_ends_a_read_that_waits() -> None:
    mailbox: Mailbox[Frame] = Mailbox()
    source = Scripted([1], is_live=True)
    grabber = Grabber(source, mailbox)
    grabber.start()
    assert mailbox.get(SOON_S) is not None
    assert grabber.stop(SOON_S)
    with pytest.raises(MailboxClosed):
        mailbox.get(0)


def test_stop_ends_a_thread_that_waits_for_an_empty_mailbox() -> None:
    mailbox: Mailbox[Frame] = Mailbox()
    grabber = Grabber(Scripted(range(3)), mailbox, every_frame=True)
    grabber.start()
    assert grabber.stop(SOON_S)


def test_stop_before_start_closes_the_source() -> None:
    source = Scripted([1])
    assert Grabber(source, Mailbox()).stop()
    assert source.closed.is_set()
    assert source.reads == 0


def test_source_that_hangs_is_left_to_itself(caplog: pytest.LogCaptureFixture) -> None:
    released = threading.Event()

    class Hanging(Scripted):
        def read(self) -> Frame | None:
            released.wait()
            return None

    grabber = Grabber(Hanging([]), Mailbox())
    grabber.start()
    assert not grabber.stop(timeout_s=0.01)
    assert "scripted: does not answer" in caplog.text
    released.set()
    assert grabber.stop(SOON_S)


@pytest.mark.parametrize("pace", ["own", "fast"])
def test_stop_in_the_midst_of_a_real_clip(pace: Pace) -> None:
    mailbox: Mailbox[Frame] = Mailbox()
    grabber = Grabber(VideoFileSource(CLIP, pace=pace), mailbox)
    grabber.start()
    assert mailbox.get(SOON_S) is not None
    assert grabber.stop()
