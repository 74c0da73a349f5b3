"""What answered on each device → a table a device, and where figures are not to be compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo
from itertools import combinations

from edge_app.history.makers import (
    Made,
    are_unlike,
    by_maker,
    has_changed,
    made_in_intervals,
    ways_of_counting,
)
from edge_app.history.page import heading, paragraph, table
from edge_app.history.reading import DeviceHistory, Span
from edge_app.history.wording import WITHHELD, moment

_HELD = (
    "an older Mien, whose answer is not told, counted seconds by the emotion that it held, and a"
    " newer one counts what was shown at each moment"
)


def made_on(device: DeviceHistory, period: Span, minimum_group: int) -> list[Made]:
    """By what the figures of a device were made; above 1, only intervals say from when until when.

    A visit would say when somebody came.
    """
    summaries = [
        row._replace(
            start_ms=max(row.start_ms, period.start_ms), end_ms=min(row.end_ms, period.end_ms)
        )
        for row in device.summaries
    ]
    visits = device.made
    if minimum_group > 1:
        visits = [made._replace(first_ms=None, last_ms=None) for made in visits]
    return by_maker([*visits, *made_in_intervals(summaries)])


def between_devices(made: Mapping[str, Sequence[Made]]) -> Iterator[str]:
    """A warning where not all devices are alike."""
    makers = {name: [each.maker for each in of_it] for name, of_it in made.items()}
    if any(are_unlike(*pair) for pair in combinations(makers.values(), 2)):
        yield paragraph(
            "Not the same answers on all of these devices: the tables “what answered” say which"
            " model, which of its answers, which reaction and which cards. Compare no figures of"
            " devices that differ in one of these.",
            is_note=True,
        )
    ways = [ways_of_counting(each) for each in makers.values() if each]
    if any(one != other for one, other in combinations(ways, 2)):
        yield paragraph(
            f"Not on all of these devices the same seconds: {_HELD}. Compare no seconds of emotions"
            " of devices that differ in this.",
            is_note=True,
        )


def within_device(made: Sequence[Made]) -> Iterator[str]:
    """A warning where it changed."""
    makers = [each.maker for each in made]
    if has_changed(makers):
        yield paragraph(
            "What answered changed within this time, as its table says: figures from before and"
            " after are not to be compared, and a mean over both is of neither.",
            is_note=True,
        )
    if len(ways_of_counting(makers)) > 1:
        yield paragraph(
            f"Mien was updated within this time: {_HELD}. Seconds of emotions from before and after"
            " are not to be compared.",
            is_note=True,
        )


def maker_table(
    name: str, made: Sequence[Made], zone: tzinfo | None, minimum_group: int
) -> Iterator[str]:
    """Its table."""
    if not made:
        return
    head = ["model", "answer", "reaction", "cards", "from", "until", "intervals"]
    rows = [
        [
            *("not told" if word is None else word for word in each.maker),
            _moment(each.first_ms, zone),
            _moment(each.last_ms, zone),
            f"{each.intervals}",
        ]
        for each in made
    ]
    if minimum_group <= 1:
        head.append("visits")
        rows = [[*row, f"{each.visits}"] for row, each in zip(rows, made, strict=True)]
    yield heading("What answered", 3)
    yield table(f"{name}: what answered", head, rows, of_words=True)


def _moment(time_ms: int | None, zone: tzinfo | None) -> str:
    return WITHHELD if time_ms is None else moment(time_ms, zone)
