"""One face's boxes over time → where it is now, where it will be: a Kalman filter."""

from __future__ import annotations

import math

from edge_app.perception.faces import Box

#: Standard deviation of a detected box's centre, in sizes of the face.
_CENTRE_NOISE = 0.06
#: How suddenly people move: standard deviation of the acceleration, in sizes of the face a second².
_ACCELERATION = 2.0
#: Of the speed when a face is first seen, in sizes of the face a second.
_FIRST_SPEED = 2.0
#: Whoever is not seen is believed to slow down within as many seconds.
_SLOWING_S = 1.0
#: A box's size is averaged: share of the newest.
_SIZE_GAIN = 0.5


class BoxFilter:
    """SORT's constant-velocity filter (Bewley et al. 2016), on the clock instead of frame by frame.

    Both axes share one covariance, for their noise is the same: in units of the face's size.
    """

    def __init__(self, box: Box, timestamp_ns: int) -> None:
        self._at_ns = timestamp_ns
        self._x, self._y = box.middle.real, box.middle.imag
        self._width, self._height = box.width, box.height
        self._speed_x = self._speed_y = 0.0
        # Of place, of place with speed, of speed.
        self._covariance = (_CENTRE_NOISE**2, 0.0, _FIRST_SPEED**2)

    def predict(self, timestamp_ns: int) -> Box:
        """The box that is expected at a later time."""
        slowed_s = self._slowed_s((timestamp_ns - self._at_ns) / 1e9)
        return self._box(self._x + self._speed_x * slowed_s, self._y + self._speed_y * slowed_s)

    def update(self, box: Box, timestamp_ns: int) -> None:
        """Take the box that was seen."""
        passed_s = max(0.0, (timestamp_ns - self._at_ns) / 1e9)
        slowed_s = self._slowed_s(passed_s)
        kept = math.exp(-passed_s / _SLOWING_S)
        place, both, speed = self._covariance
        noise = _ACCELERATION**2 * passed_s
        place += 2 * slowed_s * both + slowed_s**2 * speed + noise * passed_s**2 / 3
        both = kept * (both + slowed_s * speed) + noise * passed_s / 2
        speed = kept**2 * speed + noise
        spread = place + _CENTRE_NOISE**2
        place_gain, speed_gain = place / spread, both / spread
        self._covariance = (
            (1 - place_gain) * place, (1 - place_gain) * both, speed - speed_gain * both,
        )  # fmt: skip
        x, y = self._x + self._speed_x * slowed_s, self._y + self._speed_y * slowed_s
        off_x, off_y = box.middle.real - x, box.middle.imag - y
        self._x, self._y = x + place_gain * off_x, y + place_gain * off_y
        self._speed_x = kept * self._speed_x + speed_gain * off_x
        self._speed_y = kept * self._speed_y + speed_gain * off_y
        self._width += _SIZE_GAIN * (box.width - self._width)
        self._height += _SIZE_GAIN * (box.height - self._height)
        self._at_ns = timestamp_ns

    def _box(self, x: float, y: float) -> Box:
        return Box.about(complex(x, y), self._width, self._height)

    @staticmethod
    def _slowed_s(passed_s: float) -> float:
        """Seconds at the present speed that lead as far as `passed_s` of slowing down."""
        return _SLOWING_S * -math.expm1(-max(0.0, passed_s) / _SLOWING_S)
