from __future__ import annotations

import numpy as np
import pytest

from edge_app.perception.motion import MotionGate


class Room:
    """A textured wall seen by a noisy camera, gray or in colour."""

    def __init__(self, *, noise: float = 3.0, colour: bool = True) -> None:
        self._rng = np.random.default_rng(5)
        shape = (240, 320, 3) if colour else (240, 320)
        self._noise = noise
        self.wall = self._rng.uniform(60, 160, shape).astype(np.float32)

    def view(self, *, light: float = 1.0, visitor: tuple[int, int] | None = None) -> np.ndarray:
        """visitor: left edge and side of a square of another brightness."""
        shown = self.wall.copy()
        if visitor is not None:
            left, side = visitor
            shown[100 : 100 + side, left : left + side] += 25
        shown = shown * light + self._rng.normal(0, self._noise, shown.shape)
        return shown.clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("colour", [True, False])
@pytest.mark.parametrize("noise", [0.0, 3.0, 12.0])
def test_noise_is_no_movement_once_it_is_known(noise: float, *, colour: bool) -> None:
    room, gate = Room(noise=noise, colour=colour), MotionGate()
    assert gate.moved(room.view()), "the first frame is new altogether"
    for _ in range(40):
        gate.moved(room.view())
    assert not any(gate.moved(room.view()) for _ in range(100))


def test_flicker_and_dimming_are_no_movement() -> None:
    room, gate = Room(), MotionGate()
    gate.moved(room.view())
    flicker = [1.0 + 0.25 * np.sin(2.1 * n) for n in range(60)]
    assert not any(gate.moved(room.view(light=light)) for light in flicker)
    assert not any(gate.moved(room.view(light=1.0 - 0.005 * n)) for n in range(60))


@pytest.mark.parametrize("side", [16, 40, 100])
def test_a_visitor_moves(side: int) -> None:
    room, gate = Room(), MotionGate()
    for _ in range(30):
        gate.moved(room.view())
    assert gate.moved(room.view(visitor=(150, side)))


def test_a_slow_visitor_is_seen_within_seconds() -> None:
    room, gate = Room(), MotionGate()
    for _ in range(30):
        gate.moved(room.view())
    assert any(gate.moved(room.view(visitor=(2 * n, 60))) for n in range(15))


def test_what_stays_becomes_part_of_the_room() -> None:
    room, gate = Room(), MotionGate()
    gate.moved(room.view())
    seen = [gate.moved(room.view(visitor=(150, 40))) for _ in range(80)]
    assert seen[0]
    assert not any(seen[60:])


def test_a_visitor_after_many_is_seen_as_well() -> None:
    """Visitors do not raise the noise floor so far that the next one passes beneath it."""
    room, gate = Room(), MotionGate()
    gate.moved(room.view())
    for n in range(300):
        gate.moved(room.view(visitor=(n % 200, 60)))
    for _ in range(60):
        gate.moved(room.view())
    assert gate.moved(room.view(visitor=(150, 60)))


def test_one_visitor_does_not_hide_the_next() -> None:
    """What moves adds little to its own noise, however much it differs from the room."""
    room, gate = Room(), MotionGate()
    for _ in range(60):
        gate.moved(room.view())
    for _ in range(5):
        assert gate.moved(room.view(visitor=(150, 40)))
    for _ in range(10):
        gate.moved(room.view())
    assert gate.moved(room.view(visitor=(150, 40)))


def test_another_size_is_a_new_room() -> None:
    gate = MotionGate()
    for size in ((240, 320), (120, 200), (1, 1), (3, 700), (240, 320)):
        frame = np.full(size, 90, np.uint8)
        assert gate.moved(frame)
        assert not gate.moved(frame)


def test_forgetting_takes_the_next_frame_for_the_room() -> None:
    room, gate = Room(noise=0.0), MotionGate()
    gate.moved(room.view())
    gate.forget()
    assert gate.moved(room.view(visitor=(150, 60)))
    assert not gate.moved(room.view(visitor=(150, 60)))
