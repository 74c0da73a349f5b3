"""Standard error, which native libraries fill line by line → Mien's own lines, and nothing else."""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import TextIO

#: Whoever sets one of these, in order to look for a fault, wants the libraries' messages.
_ASKED_BY = ("OPENCV_LOG_LEVEL", "OPENCV_FFMPEG_LOGLEVEL", "LIBCAMERA_LOG_LEVELS")
_STANDARD_ERROR = 2


def is_native_asked_for(environ: Mapping[str, str]) -> bool:
    """Whether the libraries' messages are wanted. To be asked before `silence_opencv`, which sets
    one of the variables itself.
    """
    return any(name in environ for name in _ASKED_BY)


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
    kept = os.dup(_STANDARD_ERROR)
    with os.fdopen(kept, "w", buffering=1, encoding=before.encoding, errors=before.errors) as ours:
        _speak_to(ours, handlers)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, _STANDARD_ERROR)
        os.close(nowhere)
        try:
            yield
        finally:
            os.dup2(kept, _STANDARD_ERROR)
            _speak_to(before, handlers)


def _speak_to(stream: TextIO, handlers: Sequence[logging.StreamHandler[TextIO]]) -> None:
    sys.stderr = stream
    for handler in handlers:
        handler.setStream(stream)
    if faulthandler.is_enabled():
        faulthandler.enable(stream)
