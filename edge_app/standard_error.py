"""Standard error, which native code writes to by its descriptor → what users shall read of it."""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, TextIO

#: Whoever sets one of these, in order to look for a fault, wants the libraries' messages.
_ASKED_BY = ("OPENCV_LOG_LEVEL", "OPENCV_FFMPEG_LOGLEVEL", "LIBCAMERA_LOG_LEVELS")
_STANDARD_ERROR = 2
_NOWHERE = Path(os.devnull)
#: Held while the descriptor, one for all threads, is led elsewhere: a second thread would take the
#: first one's goal for standard error, and lead it back there for good.
_DIVERTED = threading.Lock()


def is_native_asked_for(environ: Mapping[str, str]) -> bool:
    """Whether the libraries' messages are wanted. To be asked before `silence_opencv`, which sets
    one of the variables itself.
    """
    return any(name in environ for name in _ASKED_BY)


@contextlib.contextmanager
def muted_stderr() -> Iterator[None]:
    """Throw away what native code writes to standard error meanwhile.

    libpng and libjpeg know no level. Other threads' lines are lost, too, and their blocks wait: for
    the decoding of one picture, and nothing else.
    """
    with _diverted(lambda: _NOWHERE.open("w+b"), lambda _: None):
        yield


@contextlib.contextmanager
def sifted_stderr(is_chatter: Callable[[bytes], object]) -> Iterator[None]:
    """Hold back what native code writes to standard error meanwhile; pass on what is no chatter.

    Other threads' lines wait as well, and their blocks: for the loading of a model.

    is_chatter: whether a line, with its end, is left out.
    """

    def pass_on(said: BinaryIO) -> None:
        said.seek(0)
        for line in said:
            if not is_chatter(line):
                os.write(_STANDARD_ERROR, line)

    # In memory: a device whose disks are full or read-only must start as well.
    with _diverted(lambda: os.fdopen(os.memfd_create("mien-stderr"), "w+b"), pass_on):
        yield


@contextlib.contextmanager
def _diverted(
    open_goal: Callable[[], BinaryIO], then: Callable[[BinaryIO], None]
) -> Iterator[None]:
    """Lead the descriptor to a file, and show that to `then` when it is back.

    Where standard error is closed, nothing is done.
    """
    with _DIVERTED:
        if sys.stderr is not None:
            sys.stderr.flush()
        kept = None
        with contextlib.suppress(OSError):
            kept = os.dup(_STANDARD_ERROR)
        if kept is None:
            yield
            return
        try:
            with open_goal() as goal:
                os.dup2(goal.fileno(), _STANDARD_ERROR)
                try:
                    yield
                finally:
                    os.dup2(kept, _STANDARD_ERROR)
                    then(goal)
        finally:
            os.close(kept)


@contextlib.contextmanager
def own_stderr() -> Iterator[None]:
    """Throw away meanwhile what native code writes to standard error, and nothing of ours.

    libjpeg knows no level, and tells of each picture of some cameras; the journal takes so many
    lines a minute. Python's messages, the log and the fault handler's get a descriptor of their
    own. For the whole process, all threads of it: nothing is switched while pictures are decoded.
    """
    before = sys.stderr
    before.flush()
    handlers = [
        each
        for each in logging.root.handlers
        if isinstance(each, logging.StreamHandler) and each.stream is before
    ]
    with _DIVERTED:
        kept = os.dup(_STANDARD_ERROR)
    with os.fdopen(kept, "w", buffering=1, encoding=before.encoding, errors=before.errors) as ours:
        _speak_to(ours, handlers)
        with _DIVERTED, _NOWHERE.open("wb") as nowhere:
            os.dup2(nowhere.fileno(), _STANDARD_ERROR)
        try:
            yield
        finally:
            with _DIVERTED:
                os.dup2(kept, _STANDARD_ERROR)
            _speak_to(before, handlers)


def _speak_to(stream: TextIO, handlers: Sequence[logging.StreamHandler[TextIO]]) -> None:
    sys.stderr = stream
    for handler in handlers:
        handler.setStream(stream)
    if faulthandler.is_enabled():
        faulthandler.enable(stream)
