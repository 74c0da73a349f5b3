from __future__ import annotations

from edge_app.events.mean_affect import MeanAffect
from edge_app.history.cell import Cell
from edge_app.history.withholding import tell


def cell(group: int, **shown_by: int) -> Cell:
    return Cell(
        visits=group,
        group=group,
        lengths_s=[10.0] * group,
        shown_s={emotion: 5.0 * number for emotion, number in shown_by.items()},
        shown_by=dict(shown_by),
        affects=MeanAffect(valence=5.0, arousal=-2.5, time=10.0),
        affects_by=group,
    )


def test_everything_is_told_by_default() -> None:
    (told,) = tell({9: cell(1, happy=1)}, 1).values()
    assert told is not None
    assert (told.visits, told.mean_length_s, told.shown_s) == (1, 10.0, {"happy": 5.0})
    assert told.affect == (0.5, -0.25)
    assert not told.is_partial


def test_too_few_visits_say_nothing() -> None:
    told = tell({9: cell(4), 10: cell(5), 11: cell(3)}, 5)
    assert [hour for hour, each in told.items() if each is None] == [9, 11]


def test_a_single_hour_cannot_be_worked_out_from_the_others() -> None:
    told = tell({9: cell(2), 10: cell(8), 11: cell(30)}, 5)
    assert [hour for hour, each in told.items() if each is None] == [9, 10]


def test_where_all_is_too_few_nothing_is_told() -> None:
    assert set(tell({9: cell(2), 10: cell(1)}, 5).values()) == {None}


def test_an_emotion_that_few_of_many_showed_is_left_out() -> None:
    (told,) = tell({9: cell(9, happy=6, sad=2)}, 5).values()
    assert told is not None
    assert told.shown_s == {"happy": 30.0}
    assert told.affect is None, "it would speak of who was sad"
    assert told.mean_length_s is None, "less who was happy it would, too"
    assert told.is_partial


def told_of(emotion: str, cells: dict[int, Cell]) -> list[int]:
    """In which hours its seconds are told to groups of five."""
    told = tell(cells, 5)
    return [hour for hour, each in told.items() if each and emotion in each.shown_s]


def test_an_emotion_of_few_cannot_be_worked_out_from_its_other_hours() -> None:
    cells = {9: cell(8, happy=6, angry=2), 10: cell(9, happy=6, angry=7), 11: cell(9, angry=6)}
    assert told_of("angry", cells) == [10]
    assert told_of("happy", cells) == [9, 10]
    # Together they are enough.
    cells[12] = cell(8, happy=6, angry=3)
    assert told_of("angry", cells) == [10, 11]


def test_an_emotion_of_few_in_withheld_hours_cannot_be_worked_out() -> None:
    cells = {9: cell(2, angry=2), 10: cell(3, happy=3), 11: cell(9, angry=6), 12: cell(9, angry=8)}
    assert told_of("angry", cells) == [12]


def stay(*seconds: float, group: int = 9) -> Cell:
    """Of visits that were happy for so long each; everybody else was neutral for a minute."""
    of_happy = {f"happy {number}": each for number, each in enumerate(seconds)}
    some = Cell(visits=group, group=group, shown_s={"happy": sum(seconds), "neutral": 540.0})
    some.shown_by.update(happy=len(seconds), neutral=9)
    some.by_visit["happy"].update(of_happy)
    return some


def test_an_emotion_that_one_of_many_showed_nearly_alone_is_left_out() -> None:
    assert told_of("happy", {9: stay(590.0, 0.2, 0.2, 0.2, 0.2)}) == []
    assert told_of("neutral", {9: stay(590.0, 0.2, 0.2, 0.2, 0.2)}) == [9]
    assert told_of("happy", {9: stay(20.0, 20.0, 5.0, 5.0, 5.0)}) == [9]
    (told,) = tell({9: stay(590.0)}, 1).values()
    assert told is not None
    assert told.shown_s["happy"] == 590.0


def test_an_emotion_that_one_showed_nearly_alone_cannot_be_worked_out() -> None:
    others = {10: stay(*[200.0] * 6), 11: stay(*[200.0] * 7)}
    for number, each in enumerate(others.values()):
        each.by_visit["happy"] = {f"{number} {visit}": 200.0 for visit in each.by_visit["happy"]}
    assert told_of("happy", {9: stay(590.0, 0.2, 0.2, 0.2, 0.2), **others}) == [11]


def test_who_is_in_two_hours_is_not_two() -> None:
    same = {hour: stay(60.0, 60.0, 60.0) for hour in (9, 10)}
    others = stay(*[60.0] * 6)
    others.by_visit["happy"] = {f"other {each}": 60.0 for each in range(6)}
    assert told_of("happy", {**same, 11: others}) == []


def test_means_that_are_nearly_of_one_visit_are_left_out() -> None:
    for lengths_s, affects_s, is_told in (
        ([590.0, 0.2, 0.2, 0.2, 0.2], [20.0] * 5, (False, True)),
        ([20.0] * 5, [590.0, 0.2, 0.2, 0.2, 0.2], (True, False)),
    ):
        some = cell(5, happy=5)
        some.lengths_s, some.affects_s = lengths_s, affects_s
        (told,) = tell({9: some}, 5).values()
        assert told is not None
        assert (told.mean_length_s is not None, told.affect is not None) == is_told


def test_means_of_too_few_of_many_visits_are_left_out() -> None:
    some = cell(9, happy=9)
    some.affects_by = 4
    (told,) = tell({9: some}, 5).values()
    assert told is not None
    assert (told.visits, told.affect) == (9, None)
    some.affects_by = 5
    (told,) = tell({9: some}, 5).values()
    assert told is not None
    assert told.affect == (0.5, -0.25)


def test_means_of_a_device_that_withheld_for_itself_are_left_out() -> None:
    some = cell(9, happy=9)
    some.withheld, some.intervals, some.untold = True, 12, 11
    for minimum_group in (1, 5):
        (told,) = tell({9: some}, minimum_group).values()
        assert told is not None
        assert (told.affect, told.mean_length_s, told.is_partial) == (None, None, True)
        assert (told.visits, told.untold, told.intervals) == (9, 11, 12)


def test_that_nobody_came_is_told_unless_groups_are_asked_for() -> None:
    nobody = {9: Cell(), 10: cell(8)}
    (told, _) = tell(nobody, 1).values()
    assert told is not None
    assert (told.visits, told.is_partial) == (0, False)
    assert tell(nobody, 5)[9] is None


def test_where_nobody_came_hides_no_other() -> None:
    told = tell({8: Cell(), 9: Cell(), 10: cell(8)}, 5)
    assert [hour for hour, each in told.items() if each is None] == [8, 9]
    # But where somebody came, or may have come, it takes no part in the group.
    some = tell({8: Cell(), 9: cell(2), 10: cell(8), 11: cell(30)}, 5)
    assert [hour for hour, each in some.items() if each is None] == [8, 9, 10]
    untold = tell({8: Cell(withheld=True), 10: cell(8), 11: cell(30)}, 5)
    assert [hour for hour, each in untold.items() if each is None] == [8, 10]


def test_what_a_device_withheld_hides_nothing_else() -> None:
    told = tell({9: Cell(withheld=True), 10: cell(1)}, 1)
    assert [hour for hour, each in told.items() if each is None] == [9]
