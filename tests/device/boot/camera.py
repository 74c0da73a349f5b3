"""A network camera on this machine: people come and go before it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import cv2

from edge_app.samples import CLIP
from tests.edge_app.frames.mjpeg_server import part

_FRAMES_PER_S = 4.0
#: How long somebody is there, and then nobody: longer than Mien remembers who was.
_THERE_S, _AWAY_S = 8.0, 4.0
#: Of the clip, where the face is near.
_FRAME = 90


def visits() -> Iterator[bytes]:
    """Pieces of an MJPEG stream without end."""
    face, empty = _pictures()
    while True:
        phase_s = time.monotonic() % (_THERE_S + _AWAY_S)
        yield part(face if phase_s < _THERE_S else empty)
        time.sleep(1 / _FRAMES_PER_S)


def _pictures() -> tuple[bytes, bytes]:
    clip = cv2.VideoCapture(str(CLIP))
    try:
        clip.set(cv2.CAP_PROP_POS_FRAMES, _FRAME)
        is_there, frame = clip.read()
        assert is_there
    finally:
        clip.release()
    small = cv2.resize(frame, (320, 240))
    return tuple(bytes(cv2.imencode(".jpg", each)[1]) for each in (small, small * 0 + 90))  # type: ignore[return-value]
