from __future__ import annotations

import re

import pytest

from edge_app.history.charts import Bar, stacked_bars

COLOURS = {"happy": "#E69F00", "sad": "#0072B2"}


def heights(drawing: str) -> list[float]:
    return [float(each) for each in re.findall(r' height="([^"]*)" fill="#', drawing)]


@pytest.mark.parametrize(
    ("value", "top"),
    [
        (0.0, "4"),
        (0.003, "0.005"),
        (0.3, "0.5"),
        (1.0, "1"),
        (2.1, "2.5"),
        (999.0, "1000"),
        (1000.0, "1000"),
        (1001.0, "2000"),
    ],
)
def test_the_axis_ends_at_a_number_that_is_easy_to_read(value: float, top: str) -> None:
    drawing = stacked_bars("t", "seconds", [Bar("1", {"happy": value})], COLOURS)
    assert f'text-anchor="end">{top}</text>' in drawing


@pytest.mark.parametrize("days", [1, 14, 36, 90, 366])
def test_the_last_name_ends_within_the_drawing(days: int) -> None:
    bars = [Bar("11-02", {})] * (days - 1) + [Bar("11-03 …", {})]
    drawing = stacked_bars("t", "visits", bars, COLOURS, names_last=True)
    found = re.search(r'<text x="([^"]*)" y="210" text-anchor="(\w+)">11-03 …<', drawing)
    assert found is not None
    # The letters are 11 pixels high: digits are 6 wide, and the ellipsis is 11.
    right = float(found[1]) + (24 if found[2] == "middle" else 0)
    assert right <= 720
    assert (found[2] == "end") == (days > 14)


@pytest.mark.parametrize(
    ("value", "ticks"),
    [
        (0, [0, 1, 2, 3, 4]),
        (1, [0, 1, 2, 3, 4]),
        (4, [0, 1, 2, 3, 4]),
        (5, [0, 2, 4, 6, 8]),
        (9, [0, 3, 6, 9, 12]),
        (21, [0, 10, 20, 30, 40]),
        (999, [0, 300, 600, 900, 1200]),
    ],
)
def test_the_axis_of_a_count_has_whole_ticks(value: int, ticks: list[int]) -> None:
    bars = [Bar("1", {"happy": float(value)})]
    drawing = stacked_bars("t", "visits", bars, COLOURS, of_counts=True)
    assert [int(each) for each in re.findall(r'text-anchor="end">([^<]*)<', drawing)] == ticks


def test_what_is_missing_is_a_pattern_alone_or_behind_what_is_told() -> None:
    bars = [
        Bar("1", {"happy": 1.0}, "withheld"),
        Bar("2", None, "withheld"),
        Bar("3", None, "not measured"),
        Bar("4", {}),
    ]
    drawing = stacked_bars("t", "seconds", bars, COLOURS)
    drawn = re.findall(r'fill="([^"]*)"[^>]*><title>([^<]*)<', drawing)
    assert drawn == [
        ("url(#withheld)", "1: some withheld"),
        ("#E69F00", "1: happy 1.0"),
        ("url(#withheld)", "2: withheld"),
        ("url(#not-measured)", "3: not measured"),
    ]


@pytest.mark.parametrize(("names_last", "named"), [(False, "0"), (True, "24")])
def test_the_first_bar_or_the_last_has_its_name(*, names_last: bool, named: str) -> None:
    bars = [Bar(f"{number}", {}) for number in range(25)]
    drawing = stacked_bars("t", "seconds", bars, COLOURS, names_last=names_last)
    names = re.findall(r'text-anchor="middle">([^<]*)<', drawing)
    assert len(names) <= 12
    assert named in names


@pytest.mark.timeout(10)
@pytest.mark.parametrize("value", [5e-324, 1e-308, 1e300, 1e308, float("inf")])
@pytest.mark.parametrize("of_counts", [False, True])
def test_any_number_makes_a_drawing_of_numbers(value: float, *, of_counts: bool) -> None:
    bars = [Bar("1", {"happy": value, "sad": value}), Bar("2", {"happy": 1.0})]
    drawing = stacked_bars("t", "seconds", bars, COLOURS, of_counts=of_counts)
    assert len(heights(drawing)) == 3
    assert all(0.0 <= each <= 200.0 for each in heights(drawing))
    assert not re.search(r'="-?(?:inf|nan)"|>(?:inf|nan)<', drawing)
