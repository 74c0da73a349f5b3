from __future__ import annotations

import math

import pytest

from edge_app.events.mean_affect import MeanAffect, as_told
from edge_app.perception.affect import Affect


def test_longer_times_weigh_more() -> None:
    affects = MeanAffect()
    affects.add(Affect(0.8, -0.4), 3.0)
    affects.add(Affect(-0.4, 0.4), 1.0)
    affects.add(None, 100.0)
    assert affects.mean == pytest.approx((0.5, -0.2))


def test_no_time_has_no_mean() -> None:
    affects = MeanAffect()
    assert affects.mean is None
    affects.add(Affect(0.8, 0.4), 0.0)
    assert affects.mean is None
    assert as_told(affects.mean) == (None, None)


def test_several_are_as_one() -> None:
    one, other = MeanAffect(), MeanAffect()
    one.add(Affect(1.0, 0.0), 1.0)
    other.add(Affect(0.0, 1.0), 3.0)
    assert MeanAffect.of([one, other, MeanAffect()]).mean == pytest.approx((0.25, 0.75))
    assert MeanAffect.of([]).mean is None


def test_told_values_are_rounded_and_no_zero_is_negative() -> None:
    assert as_told(Affect(0.123456, -0.98765)) == (0.1235, -0.9877)
    valence, arousal = as_told(Affect(-0.00001, 0.00001))
    assert valence is not None
    assert (valence, arousal, math.copysign(1.0, valence)) == (0.0, 0.0, 1.0)
