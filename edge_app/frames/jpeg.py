"""A camera's JPEGs → their luma, which is the gray frame."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames.source import SourceError
from edge_app.trouble_log import REPEAT_S

_LOG = logging.getLogger(__name__)

#: 8K: whatever a camera claims, its pictures leave a device some memory.
MOST_PIXELS = 8192 * 4320
#: Bytes a pixel: of the decoded frames on their way, and of one component's coefficients. Of a
#: picture in several scans libjpeg holds all coefficients at once.
_FRAMES_BYTES, _COEFFICIENT_BYTES = 4, 2
_MOST_BYTES = MOST_PIXELS * _FRAMES_BYTES

_START, _END = b"\xff\xd8", b"\xff\xd9"
#: Markers that stand alone, and those that begin a frame: ITU-T T.81, table B.1.
_ALONE = {0x01, *range(0xD0, 0xD9)}
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
_SCAN = 0xDA


class DamagedPictureError(SourceError):
    """A picture that is cut short, too large, or none at all; the next one may be well."""


class DamageLog:
    """Tells of damaged pictures once an hour, however often their source is opened."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        """clock_s: never goes back."""
        self._clock_s, self._told_s = clock_s, -math.inf

    def tell(self, source: str, error: DamagedPictureError) -> None:
        """One came, with this wrong."""
        if self._clock_s() - self._told_s >= REPEAT_S:
            self._told_s = self._clock_s()
            _LOG.warning("%s: %s; such pictures are left out", source, error)


class LumaDecoder:
    """Decodes the pictures of one opening of a source, and leaves damaged ones out.

    The first is told. damaged: how many there were.
    """

    def __init__(self, source: str, log: DamageLog | None = None) -> None:
        """log: of all openings; None: there is no other."""
        self._source = source
        self._log = DamageLog() if log is None else log
        self.damaged = 0

    def decode(self, content: bytes, *, is_due: bool) -> NDArray[np.uint8] | None:
        """As `decode_luma`; None for a damaged picture, and for one that is not due.

        That one is looked at for damage all the same, which takes a fraction of the time.
        """
        try:
            if is_due:
                return decode_luma(content)
            _check_whole(content)
        except DamagedPictureError as error:
            self.damaged += 1
            if self.damaged == 1:
                self._log.tell(self._source, error)
        return None


def decode_luma(content: bytes | memoryview) -> NDArray[np.uint8]:
    """Decode a whole JPEG to uint8 [H, W], full range; the colours are left alone, which is faster.

    Raises:
        DamagedPictureError: not a JPEG, cut short, or of more than MOST_PIXELS pixels; of 0.4 times
            as many where they come in several scans, as a progressive JPEG's do, in gray of 0.67.
    """
    _check_whole(bytes(content))
    try:
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error as error:
        raise DamagedPictureError(f"OpenCV refuses a picture: {error.err}") from error
    if image is None:
        raise DamagedPictureError("a damaged JPEG")
    return np.asarray(image, np.uint8)


def _check_whole(content: bytes) -> None:
    """Find the size before memory is taken for it, and the end: decoders fill up what lacks.

    It takes a fraction of the time of decoding.

    Raises:
        DamagedPictureError: no JPEG, no end, or too large.
    """
    if not content.startswith(_START):
        raise DamagedPictureError("no JPEG")
    position, pixels, components, is_progressive = 2, 0, 0, False
    while (marker := content[position : position + 2]) and marker[0] == 0xFF and len(marker) == 2:
        kind = marker[1]
        if kind == 0xFF or kind in _ALONE:
            position += 1 if kind == 0xFF else 2
            continue
        if kind in _FRAMES:
            height = int.from_bytes(content[position + 5 : position + 7], "big")
            width = int.from_bytes(content[position + 7 : position + 9], "big")
            pixels, components = height * width, _byte(content, position + 9)
            is_progressive = kind in _PROGRESSIVE
            if not 0 < pixels <= MOST_PIXELS:
                raise DamagedPictureError(f"a JPEG of {width}x{height} pixels")
        if kind == _SCAN and pixels:
            is_held = is_progressive or _byte(content, position + 4) < components
            if is_held and pixels * (_FRAMES_BYTES + components * _COEFFICIENT_BYTES) > _MOST_BYTES:
                raise DamagedPictureError(
                    f"a JPEG in several scans, as a progressive one, of {width}x{height} pixels"
                )
            # In a scan, 0xFF is followed by 0: only the true end looks like one.
            if content.find(_END, position) < 0:
                raise DamagedPictureError("a JPEG that is cut short")
            return
        position += 2 + int.from_bytes(content[position + 2 : position + 4], "big")
    raise DamagedPictureError("a JPEG without a picture")


def _byte(content: bytes, position: int) -> int:
    """The byte there, 0 behind the end."""
    return int.from_bytes(content[position : position + 1], "big")
