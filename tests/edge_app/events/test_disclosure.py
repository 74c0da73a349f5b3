import pytest

from edge_app.events.disclosure import may_tell


@pytest.mark.parametrize(
    ("parts", "is_told"),
    [
        ([10.0] * 5, True),
        ([10.0] * 4, False),
        # One person, and four glimpses.
        ([590.0, 0.2, 0.2, 0.2, 0.2], False),
        # Two who know of each other, each of whom could subtract their own time.
        ([300.0, 300.0, 1.0, 1.0, 1.0], False),
        ([0.2, 590.0, 60.0, 60.0, 60.0], False),
        ([100.0, 80.0, 20.0, 20.0, 10.0], True),
        ([100.0, 80.0, 20.0, 20.0, 9.0], False),
        ([], False),
    ],
)
def test_a_sum_is_told_where_nobody_can_tell_who_gave_most_of_it(
    parts: list[float], *, is_told: bool
) -> None:
    assert may_tell(parts, 5) is is_told
    assert may_tell(reversed(parts), 5) is is_told


def test_of_two_parts_each_would_know_the_other() -> None:
    assert not may_tell([10.0, 10.0], 2)
    assert may_tell([10.0, 10.0, 10.0], 2)


def test_a_group_of_one_hides_nothing() -> None:
    assert may_tell([590.0, 0.2], 1)
    assert may_tell([], 1)
