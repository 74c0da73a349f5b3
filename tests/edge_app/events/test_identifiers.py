import uuid

from edge_app.events.identifiers import TimeOrderedIds


def test_identifiers_are_uuid7_with_the_time_in_front() -> None:
    made = uuid.UUID(TimeOrderedIds(lambda: 0x0123_4567_89AB, lambda bits: (1 << bits) - 1).next())
    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert made.int >> 80 == 0x0123_4567_89AB


def test_many_in_one_millisecond_sort_by_their_making() -> None:
    ids = TimeOrderedIds(lambda: 1_000, lambda _: 0)
    made = [ids.next() for _ in range(10_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_a_clock_that_is_set_back_does_not_turn_the_order_round() -> None:
    times = iter([5_000, 1_000, 5_001])
    ids = TimeOrderedIds(lambda: next(times), lambda _: 7)
    made = [ids.next() for _ in range(3)]
    assert made == sorted(made)
    assert len(set(made)) == 3
