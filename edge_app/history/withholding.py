"""Counts → those that say nothing about too few people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from edge_app.events.disclosure import may_tell
from edge_app.history.cell import Cell

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class ToldCell:
    """What may be said of a day or an hour.

    mean_length_s, and affect, which is mean valence and arousal: None where they are unknown or
    withheld. is_partial: something was left out, here or by the device. is_least: by the device,
    and it may be of what is told, too. untold: in how many of `intervals` it withheld how many
    visits there were, so that `visits` are the least.
    """

    visits: int
    mean_length_s: float | None
    shown_s: Mapping[str, float]
    is_partial: bool
    affect: tuple[float, float] | None = None
    is_least: bool = False
    intervals: int = 0
    untold: int = 0


def tell(cells: Mapping[Key, Cell], minimum_group: int) -> dict[Key, ToldCell | None]:
    """Each cell, or None where fewer than `minimum_group` visits had a part in it.

    Where those left out are together too few, the next smallest goes with them: a total from
    elsewhere less all that is told would be what was left out. Where nobody came there is nobody
    to be worked out.
    """
    left_out = {key for key, cell in cells.items() if _is_too_small(cell, minimum_group)}
    told = sorted(cells.keys() - left_out, key=lambda key: cells[key].group, reverse=True)
    # With 1, only what a device withheld itself is left out: that it has seen to.
    if minimum_group > 1 and any(_is_of_somebody(cells[key]) for key in left_out):
        while told and sum(cells[key].group for key in left_out) < minimum_group:
            left_out.add(told.pop())
    hidden = _hidden(cells, left_out, minimum_group)
    return {
        key: None if key in left_out else _told(cell, minimum_group, hidden[key])
        for key, cell in cells.items()
    }


def _hidden(
    cells: Mapping[Key, Cell], left_out: Collection[Key], minimum_group: int
) -> dict[Key, set[str]]:
    """Which emotions of each cell are left out: by the same rule, each emotion by itself.

    One that one or two of enough visits showed nearly alone is theirs, as in a device's summaries.
    """
    hidden: dict[Key, set[str]] = {key: set() for key in cells}
    for emotion in {emotion for cell in cells.values() for emotion in cell.shown_s}:
        shown_by = {
            key: cell.shown_by[emotion] for key, cell in cells.items() if emotion in cell.shown_s
        }
        is_enough = {
            key: key not in left_out and _is_of_group([cells[key]], emotion, minimum_group)
            for key in shown_by
        }
        of_it: list[Cell] = []
        for key in sorted(shown_by, key=lambda key: (is_enough[key], shown_by[key])):
            if not is_enough[key] or (of_it and not _is_of_group(of_it, emotion, minimum_group)):
                hidden[key].add(emotion)
                of_it.append(cells[key])
    return hidden


def _is_of_group(cells: Sequence[Cell], emotion: str, minimum_group: int) -> bool:
    """Whether its seconds in all of these may be told; to those of summaries a device has seen."""
    parts_s: dict[str, float] = defaultdict(float)
    for cell in cells:
        for visit, seconds in cell.by_visit.get(emotion, {}).items():
            parts_s[visit] += seconds
    number = sum(cell.shown_by[emotion] for cell in cells)
    return number >= minimum_group and (not parts_s or may_tell(parts_s.values(), minimum_group))


def _is_too_small(cell: Cell, minimum_group: int) -> bool:
    # With 1, that nobody came says nothing of anybody; what a device withheld may be anything.
    return cell.group < minimum_group and (minimum_group > 1 or cell.withheld)


def _is_of_somebody(cell: Cell) -> bool:
    # What a device withheld may be of some people, however many it told of.
    return cell.group > 0 or cell.withheld


def _told(cell: Cell, minimum_group: int, hidden: Collection[str]) -> ToldCell:
    shown_s = {
        emotion: seconds for emotion, seconds in cell.shown_s.items() if emotion not in hidden
    }
    is_partial = cell.withheld or len(shown_s) < len(cell.shown_s)
    # A mean over all emotions would speak of one that is left out here, and so would a length less
    # the seconds that are told; without what the device left out, they would be of another time.
    may_mean = not is_partial and cell.affects_by >= minimum_group
    may_mean &= not cell.affects_s or may_tell(cell.affects_s, minimum_group)
    may_measure = not is_partial and len(cell.lengths_s) >= minimum_group
    may_measure &= may_tell(cell.lengths_s, minimum_group)
    return ToldCell(
        visits=cell.visits,
        mean_length_s=sum(cell.lengths_s) / len(cell.lengths_s) if may_measure else None,
        shown_s=shown_s,
        is_partial=is_partial,
        affect=cell.affects.mean if may_mean else None,
        is_least=cell.withheld,
        intervals=cell.intervals,
        untold=cell.untold,
    )
