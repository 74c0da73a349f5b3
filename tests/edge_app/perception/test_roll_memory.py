from dataclasses import replace

import numpy as np
import pytest

from edge_app.perception.faces import Box, Face
from edge_app.perception.roll_memory import RollMemory
from edge_app.perception.upright import roll_deg, turned

IMAGE = np.zeros((10, 10), np.uint8)
UPRIGHT = np.array([[30, 40], [70, 40], [50, 60], [35, 80], [65, 80]], np.float32)
S = 10**9


class TwentyMore:
    """Every look finds the face turned by 20° more than its own landmarks say."""

    def __init__(self) -> None:
        self.looked_at: list[Face] = []

    def look_again(self, _: np.ndarray, face: Face) -> Face:
        self.looked_at.append(face)
        return replace(face, landmarks=turned(face.landmarks, 20.0))


def face_at(left: float, roll: float = 0.0) -> Face:
    return Face(Box(left, 0, left + 50, 60), turned(UPRIGHT, roll), 0.9)


@pytest.fixture
def looks() -> TwentyMore:
    return TwentyMore()


@pytest.fixture
def memory(looks: TwentyMore) -> RollMemory:
    return RollMemory(looks)  # type: ignore[arg-type]


def rolls(faces: list[Face]) -> list[int]:
    return [round(roll_deg(face.landmarks)) for face in faces]


def test_one_look_serves_until_the_period_is_over(memory: RollMemory, looks: TwentyMore) -> None:
    for tenth in range(10):
        face = face_at(0, roll=0.25 * tenth)
        (corrected,) = memory.correct(IMAGE, [face], [7], tenth * S // 10)
        assert roll_deg(corrected.landmarks) == pytest.approx(20 + 0.25 * tenth, abs=0.01)
    assert len(looks.looked_at) == 1
    memory.correct(IMAGE, [face_at(0)], [7], S)
    assert len(looks.looked_at) == 2


def test_a_face_that_tilts_is_looked_at_at_once(memory: RollMemory, looks: TwentyMore) -> None:
    memory.correct(IMAGE, [face_at(0)], [7], 0)
    memory.correct(IMAGE, [face_at(0, roll=4.0)], [7], S // 10)
    assert len(looks.looked_at) == 2


def test_a_frame_costs_one_look_and_everybody_has_a_turn(
    memory: RollMemory, looks: TwentyMore
) -> None:
    faces = [face_at(left) for left in (0, 100, 200)]
    shown = [rolls(memory.correct(IMAGE, faces, [1, 2, 3], n * S // 10)) for n in range(3)]
    assert len(looks.looked_at) == 3
    assert shown[0].count(20) == 1
    assert shown[2] == [20, 20, 20]
    # Everybody keeps a turn although there are more faces than frames in a period.
    for n in range(3, 60):
        memory.correct(IMAGE, faces, [1, 2, 3], n * 6 * S // 10)
    boxes = [face.box.left for face in looks.looked_at[3:]]
    assert min(boxes.count(left) for left in (0, 100, 200)) >= 15


def test_tracks_that_went_are_forgotten(memory: RollMemory) -> None:
    for number in range(1000):
        memory.correct(IMAGE, [face_at(0)], [number], number * S)
    assert len(memory._known) < 20


def test_a_hidden_track_is_known_when_it_comes_back(memory: RollMemory, looks: TwentyMore) -> None:
    memory.correct(IMAGE, [face_at(0)], [7], 0)
    memory.correct(IMAGE, [], [], S // 10)
    assert rolls(memory.correct(IMAGE, [face_at(0)], [7], S // 5)) == [20]
    assert len(looks.looked_at) == 1


def test_whoever_was_never_looked_at_comes_first(memory: RollMemory, looks: TwentyMore) -> None:
    memory.correct(IMAGE, [face_at(0)], [7], 0)
    memory.correct(IMAGE, [face_at(0), face_at(100)], [7, 8], 5 * S)
    assert looks.looked_at[-1].box.left == 100
