"""A camera's JPEGs → their luma, which is the gray frame."""

from __future__ import annotations

import logging

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.frames.source import SourceError

_LOG = logging.getLogger(__name__)

#: As many as the largest size that can be asked of a camera: 67 MB, decoded to gray.
MOST_PIXELS = 8192 * 8192

_START, _END = b"\xff\xd8", b"\xff\xd9"
#: Markers that stand alone, and those that begin a frame: ITU-T T.81, table B.1.
_ALONE = {0x01, *range(0xD0, 0xD9)}
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_SCAN = 0xDA


class DamagedPictureError(SourceError):
    """A picture that is cut short, too large, or none at all; the next one may be well."""


class LumaDecoder:
    """Decodes the pictures of one source, and leaves damaged ones out: the first is told.

    damaged: how many there were.
    """

    def __init__(self, source: str) -> None:
        self._source = source
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
                _LOG.warning("%s: %s; such pictures are left out", self._source, error)
        return None


def decode_luma(content: bytes | memoryview) -> NDArray[np.uint8]:
    """Decode a whole JPEG to uint8 [H, W], full range; the colours are left alone, which is faster.

    Raises:
        DamagedPictureError: not a JPEG, cut short, or of more than MOST_PIXELS pixels.
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
    position, has_size = 2, False
    while (marker := content[position : position + 2]) and marker[0] == 0xFF and len(marker) == 2:
        kind = marker[1]
        if kind == 0xFF or kind in _ALONE:
            position += 1 if kind == 0xFF else 2
            continue
        if kind in _FRAMES:
            height = int.from_bytes(content[position + 5 : position + 7], "big")
            width = int.from_bytes(content[position + 7 : position + 9], "big")
            if not 0 < height * width <= MOST_PIXELS:
                raise DamagedPictureError(f"a JPEG of {width}x{height} pixels")
            has_size = True
        if kind == _SCAN and has_size:
            # In a scan, 0xFF is followed by 0: only the true end looks like one.
            if content.find(_END, position) < 0:
                raise DamagedPictureError("a JPEG that is cut short")
            return
        position += 2 + int.from_bytes(content[position + 2 : position + 4], "big")
    raise DamagedPictureError("a JPEG without a picture")
