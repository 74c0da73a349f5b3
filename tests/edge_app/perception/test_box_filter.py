import numpy as np
import pytest

from edge_app.perception.box_filter import (
    _ACCELERATION,
    _CENTRE_NOISE,
    _FIRST_SPEED,
    _SLOWING_S,
    BoxFilter,
)
from edge_app.perception.faces import Box


def box(x: float, y: float, size: float = 1.0) -> Box:
    return Box(x - size / 2, y - size / 2, x + size / 2, y + size / 2)


def middle(of: Box) -> np.ndarray:
    return np.array([(of.left + of.right) / 2, (of.top + of.bottom) / 2])


def test_it_is_the_kalman_filter_in_matrices() -> None:
    """The textbook's, of place and speed, with a speed that falls and a random acceleration."""
    rng = np.random.default_rng(1)
    times = np.concatenate([[0.0], rng.uniform(0.05, 2.0, 40).cumsum()])
    places = rng.normal(0, 1, (41, 2)).cumsum(axis=0)
    kalman = BoxFilter(box(*places[0]), 0)
    state = np.array([places[0], (0, 0)])  # place and speed, each x and y
    covariance = np.diag([_CENTRE_NOISE**2, _FIRST_SPEED**2])
    seen = np.array([[1.0, 0.0]])
    for passed_s, at_s, place in zip(np.diff(times), times[1:], places[1:], strict=True):
        kept = np.exp(-passed_s / _SLOWING_S)
        moves = np.array([[1.0, _SLOWING_S * (1 - kept)], [0.0, kept]])
        shaken = np.array([[passed_s**2 / 3, passed_s / 2], [passed_s / 2, 1.0]])
        state = moves @ state
        covariance = moves @ covariance @ moves.T + _ACCELERATION**2 * passed_s * shaken
        at_ns = round(at_s * 1e9)
        np.testing.assert_allclose(middle(kalman.predict(at_ns)), state[0], atol=1e-6)
        gain = covariance @ seen.T / (seen @ covariance @ seen.T + _CENTRE_NOISE**2)
        state = state + gain @ (place - seen @ state)
        covariance = covariance - gain @ seen @ covariance
        kalman.update(box(*place), at_ns)


def test_whoever_is_not_seen_is_expected_no_further_than_a_second_s_walk() -> None:
    kalman = BoxFilter(box(0, 0), 0)
    for n in range(1, 31):
        kalman.update(box(0.2 * n, 0), round(n * 1e8))
    soon, late = (middle(kalman.predict(round(at_s * 1e9)))[0] for at_s in (3.1, 60.0))
    assert soon == pytest.approx(6.2, abs=0.1)
    assert late == pytest.approx(6.0 + 2.0 * _SLOWING_S, abs=0.3)


def test_a_face_that_stood_still_is_followed_when_it_walks() -> None:
    kalman = BoxFilter(box(0, 0), 0)
    for n in range(1, 101):
        kalman.update(box(0, 0), round(n * 1e8))
    for n in range(101, 106):
        kalman.update(box(0.2 * (n - 100), 0), round(n * 1e8))
    assert middle(kalman.predict(round(106 * 1e8)))[0] == pytest.approx(1.2, abs=0.15)
