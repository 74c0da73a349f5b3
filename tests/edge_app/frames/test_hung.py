from __future__ import annotations

import threading

from edge_app.frames.hung import HungReaders
from edge_app.frames.reader import Reader
from edge_app.frames.source import FrameSource, SourceError

LONG_S = 60.0


class Driver:
    """Hangs while it opens a camera, until `released`."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.reader = Reader(self._open, "cam")

    def _open(self) -> FrameSource:
        self.released.wait()
        raise SourceError("cam: gone")


def test_whoever_has_had_enough_waits_no_longer() -> None:
    driver, hung, answers = Driver(), HungReaders(), iter([False, True])
    hung.add(driver.reader)
    assert not hung.end_within(LONG_S, lambda: next(answers))
    assert list(answers) == []
    driver.released.set()
    assert hung.end_within(LONG_S)


def test_all_of_them_have_to_end() -> None:
    drivers, hung = (Driver(), Driver()), HungReaders()
    for driver in drivers:
        hung.add(driver.reader)
    assert len(hung) == 2
    drivers[0].released.set()
    assert drivers[0].reader.ends_within(LONG_S)
    assert not hung.end_within(0)
    assert len(hung) == 1
    drivers[1].released.set()
    assert hung.end_within(LONG_S)
    assert len(hung) == 0
