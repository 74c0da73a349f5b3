"""Which makers events and summaries name → from when until when each of them answered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from edge_app.history.rows import SummaryRow


class Maker(NamedTuple):
    """What made figures; None: not told. model: 12 digits of the classifier's SHA-256.

    cards: as many of one over all models and what in their cards decides answers.
    """

    model: str | None
    answer: str | None
    reaction: str | None
    cards: str | None = None


class Made(NamedTuple):
    """What one maker made. first_ms, last_ms: since 1970 in UTC; None where they are not said."""

    maker: Maker
    first_ms: int | None
    last_ms: int | None
    visits: int = 0
    intervals: int = 0


def made_in_intervals(summaries: Iterable[SummaryRow]) -> list[Made]:
    """Each summary by itself."""
    return [
        Made(
            Maker(row.model, row.answer, row.reaction, row.cards),
            row.start_ms,
            row.end_ms,
            intervals=1,
        )
        for row in summaries
    ]


def by_maker(made: Iterable[Made]) -> list[Made]:
    """All that each maker made, in the order of their beginnings; before them, those without."""
    whole: dict[Maker, Made] = {}
    for each in made:
        known = whole.get(each.maker, each._replace(visits=0, intervals=0))
        whole[each.maker] = Made(
            each.maker,
            min(_said(known.first_ms, each.first_ms), default=None),
            max(_said(known.last_ms, each.last_ms), default=None),
            known.visits + each.visits,
            known.intervals + each.intervals,
        )
    return sorted(whole.values(), key=lambda each: _said(each.first_ms, each.last_ms))


def _said(*times_ms: int | None) -> list[int]:
    return [each for each in times_ms if each is not None]


def has_changed(makers: Sequence[Maker]) -> bool:
    """Whether two of them surely differ."""
    return any(_differ(one, other) for one in makers for other in makers)


def are_unlike(some: Sequence[Maker], others: Sequence[Maker]) -> bool:
    """Whether one of either surely differs from all of the others."""
    return any(
        bool(there) and all(_differ(maker, other) for other in there)
        for here, there in ((some, others), (others, some))
        for maker in here
    )


def ways_of_counting(makers: Iterable[Maker]) -> set[bool]:
    """Whether they counted seconds by the emotion that was held, or by what was shown; or both.

    The first Mien that names its answer is the first one that counts what is shown (decision 11).
    """
    return {maker.answer is None for maker in makers}


def _differ(one: Maker, other: Maker) -> bool:
    """Whether something that both of them tell differs."""
    pairs = zip(one, other, strict=True)
    return any(None not in (here, there) and here != there for here, there in pairs)
