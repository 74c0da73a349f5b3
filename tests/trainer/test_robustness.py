import numpy as np
import pytest

from tests.trainer.synthetic import synthetic_faces
from trainer.conditions import Condition
from trainer.robustness import measure_conditions


def by_height(pixels: np.ndarray) -> np.ndarray:
    """Knows where the bar of a synthetic face is; calls a black picture angry."""
    rows = pixels[:, :, 8:40].mean(axis=2)
    bands = np.stack([rows[:, i * 6 + 2 : i * 6 + 8].mean(axis=1) for i in range(7)], axis=1)
    return bands.astype(np.float32)


def blacken(faces: np.ndarray, strength: float, _: np.random.Generator) -> np.ndarray:
    """The last faces become black, a share `strength` of all."""
    changed = faces.copy()
    changed[len(faces) - round(strength * len(faces)) :] = 0
    return changed


BLACK = Condition("black", "Black", blacken, lambda s: f"{s:.0%} black", mild=0.3, hard=0.8)


def test_accuracy_and_loss_are_those_of_the_changed_faces() -> None:
    faces = synthetic_faces(70)
    (figures,) = measure_conditions(by_height, faces, [BLACK])
    # Of 21 black faces the 3 angry ones are still called angry.
    assert figures.mild.accuracy == pytest.approx(52 / 70)
    assert figures.mild.points_lost == pytest.approx(100 * 18 / 70)
    assert figures.mild.in_words == "30% black"
    assert figures.hard.points_lost == pytest.approx(100 * 48 / 70)
    assert (figures.name, figures.title) == ("black", "Black")


def test_the_curve_starts_at_the_clean_faces_and_holds_mild_and_hard() -> None:
    (figures,) = measure_conditions(by_height, synthetic_faces(70), [BLACK])
    strengths = [point.strength for point in figures.curve]
    assert strengths == [0.0, 0.25, 0.3, 0.5, 0.75, 0.8, 1.0]
    assert (figures.curve[0].accuracy, figures.curve[0].points_lost) == (1.0, 0.0)
    assert figures.mild in figures.curve
    assert figures.hard in figures.curve


def test_the_seed_reaches_the_condition() -> None:
    def drop(faces: np.ndarray, _: float, rng: np.random.Generator) -> np.ndarray:
        return blacken(faces, float(rng.random()), rng)

    drawn = Condition("drawn", "Drawn", drop, str)
    faces = synthetic_faces(140)
    first, again, other = (
        measure_conditions(by_height, faces, [drawn], seed)[0].hard.accuracy for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_contempt_has_no_part_in_it() -> None:
    faces = synthetic_faces(70)
    faces.labels[:14] = 7
    (figures,) = measure_conditions(by_height, faces, [BLACK])
    assert figures.curve[0].accuracy == 1.0
