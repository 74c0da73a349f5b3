"""A picture and its faces → a copy with boxes, landmarks and emotions drawn on it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from edge_app.analyze.placement import Places, Rectangle
from edge_app.events.emotion_colours import COLOURS, OTHER
from edge_app.perception import SeenFace

_BLACK = (0, 0, 0)

#: Landmarks would hide a face that is narrower, in pixels.
_NARROWEST_DOTTED = 48.0

_FONT = cv2.FONT_HERSHEY_SIMPLEX
#: Capital letters of `_FONT` at scale 1, in pixels.
_CAPITAL_HEIGHT = 22.0
#: Smaller writing cannot be read: pixels of a capital letter.
_SMALLEST_CAPITAL = 7.0
#: As long as labels get.
_USUAL_LABEL = "surprise 100%"


def annotate(image: NDArray[np.uint8], faces: Sequence[SeenFace]) -> NDArray[np.uint8]:
    """Draw `faces` on a copy of `image`, which is uint8 [H, W] or [H, W, 3] BGR.

    Returns uint8 [H, W, 3], BGR. Lines and letters grow with the picture and with the face.
    """
    if image.ndim == 2:
        drawn = np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), np.uint8)
    else:
        drawn = image.copy()
    for face in faces:
        _draw_face(drawn, face)
    # Large faces choose first where their labels go.
    by_size = sorted(faces, key=lambda seen: seen.face.box.height, reverse=True)
    places = Places(drawn.shape[1], drawn.shape[0], (_outline(face) for face in faces))
    for face in by_size:
        _draw_label(drawn, face, places)
    return drawn


def _outline(seen: SeenFace) -> Rectangle:
    return Rectangle(*(round(edge) for edge in seen.face.box))


def _draw_face(drawn: NDArray[np.uint8], seen: SeenFace) -> None:
    colour = _colour(seen.emotion)
    line = max(1, round(min(drawn.shape[:2]) / 320))
    left, top, right, bottom = _outline(seen)
    # A dark rim keeps the box visible on pictures of its own colour; a small face has no room.
    rim = round(min(2.0, seen.face.box.width / 40))
    if rim:
        cv2.rectangle(drawn, (left, top), (right, bottom), _BLACK, line + rim, cv2.LINE_AA)
    cv2.rectangle(drawn, (left, top), (right, bottom), colour, line, cv2.LINE_AA)
    if seen.face.box.width < _NARROWEST_DOTTED:
        return
    radius = max(1, round(seen.face.box.width / 50))
    for x, y in seen.face.landmarks.tolist():
        at = (round(x), round(y))
        cv2.circle(drawn, at, radius + bool(rim), _BLACK, cv2.FILLED, cv2.LINE_AA)
        cv2.circle(drawn, at, radius, colour, cv2.FILLED, cv2.LINE_AA)


def _draw_label(drawn: NDArray[np.uint8], seen: SeenFace, places: Places) -> None:
    """Write emotion and probability, or the emotion alone where there is little room."""
    scale, stroke = _lettering(seen.face.box.width, (drawn.shape[0], drawn.shape[1]))
    for text in (f"{seen.emotion} {seen.confidence:.0%}", seen.emotion):
        (width, height), below = cv2.getTextSize(text, _FONT, scale, stroke)
        margin = max(1, round(height / 4))
        place = places.best(_outline(seen), width + 2 * margin, height + below + 2 * margin)
        if not places.hidden_by(place):
            break
    places.take(place)
    corner = (place.right - 1, place.bottom - 1)
    colour = _colour(seen.emotion)
    cv2.rectangle(drawn, (place.left, place.top), corner, colour, cv2.FILLED)
    baseline = (place.left + margin, place.top + margin + height)
    cv2.putText(drawn, text, baseline, _FONT, scale, _BLACK, stroke, cv2.LINE_AA)


def _colour(emotion: str) -> tuple[int, int, int]:
    """Blue, green and red, as OpenCV takes them."""
    red, green, blue = bytes.fromhex(COLOURS.get(emotion, OTHER)[1:])
    return blue, green, red


def _lettering(face_width: float, size: tuple[int, int]) -> tuple[float, int]:
    """Choose scale and stroke, so that a label is about as wide as its face and can be read.

    size: height and width of the picture, in pixels.
    """
    per_scale = cv2.getTextSize(_USUAL_LABEL, _FONT, 1.0, 1)[0][0]
    smallest = max(_SMALLEST_CAPITAL, min(size) / 60) / _CAPITAL_HEIGHT
    largest = max(smallest, min(size) / 16 / _CAPITAL_HEIGHT)
    scale = min(max(0.9 * face_width / per_scale, smallest), largest)
    # A thumbnail has no room for writing that can be read, but gets all of it.
    scale = min(scale, 0.9 * size[1] / per_scale)
    return scale, max(1, round(2.2 * scale))
