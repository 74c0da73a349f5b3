from __future__ import annotations

import pytest

from edge_app.history.makers import (
    Made,
    Maker,
    are_unlike,
    by_maker,
    has_changed,
    made_in_intervals,
    ways_of_counting,
)
from edge_app.history.rows import SummaryRow

OLD = Maker("5e5e", None, None)
FULL = Maker("5e5e", "default", "normal", "c4c4")
SMALL = Maker("a1a1", "default", "normal")
FERPLUS = Maker("5e5e", "ferplus", "normal")
CALM = Maker("5e5e", "default", "calm")
RECALIBRATED = Maker("5e5e", "default", "normal", "c5c5")
SILENT = Maker(None, None, None)


def test_what_each_maker_made_is_added_up_from_its_first_to_its_last() -> None:
    summaries = [
        SummaryRow(
            "d", at, at + 10, 0, "{}", 1, withheld=False, model="5e5e", answer="default",
            reaction="normal", cards="c4c4",
        )
        for at in (20, 0, 40)
    ]  # fmt: skip
    made = by_maker([
        Made(SMALL, 55, 60, visits=2),
        Made(FULL, 15, 45, visits=3),
        *made_in_intervals(summaries),
    ])  # fmt: skip
    assert made == [Made(FULL, 0, 50, visits=3, intervals=3), Made(SMALL, 55, 60, visits=2)]


def test_visits_whose_times_are_not_said_take_those_of_intervals() -> None:
    made = by_maker([
        Made(FULL, None, None, visits=3),
        Made(FULL, 10, 20, intervals=1),
        Made(OLD, None, None, visits=2),
    ])  # fmt: skip
    assert made == [Made(OLD, None, None, visits=2), Made(FULL, 10, 20, visits=3, intervals=1)]


def test_a_summary_of_an_older_mien_names_none() -> None:
    row = SummaryRow("d", 0, 10, 0, "{}", 1, withheld=False)
    assert by_maker(made_in_intervals([row, row])) == [Made(SILENT, 0, 10, intervals=2)]


@pytest.mark.parametrize("other", [SMALL, FERPLUS, CALM, RECALIBRATED])
def test_another_model_answer_reaction_or_card_is_another_maker(other: Maker) -> None:
    assert has_changed([FULL, other])
    assert are_unlike([FULL], [other])
    assert are_unlike([FULL, other], [FULL])


@pytest.mark.parametrize("other", [FULL, OLD, SILENT])
def test_what_is_not_told_differs_from_nothing(other: Maker) -> None:
    assert not has_changed([FULL, other])
    assert not are_unlike([FULL], [other])


@pytest.mark.parametrize("other", [OLD, SILENT])
def test_seconds_of_a_mien_that_names_no_answer_are_of_what_was_held(other: Maker) -> None:
    assert ways_of_counting([other, OLD]) == {True}
    assert ways_of_counting([FULL, FERPLUS]) == {False}
    assert ways_of_counting([FULL, other]) == {True, False}


def test_devices_that_changed_alike_are_alike() -> None:
    assert not are_unlike([FULL, SMALL], [SMALL, FULL])
    assert not are_unlike([FULL], [])
