from __future__ import annotations

import pytest

from edge_app.history.forgetting import surely_before_ms

HOUR = 3_600_000
DAY = 24 * HOUR
YEAR = 365 * DAY
KEEP = 90 * DAY
#: The first day of each of these histories, which is none of 1970.
FIRST = 20_000 * DAY


def nightly(days: int, *, begins: int = 8, ends: int = 18) -> list[tuple[int, int]]:
    """A recorder that is switched off over night."""
    return [
        (FIRST + day * DAY + begins * HOUR, FIRST + day * DAY + ends * HOUR) for day in range(days)
    ]


def test_one_that_always_listens_forgets_to_the_millisecond() -> None:
    now = FIRST + YEAR
    assert surely_before_ms([(FIRST, now)], now, KEEP) == now - KEEP


@pytest.mark.parametrize("ends", [12, 18])
def test_so_does_one_that_is_off_over_night(ends: int) -> None:
    stretches = nightly(200, ends=ends)
    now = stretches[-1][1]
    assert surely_before_ms(stretches, now, KEEP) == now - KEEP
    # In the morning the night is not over yet, as far as is sure.
    now = stretches[-1][0] + HOUR
    stretches[-1] = (stretches[-1][0], now)
    before = surely_before_ms(stretches, now, KEEP)
    assert now - KEEP - DAY < before < now - KEEP


def test_a_start_in_a_wrong_year_takes_nothing() -> None:
    end = FIRST + 100 * DAY
    now = end + 74 * YEAR
    assert surely_before_ms([(FIRST, end), (now, now)], now, KEEP) == end - KEEP


def test_nor_do_many_starts() -> None:
    end = FIRST + 100 * DAY
    wrong = end + 74 * YEAR
    starts = [(wrong + each * 60_000, wrong + each * 60_000 + 30_000) for each in range(60)]
    # An hour of that tells of seven at most.
    before = surely_before_ms([(FIRST, end), *starts], starts[-1][1], KEEP)
    assert end - KEEP < before <= end - KEEP + 7 * HOUR


def test_one_that_was_off_for_a_year_forgets_when_it_has_run_for_two_weeks() -> None:
    end = FIRST + 100 * DAY
    begins = end + YEAR
    told = [
        surely_before_ms([(FIRST, end), (begins, now)], now, KEEP)
        for now in range(begins, begins + 14 * DAY, DAY)
    ]
    assert told == sorted(told)
    assert told[1] == end - KEEP + 7 * DAY
    assert told[-2] < end < told[-1]
    # What is recorded since then stays for as long as it should.
    now = begins + 200 * DAY
    assert surely_before_ms([(FIRST, end), (begins, now)], now, KEEP) == now - KEEP


def test_a_clock_that_is_behind_takes_nothing() -> None:
    assert surely_before_ms([(FIRST, FIRST + YEAR), (0, HOUR)], HOUR, KEEP) <= HOUR - KEEP


def test_what_a_wrong_clock_recorded_does_not_count_once_it_is_right() -> None:
    now = FIRST + YEAR
    wrong = [(now + 74 * YEAR, now + 74 * YEAR + 20 * DAY), (0, 20 * DAY)]
    assert surely_before_ms([(FIRST, now), *wrong], now, KEEP) == now - KEEP


def test_a_time_that_was_recorded_twice_counts_once() -> None:
    """As of a machine whose clock begins at the same time at each start."""
    now = FIRST + 10 * DAY
    end = FIRST - YEAR
    before = surely_before_ms([(end - KEEP, end)] + [(FIRST, now)] * 50, now, KEEP)
    assert before == end - KEEP + 70 * DAY


def test_stretches_that_an_older_mien_recorded_while_its_clock_was_set() -> None:
    now = FIRST + YEAR
    stretches = [(FIRST, now + 74 * YEAR), (now, FIRST)]
    assert surely_before_ms(stretches, now, KEEP) == now - KEEP


def test_nothing_was_recorded_before() -> None:
    assert surely_before_ms([], FIRST, KEEP) == FIRST - KEEP
    assert surely_before_ms([(FIRST, FIRST)], FIRST, KEEP) == FIRST - KEEP


def test_a_stretch_without_a_length_tells_when_it_was() -> None:
    now = FIRST + YEAR
    assert surely_before_ms([(FIRST, FIRST), (now, now)], now, KEEP) == FIRST - KEEP
