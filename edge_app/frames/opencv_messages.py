"""Keeps OpenCV's own messages off standard error: the user gets our one line instead."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

import cv2

#: FFmpeg's AV_LOG_QUIET.
_FFMPEG_QUIET = "-8"
_OPENCV_SILENT = 0


@functools.cache
def silence_opencv() -> None:
    """Turn off the warnings of OpenCV and of its FFmpeg, for the whole process.

    To be called before the first video is opened. Who sets OpenCV's own variables,
    OPENCV_LOG_LEVEL and OPENCV_FFMPEG_LOGLEVEL, in order to look for a fault keeps the messages.
    """
    # OpenCV reads this one when it opens its first video, not when it is imported.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", _FFMPEG_QUIET)
    if "OPENCV_LOG_LEVEL" not in os.environ:
        _level_setter()(_OPENCV_SILENT)


def _level_setter() -> Callable[[int], Any]:
    # OpenCV 5 moved the function.
    native: Any = cv2
    if hasattr(native, "setLogLevel"):
        setter: Callable[[int], Any] = native.setLogLevel
    else:
        setter = native.utils.logging.setLogLevel
    return setter
