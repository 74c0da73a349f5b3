import numpy as np
import pytest

from benchmarks import scenes
from benchmarks.roll import ROLLS_DEG, Reading, table
from benchmarks.scenes import Place, paste

GRAY = np.full((scenes.HEIGHT, scenes.WIDTH), 100, np.uint8)


def middle_of_light(scene: np.ndarray) -> np.ndarray:
    y, x = np.nonzero(scene > 200)
    return np.array([x.mean() + 0.5, y.mean() + 0.5])


@pytest.mark.parametrize("roll", ROLLS_DEG)
def test_a_face_is_pasted_in_its_place_turned_clockwise(roll: int) -> None:
    face = np.full((48, 48), 100, np.uint8)
    face[22:26, 36:40] = 255
    offset = middle_of_light(paste(GRAY, face, Place(200.0, 300.0, 192.0), roll)) - (200, 300)
    angle = np.deg2rad(roll)
    assert np.allclose(offset, 14 * 4 * np.array([np.cos(angle), np.sin(angle)]), atol=1.0)


def test_the_scene_around_the_face_is_left() -> None:
    scene = paste(GRAY, np.zeros((48, 48), np.uint8), Place(320.0, 240.0, 100.0), 10.0)
    assert scene[240, 320] == 0
    assert (scene[:, :240] == 100).all()


def test_places_keep_the_face_inside() -> None:
    drawn = scenes.places(np.random.default_rng(1))
    for _ in range(200):
        place = next(drawn)
        assert scenes.SMALLEST <= place.side <= scenes.LARGEST
        assert place.side / 2 <= place.x <= scenes.WIDTH - place.side / 2
        assert place.side / 2 <= place.y <= scenes.HEIGHT - place.side / 2


def test_points_are_lost_by_faces_that_are_found_at_both_rolls() -> None:
    def reading(*, right: bool, roll: float) -> Reading:
        return Reading(roll > 0, right, roll / 4, roll / 2, last_right=True, last_roll_deg=roll)

    readings: dict[int, list[Reading | None]] = {
        0: [reading(right=True, roll=1.0), reading(right=True, roll=2.0), None],
        30: [reading(right=False, roll=31.0), None, reading(right=False, roll=30.0)],
        -30: [reading(right=True, roll=-29.0), reading(right=True, roll=-28.0), None],
        # Two faces on both sides alike.
        20: [reading(right=False, roll=21.0), reading(right=True, roll=22.0), None],
        -20: [reading(right=False, roll=-19.0), reading(right=True, roll=-18.0), None],
    }
    alike = [cell.strip() for cell in table(readings, "public_test")[-2].split("|")[1:-1]]
    # As of two faces, not of four: each side is held against one reading upright.
    assert alike[6:8] == ["50.0%", "+50.0 ± 35.4"]
    row = [cell.strip() for cell in table(readings, "public_test")[-1].split("|")[1:-1]]
    assert row[:3] == ["±30°", "33.3%", "66.7%"]
    assert row[5] == "30.0° ± 0.0"
    assert row[6:8] == ["66.7%", "+33.3 ± 15.7"]
    assert row[8:10] == ["100.0%", "+0.0 ± 0.0"]
    # Of six, three of each side: one is lost by tilting and another found by it.
    assert row[10:] == ["66.7%", "+0.0 ± 23.6"]
